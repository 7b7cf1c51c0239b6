package inspect_test

import (
	"testing"

	"healthagent/store/inspect"
)

func (w *world) tables() inspect.Tables {
	w.t.Helper()
	x, err := w.Tables(w.t.Context())
	must(w.t, err)
	return x
}

func (w *world) table(x inspect.Tables, name string) inspect.Table {
	w.t.Helper()
	for _, t := range x.Tables {
		if t.Name == name {
			return t
		}
	}
	w.t.Fatalf("no table %s", name)
	return inspect.Table{}
}

func TestTables(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE big (id int PRIMARY KEY, a int, b text) WITH (fillfactor = 50)`)
	w.exec(`CREATE TABLE loose (a int REFERENCES big) WITH (autovacuum_enabled = off, autovacuum_vacuum_threshold = 7,
	        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_insert_threshold = -1)`)
	w.exec(`INSERT INTO big SELECT n, n, CASE WHEN n = 1 THEN repeat(md5('x'), 3000) || (SELECT string_agg(md5(k::text), '') FROM generate_series(1, 3000) k) END
	        FROM generate_series(1, 20000) n`)
	w.flush()
	if x := w.table(w.tables(), "big"); !x.StaleStatistics || x.LastAnalyze != nil || x.Inserted != 20000 {
		t.Errorf("never analyzed: %+v", x)
	}
	w.vacuum("big")
	w.exec(`UPDATE big SET a = 0 WHERE id <= 100`)
	w.exec(`DELETE FROM big WHERE id > 19990`)
	for range 60 {
		w.exec(`SELECT count(b) FROM big`)
	}
	w.flush()
	x := w.tables()
	if x.Since.IsZero() {
		t.Error("no window")
	}
	big, loose := w.table(x, "big"), w.table(x, "loose")
	equal(t, "total", big.TotalBytes, get[int64](w, `SELECT pg_total_relation_size('big')`))
	equal(t, "indexes", big.IndexBytes, get[int64](w, `SELECT pg_indexes_size('big')`))
	equal(t, "toast", big.ToastBytes, get[int64](w, `SELECT pg_total_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'big'::regclass`))
	equal(t, "first", x.Tables[0].Name, "big")
	if big.ToastBytes == 0 || big.Live != 19990 || big.Dead < 10 || big.Dead > 110 || big.Updated != 100 || big.Deleted != 10 || big.HotPct == nil || *big.HotPct < 90 {
		t.Errorf("%+v", big)
	}
	if big.StaleStatistics || big.LastVacuum == nil || big.LastAnalyze == nil || big.AllVisiblePct == nil || *big.AllVisiblePct != 100 ||
		big.ModSinceAnalyze != 110 || !big.AutovacuumEnabled || big.NoPrimaryKey || big.HeapHitPct == nil || big.XIDAge <= 0 {
		t.Errorf("%+v", big)
	}
	equal(t, "read from end to end", big.SeqHeavy && big.SeqScans >= 60 && !loose.SeqHeavy, true)
	equal(t, "dead threshold", big.DeadThreshold, 50+20000/5)
	switch {
	case w.major() < 18:
		equal(t, "insert threshold", big.InsertThreshold, 1000+20000/5)
	case big.InsertThreshold < 1000 || big.InsertThreshold > 5000: // 18 counts the pages that are not frozen
		t.Error(big.InsertThreshold)
	}
	equal(t, "own dead threshold", loose.DeadThreshold, 7)
	equal(t, "no insert threshold", loose.InsertThreshold, -1)
	equal(t, "autovacuum", loose.AutovacuumEnabled, false)
	equal(t, "no key", loose.NoPrimaryKey, true)
	if len(loose.MissingFK) != 1 || loose.MissingFK[0].Remedy() != `CREATE INDEX CONCURRENTLY ON loose ("a")` || loose.MissingFK[0].Referenced != "big" {
		t.Errorf("%+v", loose.MissingFK)
	}
	w.exec(`CREATE INDEX ON loose (a) WHERE a IS NOT NULL`)
	equal(t, "served", len(w.table(w.tables(), "loose").MissingFK), 0)
	w.exec(`DROP INDEX loose_a_idx; CREATE INDEX ON loose (a) WHERE a > 0`)
	equal(t, "served by a part only", len(w.table(w.tables(), "loose").MissingFK), 1)
}

func TestTablesOfTheProduct(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	for _, x := range w.tables().Tables {
		for _, k := range x.MissingFK {
			if k.Partly == "" {
				t.Errorf("%s: nothing serves %s", x.Name, k.Name)
			}
		}
		if x.NoPrimaryKey || !x.AutovacuumEnabled || x.TotalBytes == 0 {
			t.Errorf("%+v", x)
		}
	}
}

func TestALockedTableIsStillListed(t *testing.T) {
	t.Parallel()
	w := talked(t)
	before := w.table(w.tables(), "conversation_history")
	w.exec(`BEGIN`)
	w.exec(`LOCK TABLE conversation_history, users IN ACCESS EXCLUSIVE MODE`)
	after := w.table(w.tables(), "conversation_history")
	if after.TotalBytes < before.TotalBytes*9/10 || after.Live != before.Live {
		t.Errorf("%d bytes, and %d while it is locked", before.TotalBytes, after.TotalBytes)
	}
	v, err := w.Server(t.Context())
	must(t, err)
	equal(t, "partial", len(v.Partial), 0)
}
