package inspect_test

import (
	"testing"

	"healthagent/store/inspect"
)

func (w *world) progress() inspect.Progress {
	w.t.Helper()
	p, err := w.Progress(w.t.Context())
	must(w.t, err)
	return p
}

func TestProgressOfAnIndexBuild(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`INSERT INTO t SELECT generate_series(1, 1000)`)
	writer, reader, builder := connect(t, w.url), connect(t, w.url), connect(t, w.url)
	must(t, exec(t, writer, `BEGIN`))
	must(t, exec(t, writer, `INSERT /* add_row */ INTO t VALUES (1)`))
	done := w.waiting(builder, `CREATE INDEX CONCURRENTLY fresh ON t (a)`)
	w.until("the first wait", `SELECT lockers_total > 0 FROM pg_stat_progress_create_index WHERE datname = current_database()`)
	p := w.progress()
	equal(t, "builds", len(p.Builds), 1)
	b := p.Builds[0]
	equal(t, "what", b.Table+" "+b.Index+" "+b.Command, "t fresh CREATE INDEX CONCURRENTLY")
	equal(t, "phase", b.Phase, "waiting for writers before build")
	equal(t, "step", b.Step, 1)
	equal(t, "of", b.Steps, 9)
	equal(t, "unit", b.Unit, "lockers")
	if b.Pct == nil || *b.Pct != 0 || b.Blocker == nil || b.Blocker.Query != "add_row" || b.Blocker.PID != int(writer.PgConn().PID()) {
		t.Errorf("%+v %+v", b, b.Blocker)
	}
	equal(t, "blocked by", len(b.BlockedBy), 1)

	// a snapshot from before the validation is what it waits for in the end
	must(t, exec(t, reader, `BEGIN ISOLATION LEVEL REPEATABLE READ`))
	must(t, exec(t, reader, `SELECT /* dump */ 1`))
	must(t, exec(t, writer, `COMMIT`))
	w.until("the last wait", `SELECT phase = 'waiting for old snapshots' AND current_locker_pid = $1
	                          FROM pg_stat_progress_create_index WHERE datname = current_database()`, int(reader.PgConn().PID()))
	b = w.progress().Builds[0]
	equal(t, "step", b.Step, 9)
	equal(t, "blocker", b.Blocker.Query+" "+b.Blocker.State, "dump idle in transaction")
	must(t, exec(t, reader, `COMMIT`))
	must(t, <-done)
	equal(t, "builds", len(w.progress().Builds), 0)
}

func TestProgressOfADrop(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`CREATE INDEX "Old" ON t (a)`)
	w.exec(`CREATE INDEX other ON t (a DESC)`)
	writer, dropper := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, writer, `BEGIN`))
	must(t, exec(t, writer, `INSERT /* add_row */ INTO t VALUES (1)`))
	done := w.waiting(dropper, `DROP INDEX CONCURRENTLY "Old"`)
	p := w.progress()
	equal(t, "drops", len(p.Drops), 1)
	d := p.Drops[0]
	if d.Index != "Old" || d.Table != "t" || d.Blocker == nil || d.Blocker.PID != int(writer.PgConn().PID()) || d.Wait != "Lock:virtualxid" {
		t.Errorf("%+v %+v", d, d.Blocker)
	}
	equal(t, "builds", len(p.Builds), 0)
	must(t, exec(t, writer, `COMMIT`))
	must(t, <-done)
	equal(t, "drops", len(w.progress().Drops), 0)
}

// A vacuum is caught at work by making it very slow.
func TestProgressOfAVacuum(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int, b text) WITH (autovacuum_enabled = off)`)
	w.exec(`INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1, 5000) n`)
	w.exec(`DELETE FROM t`)
	slow := connect(t, w.url)
	must(t, exec(t, slow, `SET vacuum_cost_delay = '100ms'; SET vacuum_cost_limit = 1`))
	done := make(chan error, 1)
	go func() {
		_, err := slow.Exec(t.Context(), `VACUUM t`)
		done <- err
	}()
	w.until("it scans", `SELECT phase = 'scanning heap' FROM pg_stat_progress_vacuum WHERE datname = current_database()`)
	p := w.progress()
	equal(t, "vacuums", len(p.Vacuums), 1)
	v := p.Vacuums[0]
	if v.Table != "t" || v.Phase != "scanning heap" || v.BlocksTotal == 0 || v.Pct == nil || v.Auto || v.AntiWraparound {
		t.Errorf("%+v", v)
	}
	equal(t, "it holds no snapshot", len(w.activity().Holders), 0)
	w.exec(`SELECT pg_cancel_backend($1)`, int(slow.PgConn().PID()))
	if err := <-done; err == nil {
		t.Error("it was cancelled")
	}
}

// While a build scans it waits for nobody, whomever it waited for before.
func TestABuildThatScansHasNoBlocker(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`INSERT INTO t SELECT generate_series(1, 10000)`)
	w.exec(`CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN $1; END $$`)
	writer, builder := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, writer, `BEGIN`))
	must(t, exec(t, writer, `INSERT INTO t VALUES (0)`))
	done := w.waiting(builder, `CREATE INDEX CONCURRENTLY ON t (public.slow(a))`)
	must(t, exec(t, writer, `COMMIT`))
	w.until("it scans", `SELECT phase = 'building index: scanning table' FROM pg_stat_progress_create_index WHERE datname = current_database()`)
	b := w.progress().Builds[0]
	if b.Blocker != nil || b.Step != 2 || len(b.BlockedBy) != 0 {
		t.Errorf("%+v %+v", b, b.Blocker)
	}
	w.exec(`SELECT pg_cancel_backend($1)`, int(builder.PgConn().PID()))
	if err := <-done; err == nil {
		t.Error("it was cancelled")
	}
}
