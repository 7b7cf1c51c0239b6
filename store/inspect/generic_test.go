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

// TestIndexedTables: the tables of indexes that queries may use, however little the server's own statistics know of them.
func TestIndexedTables(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE big (a bigint); CREATE TABLE tiny (a bigint)`)
	w.exec(`INSERT INTO big SELECT i FROM generate_series(1, 20000) AS i`)
	w.exec(`CREATE INDEX big_a ON big (a); CREATE INDEX tiny_a ON tiny (a); CREATE INDEX broken_a ON big (a)`)
	w.exec(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_a'::regclass`)
	found, err := w.IndexedTables(t.Context(), []string{"big_a", "tiny_a", "broken_a", "absent_a"})
	must(t, err)
	pages := map[string]int64{}
	for _, x := range found {
		pages[x.Index] = x.Pages
	}
	if len(pages) != 2 || pages["tiny_a"] != 0 || pages["big_a"] != get[int64](w, `SELECT pg_relation_size('big') / current_setting('block_size')::int`) {
		t.Errorf("%v", pages)
	}
}
