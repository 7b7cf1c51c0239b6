package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Exists reports whether there is a private PostgreSQL in the state directory; one that may not be looked at is there.
func Exists(dir string) bool {
	major, err := clusterMajor(filepath.Join(dir, "postgres"))
	return major != 0 || err != nil
}

// clusterMajor is the version in the cluster's PG_VERSION, 0 when there is no
// cluster yet.
func clusterMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s holds no version: %w", filepath.Join(data, "PG_VERSION"), err)
	}
	return n, nil
}

// initCluster makes the cluster at data: under another name first, so that an
// interrupted attempt is never taken for a cluster. The caller holds the
// control lock.
func initCluster(ctx context.Context, bin binaries, data string, a account, fast bool) error {
	dir := filepath.Dir(data)
	leftovers, _ := filepath.Glob(filepath.Join(dir, "postgres.init-*"))
	for _, old := range leftovers {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("remove an interrupted attempt: %w", err)
		}
	}
	// An empty directory may have been prepared as a mount point; a full one
	// without PG_VERSION is somebody's data.
	if err := os.Remove(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is neither a PostgreSQL cluster nor empty: %w", data, err)
	}
	tmp, err := os.MkdirTemp(dir, "postgres.init-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // gone already when all went well
	if err := a.own(tmp); err != nil {
		return err
	}
	if err := runInitdb(ctx, bin, tmp, a, fast); err != nil {
		return err
	}
	conf := filepath.Join(tmp, "postgresql.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		return err
	}
	include := "\ninclude_if_exists '" + confName + "'\n# Add your own settings below this line.\n"
	if err := writeOwned(conf, string(text)+include, a); err != nil {
		return err
	}
	if err := os.Rename(tmp, data); err != nil {
		return err
	}
	if fast {
		return nil
	}
	return syncDir(dir)
}

// runInitdb fills the empty directory dir. Text sorts by code point, so that
// no upgrade of the C library can ever disturb an index.
func runInitdb(ctx context.Context, bin binaries, dir string, a account, fast bool) error {
	args := []string{
		"-D", dir, "-U", superuser, "-E", "UTF8", "--data-checksums",
		"--auth-local=trust", "--auth-host=reject",
	}
	if fast {
		args = append(args, "--no-sync")
	}
	var out []byte
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} { // the second is always there
		cmd := exec.CommandContext(ctx, filepath.Join(bin.dir, "initdb"), append(args, "--locale="+locale)...) //nolint:gosec // found by us
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, cleanEnv(), a.attr()
		out, err = cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if !strings.Contains(string(out), "invalid locale name") {
			break
		}
	}
	if text := strings.TrimSpace(string(out)); text != "" {
		return fmt.Errorf("initdb: %w\n%s", err, text)
	}
	return fmt.Errorf("initdb: %w", a.explain(err, dir, bin.dir))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}
