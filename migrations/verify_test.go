package migrations_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
	"healthagent/test/rig"
)

// scenario is table a with an index for a query by x, which every state of an index
// can be made of.
func scenario() fstest.MapFS {
	return files(
		"001_a", "CREATE TABLE a (x int NOT NULL, y int NOT NULL)", "DROP TABLE a",
		"002_indexes", "-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x) INCLUDE (y)",
		"-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY a_x",
	)
}

var sumByX = migrations.Query{
	Name: "sum_by_x", SQL: "SELECT /* sum_by_x */ sum(y) FROM a WHERE x = $1;", Index: "a_x", Node: "Index Only Scan",
	Sample: "SELECT x::text FROM a LIMIT 1",
}

func asking(queries ...migrations.Query) func(*migrations.Config) {
	return func(c *migrations.Config) { c.Queries = queries }
}

func verify(t *testing.T, e *migrations.Engine, strict bool) migrations.Verification {
	t.Helper()
	v, err := e.Verify(t.Context(), migrations.VerifyOptions{Strict: strict})
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return v
}

// verdicts writes a verification as "false: a_x missing".
func verdicts(v migrations.Verification) string {
	parts := make([]string, 0, len(v.Indexes))
	for _, c := range v.Indexes {
		parts = append(parts, c.Name+" "+string(c.Verdict))
	}
	return fmt.Sprintf("%t: %s", v.OK, strings.Join(parts, ", "))
}

func wantVerdicts(t *testing.T, v migrations.Verification, want string) {
	t.Helper()
	if got := verdicts(v); got != want {
		t.Errorf("got %q, want %q: %+v", got, want, v.Indexes)
	}
}

// filled gives table a n rows of about a hundred to a page.
func filled(t *testing.T, url string, n int) {
	t.Helper()
	mustExec(t, url, "INSERT INTO a SELECT i / 10, i FROM generate_series(1, $1::int) AS i", n)
}

func TestVerifyBeforeAnything(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), scenario(), asking(sumByX))
	wantVerdicts(t, verify(t, e, true), "false: a_x missing")
}

func TestVerifyStates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sql    string
		down   bool
		want   string
		reason string // part of the reason or note
	}{
		"small table":   {want: "true: a_x usable", reason: "on 1 pages the planner takes "},
		"missing":       {sql: "DROP INDEX a_x", want: "false: a_x missing", reason: "is applied, but"},
		"different":     {sql: "DROP INDEX a_x; CREATE INDEX a_x ON a (x)", want: "false: a_x different"},
		"other table":   {sql: "DROP INDEX a_x; CREATE TABLE b (x int, y int); CREATE INDEX a_x ON b (x) INCLUDE (y)", want: "false: a_x different"},
		"no index":      {sql: "DROP INDEX a_x; CREATE TABLE a_x ()", want: "false: a_x different"},
		"held":          {down: true, want: "true: a_x held"},
		"held by index": {sql: `DROP INDEX a_x; UPDATE schema_migrations SET objects = '[{"name": "a_x", "state": "held"}]' WHERE version = 2`, want: "true: a_x held"},
		"held, by hand": {down: true, sql: "CREATE INDEX a_x ON a (x) INCLUDE (y)", want: "true: a_x usable"},
		"failed":        {sql: "DROP INDEX a_x; UPDATE schema_migrations SET state = 'failed', error = 'the disk' WHERE version = 2", want: "false: a_x missing", reason: "the disk"},
		"unable":        {sql: "ALTER TABLE a RENAME y TO z", want: "false: a_x different"},
		"renamed":       {sql: "ALTER TABLE a RENAME TO b; CREATE TABLE a (x int, y int)", want: "false: a_x different"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			e := engine(t, url, scenario(), asking(sumByX))
			up(t, e, migrations.UpOptions{})
			filled(t, url, 100)
			if tt.down {
				down(t, e, "002")
			}
			if tt.sql != "" {
				mustExec(t, url, tt.sql, pgx.QueryExecModeSimpleProtocol)
			}
			v := verify(t, e, false)
			wantVerdicts(t, v, tt.want)
			if c := v.Indexes[0]; !strings.Contains(c.Reason+c.Note, tt.reason) || c.Definition == "" && c.Exists {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestVerifyInvalid(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := scenario()
	fsys["002_indexes.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x) INCLUDE (y)")}
	e := engine(t, url, fsys, asking(sumByX))
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "DROP INDEX a_x")
	filled(t, url, 100)
	if _, err := connect(t, url).Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x) INCLUDE (y)"); err == nil {
		t.Fatal("duplicates were accepted")
	}
	v := verify(t, e, false)
	wantVerdicts(t, v, "false: a_x invalid")
	if c := v.Indexes[0]; !c.Exists || c.Valid {
		t.Errorf("%+v", c)
	}
}

func TestVerifyBigTable(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	filled(t, url, 300_000) // 1328 pages
	mustExec(t, url, "ANALYZE a")
	v := verify(t, e, false)
	wantVerdicts(t, v, "true: a_x chosen")
	if c := v.Indexes[0]; c.Query != "sum_by_x" || c.Node != "Index Only Scan" || c.HeapFetches != nil || c.Table != "a" || c.Want != "" {
		t.Errorf("%+v", c)
	}

	// The same index, but for a query that it is no help for.
	useless := sumByX
	useless.Name, useless.SQL = "useless", "SELECT sum(y) FROM a WHERE y > $1"
	e = engine(t, url, scenario(), asking(sumByX, useless))
	v = verify(t, e, false)
	wantVerdicts(t, v, "false: a_x unusable")
	if c := v.Indexes[0]; c.Query != "useless" || c.Node != "Seq Scan" || len(c.Queries) != 2 || c.Queries[0].Verdict != migrations.Chosen {
		t.Errorf("the worst must speak for the index: %+v", c)
	}
}

// TestVerifyIndexScanIsNotIndexOnly asks for a column that the index lacks: the index
// is read, but it does not answer alone.
func TestVerifyIndexScanIsNotIndexOnly(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	more := sumByX
	more.SQL = "SELECT sum(y), max(ctid::text) FROM a WHERE x = $1"
	up(t, engine(t, url, scenario()), migrations.UpOptions{})
	v := verify(t, engine(t, url, scenario(), asking(more)), false)
	wantVerdicts(t, v, "false: a_x unusable")
	if c := v.Indexes[0]; c.Node != "Index Scan" || !strings.Contains(c.Reason, "Index Scan of a by a_x") {
		t.Errorf("%+v", c)
	}
	more.Node = "Index Scan"
	wantVerdicts(t, verify(t, engine(t, url, scenario(), asking(more)), false), "true: a_x usable")
}

// TestVerifyParameterIsNoLiteral is the trap of a partial index: under a generic plan
// a parameter never implies the predicate.
func TestVerifyParameterIsNoLiteral(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := scenario()
	fsys["002_indexes.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x) INCLUDE (y) WHERE y = 1")}
	literal, parameter := sumByX, sumByX
	literal.SQL = "SELECT sum(y) FROM a WHERE x = $1 AND y = 1"
	parameter.SQL = "SELECT sum(y) FROM a WHERE x = $1 AND y = $2"
	up(t, engine(t, url, fsys), migrations.UpOptions{})
	wantVerdicts(t, verify(t, engine(t, url, fsys, asking(literal)), false), "true: a_x chosen")
	wantVerdicts(t, verify(t, engine(t, url, fsys, asking(parameter)), false), "false: a_x unusable")
}

func TestVerifyQueryThatCannotBePlanned(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, scenario()), migrations.UpOptions{})
	for name, sql := range map[string]string{
		"column": "SELECT nope FROM a", "two": "SELECT 1; DROP TABLE a", "syntax": "SELECT FROM WHERE", "open": "SELECT 'x",
	} {
		q := sumByX
		q.SQL = sql
		v := verify(t, engine(t, url, scenario(), asking(q, sumByX)), false)
		wantVerdicts(t, v, "false: a_x unusable")
		if c := v.Indexes[0]; c.Reason == "" || c.Queries[1].Verdict != migrations.Usable {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestVerifyWithoutQueries(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario())
	up(t, e, migrations.UpOptions{})
	v := verify(t, e, true)
	wantVerdicts(t, v, "true: a_x ")
	if v.Indexes[0].Note == "" {
		t.Error("it does not say that nothing was tried")
	}
}

func TestVerifyOlderBinary(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, scenario()), migrations.UpOptions{})
	older := scenario()
	delete(older, "002_indexes.sql")
	delete(older, "rollbacks/002_indexes_rollback.sql")
	wantVerdicts(t, verify(t, engine(t, url, older, asking(sumByX)), false), "true: a_x usable")
}

// TestVerifyReplacedIndex: what a later migration took away is not missed.
func TestVerifyReplacedIndex(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := scenario()
	fsys["003_better.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_xy ON a (x, y);\nDROP INDEX CONCURRENTLY a_x")}
	fsys["rollbacks/003_better_rollback.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x) INCLUDE (y);\nDROP INDEX CONCURRENTLY a_xy")}
	e := engine(t, url, fsys)
	up(t, e, migrations.UpOptions{Version: "002"})
	wantVerdicts(t, verify(t, e, false), "false: a_x , a_xy missing")
	up(t, e, migrations.UpOptions{})
	wantVerdicts(t, verify(t, e, false), "true: a_xy ")
}

func TestVerifyJSON(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	raw, err := json.Marshal(verify(t, e, false))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"ok":true`, `"indexes":[{"migration":"002","name":"a_x","table":"a","exists":true,"valid":true`, `"heap_fetches":null`,
		`"definition":"CREATE INDEX a_x ON public.a USING btree (x) INCLUDE (y)"`, `"query":"sum_by_x"`, `"node":"Index Only Scan"`, `"verdict":"usable"`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	if empty, err := json.Marshal(verify(t, engine(t, emptyDatabase(t), three()), false)); err != nil || string(empty) != `{"ok":true,"indexes":[]}` {
		t.Errorf("%s %v", empty, err)
	}
}

// TestVerifyEmbedded: every query of the product is answered by its index.
func TestVerifyEmbedded(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	e := engine(t, url, nil, asking(productQueries()...))
	v := verify(t, e, false)
	if !v.OK || len(v.Indexes) != 8 {
		t.Errorf("%d indexes", len(v.Indexes))
	}
	for _, c := range v.Indexes {
		if c.Verdict != migrations.Usable && c.Verdict != migrations.Chosen {
			t.Errorf("%+v", c)
		}
	}
}

// TestVerifyOfTheFirstMeals: the indexes were built when there were a handful of rows, and a few more came. Every index of the table
// costs the planner the same then, and which one it takes says nothing.
func TestVerifyOfTheFirstMeals(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, nil, asking(productQueries()...))
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, `INSERT INTO users (telegram_id) SELECT generate_series(1, 6)`)
	const meals = `INSERT INTO food_entries (user_id, food_name, grams, calories, protein, carbs, fat)
		SELECT id, 'rice', 100, 130, 3, 28, 0 FROM generate_series(1, 6) AS id`
	mustExec(t, url, meals)
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, meals)
	if v := verify(t, e, false); !v.OK {
		t.Errorf("%+v", v.Indexes)
	}
}
