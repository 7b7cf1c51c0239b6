package acts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"healthagent/migrations"
	"healthagent/tui/source"
)

// TestTheWorkOfAnotherProcess is seen, and cannot be cancelled from here.
func TestTheWorkOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pid, release := w.hold(`INSERT INTO users (telegram_id) VALUES (1)`)
	done := make(chan error, 1)
	go func() {
		_, err := w.engine.Down(context.Background(), migrations.DownOptions{})
		done <- err
	}()
	w.await("the command line waits", func() bool {
		return get[bool](w, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'healthagent-migrate' AND datname = current_database() AND wait_event_type = 'Lock')`)
	})
	w.Look(t.Context())
	if len(w.Runs()) != 0 {
		t.Error("it is looked for though no state shows it")
	}
	w.tell(&source.Snapshot{Migrations: &source.Migrations{List: []source.Migration{{Version: "017", State: "running"}}}})
	w.Look(t.Context())
	runs := w.Runs()
	if len(runs) != 1 || runs[0].Title != "ROLLING BACK 017" || !strings.HasPrefix(runs[0].By, "another process: pid ") || runs[0].Over() ||
		len(runs[0].Blockers) != 1 || runs[0].Blockers[0].PID != pid || len(runs[0].Steps) != 8 {
		t.Fatalf("%s", encoded(t, runs))
	}
	if since := get[time.Time](w, `SELECT backend_start FROM pg_stat_activity WHERE application_name = 'healthagent-migrate' AND wait_event_type = 'Lock' AND datname = current_database()`); !runs[0].Started.Equal(since) {
		t.Errorf("it is said to have begun at %v, when it was seen, and did at %v", runs[0].Started, since)
	}
	p, err := w.Preview(t.Context(), root(), migration("017", source.Cancel))
	must(t, err)
	if !strings.Contains(p.Refused, "interrupt it there") {
		t.Errorf("%s", p.Refused)
	}
	q, err := w.Preview(t.Context(), root(), migration("017", source.Rollback))
	must(t, err)
	if q.Token != "" || !strings.Contains(q.Refused, "another process migrates this database") {
		t.Errorf("%s", encoded(t, q))
	}
	has(t, q, source.Fail, "another process migrates this database")
	release()
	must(t, <-done)
	w.Look(t.Context())
	if len(w.Runs()) != 0 {
		t.Errorf("it has ended: %s", encoded(t, w.Runs()))
	}
}
