package inspect_test

import (
	"strings"
	"testing"

	"healthagent/store/inspect"
)

// What is advised can be pasted, and then is not advised any more.
func TestRemediesWork(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE SCHEMA "Other"`)
	w.exec(`CREATE TABLE "Other"."A t" (id int PRIMARY KEY, a int, b int) WITH (autovacuum_enabled = off)`)
	w.exec(`ALTER TABLE "Other"."A t" ADD CONSTRAINT "a's" CHECK (a > 0) NOT VALID`)
	w.exec(`CREATE TABLE child (a int REFERENCES "Other"."A t")`)
	w.exec(`INSERT INTO "Other"."A t" SELECT n, n, n FROM generate_series(1, 400000) n`)
	w.exec(`CREATE INDEX "A i" ON "Other"."A t" (a)`)
	w.exec(`CREATE INDEX "A copy" ON "Other"."A t" (a)`)
	w.exec(`CREATE INDEX "A broken" ON "Other"."A t" (a, b)`)
	w.exec(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Other"."A broken"'::regclass`)
	w.exec(`DELETE FROM "Other"."A t" WHERE id % 4 > 0`)
	w.flush()
	w.exec(`VACUUM "Other"."A t"`)
	w.flush()

	advice, err := w.Advice(t.Context(), nil)
	must(t, err)
	seen := map[inspect.Code]int{}
	for _, a := range advice {
		seen[a.Code]++
		for sql := range strings.SplitSeq(a.Remedy, "; ") {
			w.exec(sql)
		}
	}
	for code, n := range map[inspect.Code]int{
		inspect.AdviseInvalid: 1, inspect.AdviseRedundant: 1, inspect.AdviseBloat: 2, inspect.AdviseStale: 1, inspect.AdviseForeignKey: 1,
		inspect.AdviseNotValid: 1, inspect.AdviseAutovacuum: 1,
	} {
		equal(t, string(code), seen[code], n)
	}
	w.flush()
	advice, err = w.Advice(t.Context(), nil)
	must(t, err)
	if len(advice) > 0 {
		t.Errorf("still: %+v", advice)
	}
}

// The product as it is installed gives no reason for advice.
func TestNoAdviceOnTheProduct(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	advice, err := w.Advice(t.Context(), nil)
	must(t, err)
	for _, a := range advice {
		if a.Code != inspect.AdviseHolder { // somebody else's, on a shared server
			t.Errorf("%+v", a)
		}
	}
}
