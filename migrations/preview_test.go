package migrations_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"healthagent/migrations"
	"healthagent/test/rig"
)

func plan(t *testing.T, e *migrations.Engine, version string, trial bool) []migrations.Preview {
	t.Helper()
	p, err := e.Plan(t.Context(), migrations.PlanOptions{Version: version, Trial: trial})
	if err != nil {
		t.Fatalf("plan %s: %v", version, err)
	}
	return p
}

// directions writes previews as "up 001, down 002".
func directions(previews []migrations.Preview) string {
	parts := make([]string, 0, len(previews))
	for _, p := range previews {
		parts = append(parts, p.Direction+" "+migrations.Label(p.Version))
	}
	return strings.Join(parts, ", ")
}

func TestPlanChooses(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	steps := []struct {
		do            func()
		version, want string
	}{
		{func() {}, "", "up 001, up 002, up 003"},
		{func() {}, "002", "up 001, up 002"},
		{func() { up(t, e, migrations.UpOptions{OnlyTransactional: true}) }, "", "up 002"},
		{func() { up(t, e, migrations.UpOptions{}) }, "", "down 002"},
		{func() {}, "2", "down 002"},
		{func() {}, "001", "down 003, down 002, down 001"},
		{func() { down(t, e, "") }, "", ""},
		{func() {}, "002", "up 002"},
		{func() { down(t, e, "003") }, "003", "up 003"},
		{func() { up(t, e, migrations.UpOptions{IncludeHeld: true}) }, "003", "down 003"},
		{func() {
			mustExec(t, url, "UPDATE schema_migrations SET state = 'partial', direction = 'up' WHERE version = 2")
		}, "002", "up 002"},
		{func() {}, "", "up 002, down 002"},
		{func() { mustExec(t, url, "UPDATE schema_migrations SET direction = 'down' WHERE version = 2") }, "002", "down 002"},
	}
	for i, step := range steps {
		step.do()
		if got := directions(plan(t, e, step.version, false)); got != step.want {
			t.Errorf("%d: plan %q: got %q, want %q", i, step.version, got, step.want)
		}
	}
	// While another process has the lock a preview comes all the same.
	holder := connect(t, url)
	if _, err := holder.Exec(t.Context(), "SELECT pg_advisory_lock($1::int, $2::int)", 0x68616d67, 1); err != nil {
		t.Fatal(err)
	}
	plan(t, e, "", false)
}

func TestPlanCompany(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed())
	up(t, e, migrations.UpOptions{})
	all := plan(t, e, "001", false)
	if got := fmt.Sprint(all[2].Takes, all[0].Takes); got != "[003 002] []" {
		t.Errorf("got %s", got)
	}
}

func TestPlanErrors(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := three()
	fsys["004_gone.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: irreversible: the rows are gone\nDROP TABLE b")}
	e := engine(t, url, fsys)
	up(t, e, migrations.UpOptions{})
	try := func(version string) error {
		_, err := e.Plan(t.Context(), migrations.PlanOptions{Version: version})
		return err
	}
	var none *migrations.NoSuchVersionError
	if err := try("9"); !errors.As(err, &none) {
		t.Errorf("unknown: %v", err)
	}
	var syntax *migrations.VersionSyntaxError
	if err := try("x"); !errors.As(err, &syntax) {
		t.Errorf("no version: %v", err)
	}
	var irreversible *migrations.IrreversibleError
	if err := try("003"); !errors.As(err, &irreversible) {
		t.Errorf("irreversible: %v", err)
	}
	if err := try(""); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
	edited := with("002_b.sql", "SELECT 'edited'")
	var sum *migrations.ChecksumError
	if _, err := engine(t, url, edited).Plan(t.Context(), migrations.PlanOptions{}); !errors.As(err, &sum) {
		t.Errorf("edited: %v", err)
	}
}

// TestPlanShowsWhatIsLost has one of every kind that a rollback takes back, and one
// of each that it forgets.
func TestPlanShowsWhatIsLost(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, files(
		"001_a", "CREATE TABLE a (x int); CREATE TABLE other (x int); CREATE INDEX other_x ON other (x)", "DROP TABLE a, other",
		"002_all", `CREATE TABLE b (x int);
CREATE INDEX b_x ON b (x);
CREATE INDEX ON b (x);
CREATE UNIQUE INDEX a_x ON a (x);
CREATE INDEX forgotten ON a (x);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT OR UPDATE OF x ON a FOR EACH ROW EXECUTE FUNCTION g();
CREATE TYPE mood AS ENUM ('x');
CREATE SEQUENCE s;
CREATE VIEW v AS SELECT 1 AS one;
ALTER TABLE a ADD COLUMN y int, ADD z numeric(3, 1), ADD CONSTRAINT positive CHECK (x > 0) NOT VALID;`,
		`ALTER TABLE a DROP CONSTRAINT positive, DROP COLUMN y;
DROP VIEW v;
DROP SEQUENCE s;
DROP TYPE mood;
DROP TRIGGER t ON a;
DROP FUNCTION g(), f(int);
DROP INDEX IF EXISTS a_x, public.other_x;
DROP TABLE b;`,
	))
	up(t, e, migrations.UpOptions{Version: "001"})
	mustExec(t, url, "INSERT INTO a SELECT generate_series(1, 7)")
	before := plan(t, e, "002", false)[0]
	if before.Coverage != "12/14" || before.Objects[0].Exists || len(before.RowsLost) != 0 {
		t.Errorf("%+v", before)
	}
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "UPDATE a SET y = x WHERE x < 4; INSERT INTO b SELECT generate_series(1, 5); ANALYZE b")
	p := plan(t, e, "002", false)[0]
	if got := fmt.Sprintf("%s %v %v", p.Coverage, p.Uncovered, p.Beyond); got != "12/14 [index forgotten column z of a] [index other_x]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(p.RowsLost); got != "[{a y 3 true} {b  5 true}]" {
		t.Errorf("rows lost: %s", got)
	}
	for _, o := range p.Objects {
		if want := o.Name != ""; o.Exists != want || o.Valid != (want && o.Name != "positive") {
			t.Errorf("%+v", o)
		}
		if o.Kind == migrations.TableObject && (o.Bytes == 0 || o.Rows != 5) {
			t.Errorf("%+v", o)
		}
	}
	if p.Statements != 8 || p.Class != migrations.LosesRows || !strings.HasPrefix(p.SQL, "ALTER TABLE a DROP") || p.State != migrations.Applied {
		t.Errorf("%+v", p)
	}
}

// TestPlanColumnThatIsGone cannot count what somebody has dropped by hand.
func TestPlanColumnThatIsGone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "ALTER TABLE a DROP COLUMN y; DROP TABLE b")
	for _, version := range []string{"003", "002"} {
		if p := plan(t, e, version, false); len(p[len(p)-1].RowsLost) != 0 {
			t.Errorf("%+v", p)
		}
	}
}

func blockersOf(p migrations.Preview) string {
	parts := make([]string, 0, len(p.Blockers))
	for _, b := range p.Blockers {
		parts = append(parts, b.Application+" "+fmt.Sprint(b.Locks))
	}
	return strings.Join(parts, ", ")
}

// holding runs a statement in a transaction that stays open.
func holding(t *testing.T, url, application, sql string) {
	t.Helper()
	tx, err := connect(t, parameter(t, url, "application_name", application)).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// TestPlanNamesBlockers: what a build waits for is not what a drop waits for.
func TestPlanNamesBlockers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ sql, build, drop, alter string }{
		"reader":   {"SELECT FROM a", "", "x [a AccessShareLock]", "x [a AccessShareLock]"},
		"writer":   {"INSERT INTO a VALUES (1)", "x [a RowExclusiveLock]", "x [a RowExclusiveLock]", "x [a RowExclusiveLock]"},
		"locker":   {"SELECT FROM a FOR UPDATE", "", "x [a RowShareLock]", "x [a RowShareLock]"},
		"elsewhen": {"SELECT 1", "", "", ""},
		"cursor":   {"DECLARE c CURSOR FOR SELECT 1", "x []", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			e := engine(t, url, indexed())
			up(t, e, migrations.UpOptions{})
			holding(t, url, "x", tt.sql)
			if got := blockersOf(plan(t, e, "002", false)[0]); got != tt.drop {
				t.Errorf("drop: got %q, want %q", got, tt.drop)
			}
			if got := blockersOf(plan(t, e, "001", false)[2]); got != tt.alter {
				t.Errorf("drop of the table: got %q, want %q", got, tt.alter)
			}
			mustExec(t, url, "UPDATE schema_migrations SET state = 'held' WHERE version = 2")
			if got := blockersOf(plan(t, e, "002", false)[0]); got != tt.build {
				t.Errorf("build: got %q, want %q", got, tt.build)
			}
		})
	}
}

// TestPlanHidesWhatBlockersRun: their words may be a person's.
func TestPlanHidesWhatBlockersRun(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	holding(t, url, "psql of anna", "INSERT INTO a SELECT length('my secret')")
	raw, err := json.Marshal(plan(t, e, "", false))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`[{"version":"002","name":"indexes","direction":"down"`, `"application":"psql of anna"`, `"state":"idle in transaction"`, `"locks":["a RowExclusiveLock"]`,
		`"age_ns":`, `"takes":[]`, `"held":[]`, `"queries":[]`, `"rows_lost":[]`, `"uncovered":[]`, `"beyond":[]`, `"coverage":"2/2"`, `"objects":[{"kind":"index","name":"a_x","table":"a","exists":true`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	if strings.Contains(string(raw), "secret") {
		t.Errorf("it shows the query: %s", raw)
	}
}

// TestPlanForeignKeyBlocker: dropping a table waits for the users of the table that
// its foreign key refers to.
func TestPlanForeignKeyBlocker(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, files(
		"001_a", "CREATE TABLE a (x int PRIMARY KEY)", "DROP TABLE a",
		"002_b", "CREATE TABLE b (x int REFERENCES a (x))", "DROP TABLE b",
	))
	up(t, e, migrations.UpOptions{Version: "001"})
	holding(t, url, "writer", "INSERT INTO a VALUES (1)")
	holding(t, url, "reader", "SELECT FROM a")
	if got := blockersOf(plan(t, e, "002", false)[0]); got != "writer [a RowExclusiveLock]" {
		t.Errorf("up: %q", got)
	}
	mustExec(t, url, "CREATE TABLE b (x int)") // as it would be, but for the lock
	if got := blockersOf(plan(t, e, "002", false)[0]); got != "writer [a RowExclusiveLock]" {
		t.Errorf("up: %q", got)
	}
}

// TestPlanEmbedded: the rollback of 017 covers all eight, and the trial shows what
// every query of the product would lose.
func TestPlanEmbedded(t *testing.T) {
	t.Parallel()
	e := engine(t, rig.Postgres(t), nil, asking(productQueries()...))
	all := plan(t, e, "", true)
	if directions(all) != "down 017" {
		t.Fatalf("got %s", directions(all))
	}
	p := all[0]
	if p.Coverage != "8/8" || len(p.Uncovered)+len(p.Beyond) != 0 || p.NoTrial != "" || len(p.Queries) != len(productQueries()) {
		t.Errorf("%+v", p)
	}
	for _, q := range p.Queries {
		if q.Without.Index == q.Index || q.Without.Cost < q.Now.Cost {
			t.Errorf("%+v", q)
		}
	}
	for _, m := range e.Migrations() {
		previews := plan(t, e, migrations.Label(m.Version), false)
		last := previews[len(previews)-1]
		if made := len(last.Objects); last.Coverage != fmt.Sprintf("%d/%d", made, made) || made == 0 || len(last.Beyond) != 0 {
			t.Errorf("%s: %+v", m.Name, last)
		}
	}
}
