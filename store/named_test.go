package store_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store"
)

// monthsSQL makes rows as they are after some months: 40 people who talk and eat, one in fifty of their messages long, and 3000 who
// have at least a row. Number 7 wrote nothing long.
var monthsSQL = []string{
	`INSERT INTO users (telegram_id, subscription_status, display_name, timezone, leaderboard_name)
	 SELECT n, CASE WHEN n % 20 = 0 THEN 'inactive' ELSE 'active' END, 'person ' || n, 'Europe/Stockholm', CASE WHEN n % 10 = 1 THEN 'P' || n END
	 FROM generate_series(1, 3000) AS n`,
	`INSERT INTO user_gamification (user_id, total_xp) SELECT n, n * 7919 % 100003 FROM generate_series(1, 3000) AS n`,
	`INSERT INTO conversation_history (user_id, role, content, metadata, "timestamp")
	 SELECT n, CASE WHEN i % 2 = 0 THEN 'user' ELSE 'assistant' END,
	        repeat('two eggs and toast ', CASE WHEN n <> 7 AND i % 50 = 0 THEN 200 ELSE 5 + i % 10 END),
	        CASE WHEN i % 5 = 0 THEN '{"asked": {"kind": "food"}}'::jsonb END, '2026-01-01'::timestamptz + i * interval '1 hour' + n * interval '1 second'
	 FROM generate_series(1, 200) AS i, generate_series(1, 40) AS n`,
	`INSERT INTO food_entries (user_id, food_name, grams, calories, protein, "timestamp")
	 SELECT n, 'food ' || i % 30, 100, 150, 10, '2026-01-01'::timestamptz + i * interval '5 hours'
	 FROM generate_series(1, 300) AS i, generate_series(1, 40) AS n`,
	`INSERT INTO reminders (user_id, message, next_execution_time, active)
	 SELECT n, 'drink water', now() + (i - 1) * interval '1 day', i % 3 > 0 FROM generate_series(1, 100) AS i, generate_series(1, 40) AS n`,
}

func (w *world) months() {
	w.t.Helper()
	for _, sql := range monthsSQL {
		w.exec(sql)
	}
	for _, table := range []string{"users", "user_gamification", "conversation_history", "food_entries", "reminders"} {
		w.vacuum(table)
	}
}

// vacuum makes all pages of a table visible to everybody. What just connects, to whatever database, holds the horizon back.
func (w *world) vacuum(table string) {
	w.t.Helper()
	eventually(w.t, "all of "+table+" is visible", func() bool {
		w.exec(`VACUUM (ANALYZE) ` + table)
		return get[bool](w, `SELECT relallvisible = relpages FROM pg_class WHERE oid = $1::text::regclass`, table)
	})
}

// plan is a node of EXPLAIN's.
type plan struct {
	Node    string   `json:"Node Type"`
	Index   string   `json:"Index Name"`
	Cond    string   `json:"Index Cond"`
	Rows    float64  `json:"Actual Rows"`
	Fetches *float64 `json:"Heap Fetches"`
	Plans   []plan   `json:"Plans"`
}

// all lists the node and all below it.
func (p plan) all() []plan {
	nodes := []plan{p}
	for _, sub := range p.Plans {
		nodes = append(nodes, sub.all()...)
	}
	return nodes
}

func (p plan) String() string {
	var b strings.Builder
	for _, n := range p.all() {
		fmt.Fprintf(&b, "%s %s; ", n.Node, n.Index)
	}
	return b.String()
}

// reads finds the node that reads an index.
func (p plan) reads(index string) plan {
	for _, n := range p.all() {
		if n.Index == index {
			return n
		}
	}
	return plan{}
}

// sample is a row of a query's arguments; nil when there is none.
func (w *world) sample(q store.NamedQuery) []string {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), q.Sample)
	must(w.t, err)
	samples, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		values, err := row.Values()
		args := []string{} // no argument is not no sample
		for _, v := range values {
			args = append(args, v.(string))
		}
		return args, err
	})
	must(w.t, err)
	if len(samples) > 1 {
		w.t.Errorf("%s has %d samples", q.Name, len(samples))
	}
	if len(samples) == 0 {
		return nil
	}
	return samples[0]
}

// generic explains the plan that is made without knowing the arguments: the one that must be right.
func (w *world) generic(sql, options string, args ...string) plan {
	w.t.Helper()
	tx, err := w.db.Begin(w.t.Context())
	must(w.t, err)
	defer func() { must(w.t, tx.Rollback(w.t.Context())) }()
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = "'" + strings.ReplaceAll(arg, "'", "''") + "'"
	}
	execute := "EXECUTE tried"
	if len(args) > 0 {
		execute += "(" + strings.Join(quoted, ", ") + ")"
	}
	var raw []byte
	for _, sql := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", "PREPARE tried AS " + sql} {
		_, err = tx.Exec(w.t.Context(), sql)
		must(w.t, err)
	}
	must(w.t, tx.QueryRow(w.t.Context(), "EXPLAIN (FORMAT JSON"+options+") "+execute, pgx.QueryExecModeSimpleProtocol).Scan(&raw))
	_, err = tx.Exec(w.t.Context(), "DEALLOCATE tried")
	must(w.t, err)
	var plans []struct{ Plan plan }
	must(w.t, json.Unmarshal(raw, &plans))
	return plans[0].Plan
}

const analyze = ", ANALYZE, BUFFERS, TIMING off"

func TestNamedQueriesAreAnsweredByTheirIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, q := range store.NamedQueries() {
		if w.sample(q) != nil {
			t.Errorf("%s has a sample without data", q.Name)
		}
	}
	w.months()
	for _, q := range store.NamedQueries() {
		args := w.sample(q)
		if args == nil {
			t.Errorf("%s has no sample", q.Name)
			continue
		}
		p := w.generic(q.SQL, analyze, args...)
		n := p.reads(q.Index)
		if n.Node != q.Node || strings.Contains(p.String(), "Seq Scan") {
			t.Errorf("%s: %q reads %s, want %q. The plan: %s", q.Name, n.Node, q.Index, q.Node, p)
		}
		if q.Node == "Index Only Scan" && (n.Fetches == nil || *n.Fetches != 0) {
			t.Errorf("%s fetches rows from the table", q.Name)
		}
		if n.Rows == 0 && !strings.HasSuffix(q.Index, "_long") {
			t.Errorf("%s: the sample finds nothing", q.Name)
		}
	}
}

// The window of somebody without long messages is two branches of one merge, and the second finds nothing.
func TestPlanOfTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.months()
	for _, q := range store.NamedQueries() {
		if q.Name != "get_conversation_history" && q.Name != "get_conversation_page" {
			continue
		}
		args := []string{"7", "20"}
		if q.Name == "get_conversation_page" {
			args = []string{"7", "2026-01-05", "1", "20"}
		}
		p := w.generic(q.SQL, analyze, args...)
		if len(p.Plans) != 1 || p.Plans[0].Node != "Merge Append" {
			t.Errorf("%s: %s", q.Name, p)
		}
		short, long := p.reads("idx_conversation_history_user_timestamp_covering"), p.reads("idx_conversation_history_user_timestamp_long")
		equal(t, q.Name, words(short.Node, short.Rows, *short.Fetches, long.Node, long.Rows), "Index Only Scan 20 0 Index Scan 0")
		if q.Name == "get_conversation_page" && !(strings.Contains(short.Cond, `ROW("timestamp", id) <`) && strings.Contains(long.Cond, `ROW("timestamp", id) <`)) {
			t.Errorf("the place is no condition of the indexes: %s; %s", short.Cond, long.Cond)
		}
	}
}

func TestNamedQueriesCoverTheMigration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	missing := map[string]bool{}
	rows, err := w.db.Query(t.Context(), `SELECT indexrelid::regclass::text FROM pg_index WHERE indexrelid::regclass::text LIKE 'idx_%'`)
	must(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	equal(t, "indexes", len(names), 8)
	for _, name := range names {
		missing[name] = true
	}
	seen := map[string]string{}
	for _, q := range store.NamedQueries() {
		delete(missing, q.Index)
		equal(t, "name", q.Name, store.QueryName(q.SQL))
		if other, there := seen[q.Name+q.Index]; there || seen[q.Name] != "" && seen[q.Name] != q.SQL {
			t.Errorf("%s is there twice: %s", q.Name, other)
		}
		seen[q.Name], seen[q.Name+q.Index] = q.SQL, q.Index
	}
	equal(t, "indexes that no query is for", len(missing), 0)
}

// The samples go by the primary keys: they are as cheap on a table of any size, and after a rollback of the migration.
func TestSamplesReadLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.months()
	w.exec(`DROP INDEX ` + strings.Join(indexNames(), ", "))
	for _, q := range store.NamedQueries() {
		p := w.generic(q.Sample, "")
		if regexp.MustCompile(`Seq Scan`).MatchString(p.String()) && !strings.HasPrefix(p.String(), "Limit ; Seq Scan ; ") {
			t.Errorf("the sample of %s reads a table through: %s", q.Name, p)
		}
	}
}

func indexNames() []string {
	var names []string
	for _, q := range store.NamedQueries() {
		if !strings.Contains(strings.Join(names, " ")+" ", q.Index+" ") {
			names = append(names, q.Index)
		}
	}
	return names
}
