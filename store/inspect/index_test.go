package inspect_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"healthagent/store/inspect"
)

// index is the one of that name, which must be there.
func (w *world) index(x inspect.Indexes, name string) inspect.Index {
	w.t.Helper()
	for _, ix := range x.Indexes {
		if ix.Name == name {
			return ix
		}
	}
	w.t.Fatalf("no index %s", name)
	return inspect.Index{}
}

func (w *world) indexes() inspect.Indexes {
	w.t.Helper()
	x, err := w.Indexes(w.t.Context())
	must(w.t, err)
	return x
}

func TestIndexesOfTheProduct(t *testing.T) {
	t.Parallel()
	w := talked(t)
	w.exec(`SET enable_seqscan = off`)
	for range 3 {
		w.exec(`SELECT id FROM conversation_history WHERE user_id = 3 AND octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500
		        ORDER BY "timestamp" DESC, id DESC LIMIT 5`)
	}
	w.flush()
	x := w.indexes()
	equal(t, "partial", strings.Join(x.Partial, ";"), "")
	equal(t, "judged", x.Judged, false)
	if x.Since.IsZero() || x.WindowS < 0 {
		t.Errorf("since %v, window %v", x.Since, x.WindowS)
	}
	for _, ix := range x.Indexes {
		if !ix.Valid || !ix.Ready || ix.Building || ix.Unused || ix.RedundantWith != "" || ix.Definition == "" || ix.Bytes == 0 {
			t.Errorf("%+v", ix)
		}
	}
	ix := w.index(x, covering)
	equal(t, "table", ix.Schema+"."+ix.Table, "public.conversation_history")
	equal(t, "method", ix.Method, "btree")
	equal(t, "scans", ix.Scans, 3)
	equal(t, "rows read", ix.TupRead, 15)
	if ix.HeapFetchPct == nil || *ix.HeapFetchPct != 0 {
		t.Errorf("heap fetches: %v", ix.HeapFetchPct)
	}
	equal(t, "last scan known", ix.LastScan != nil, w.major() >= 16)
	key := w.index(x, "conversation_history_pkey")
	equal(t, "primary", key.Primary && key.Constraint && key.Unique && key.ReplicaIdentity, true)
	equal(t, "serves", w.index(x, "users_pkey").ServesFK, false)
	// the owner is the first column of all of them: no single one serves the foreign key
	equal(t, "serves", ix.ServesFK || key.ServesFK, false)
	equal(t, "serves alone", w.index(x, "user_gamification_pkey").ServesFK, true)
}

// The names that a black box finds in stats indexes -o json.
func TestIndexesAsJSON(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	raw, err := json.Marshal(w.indexes())
	must(t, err)
	var found map[string]any
	must(t, json.Unmarshal(raw, &found))
	if _, err := time.Parse(time.RFC3339, found["since"].(string)); err != nil {
		t.Error(err)
	}
	ix := found["indexes"].([]any)[0].(map[string]any)
	for _, key := range []string{"name", "table", "migration", "bytes", "scans", "last_scan", "valid", "unused", "redundant_with", "bloat_pct"} {
		if _, there := ix[key]; !there {
			t.Errorf("no %s in %s", key, raw)
		}
	}
}

// 14 days of window, and traffic, before an index is called unused; and what it is for besides being scanned.
func TestUnused(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE)`)
	w.exec(`CREATE TABLE busy (id int PRIMARY KEY, parent int REFERENCES parent, a int, b int, c int, during int4range, EXCLUDE USING gist (during WITH &&))`)
	w.exec(`CREATE INDEX busy_parent ON busy (parent)`)
	w.exec(`CREATE INDEX busy_a ON busy (a)`)
	w.exec(`CREATE UNIQUE INDEX busy_b ON busy (b)`)
	w.exec(`CREATE UNIQUE INDEX busy_identity ON busy (c)`)
	w.exec(`ALTER TABLE busy ALTER c SET NOT NULL, REPLICA IDENTITY USING INDEX busy_identity`)
	w.exec(`CREATE TABLE quiet (id int, a int)`)
	w.exec(`CREATE INDEX quiet_a ON quiet (a)`)
	w.exec(`INSERT INTO busy (id, c) SELECT n, n FROM generate_series(1, 10) n`)
	for range 150 {
		w.exec(`SELECT FROM busy`)
	}
	w.flush()

	x := w.indexes()
	for _, ix := range x.Indexes {
		if ix.Unused || ix.NotJudged == "" {
			t.Errorf("judged after minutes: %+v", ix)
		}
	}

	later, err := inspect.Open(inspect.Config{URL: w.url, Now: func() time.Time { return time.Now().Add(15 * 24 * time.Hour) }})
	must(t, err)
	t.Cleanup(later.Close)
	x, err = later.Indexes(t.Context())
	must(t, err)
	equal(t, "judged", x.Judged, true)
	for name, want := range map[string]string{
		"busy_a":           "",
		"busy_parent":      "it alone serves a foreign key",
		"busy_b":           "it keeps values unique",
		"busy_pkey":        "it is the primary key",
		"busy_during_excl": "a constraint stands on it",
		"busy_identity":    "it keeps values unique",
		"parent_code_key":  "a constraint stands on it",
	} {
		ix := w.index(x, name)
		equal(t, name, ix.NotJudged, want)
		equal(t, name+" unused", ix.Unused, want == "")
	}
	if ix := w.index(x, "quiet_a"); ix.Unused || !strings.Contains(ix.NotJudged, "was read only") {
		t.Errorf("a table nobody reads: %+v", ix)
	}
	if ix := w.index(x, "busy_a"); !strings.Contains(ix.UnusedReason, "10 rows were written") {
		t.Error(ix.UnusedReason)
	}

	// one that appeared between two looks is not called unused because of a window from before its time
	w.exec(`CREATE INDEX busy_new ON busy (a, b)`)
	x, err = later.Indexes(t.Context())
	must(t, err)
	if ix := w.index(x, "busy_new"); ix.Unused || !strings.Contains(ix.NotJudged, "14 days") {
		t.Errorf("a new index: %+v", ix)
	}
}

// On a server that knows when an index was last used its age counts, however many scans there were before.
func TestUnusedByLastScan(t *testing.T) {
	t.Parallel()
	w := empty(t)
	if w.major() < 16 {
		t.Skip("the server does not know when an index was last used")
	}
	w.exec(`CREATE TABLE busy (id int, a int)`)
	w.exec(`CREATE INDEX busy_a ON busy (a)`)
	w.exec(`SET enable_seqscan = off`)
	w.exec(`SELECT FROM busy WHERE a = 1`)
	w.flush()
	later, err := inspect.Open(inspect.Config{URL: w.url, Now: func() time.Time { return time.Now().Add(15 * 24 * time.Hour) }})
	must(t, err)
	t.Cleanup(later.Close)
	x, err := later.Indexes(t.Context())
	must(t, err)
	if ix := w.index(x, "busy_a"); !ix.Unused || ix.Scans == 0 || !strings.Contains(ix.UnusedReason, "last used on") {
		t.Errorf("%+v", ix)
	}
}

// Somebody's reset begins a new window too.
func TestSinceMovesWithAReset(t *testing.T) {
	t.Parallel()
	w := empty(t)
	before := w.indexes().Since
	w.exec(`SELECT pg_stat_reset()`)
	w.until("the reset", `SELECT stats_reset > $1 FROM pg_stat_database WHERE datname = current_database()`, before)
	if after := w.indexes().Since; !after.After(before) {
		t.Errorf("since %v, and %v after the reset", before, after)
	}
}

// Finding 9 of the design: the columns are relname and indexrelname.
func TestNamesAsTheServerGivesThem(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE SCHEMA "Other"`)
	w.exec(`CREATE TABLE "Other"."A table" ("a column" int)`)
	w.exec(`CREATE INDEX "An index" ON "Other"."A table" ("a column")`)
	ix := w.index(w.indexes(), "An index")
	equal(t, "schema", ix.Schema, "Other")
	equal(t, "table", ix.Table, "A table")
}

// What is locked is exactly what the operator wants to look at.
func TestALockedTableBlindsNobody(t *testing.T) {
	t.Parallel()
	w := talked(t)
	w.exec(`BEGIN`)
	w.exec(`LOCK TABLE conversation_history IN ACCESS EXCLUSIVE MODE`)
	x := w.indexes()
	if ix := w.index(x, covering); ix.Bytes == 0 || ix.Definition != "" {
		t.Errorf("%+v", ix)
	}
	equal(t, "another's definition", w.index(x, "users_pkey").Definition != "", true)
	equal(t, "partial", strings.Join(x.Partial, ";"), "")
	d, err := w.Drift(t.Context(), []inspect.Wanted{{Name: covering}})
	must(t, err)
	equal(t, "drift", d[0].State, inspect.DriftOK)
	d, err = w.Drift(t.Context(), []inspect.Wanted{{Name: covering, Definition: "CREATE INDEX"}})
	must(t, err)
	equal(t, "drift", d[0].State, inspect.DriftLocked)
}

// Migrations try indexes under their own names on temporary copies of tables.
func TestTemporaryTablesAreNobodysBusiness(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TEMPORARY TABLE t (a int PRIMARY KEY)`)
	equal(t, "indexes", len(w.indexes().Indexes), 0)
	equal(t, "tables", len(w.tables().Tables), 0)
}
