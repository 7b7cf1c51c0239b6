package migrations_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
)

func TestVerifyStrict(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	wantVerdicts(t, verify(t, e, true), "false: a_x usable")
	filled(t, url, 300_000)
	v := verify(t, e, true)
	wantVerdicts(t, v, "true: a_x chosen")
	if c := v.Indexes[0]; c.HeapFetches == nil || *c.HeapFetches != 0 {
		t.Errorf("%+v", c)
	}
}

// TestVerifyOldSnapshot is the trap of the visibility map: while a dump runs, no
// vacuum makes the pages all-visible, and the index alone is never enough.
func TestVerifyOldSnapshot(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	release := snapshot(t, url, "dump of the night")
	filled(t, url, 300_000)
	v := verify(t, e, true)
	wantVerdicts(t, v, "false: a_x chosen")
	if c := v.Indexes[0]; c.HeapFetches == nil || *c.HeapFetches != 9 || !strings.Contains(c.Reason, `"dump of the night"`) {
		t.Errorf("%+v", c)
	}
	release()
	wantVerdicts(t, verify(t, e, true), "true: a_x chosen")
}

// TestVerifyOldSnapshotChangesThePlan: for many rows the planner does without an index-only scan while pages are not marked. Then the
// transaction is what to look for, and no vacuum, which has just been done.
func TestVerifyOldSnapshotChangesThePlan(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	release := snapshot(t, url, "dump of the night")
	mustExec(t, url, "INSERT INTO a SELECT i % 1000, i FROM generate_series(1, 300000) AS i")
	v := verify(t, e, true)
	wantVerdicts(t, v, "false: a_x unusable")
	if r := v.Indexes[0].Reason; !strings.Contains(r, `"dump of the night"`) || strings.Contains(r, "VACUUM") {
		t.Errorf("%q", r)
	}
	release()
	wantVerdicts(t, verify(t, e, true), "true: a_x chosen")
}

// snapshot opens a transaction that sees the database as it is now until released.
func snapshot(t *testing.T, url, application string) (release func()) {
	t.Helper()
	conn := connect(t, parameter(t, url, "application_name", application))
	tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(t.Context(), "SELECT 1").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

// TestVerifyDuringBuild: neither the lock of the run nor the build may hold it up.
func TestVerifyDuringBuild(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	_, release, result := building(t.Context(), t, url, e)
	v := verify(t, engine(t, url, indexed(), asking(migrations.Query{Name: "q", SQL: "SELECT x FROM a WHERE x > 0", Index: "a_x"})), false)
	wantVerdicts(t, v, "true: a_x , a_Y ")
	for _, c := range v.Indexes {
		if c.Note == "" {
			t.Errorf("%+v", c)
		}
	}
	// A strict one wants to vacuum the table, which the build keeps to itself.
	verify(t, e, true)
	release()
	if err := result(); err != nil {
		t.Error(err)
	}
}

// TestVerifyChangesNothing runs a writing query with real arguments.
func TestVerifyChangesNothing(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	q := sumByX
	q.Name, q.SQL, q.Node = "erase", "DELETE FROM a WHERE x = $1 RETURNING y", "Index Scan"
	e := engine(t, url, scenario(), asking(q))
	up(t, e, migrations.UpOptions{})
	filled(t, url, 300_000)
	before := schema(t, url)
	wantVerdicts(t, verify(t, e, true), "true: a_x chosen")
	if n := value[int](t, url, "SELECT count(*) FROM a"); n != 300_000 {
		t.Errorf("%d rows are left", n)
	}
	if schema(t, url) != before {
		t.Error("the schema changed")
	}
}
