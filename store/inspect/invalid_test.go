package inspect_test

import (
	"strings"
	"testing"

	"healthagent/store/inspect"
)

func TestInvalidIndexes(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int, b int)`)
	w.exec(`INSERT INTO t VALUES (1, 1), (1, 2)`)
	_, err := w.db.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)`)
	if err == nil {
		t.Fatal("the values are not unique")
	}
	w.exec(`CREATE INDEX sound ON t (b)`)
	w.exec(`CREATE TABLE parted (a int) PARTITION BY RANGE (a)`)
	w.exec(`CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10)`)
	w.exec(`CREATE INDEX waiting ON ONLY parted (a)`) // invalid until its children are attached, which is no error

	x := w.indexes()
	equal(t, "indexes", len(x.Indexes), 2)
	ix := w.index(x, "broken")
	equal(t, "valid", ix.Valid, false)
	equal(t, "ready", ix.Ready, false)
	equal(t, "building", ix.Building || ix.Leftover, false)
	equal(t, "state", ix.State, "a build that failed; writes do not pay for it")
	equal(t, "sound", w.index(x, "sound").State, "")

	d, err := w.Drift(t.Context(), []inspect.Wanted{
		{Name: "sound", Definition: "CREATE INDEX sound ON public.t USING btree (b)"},
		{Name: "nowhere"},
		{Name: "broken", Definition: "anything"},
		{Name: "sound", Definition: "CREATE INDEX sound ON public.t USING btree (a)"},
		{Name: "sound"},
	})
	must(t, err)
	for k, want := range []inspect.DriftState{inspect.DriftOK, inspect.DriftMissing, inspect.DriftInvalid, inspect.DriftDiffers, inspect.DriftOK} {
		equal(t, "drift", d[k].State, want)
	}
	equal(t, "actual", d[3].Actual, "CREATE INDEX sound ON public.t USING btree (b)")
}

// A build that waits is told from one that failed, and shown with the session it waits for.
func TestBuildingIndex(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`CREATE INDEX old ON t (a)`)
	writer, builder, dropper := connect(t, w.url), connect(t, w.url), connect(t, w.url)
	begin := func() {
		_, err := writer.Exec(t.Context(), `BEGIN; INSERT /* add_row */ INTO t VALUES (1)`)
		must(t, err)
	}
	begin()
	done := make(chan error, 1)
	go func() {
		_, err := builder.Exec(t.Context(), `CREATE INDEX CONCURRENTLY fresh ON t (a)`)
		done <- err
	}()
	w.until("the build waits", `SELECT lockers_total > 0 AND current_locker_pid <> 0 FROM pg_stat_progress_create_index WHERE datname = current_database()`)

	ix := w.index(w.indexes(), "fresh")
	equal(t, "building", ix.Building, true)
	equal(t, "valid", ix.Valid, false)
	equal(t, "leftover", ix.Leftover, false)
	if !strings.HasPrefix(ix.State, "being built: waiting") {
		t.Error(ix.State)
	}
	must(t, exec(t, writer, `ROLLBACK`))
	must(t, <-done)
	equal(t, "valid", w.index(w.indexes(), "fresh").Valid, true)

	begin()
	go func() {
		_, err := dropper.Exec(t.Context(), `DROP INDEX CONCURRENTLY old`)
		done <- err
	}()
	w.until("the drop waits", `SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1`, int(dropper.PgConn().PID()))
	ix = w.index(w.indexes(), "old")
	if ix.Valid || !ix.Building || !strings.HasPrefix(ix.State, "perhaps being built or dropped") {
		t.Errorf("%+v", ix)
	}
	must(t, exec(t, writer, `ROLLBACK`))
	must(t, <-done)
}

// What an interrupted REINDEX CONCURRENTLY leaves is invalid; the original is sound.
func TestLeftoverOfReindex(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`CREATE INDEX mine ON t (a)`)
	w.exec(`CREATE INDEX valid_ccnew ON t (a DESC, a)`) // only a name
	holder, builder := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, holder, `BEGIN; INSERT INTO t VALUES (1)`))
	done := make(chan error, 1)
	go func() {
		_, err := builder.Exec(t.Context(), `REINDEX INDEX CONCURRENTLY mine`)
		done <- err
	}()
	w.until("the build waits", `SELECT lockers_total > 0 AND current_locker_pid <> 0 FROM pg_stat_progress_create_index WHERE datname = current_database()`)
	w.exec(`SELECT pg_cancel_backend($1)`, int(builder.PgConn().PID()))
	if err := <-done; err == nil {
		t.Fatal("it was to be cut")
	}
	must(t, exec(t, holder, `ROLLBACK`))
	x := w.indexes()
	left := w.index(x, "mine_ccnew")
	equal(t, "leftover", left.Leftover, true)
	equal(t, "state", left.State, "left by a REINDEX CONCURRENTLY that failed")
	equal(t, "original", w.index(x, "mine").Valid && !w.index(x, "mine").Leftover, true)
	equal(t, "a name", w.index(x, "valid_ccnew").Leftover, false)
}
