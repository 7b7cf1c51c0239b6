package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Class tells what rolling a migration back costs.
type Class string

const (
	// IndexOnly makes and drops indexes outside a transaction. It depends on
	// nothing newer and may be rolled back, held and applied on its own.
	IndexOnly Class = "index-only"
	// Rebuildable takes back what can be made again without loss: indexes,
	// functions, triggers, constraints, settings.
	Rebuildable Class = "rebuildable"
	// LosesRows drops tables or columns, or changes rows, when taken back. An
	// irreversible migration is of this class too.
	LosesRows Class = "loses-rows"
)

// Script is one SQL file.
type Script struct {
	File          string // path below the migrations directory
	SQL           string
	Checksum      string // sha256 of the bytes, hex
	NoTransaction bool   // first line: -- healthagent: no-transaction
	Statements    []Statement

	directives map[string]string
}

// Migration is one numbered change as the binary carries it.
type Migration struct {
	Version      int
	Name         string // without number and suffix
	Class        Class
	Additive     bool   // an older binary may run on top of it
	Irreversible string // the reason when there is no rollback
	Up           Script
	Down         Script // zero when irreversible
}

// Label writes a version as the files do: 017.
func Label(version int) string { return fmt.Sprintf("%03d", version) }

// ParseVersion reads 017 or 17. The error is a *VersionSyntaxError.
func ParseVersion(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > 999 || len(text) > 3 || text[0] == '+' {
		return 0, &VersionSyntaxError{Text: text}
	}
	return n, nil
}

// load reads and validates every migration of fsys, ordered by version. Files
// that are not *.sql are ignored; rollbacks are never read as ups.
func load(fsys fs.FS) ([]Migration, error) {
	upName := regexp.MustCompile(`^(\d{3})_([a-z0-9_]+)\.sql$`)
	files, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var (
		out  []Migration
		used = map[string]bool{}
	)
	for _, file := range files {
		part := upName.FindStringSubmatch(file)
		if part == nil {
			return nil, &LoadError{File: file, Reason: "the name must be NNN_name.sql, in lower case"}
		}
		version, err := ParseVersion(part[1])
		if err != nil {
			return nil, &LoadError{File: file, Reason: "numbers start at 001"}
		}
		if n := len(out); n > 0 && out[n-1].Version == version {
			return nil, &CollisionError{Version: version, Names: [2]string{out[n-1].Name, part[2]}}
		}
		m, err := loadOne(fsys, file, version, part[2])
		if err != nil {
			return nil, err
		}
		used[m.Down.File] = true
		out = append(out, m)
	}
	return out, orphans(fsys, used)
}

// loadOne reads a migration and its rollback.
func loadOne(fsys fs.FS, file string, version int, name string) (Migration, error) {
	m := Migration{Version: version, Name: name}
	var err error
	if m.Up, err = readScript(fsys, file); err != nil {
		return m, err
	}
	m.Irreversible = m.Up.directives["irreversible"]
	down := path.Join("rollbacks", strings.TrimSuffix(file, ".sql")+"_rollback.sql")
	m.Down, err = readScript(fsys, down)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && m.Irreversible == "":
		return m, &LoadError{File: file, Reason: "the rollback " + down + " is missing; say '-- healthagent: irreversible: reason' if there is none"}
	case missing:
		m.Down = Script{}
	case err != nil:
		return m, err
	case m.Irreversible != "":
		return m, &LoadError{File: file, Reason: "it says irreversible, but " + down + " exists"}
	}
	if !m.Up.NoTransaction && m.Down.NoTransaction {
		return m, &LoadError{File: down, Reason: "the rollback of a transactional migration must be transactional"}
	}
	m.Class, m.Additive = classify(m)
	return m, nil
}

// orphans refuses rollbacks that belong to no migration: a renamed pair.
func orphans(fsys fs.FS, used map[string]bool) error {
	files, err := fs.Glob(fsys, "rollbacks/*.sql")
	if err != nil {
		return fmt.Errorf("list rollbacks: %w", err)
	}
	for _, file := range files {
		if !used[file] {
			return &LoadError{File: file, Reason: "no migration has this rollback"}
		}
	}
	return nil
}

func readScript(fsys fs.FS, file string) (Script, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return Script{}, fmt.Errorf("read migration %s: %w", file, err)
	}
	return parseScript(file, string(text))
}

// parseScript splits and checks one file. The errors are *LoadError.
func parseScript(file, sql string) (Script, error) {
	s := Script{File: file, SQL: sql, Checksum: checksum(sql)}
	fail := func(line int, reason string) (Script, error) {
		return s, &LoadError{File: file, Line: line, Reason: reason}
	}
	if !utf8.ValidString(sql) || strings.ContainsRune(sql, 0) || strings.HasPrefix(sql, "\ufeff") {
		return fail(0, "it must be UTF-8 without NUL and byte order mark")
	}
	var (
		err   error
		place *LoadError
	)
	if s.directives, err = directives(sql); err == nil {
		s.Statements, err = Split(sql)
	}
	if errors.As(err, &place) {
		return fail(place.Line, place.Reason)
	}
	if len(s.Statements) == 0 {
		return fail(0, "it holds no statement")
	}
	_, s.NoTransaction = s.directives["no-transaction"]
	for _, st := range s.Statements {
		if reason := unfit(st, s.NoTransaction); reason != "" {
			return fail(st.Line, reason)
		}
	}
	return s, nil
}

// directives reads the lines "-- healthagent: word" or "-- healthagent: word:
// value" of the comment that opens a file.
func directives(sql string) (map[string]string, error) {
	known := []string{"no-transaction", "irreversible", "class", "additive", "not-additive"}
	out := map[string]string{}
	for i, line := range strings.Split(sql, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "--") {
			break
		}
		text, ok := strings.CutPrefix(strings.TrimSpace(line[2:]), "healthagent:")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(text), ":")
		value = strings.TrimSpace(value)
		switch {
		case !slices.Contains(known, name):
			return nil, &LoadError{Line: i + 1, Reason: fmt.Sprintf("unknown directive %q", name)}
		case name == "no-transaction" && i > 0:
			return nil, &LoadError{Line: i + 1, Reason: "no-transaction must be the first line"}
		case name == "irreversible" && value == "":
			return nil, &LoadError{Line: i + 1, Reason: "irreversible needs a reason"}
		case name == "class" && value != string(Rebuildable) && value != string(LosesRows):
			return nil, &LoadError{Line: i + 1, Reason: "class must be rebuildable or loses-rows"}
		}
		out[name] = value
	}
	return out, nil
}

// atLine turns a scan error into a LoadError without a file.
func atLine(sql string, err error) error {
	var se *scanError
	if !errors.As(err, &se) {
		return err
	}
	return &LoadError{Line: lineAt(sql, se.pos), Reason: se.reason}
}

func checksum(sql string) string {
	sum := sha256.Sum256([]byte(sql))
	return hex.EncodeToString(sum[:])
}
