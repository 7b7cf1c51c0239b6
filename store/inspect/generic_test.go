package inspect_test

import (
	"strings"
	"testing"
)

// TestGenericPlansFollowTheSchema: what stays prepared is planned anew when an index comes or goes, and on a new connection.
func TestGenericPlansFollowTheSchema(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE seen (a bigint, b text)`)
	w.exec(`INSERT INTO seen SELECT i, i FROM generate_series(1, 20000) AS i`)
	w.exec(`ANALYZE seen`)
	const one, two = `SELECT /* one */ b FROM seen WHERE a = $1`, `SELECT /* two */ count(*) FROM seen`
	plans := func() string {
		t.Helper()
		found, err := w.GenericPlans(t.Context(), []string{one, two})
		must(t, err)
		var all []string
		for _, p := range found {
			all = append(all, p.Summary())
		}
		return strings.Join(all, "; ")
	}
	const without = "Seq Scan seen; Aggregate(Seq Scan seen)"
	equal(t, "at first", plans(), without)
	w.exec(`CREATE INDEX seen_a ON seen (a)`)
	equal(t, "with an index", plans(), "Index Scan seen_a; Aggregate(Seq Scan seen)")
	w.exec(`DROP INDEX seen_a`)
	equal(t, "without it", plans(), without)
	w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'healthagent-monitor' AND datname = current_database()`)
	equal(t, "on another connection", plans(), without)
	w.exec(`ALTER TABLE seen ALTER b TYPE bigint USING b::bigint`)
	equal(t, "with another type", plans(), without)
	w.exec(`DROP TABLE seen`)
	if _, err := w.GenericPlans(t.Context(), []string{one}); err == nil {
		t.Error("a plan for a table that is gone")
	}
	if _, err := w.GenericPlans(t.Context(), []string{`SELECT 1; DROP TABLE other`}); err == nil {
		t.Error("two statements in one")
	}
}
