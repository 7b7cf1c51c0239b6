package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest PostgreSQL that we support.
const oldestMajor = 15

// binaries is an installed PostgreSQL server.
type binaries struct {
	dir   string // holds postgres and initdb
	major int
}

// findPostgres looks for server binaries: in binDir alone when it is given,
// else in the distributions' directories and in PATH. The newest version wins,
// unless major, that of existing data, is not 0.
func findPostgres(ctx context.Context, binDir string, major int) (binaries, error) {
	found := Programs(ctx, binDir, "postgres", "initdb") // not a client-only installation
	for _, p := range found {
		if p.Major == major || major == 0 && p.Major >= oldestMajor {
			return binaries{dir: p.Dir, major: p.Major}, nil
		}
	}
	return binaries{}, missingPostgres(binDir, major, found)
}

// Installed is a directory with programs of PostgreSQL, all of one major version.
type Installed struct {
	Dir   string
	Major int
}

// Programs are the installations that have all of these programs, newest first:
// in binDir alone when it is given, else in the distributions' directories and
// in PATH. A wrapper that chooses among versions is none of them.
func Programs(ctx context.Context, binDir string, names ...string) []Installed {
	var found []Installed
	for _, dir := range postgresDirs(binDir, names[0]) {
		missing := func(name string) bool { return !executable(filepath.Join(dir, name)) }
		if slices.ContainsFunc(names, missing) {
			continue
		}
		if v := postgresMajor(ctx, dir, names[0]); v > 0 {
			found = append(found, Installed{Dir: dir, Major: v})
		}
	}
	slices.SortStableFunc(found, func(a, b Installed) int { return b.Major - a.Major })
	return found
}

func missingPostgres(binDir string, major int, found []Installed) error {
	e := &MissingError{Server: "PostgreSQL", Debian: "postgresql", Fedora: "postgresql-server", Arch: "postgresql"}
	if major != 0 {
		e.Server = fmt.Sprintf("PostgreSQL %d", major)
		e.Debian = fmt.Sprintf("postgresql-%d", major)
		e.Note = "the existing data needs this version"
	}
	var notes []string
	for _, b := range found {
		notes = append(notes, fmt.Sprintf("%d in %s", b.Major, b.Dir))
	}
	switch {
	case len(notes) > 0 && major == 0:
		e.Note = fmt.Sprintf("found %s, %d is the oldest supported", strings.Join(notes, ", "), oldestMajor)
	case len(notes) > 0:
		e.Note += ", found " + strings.Join(notes, ", ")
	case binDir != "" && e.Note == "":
		e.Note = "no postgres and initdb in " + binDir
	}
	return e
}

func postgresDirs(binDir, program string) []string {
	if binDir != "" {
		return []string{binDir}
	}
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		m, _ := filepath.Glob(pattern) // the patterns are well formed
		dirs = append(dirs, m...)
	}
	// initdb looks for postgres beside its real self, and so do we.
	if path, err := exec.LookPath(program); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	return dirs
}

// postgresMajor is the major version of the program in dir: from the path where
// the distribution put it there, else from the program. 0 means unknown.
func postgresMajor(ctx context.Context, dir, program string) int {
	if m := regexp.MustCompile(`^/usr/(?:lib/postgresql/|pgsql-)(\d+)/bin$`).FindStringSubmatch(dir); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, program), "--version").Output() //nolint:gosec // found by us
	if err != nil {
		return 0
	}
	m := regexp.MustCompile(`\) (\d+)`).FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// hasLibrary tells whether the server can preload name.
func (b binaries) hasLibrary(ctx context.Context, name string) bool {
	up := filepath.Dir(b.dir)
	dirs := []string{filepath.Join(up, "lib"), filepath.Join(up, "lib/postgresql"), filepath.Join(up, "lib64/pgsql")}
	if out, err := exec.CommandContext(ctx, filepath.Join(b.dir, "pg_config"), "--pkglibdir").Output(); err == nil { //nolint:gosec // found by us
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	return slices.ContainsFunc(dirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, name+".so"))
		return err == nil
	})
}

// findRedis is the path of a Redis or Valkey server.
func findRedis(binDir string) (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		if binDir != "" {
			if path := filepath.Join(binDir, name); executable(path) {
				return path, nil
			}
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
		// Debian keeps servers where an ordinary user's PATH may not lead.
		for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/local/bin"} {
			if path := filepath.Join(dir, name); executable(path) {
				return path, nil
			}
		}
	}
	e := &MissingError{Server: "Redis", Debian: "redis-server", Fedora: "valkey", Arch: "valkey"}
	if binDir != "" {
		e.Note = "no redis-server in " + binDir
	}
	return "", e
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
