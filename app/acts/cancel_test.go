package acts_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"healthagent/app/acts"
	"healthagent/migrations"
	"healthagent/tui/source"
)

// blocked begins a rollback of 017 that waits at its fifth step, whose table a transaction has written into.
func blocked(t *testing.T, w *world) (id string, release func()) {
	t.Helper()
	pid, release := w.hold(`INSERT INTO users (telegram_id) VALUES (1)`)
	p := w.preview(migration("017", source.Rollback))
	if len(p.Waits) != 1 || p.Waits[0].PID != pid || p.Waits[0].Query == "" {
		t.Errorf("nobody is in the way: %s", encoded(t, p.Waits))
	}
	has(t, p, source.Warn, "will be waited for")
	id, err := w.Do(t.Context(), root(), p.Act, p.Token, "")
	must(t, err)
	w.await("it waits", func() bool {
		b := w.run(id).Blockers
		return len(b) == 1 && b[0].PID == pid && b[0].Query != ""
	})
	return id, release
}

func TestACancelledRollbackHasTwoWaysOut(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"finish", "restore"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id, release := blocked(t, w)
			defer release()
			working := w.run(id)
			at := slices.IndexFunc(working.Steps, func(s source.Step) bool { return s.State == source.StepWorking })
			if at < 0 || working.Steps[at].Name != "idx_users_telegram_id_active" || !strings.HasPrefix(working.Steps[at].Text, "waits for pid") || working.Progress == nil {
				t.Fatalf("%s", encoded(t, working))
			}
			p := w.preview(migration("017", source.Cancel))
			has(t, p, source.Warn, "INVALID already")
			if p.Busy != id {
				t.Errorf("%s", encoded(t, p))
			}
			got, err := w.Do(t.Context(), root(), p.Act, p.Token, "")
			if err != nil || got != id {
				t.Fatalf("%s %v", got, err)
			}
			run := w.over(id)
			if run.State != source.RunPartial || run.Title != "ROLLBACK OF 017 IS PARTIAL" || run.Error != "cancelled by uid 0 (root) from 203.0.113.9" ||
				run.Steps[at].State != source.StepFailed || !strings.Contains(run.Steps[at].Text, "INVALID") || run.Steps[at+1].State != source.StepSkipped ||
				run.Finish == nil || run.Finish.Verb != source.Rollback || run.Restore == nil || run.Restore.Verb != source.Apply || run.Undo != nil {
				t.Errorf("%s", encoded(t, run))
			}
			if !slices.Contains(w.indexes(), "idx_users_telegram_id_active INVALID") {
				t.Errorf("left: %v", w.indexes())
			}
			w.wantState(17, migrations.Partial)
			release()
			if way == "finish" {
				if out := w.do(*run.Finish); out.State != source.RunDone {
					t.Errorf("%s", encoded(t, out))
				}
				w.wantState(17, migrations.Held)
				if len(w.indexes()) != 0 {
					t.Errorf("left: %v", w.indexes())
				}
				return
			}
			if out := w.do(*run.Restore); out.State != source.RunDone {
				t.Errorf("%s", encoded(t, out))
			}
			w.wantState(17, migrations.Applied)
			if got := w.indexes(); len(got) != 8 || strings.Contains(strings.Join(got, " "), "INVALID") {
				t.Errorf("there are %v", got)
			}
		})
	}
}

func TestStopAfterTheStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, release := blocked(t, w)
	act := migration("017", source.Cancel)
	act.AfterStep = true
	p := w.preview(act)
	if _, err := w.Do(t.Context(), root(), act, p.Token, ""); err != nil {
		t.Fatal(err)
	}
	if run := w.run(id); run.Stopping != "after the step at work" {
		t.Errorf("%s", encoded(t, run))
	}
	release()
	run := w.over(id)
	if run.State != source.RunPartial || !strings.HasPrefix(run.Error, "stopped after a step, by uid 0 (root)") || strings.Contains(strings.Join(w.indexes(), " "), "INVALID") {
		t.Errorf("%s, indexes %v", encoded(t, run), w.indexes())
	}
	w.wantState(17, migrations.Partial)
	if out := w.do(*run.Finish); out.State != source.RunDone {
		t.Errorf("%s", encoded(t, out))
	}
	w.wantState(17, migrations.Held)
}

func TestACancelMeansOneStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, release := blocked(t, w)
	p := w.preview(migration("017", source.Cancel))
	_, second := w.hold(`SELECT count(*) FROM conversation_history`)
	defer second()
	release()
	w.await("another step waits", func() bool {
		run := w.Runs()[0]
		return len(run.Blockers) == 1 && slices.ContainsFunc(run.Steps, func(s source.Step) bool {
			return s.State == source.StepWorking && strings.HasPrefix(s.Name, "idx_conversation")
		})
	})
	_, err := w.Do(t.Context(), root(), p.Act, p.Token, "")
	changed(t, err, "the step at work has changed")
	second()
	if run := w.over(w.Runs()[0].ID); run.State != source.RunDone {
		t.Errorf("%s", encoded(t, run))
	}
	_, err = w.Do(t.Context(), root(), p.Act, p.Token, "")
	changed(t, err, "it has ended meanwhile")
}

// TestItOutlivesItsAsker: whoever asked has gone, and the work goes on.
func TestItOutlivesItsAsker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, release := w.hold(`INSERT INTO users (telegram_id) VALUES (1)`)
	p := w.preview(migration("017", source.Rollback))
	asking, leave := context.WithCancel(t.Context())
	id, err := w.Do(asking, root(), p.Act, p.Token, "")
	must(t, err)
	leave()
	release()
	if run := w.over(id); run.State != source.RunDone {
		t.Errorf("%s", encoded(t, run))
	}
}

// TestTheDaemonIsStopped in the middle: the statement is cancelled, and the next daemon knows where it stands.
func TestTheDaemonIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, release := blocked(t, w)
	defer release()
	w.shut()
	if run := w.run(id); run.State != source.RunPartial || run.Error != "the daemon was stopped" {
		t.Errorf("%s", encoded(t, run))
	}
	w.open()
	if run := w.run(id); run.State != source.RunPartial || run.Finish == nil || run.Restore == nil || run.Watch == nil {
		t.Errorf("afterwards: %s", encoded(t, run))
	}
	_, err := w.Do(t.Context(), root(), migration("017", source.Rollback), stale(), "")
	changed(t, err, "another act")
}

// TestTheDaemonIsKilled in the middle: the next one does not guess, it asks the ledger.
func TestTheDaemonIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, release := blocked(t, w)
	defer release()

	dead := w.Runner // its file is read by another while it is still at work
	next := acts.New(w.config)
	if runs := next.Runs(); len(runs) != 1 || runs[0].ID != id || runs[0].State != source.RunUnknown || !strings.Contains(runs[0].Error, "the ledger is being asked") {
		t.Fatalf("%s", encoded(t, runs))
	}
	next.Look(t.Context())
	if run := next.Runs()[0]; run.State != source.RunUnknown {
		t.Errorf("somebody is still at work on it, and it is called %s", run.State)
	}
	// what a process that is killed leaves: its session ends, and the index stays invalid
	pid := get[int](w, `SELECT pid FROM pg_stat_activity WHERE application_name = 'healthagent-migrate' AND datname = current_database()`)
	w.exec(`SELECT pg_terminate_backend($1)`, pid)
	w.await("the dead one noticed", func() bool { return dead.Runs()[0].Over() })
	next.Look(t.Context())
	run := next.Runs()[0]
	if run.State != source.RunPartial || run.Finish == nil || run.Restore == nil || run.Title != "ROLLBACK OF 017 IS PARTIAL" ||
		!strings.Contains(run.Error, "the ledger tells") {
		t.Errorf("%s", encoded(t, run))
	}
	if got := run.Steps[len(run.Steps)-1].State; got != source.StepSkipped {
		t.Errorf("the last step is %s", got)
	}
	release()
	if out := w.do(*run.Finish); out.State != source.RunDone {
		t.Errorf("%s", encoded(t, out))
	}
}

// TestTheServerFinishedWhatWasCut: its client died, and the server dropped the index all the same when nobody was in the way any more. The
// ledger cannot know, and it must not be said that the index is left.
func TestTheServerFinishedWhatWasCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, release := blocked(t, w)
	next := acts.New(w.config)
	pid := get[int](w, `SELECT pid FROM pg_stat_activity WHERE application_name = 'healthagent-migrate' AND datname = current_database()`)
	w.exec(`SELECT pg_terminate_backend($1)`, pid)
	w.await("the dead one noticed", func() bool { return w.run(id).Over() })
	release()
	w.exec(`DROP INDEX idx_users_telegram_id_active`)
	next.Look(t.Context())
	run := next.Runs()[0]
	i := slices.IndexFunc(run.Steps, func(s source.Step) bool { return s.Name == "idx_users_telegram_id_active" })
	if step := run.Steps[i]; step.State != source.StepFailed || !strings.Contains(step.Text, "the index is gone") || strings.Contains(encoded(t, run), "INVALID") {
		t.Errorf("%s", encoded(t, run))
	}
	if out := w.do(*run.Finish); out.State != source.RunDone {
		t.Errorf("%s", encoded(t, out))
	}
	w.wantState(17, migrations.Held)
}

// TestBackgroundWorkIsSeenAndCancelled is what the daemon does by itself.
func TestBackgroundWorkIsSeenAndCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(migration("017", source.Rollback))
	w.do(migration("017", source.Release))
	_, release := w.hold(`INSERT INTO food_entries (user_id, food_name) SELECT telegram_id, 'x' FROM users`)
	defer release()
	done := make(chan error, 1)
	heard := make(chan migrations.Event, 10_000)
	go func() {
		done <- w.Background(context.Background(), func(e migrations.Event) { heard <- e }, func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) error {
			_, err := w.engine.Up(ctx, migrations.UpOptions{Stop: stop, Events: events})
			return err
		})
	}()
	w.await("it waits", func() bool { return len(w.Runs()[0].Blockers) > 0 && w.Runs()[0].By == "daemon" })
	run := w.Runs()[0]
	if run.Title != "APPLYING 017" || len(run.Steps) != 8 {
		t.Errorf("%s", encoded(t, run))
	}
	p, err := w.Preview(t.Context(), root(), migration("017", source.Apply))
	must(t, err)
	if p.Busy != run.ID || !strings.Contains(p.Refused, "APPLYING 017, by daemon") {
		t.Errorf("%s", encoded(t, p))
	}
	cancel := w.preview(migration("017", source.Cancel))
	if _, err := w.Do(t.Context(), root(), cancel.Act, cancel.Token, ""); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, acts.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	if got := w.over(run.ID); got.State != source.RunPartial && got.State != source.RunFailed {
		t.Errorf("%s", encoded(t, got))
	}
	if len(heard) == 0 {
		t.Error("its own listener heard nothing")
	}
	if got := w.audit(); !strings.Contains(got, "daemon migration.apply 017 begun") || !strings.Contains(got, "uid 0 (root) migration.cancel 017 begun") {
		t.Errorf("audited\n%s", got)
	}
}
