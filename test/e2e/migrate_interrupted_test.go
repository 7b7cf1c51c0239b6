package e2e

import (
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// TestKilledWhileBuilding kills the daemon in the middle of a build, which PostgreSQL goes on with or breaks off.
func TestKilledWhileBuilding(t *testing.T) {
	t.Parallel()
	for name, backendDies := range map[string]bool{"the build goes on": false, "the build dies too": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := without017(t)
			c := newCrowd(w, few)
			h := w.writer()
			w.serve() // it is ready although the build cannot go on
			pid := w.untilBuilding(forWriters)
			c.round()
			c.answered()
			if err := w.Daemon.Kill(); err != nil {
				t.Fatal(err)
			}
			c.round()
			if backendDies {
				w.exec(`SELECT pg_terminate_backend($1::int)`, pid)
				w.until("the backend is gone", func() bool {
					return w.number(`SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int`, pid) == 0
				})
				if len(w.invalid()) != 1 {
					t.Errorf("invalid: %q", w.invalid())
				}
			}
			w.serve()
			c.answered()
			h.commit()
			w.until017()
			c.round()
			c.answered()
			c.check()
		})
	}
}

// TestHangUpWhileBuilding: the terminal of 'migrate up' goes away in the middle of a build, and the build is finished all the same.
func TestHangUpWhileBuilding(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), Executable: realBinary(t)})
	w.pend017()
	h := w.writer()
	up := w.begin(func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "migrate", "up")
	pid := w.untilBuilding(forWriters)
	up.untilSays(fmt.Sprintf("pid %d", h.pid), "somebody's psql")
	if err := syscall.Kill(-up.command.Process.Pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if again := w.builder(forWriters); again != pid {
		t.Errorf("backend %d builds, before it was %d", again, pid)
	}
	h.commit()
	if code := up.code(); code != 0 {
		t.Errorf("exit code %d: %s", code, up.errs.String())
	}
	w.all017()
}

// TestInterruptedWhileBuilding: an interrupt of 'migrate up' cancels the build, and the next one finishes it.
func TestInterruptedWhileBuilding(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), Executable: realBinary(t)})
	w.pend017()
	h := w.writer()
	up := w.begin(nil, "migrate", "up")
	w.untilBuilding(forWriters)
	if err := up.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := up.code(); code == 0 {
		t.Error("exit code 0")
	}
	h.commit()
	w.run("migrate", "up")
	w.all017()
}

// TestCancelledBuild: somebody cancels the daemon's build in PostgreSQL. The next start finishes it at the latest.
func TestCancelledBuild(t *testing.T) {
	t.Parallel()
	w := without017(t)
	c := newCrowd(w, few)
	h := w.writer()
	w.serve()
	pid := w.untilBuilding(forWriters)
	w.exec(`SELECT pg_cancel_backend($1::int)`, pid)
	w.until("that build is over", func() bool {
		return w.number(`SELECT count(*) FROM pg_stat_activity WHERE pid = $1::int AND query LIKE 'CREATE INDEX%' AND state = 'active'`, pid) == 0
	})
	w.stillRunning(w.Daemon)
	c.round()
	c.answered()
	h.commit()
	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	w.serve()
	w.until017()
	c.round()
	c.answered()
	c.check()
}

// TestBuildWaitsForADump: a build has to wait for every older snapshot. 'migrate up' says whose, and goes on when that ends.
func TestBuildWaitsForADump(t *testing.T) {
	t.Parallel()
	w := without017(t)
	w.members(1, 3)
	h := w.hold("pg_dump", `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`, `SELECT count(*) FROM conversation_history`)
	up := w.begin(nil, "migrate", "up", "-o", "json")
	w.untilBuilding(forSnapshots)
	up.untilSays(fmt.Sprintf("pid %d", h.pid), "pg_dump")
	if up.ended() {
		t.Error("it did not wait")
	}
	h.commit()
	if code := up.code(); code != 0 {
		t.Errorf("exit code %d: %s", code, up.errs.String())
	}
	var doc map[string]any
	if err := oneObject(up.out.Bytes(), &doc); err != nil {
		t.Errorf("%v: %s", err, up.out.String())
	}
	w.all017()
}

// TestPostgresKilledWhileBuilding: the daemon stays, and when PostgreSQL is back it finishes what was begun.
func TestPostgresKilledWhileBuilding(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	// the servers of tests are fast: a killed one would forget what it had promised
	w.exec(`ALTER ROLE CURRENT_USER SET synchronous_commit = on`)
	_ = w.db.Close(w.ctx) // the next one has it
	w.pend017()
	c := newCrowd(w, few)
	w.writer()
	w.serve()
	w.untilBuilding(forWriters)
	c.round()
	cluster.Kill()
	c.round()
	w.untilReady(w.Daemon, 503, "postgresql", "PostgreSQL does not answer")
	cluster.Start()
	c.answered()
	w.until017()
	w.stillRunning(w.Daemon)
	c.round()
	c.answered()
	c.check()
}

// TestBrokenIndexIsReplaced: an index that somebody's own interrupted build left under our name is no obstacle.
func TestBrokenIndexIsReplaced(t *testing.T) {
	t.Parallel()
	w := without017(t)
	c := newCrowd(w, few)
	h := w.writer()
	other := w.hold("somebody's deploy script", `SET statement_timeout = '300ms'`)
	_, err := other.conn.Exec(w.ctx, `CREATE INDEX CONCURRENTLY idx_conversation_history_user_timestamp ON conversation_history (user_id, "timestamp" DESC)`)
	if err == nil {
		t.Fatal("nothing held the build up")
	}
	if bad := w.invalid(); !slices.Equal(bad, []string{"idx_conversation_history_user_timestamp"}) {
		t.Fatalf("invalid: %q", bad)
	}
	h.commit()
	w.serve()
	w.until017()
	c.round()
	c.answered()
	c.check()
}
