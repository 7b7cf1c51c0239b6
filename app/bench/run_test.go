package bench_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // as main has it

	"github.com/jackc/pgx/v5"

	"healthagent/app/bench"
	"healthagent/app/fault"
	"healthagent/store"
	"healthagent/store/local"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// contents is everything that stands in the catalogs and the rows of a database.
func contents(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	var text string
	err := conn.QueryRow(t.Context(), `
SELECT (SELECT string_agg(c::text, E'\n' ORDER BY c.oid)
        FROM   (SELECT oid, relname, relkind, relfilenode, relacl, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS c)
    || (SELECT string_agg(a::text, E'\n' ORDER BY a.attrelid, a.attnum)
        FROM   (SELECT attrelid, attname, atttypid, attnum, attnotnull FROM pg_attribute WHERE attrelid >= 16384) AS a)
    || (SELECT string_agg(f::text, E'\n' ORDER BY f.oid) FROM pg_proc AS f WHERE f.oid >= 16384)
    || (SELECT string_agg(u.xmin || u::text, E'\n') FROM users AS u)
    || (SELECT string_agg(m.xmin || m::text, E'\n' ORDER BY m.version) FROM schema_migrations AS m)`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func databases(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT datname::text FROM pg_database ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// inhabited is a server of the test's own whose database is in use, and what is in it.
func inhabited(t *testing.T) (server *rig.Server, conn *pgx.Conn) {
	t.Helper()
	server = rig.Cluster(t)
	server.Migrate()
	conn = connect(t, server.URL())
	if _, err := conn.Exec(t.Context(), `INSERT INTO users (telegram_id) VALUES (1), (2)`); err != nil {
		t.Fatal(err)
	}
	return server, conn
}

func TestGivenServerKeepsItsDatabaseAndTheProofIsWhole(t *testing.T) {
	t.Parallel()
	server, conn := inhabited(t)
	before, were := contents(t, conn), databases(t, conn)
	var stages []string
	r, err := bench.Run(t.Context(), bench.Options{
		DatabaseURL: server.URL(), Users: 400, Messages: 20_000, Seed: 1, Length: 10 * time.Millisecond, PoolMax: 3, Version: "test",
		Progress: func(stage string, done, total int64) {
			if done < 0 || total < 1 || done > total {
				t.Errorf("%s: %d of %d", stage, done, total)
			}
			stages = append(stages, stage)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if contents(t, conn) != before {
		t.Error("the database that was named has changed")
	}
	if are := databases(t, conn); !slices.Equal(are, were) {
		t.Errorf("databases %v, were %v", are, were)
	}
	for _, stage := range []string{"loading", "vacuum", "measuring without 017", "measuring with 017"} {
		if !slices.Contains(stages, stage) {
			t.Errorf("no stage %q", stage)
		}
	}
	checkQueries(t, r)
	checkCosts(t, r)
	if r.Dataset.Messages != 20_000 || r.Dataset.Users != 400 || r.Machine.Server != "given" || r.Machine.Settings["fsync"] != "off" {
		t.Errorf("%+v, %+v", r.Dataset, r.Machine)
	}
	if len(r.Notes) == 0 || r.Queries[0].With.Cold != nil {
		t.Errorf("somebody else's server was restarted? %v", r.Notes)
	}
	checkKeys(t, r)
}

// checkQueries holds what every query must have. The nodes with 017 are those that the store promises.
func checkQueries(t *testing.T, r bench.Result) {
	t.Helper()
	nodes := map[string]string{}
	for _, q := range store.NamedQueries() {
		if _, known := nodes[q.Name]; !known {
			nodes[q.Name] = q.Node
		}
	}
	var names []string
	for _, q := range r.Queries {
		names = append(names, q.Name)
		if q.Without.Node == "" || q.With.Node == "" || q.Without.Used == q.Index && q.Index != "" {
			t.Errorf("%s: nodes %+v, %+v", q.Name, q.Without.Plan, q.With.Plan)
		}
		if q.Index != "" && (q.With.Used != q.Index || q.With.Node != nodes[q.Name]) {
			t.Errorf("%s with 017: %+v, want %s of %s", q.Name, q.With.Plan, nodes[q.Name], q.Index)
		}
		if q.Without.Rows != q.With.Rows {
			t.Errorf("%s returned %d rows without and %d with", q.Name, q.Without.Rows, q.With.Rows)
		}
		for _, s := range []bench.State{q.Without, q.With} {
			if len(s.Callers) != 3 || s.Callers[1].Callers != 3 || s.Callers[2].Callers != 50 || s.P50 <= 0 || s.P50 > s.P99 || s.Rate <= 0 || s.Buffers <= 0 {
				t.Errorf("%s: %+v", q.Name, s)
			}
		}
		if len(q.Compared) != 3 || q.Compared[0].Pool <= 0 {
			t.Errorf("%s: %+v", q.Name, q.Compared)
		}
		if (q.Name == "get_conversation_history") != (q.Fresh != nil) {
			t.Errorf("%s: %+v", q.Name, q.Fresh)
		}
	}
	want := []string{
		"get_conversation_history", "get_conversation_plain", "get_food_entries", "get_food_totals", "get_due_reminders", "get_next_due",
		"get_active_user", "get_leaderboard", "get_food_favourites", "get_user",
	}
	if !slices.Equal(names, want) {
		t.Errorf("queries %v, want %v", names, want)
	}
	if len(r.Lookups) != 4 {
		t.Errorf("lookups %+v", r.Lookups)
	}
}

func checkCosts(t *testing.T, r bench.Result) {
	t.Helper()
	if len(r.Indexes) != 8 || len(r.Tables) != 5 {
		t.Errorf("%d indexes, %d tables", len(r.Indexes), len(r.Tables))
	}
	for _, i := range r.Indexes {
		if i.Bytes <= 0 || i.Build <= 0 || i.After <= 0 || i.Table == "" {
			t.Errorf("%+v", i)
		}
	}
	for _, i := range r.Tables {
		if i.None <= 0 || i.All <= 0 || i.WAL <= 0 {
			t.Errorf("%+v", i)
		}
	}
	if r.Up <= 0 || r.Down <= 0 || r.Took <= r.Up || r.Stall.Writes < 4 || r.Stall.Longest < r.Stall.P99 {
		t.Errorf("up %v, down %v, all %v, %+v", r.Up, r.Down, r.Took, r.Stall)
	}
}

// checkKeys holds the names that the contract promises.
func checkKeys(t *testing.T, r bench.Result) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]json.RawMessage
	var part struct {
		Queries []map[string]json.RawMessage
		Indexes []map[string]json.RawMessage
	}
	var states struct {
		Queries []struct{ Without, With map[string]any }
	}
	if err := errors.Join(json.Unmarshal(raw, &whole), json.Unmarshal(raw, &part), json.Unmarshal(raw, &states)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"machine", "dataset", "queries", "indexes", "stall", "rollback_s"} {
		if whole[key] == nil {
			t.Errorf("no %s", key)
		}
	}
	for _, key := range []string{"name", "index", "without", "with"} {
		if part.Queries[0][key] == nil {
			t.Errorf("a query has no %s", key)
		}
	}
	for _, key := range []string{"name", "bytes", "build_s", "insert_cost_us"} {
		if part.Indexes[0][key] == nil {
			t.Errorf("an index has no %s", key)
		}
	}
	for _, key := range []string{"node", "buffers", "p50_us", "p95_us", "p99_us", "rate"} {
		if states.Queries[0].Without[key] == nil || states.Queries[0].With[key] == nil {
			t.Errorf("a state has no %s", key)
		}
	}
}

func TestInterruptLeavesNothing(t *testing.T) {
	t.Parallel()
	server, conn := inhabited(t)
	before, were := contents(t, conn), databases(t, conn)
	for _, at := range []string{"loading", "measuring without 017", "building the indexes while people write"} {
		ctx, cancel := context.WithCancel(t.Context())
		seen := false
		_, err := bench.Run(ctx, bench.Options{
			DatabaseURL: server.URL(), Users: 50, Messages: 11_000, Length: 10 * time.Millisecond, PoolMax: 2,
			Progress: func(stage string, _, _ int64) {
				if stage == at {
					seen = true
					cancel()
				}
			},
		})
		cancel()
		if !seen || !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted while %s: %v (reached: %v)", at, err, seen)
		}
		if are := databases(t, conn); !slices.Equal(are, were) || contents(t, conn) != before {
			t.Errorf("interrupted while %s: databases %v, were %v", at, are, were)
		}
	}
}

// A private server lives in a directory that is gone afterwards, and it alone is measured cold.
func TestPrivateServerIsMeasuredColdAndGone(t *testing.T) {
	dir, err := local.NewTemp(t.Context(), "healthagent-bench-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Remove(context.Background()) })
	t.Setenv("TMPDIR", dir.Path)
	r, err := bench.Run(t.Context(), bench.Options{Users: 50, Messages: 2000, Length: 10 * time.Millisecond, PoolMax: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range r.Queries {
		for _, s := range []bench.State{q.Without, q.With} {
			if s.Cold == nil || s.Cold.Calls == 0 || s.Cold.First <= 0 {
				t.Errorf("%s: %+v", q.Name, s.Cold)
			}
		}
	}
	if r.Machine.Server != "private" || r.Machine.Settings["fsync"] != "on" || r.Machine.Settings["synchronous_commit"] != "on" {
		t.Errorf("%+v", r.Machine)
	}
	left, err := filepath.Glob(filepath.Join(dir.Path, "*healthagent-bench-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAbsentServerIsAnAbsence(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(t.Context(), bench.Options{DatabaseURL: "postgres://ha:hunter2@127.0.0.1:1/ha", Users: 1, Messages: 1})
	if err == nil || !store.Unavailable(err) {
		t.Error(err)
	}
}

func TestDiskThatIsTooSmallIsNotFilled(t *testing.T) {
	t.Parallel()
	_, err := bench.Run(t.Context(), bench.Options{Users: 1, Messages: 1 << 50})
	if fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
}
