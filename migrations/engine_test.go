package migrations_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"healthagent/migrations"
)

// files builds a file system of migrations from name, up and rollback.
func files(triples ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(triples); i += 3 {
		out[triples[i]+".sql"] = &fstest.MapFile{Data: []byte(triples[i+1])}
		if triples[i+2] != "" {
			out["rollbacks/"+triples[i]+"_rollback.sql"] = &fstest.MapFile{Data: []byte(triples[i+2])}
		}
	}
	return out
}

// three is a small history of two tables and a column.
func three() fstest.MapFS {
	return files(
		"001_a", "CREATE TABLE a (x int)", "DROP TABLE a",
		"002_b", "CREATE TABLE b (x int);\nCREATE INDEX b_x ON b (x);", "DROP TABLE b",
		"003_column", "ALTER TABLE a ADD COLUMN y text", "ALTER TABLE a DROP COLUMN y",
	)
}

// engine builds an engine that does not wait in real time.
func engine(t *testing.T, url string, fsys fs.FS, change ...func(*migrations.Config)) *migrations.Engine {
	t.Helper()
	c := migrations.Config{
		URL: url, FS: fsys, BinaryVersion: "test",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, f := range change {
		f(&c)
	}
	e, err := migrations.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func up(t *testing.T, e *migrations.Engine, opts migrations.UpOptions) migrations.Result {
	t.Helper()
	r, err := e.Up(t.Context(), opts)
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	return r
}

func down(t *testing.T, e *migrations.Engine, version string) migrations.Result {
	t.Helper()
	r, err := e.Down(t.Context(), migrations.DownOptions{Version: version})
	if err != nil {
		t.Fatalf("down %s: %v", version, err)
	}
	return r
}

// states writes the status as "001 applied, 002 held".
func states(t *testing.T, e *migrations.Engine) string {
	t.Helper()
	entries, err := e.Status(t.Context())
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	out := ""
	for i, en := range entries {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%s %s", migrations.Label(en.Version), en.State)
	}
	return out
}

func wantStates(t *testing.T, e *migrations.Engine, want string) {
	t.Helper()
	if got := states(t, e); got != want {
		t.Errorf("states:\n got %s\nwant %s", got, want)
	}
}

func versions(r migrations.Result) string {
	out := ""
	for i, s := range r.Steps {
		if i > 0 {
			out += " "
		}
		out += migrations.Label(s.Version)
	}
	return out
}

func exists(t *testing.T, url, relation string) bool {
	t.Helper()
	return value[bool](t, url, "SELECT to_regclass($1::text) IS NOT NULL", relation)
}
