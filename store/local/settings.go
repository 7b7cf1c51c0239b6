package local

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// confName is our file inside the cluster, written anew at every start.
// postgresql.conf includes it at its end.
const confName = "healthagent.conf"

// postgresSettings are ours for a small server, with the caller's on top.
//
// The server's log must not hold what people wrote. An error's text, its
// detail and its statement may quote values, so only messages of the server
// itself are kept; the program reports its own failed statements.
func postgresSettings(o Options, preload bool) map[string]string {
	s := map[string]string{
		"autovacuum_naptime":          "15s",
		"checkpoint_timeout":          "15min",
		"cluster_name":                "healthagent",
		"jit":                         "off",
		"lc_messages":                 "C",
		"log_checkpoints":             "off",
		"log_destination":             "stderr",
		"log_error_verbosity":         "terse",
		"log_line_prefix":             "%m [%p] ",
		"log_min_error_statement":     "panic",
		"log_min_messages":            "log",
		"log_timezone":                "UTC",
		"logging_collector":           "off",
		"maintenance_work_mem":        "64MB",
		"max_connections":             "40",
		"max_wal_size":                "512MB",
		"random_page_cost":            "1.1",
		"shared_buffers":              "128MB",
		"timezone":                    "UTC",
		"track_io_timing":             "on",
		"unix_socket_permissions":     "0700",
		"wal_compression":             "on",
		"log_autovacuum_min_duration": "-1",
	}
	if preload {
		s["shared_preload_libraries"] = statements
	}
	if o.Fast {
		s["fsync"], s["synchronous_commit"], s["full_page_writes"] = "off", "off", "off"
	}
	maps.Copy(s, o.Settings)
	return s
}

// renderConf writes settings in the syntax of postgresql.conf.
func renderConf(settings map[string]string) (string, error) {
	name := regexp.MustCompile(`^[a-z_][a-z0-9_.]*$`)
	var b strings.Builder
	b.WriteString("# Written by healthagent at every start of this server; edits are lost.\n")
	b.WriteString("# Your own settings: at the end of postgresql.conf, or with ALTER SYSTEM.\n")
	for _, k := range slices.Sorted(maps.Keys(settings)) {
		v := settings[k]
		if !name.MatchString(k) || strings.ContainsAny(v, "\n\r\x00") {
			return "", fmt.Errorf("setting %q cannot be written to a configuration file", k)
		}
		v = strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), `'`, `''`)
		fmt.Fprintf(&b, "%s = '%s'\n", k, v)
	}
	return b.String(), nil
}

// writeOwned replaces the file at path for the account. The directory may be
// in the account's hands and we may be root, so nothing is opened through a
// name that was there before.
func writeOwned(path, text string, a account) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.WriteString(text)
	if err == nil {
		err = a.ownFile(f)
	}
	if errClose := f.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
