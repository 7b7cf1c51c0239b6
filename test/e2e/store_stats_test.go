package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// queryStats is what 'stats queries' says of one statement.
type queryStats struct {
	Name                      string
	Calls, Errors, Rows, Slow int64
	MS                        struct{ Mean, P50, P95, P99, Max float64 }
	Index, Node               *string // always there
}

// TestStatsOfQueries: every statement that people caused is counted under its name, and slow ones are logged, without what was said.
func TestStatsOfQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "HEALTHAGENT_SLOW_QUERY=1ns") // so that every one is slow
	// an ANALYZE that comes by has the planner read so small a table through, and rightly
	w.exec(`ALTER TABLE conversation_history SET (autovacuum_enabled = off)`)
	w.serve()
	c := newCrowd(w, few)
	c.round()
	c.round()
	c.answered()
	w.idle()
	var doc struct {
		Queries []queryStats
		Partial []string
	}
	// the server has two seconds to tell the plans; where it is too busy for that, the answer says so
	w.until("the plans are told too", func() bool {
		doc.Queries, doc.Partial = nil, nil
		if err := oneObject(w.run("stats", "queries", "-o", "json"), &doc); err != nil {
			t.Fatal(err)
		}
		return len(doc.Partial) == 0
	})
	byName := map[string]queryStats{}
	for _, q := range doc.Queries {
		if _, twice := byName[q.Name]; twice || q.Name == "" {
			t.Errorf("%q is there twice, or has no name", q.Name)
		}
		byName[q.Name] = q
		if q.Calls <= 0 || q.Errors != 0 || q.Slow != q.Calls || q.Index == nil || q.Node == nil {
			t.Errorf("%+v", q)
		}
		if ms := q.MS; ms.P50 <= 0 || ms.P95 < ms.P50 || ms.P99 < ms.P95 || ms.Max < ms.P99*0.9 || ms.Mean > ms.Max { // percentiles are rounded
			t.Errorf("%+v", q)
		}
	}
	for name, rows := range map[string]int64{"insert_food_entry": 2 * few, "get_food_totals": 2 * few, "get_conversation_history": 0} {
		if q := byName[name]; q.Calls == 0 || q.Rows < rows {
			t.Errorf("%s: %+v", name, q)
		}
	}
	if q := byName["get_conversation_history"]; q.Index != nil && *q.Index != "idx_conversation_history_user_timestamp_covering" {
		t.Errorf("the history is read by %q", *q.Index)
	}
	slow := regexp.MustCompile(`level=WARN msg="Slow query '[a-z_]+': [0-9]+\.[0-9]{2}ms \(threshold: 0\.00ms\)"$`)
	found := 0
	for line := range strings.SplitSeq(w.log(1<<20), "\n") {
		switch {
		case strings.Contains(line, "rice"):
			t.Errorf("what was said is in the log: %s", line)
		case strings.Contains(line, "Slow query"):
			if found++; !slow.MatchString(line) {
				t.Errorf("not as it should be: %s", line)
			}
		}
	}
	if found == 0 {
		t.Error("nothing is slow")
	}
	c.check()
}

// TestStatsOfIndexes: all of 017 is listed with its migration, its use is counted, and what is broken shows.
func TestStatsOfIndexes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	c := newCrowd(w, few)
	c.round()
	c.answered()
	type index struct {
		Name, Table, Migration string
		Bytes, Scans           int64
		LastScan               *time.Time `json:"last_scan"`
		Valid                  bool
	}
	read := func() map[string]index {
		t.Helper()
		var doc struct {
			Since   time.Time
			Indexes []index
		}
		if err := oneObject(w.run("stats", "indexes", "-o", "json"), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Since.IsZero() {
			t.Error("since when is not said")
		}
		of := map[string]index{}
		for _, i := range doc.Indexes {
			if i.Table == "" || i.Valid && i.Bytes <= 0 || slices.Contains(hot, i.Name) != (i.Migration == "017") {
				t.Errorf("%+v", i)
			}
			of[i.Name] = i
		}
		return of
	}
	before := read()
	for _, name := range hot {
		if i, there := before[name]; !there || !i.Valid {
			t.Errorf("%s: %+v", name, i)
		}
	}
	w.exec(`SET enable_seqscan = off`)
	w.exec(`SET enable_bitmapscan = off`)
	w.exec(`SELECT food_name, count(*), sum(calories), sum(protein) FROM food_entries WHERE user_id = 1 AND food_name = 'x' GROUP BY food_name`)
	w.exec(`SELECT pg_stat_force_next_flush()`)
	after := read()[foodNames]
	if after.Scans <= before[foodNames].Scans {
		t.Errorf("its use is not counted: %+v", after)
	}
	if w.number(`SELECT current_setting('server_version_num')::int`) >= 160000 && after.LastScan == nil {
		t.Errorf("when it was used last is not said: %+v", after)
	}
	h := w.hold("somebody's psql", `BEGIN`, `UPDATE food_entries SET calories = calories`)
	other := w.hold("somebody's deploy script", `SET statement_timeout = '300ms'`)
	if _, err := other.conn.Exec(w.ctx, `CREATE INDEX CONCURRENTLY broken ON food_entries (grams)`); err == nil {
		t.Fatal("nothing held the build up")
	}
	h.commit()
	if i, there := read()["broken"]; !there || i.Valid {
		t.Errorf("%+v", i)
	}
}

// TestSocketOfTheStore: the pages of the store answer, also while PostgreSQL is away.
func TestSocketOfTheStore(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	w.serve()
	for _, page := range []string{"/v1/queries", "/v1/indexes", "/v1/migrations"} {
		w.until(page+" is told", func() bool { // the server has its time for it, which may not do on a busy machine
			var doc map[string]any
			status, err := w.Daemon.Ask(w.ctx, page, &doc)
			return err == nil && status == 200 && len(doc) > 0
		})
	}
	cluster.Stop()
	w.untilReady(w.Daemon, 503, "postgresql", "PostgreSQL does not answer")
	for page, want := range map[string]int{"/v1/queries": 200, "/v1/indexes": 503, "/v1/migrations": 503} {
		var doc map[string]any
		if status, err := w.Daemon.Ask(w.ctx, page, &doc); err != nil || status != want {
			t.Errorf("%s while PostgreSQL is away: %d %v %v", page, status, err, doc)
		}
	}
	w.stillRunning(w.Daemon)
	cluster.Start()
	w.until("the indexes are told again", func() bool {
		var doc map[string]any
		status, err := w.Daemon.Ask(w.ctx, "/v1/indexes", &doc)
		return err == nil && status == 200
	})
}
