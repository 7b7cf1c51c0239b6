package migrations_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"healthagent/migrations"
)

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const drop = "DROP TABLE a"
	tests := map[string]struct {
		files fstest.MapFS
		want  string // part of the reason
	}{
		"collision":               {files("001_a", "SELECT 1", drop, "001_b", "SELECT 1", drop), "two migrations have the number 001: a and b"},
		"missing rollback":        {files("001_a", "SELECT 1", ""), "rollbacks/001_a_rollback.sql is missing"},
		"upper case":              {files("001_A", "SELECT 1", drop), "NNN_name.sql"},
		"two digits":              {files("01_a", "SELECT 1", drop), "NNN_name.sql"},
		"number zero":             {files("000_a", "SELECT 1", drop), "start at 001"},
		"empty":                   {files("001_a", "-- nothing\n;", drop), "no statement"},
		"irreversible and not":    {files("001_a", "-- healthagent: irreversible: why\nSELECT 1", drop), "it says irreversible"},
		"irreversible, no reason": {files("001_a", "-- healthagent: irreversible:\nSELECT 1", ""), "needs a reason"},
		"directive":               {files("001_a", "-- healthagent: no-transactoin\nSELECT 1", drop), `001_a.sql:1: unknown directive "no-transactoin"`},
		"late no-transaction":     {files("001_a", "-- x\n-- healthagent: no-transaction\nANALYZE", drop), "001_a.sql:2: no-transaction must be the first line"},
		"begin":                   {files("001_a", "SELECT 1;\nBEGIN;", drop), "001_a.sql:2: transaction control"},
		"commit in rollback":      {files("001_a", "SELECT 1", "COMMIT"), "rollbacks/001_a_rollback.sql:1: transaction control"},
		"concurrently":            {files("001_a", "CREATE INDEX CONCURRENTLY i ON a (x)", drop), "no-transaction"},
		"drop concurrently":       {files("001_a", "SELECT 1", "DROP INDEX CONCURRENTLY i"), "no-transaction"},
		"table outside":           {files("001_a", "-- healthagent: no-transaction\nCREATE TABLE a (x int)", drop), "holds only"},
		"unnamed index":           {files("001_a", "-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY ON a (x)", drop), "holds only"},
		"plain index outside":     {files("001_a", "-- healthagent: no-transaction\nCREATE INDEX i ON a (x)", drop), "holds only"},
		"two drops":               {files("001_a", "SELECT 1", "-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY i, j"), "holds only"},
		"unpaired modes":          {files("001_a", "SELECT 1", "-- healthagent: no-transaction\nANALYZE"), "must be transactional"},
		"copy":                    {files("001_a", "COPY a FROM STDIN", drop), "COPY"},
		"meta-command":            {files("001_a", "SELECT 1;\n\\connect other", drop), "001_a.sql:2: a backslash"},
		"open string":             {files("001_a", "SELECT 1;\n\nSELECT 'x", drop), "001_a.sql:3: a string that never ends"},
		"not UTF-8":               {files("001_a", "SELECT '\xff'", drop), "UTF-8"},
		"byte order mark":         {files("001_a", "\ufeffSELECT 1", drop), "byte order mark"},
		"orphan":                  {fstest.MapFS{"rollbacks/002_b_rollback.sql": &fstest.MapFile{Data: []byte("SELECT 1")}}, "no migration has this rollback"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := migrations.New(migrations.Config{URL: "host=unused", FS: tt.files})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			var load *migrations.LoadError
			var collision *migrations.CollisionError
			if !errors.As(err, &load) && !errors.As(err, &collision) {
				t.Errorf("untyped error %T", err)
			}
		})
	}
}

func TestRollbacksAreNoMigrations(t *testing.T) {
	t.Parallel()
	e := engine(t, "host=unused", three())
	if n := len(e.Migrations()); n != 3 {
		t.Errorf("%d migrations loaded", n)
	}
}

// with replaces one file of three.
func with(name, sql string) fstest.MapFS {
	fsys := three()
	fsys[name] = &fstest.MapFile{Data: []byte(sql)}
	return fsys
}

func TestUpRefusesEdited(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"002_b.sql", "rollbacks/002_b_rollback.sql"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			up(t, engine(t, url, three()), migrations.UpOptions{})
			e := engine(t, url, with(file, "SELECT 'edited'"))
			_, err := e.Up(t.Context(), migrations.UpOptions{})
			var sum *migrations.ChecksumError
			if !errors.As(err, &sum) || sum.File != file || sum.Version != 2 || sum.Applied == sum.Found || len(sum.Applied) != 64 {
				t.Fatalf("got %v", err)
			}
			if err := e.Check(t.Context()); !errors.As(err, &sum) {
				t.Errorf("check: %v", err)
			}
			entries, err := e.Status(t.Context())
			if err != nil || !entries[1].Edited || entries[0].Edited {
				t.Errorf("status does not show it: %v %+v", err, entries)
			}
		})
	}
}

func TestUpRefusesReusedNumber(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{})
	other := files("001_a", "CREATE TABLE a (x int)", "DROP TABLE a", "002_other", "SELECT 1", "SELECT 1")
	_, err := engine(t, url, other).Up(t.Context(), migrations.UpOptions{})
	var collision *migrations.CollisionError
	if !errors.As(err, &collision) || !collision.InLedger || collision.Names != [2]string{"b", "other"} {
		t.Errorf("got %v", err)
	}
}

func TestUpRefusesUnknown(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	newer := with("004_rename.sql", "ALTER TABLE a RENAME x TO z")
	newer["rollbacks/004_rename_rollback.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE a RENAME z TO x")}
	up(t, engine(t, url, newer), migrations.UpOptions{})

	older := engine(t, url, three())
	_, err := older.Up(t.Context(), migrations.UpOptions{})
	var unknown *migrations.UnknownError
	if !errors.As(err, &unknown) || len(unknown.Versions) != 1 || unknown.Versions[0] != 4 || unknown.Binary != "test" {
		t.Fatalf("got %v", err)
	}
	wantStates(t, older, "001 applied, 002 applied, 003 applied, 004 applied")
	entries, err := older.Status(t.Context())
	if err != nil || !entries[3].Unknown || entries[3].Name != "rename" {
		t.Errorf("status: %v %+v", err, entries)
	}
	down(t, older, "4")
	if n := value[int](t, url, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'x'"); n != 1 {
		t.Error("the older binary did not take the newer migration back")
	}
	up(t, older, migrations.UpOptions{})
}

func TestOlderBinaryStartsOnAdditive(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{})
	older := three()
	delete(older, "003_column.sql")
	delete(older, "rollbacks/003_column_rollback.sql")
	up(t, engine(t, url, older), migrations.UpOptions{})
}

func TestUpRefusesOutOfOrder(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	gap := three()
	delete(gap, "002_b.sql")
	delete(gap, "rollbacks/002_b_rollback.sql")
	up(t, engine(t, url, gap), migrations.UpOptions{})
	e := engine(t, url, three())
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var order *migrations.OutOfOrderError
	if !errors.As(err, &order) || order.Version != 2 || order.Highest != 3 {
		t.Fatalf("got %v", err)
	}
	if exists(t, url, "b") {
		t.Error("it was applied all the same")
	}
	if got := versions(up(t, e, migrations.UpOptions{Version: "002"})); got != "002" {
		t.Errorf("by name: %q", got)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"17": 17, "017": 17, "1": 1, "999": 999} {
		if got, err := migrations.ParseVersion(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "000", "-1", "+1", "1000", "0017", "x", "1 ", "017_a"} {
		var syntax *migrations.VersionSyntaxError
		if n, err := migrations.ParseVersion(text); !errors.As(err, &syntax) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	e := engine(t, emptyDatabase(t), three())
	var none *migrations.NoSuchVersionError
	if _, err := e.Up(t.Context(), migrations.UpOptions{Version: "9"}); !errors.As(err, &none) {
		t.Errorf("up 9: %v", err)
	}
	if _, err := e.Down(t.Context(), migrations.DownOptions{Version: "9"}); !errors.As(err, &none) {
		t.Errorf("down 9: %v", err)
	}
}
