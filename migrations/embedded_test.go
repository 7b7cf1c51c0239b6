package migrations_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"healthagent/migrations"
)

func TestEmbeddedUpDownUp(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, nil)

	none := objects(t, url)
	up(t, e, migrations.UpOptions{})
	first := schema(t, url)
	oldest := migrations.Label(e.Migrations()[0].Version)
	down(t, e, oldest)
	if left := objects(t, url); left != none {
		t.Errorf("the rollbacks left behind:\n%s\nbefore there was:\n%s", left, none)
	}
	up(t, e, migrations.UpOptions{IncludeHeld: true})
	if second := schema(t, url); second != first {
		t.Errorf("up, down, up changed the schema:\n--- first\n%s\n--- second\n%s", first, second)
	}
}

// objects names what is in the schema public, the ledger left out.
func objects(t *testing.T, url string) string {
	t.Helper()
	return value[string](t, url, `
SELECT coalesce(string_agg(what, ' ' ORDER BY what), '') FROM (
    SELECT relname::text AS what FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace) AS x
WHERE what NOT LIKE '%schema_migrations%'`)
}

// TestEmbeddedEachDownUp takes back one more migration at a time, so that no
// rollback can rely on a later one's.
func TestEmbeddedEachDownUp(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, nil)
	before := map[string]string{}
	for _, m := range e.Migrations() {
		up(t, e, migrations.UpOptions{Version: migrations.Label(m.Version)})
		before[m.Name] = schema(t, url)
		down(t, e, migrations.Label(m.Version))
		up(t, e, migrations.UpOptions{Version: migrations.Label(m.Version)})
		if got := schema(t, url); got != before[m.Name] {
			t.Errorf("%s_%s: up, down, up changed the schema", migrations.Label(m.Version), m.Name)
		}
	}
}

func TestEmbeddedByPsql(t *testing.T) {
	t.Parallel()
	byEngine, byPsql := emptyDatabase(t), emptyDatabase(t)
	none := objects(t, byPsql)
	e := engine(t, byEngine, nil)
	up(t, e, migrations.UpOptions{})
	mustExec(t, byEngine, "DROP TABLE schema_migrations")
	for _, m := range e.Migrations() {
		psql(t, byPsql, m.Up.SQL)
	}
	if a, b := schema(t, byEngine), schema(t, byPsql); a != b {
		t.Errorf("engine and psql differ:\n--- engine\n%s\n--- psql\n%s", a, b)
	}
	for _, m := range slices.Backward(e.Migrations()) {
		psql(t, byPsql, m.Down.SQL)
	}
	if left := objects(t, byPsql); left != none {
		t.Errorf("the rollbacks by psql left behind: %s", left)
	}
}

func psql(t *testing.T, url, sql string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.sql")
	if err := os.WriteFile(file, []byte(sql), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(client(t, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
}

func TestEmbeddedNamesFit(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, nil), migrations.UpOptions{})
	// A name that the server cut has 63 bytes, so none may have more than 62.
	long := value[string](t, url, `
SELECT coalesce(string_agg(name, ' '), '') FROM (
    SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS x
WHERE octet_length(name) > 62`)
	if long != "" {
		t.Errorf("names of 63 bytes may have been cut: %s", long)
	}
}
