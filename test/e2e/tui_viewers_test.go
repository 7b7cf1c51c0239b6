package e2e

import "testing"

// TestTUIViewersCostAsOne counts the transactions of the database while one screen is open, and while three are. They look at the
// sessions, which are read only while somebody looks.
func TestTUIViewersCostAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	look := func() {
		x := w.tty(100, 30, "tui")
		x.shows("LIVE")
		x.press("5")
		x.shows("[5 Activity]", "connections")
	}
	const turn = 30 // seconds, in which even the slow collectors have one turn
	look()
	one := w.transactionsWhile(turn)
	look()
	look()
	three := w.transactionsWhile(turn)
	t.Logf("%d transactions with one screen, %d with three", one, three)
	if one == 0 || three > one+one/2 {
		t.Errorf("%d transactions with one screen, %d with three", one, three)
	}
}

// transactionsWhile counts what the database commits while the daemon grows older by so many seconds.
func (w *world) transactionsWhile(seconds float64) int64 {
	w.t.Helper()
	age := func() float64 {
		var m struct {
			System struct {
				Uptime float64 `json:"uptime_s"`
			}
		}
		if _, err := w.Daemon.Ask(w.ctx, "/api/v1/metrics", &m); err != nil { // which costs the database nothing
			w.t.Fatal(err)
		}
		return m.System.Uptime
	}
	count := func() int64 {
		return w.number(`SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`)
	}
	before, from := count(), age()
	w.until("the daemon is older", func() bool { return age() >= from+seconds })
	return count() - before
}
