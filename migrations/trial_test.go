package migrations_test

import (
	"fmt"
	"strings"
	"testing"

	"healthagent/migrations"
)

func trials(p migrations.Preview) string {
	parts := make([]string, 0, len(p.Queries))
	for _, q := range p.Queries {
		parts = append(parts, fmt.Sprintf("%s %s: %s %s -> %s %s", q.Name, q.Index, q.Now.Node, q.Now.Index, q.Without.Node, q.Without.Index))
	}
	return strings.Join(parts, ", ")
}

func TestPlanTrial(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	unrelated := migrations.Query{Name: "unrelated", SQL: "SELECT count(*) FROM a"}
	found := migrations.Query{Name: "found", SQL: "SELECT y FROM a WHERE x = $1"}
	e := engine(t, url, scenario(), asking(sumByX, unrelated, found))
	up(t, e, migrations.UpOptions{})
	filled(t, url, 300_000)
	mustExec(t, url, "VACUUM (ANALYZE) a")
	// One row is read by the index, which must still be known after the trial.
	mustExec(t, url, "SELECT y FROM a WHERE x = 1")
	before := schema(t, url)

	p := plan(t, e, "", true)[0]
	if got := trials(p); got != "sum_by_x a_x: Index Only Scan a_x -> Seq Scan , found a_x: Index Only Scan a_x -> Seq Scan " {
		t.Errorf("got %q %s", got, p.NoTrial)
	}
	if q := p.Queries[0]; q.Without.Cost <= 100*q.Now.Cost {
		t.Errorf("costs: %+v", q)
	}
	if schema(t, url) != before {
		t.Error("the trial dropped something")
	}
	wantVerdicts(t, verify(t, e, true), "true: a_x chosen")
}

// TestPlanTrialGivesWay: a reader is not made to wait for a trial, nor others behind it.
func TestPlanTrialGivesWay(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	up(t, e, migrations.UpOptions{})
	holding(t, url, "reader", "SELECT FROM a")
	p := plan(t, e, "002", true)[0]
	if len(p.Queries) != 0 || !strings.Contains(p.NoTrial, "50 ms") || blockersOf(p) != "reader [a AccessShareLock]" {
		t.Errorf("%+v", p)
	}
	wantIndexesOf(t, url, "a_x")
}

func wantIndexesOf(t *testing.T, url, want string) {
	t.Helper()
	if got := indexes(t, url); got != want {
		t.Errorf("indexes %q, want %q", got, want)
	}
}

func TestPlanNoTrial(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario(), asking(sumByX))
	for _, p := range plan(t, e, "", true) {
		want := "only migrations of class index-only"
		if p.Version == 2 {
			want = "without building"
		}
		if !strings.Contains(p.NoTrial, want) {
			t.Errorf("%s: %q", p.Name, p.NoTrial)
		}
	}
	up(t, e, migrations.UpOptions{})
	broken := sumByX
	broken.SQL = "SELECT nope FROM a"
	for want, e := range map[string]*migrations.Engine{
		"no query":            engine(t, url, scenario()),
		"cannot be planned":   engine(t, url, scenario(), asking(broken)),
		"of class index-only": nil,
	} {
		version := "002"
		if e == nil {
			e, version = engine(t, url, scenario(), asking(sumByX)), "001"
		}
		p := plan(t, e, version, true)
		if got := p[len(p)-1].NoTrial; !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	mustExec(t, url, "DROP INDEX a_x")
	if p := plan(t, e, "002", true)[0]; !strings.Contains(p.NoTrial, "none of its indexes") {
		t.Errorf("%q", p.NoTrial)
	}
}
