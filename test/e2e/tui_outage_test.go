package e2e

import (
	"strings"
	"testing"

	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// TestTUIStaysThroughOutages takes away everything behind the screen, one after the other. It never ends, stays on its page, says what is
// missing, and comes back by itself.
func TestTUIStaysThroughOutages(t *testing.T) {
	t.Parallel()
	cluster, redis := rig.Cluster(t), rig.RedisServer(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL(), RedisURL: redis.URL()})
	w.serve()
	x := w.tty(120, 40, "tui")
	x.shows("[1 Overview]", "LIVE")
	x.press("2")
	x.shows("[2 Queries]", "get_next_due")

	if err := w.Daemon.Kill(); err != nil {
		t.Fatal(err)
	}
	x.until("that the daemon is down", func(screen string) bool {
		return strings.Contains(screen, "[2 Queries]") && (strings.Contains(screen, "DAEMON DOWN") || strings.Contains(screen, "DIRECT"))
	})
	w.serve()
	x.shows("[2 Queries]", "LIVE", "get_next_due")

	cluster.Stop()
	x.shows("[2 Queries]", "DB DOWN")
	x.press("1")
	x.shows("[1 Overview]", "DB DOWN") // keys are heard meanwhile
	cluster.Start()
	x.shows("[1 Overview]", "LIVE")

	redis.Stop()
	x.shows("[1 Overview]", "LIVE", "cache  Redis does not answer")
	redis.Start()
	x.shows("[1 Overview]", "LIVE", "well again: redis")

	select {
	case <-x.ended:
		t.Fatal("the screen has ended")
	default:
	}
	x.press("q")
	if code := x.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestTUIHangUp: the end of an SSH connection is the end of the screen.
func TestTUIHangUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	x := w.tty(80, 24, "tui")
	x.shows("LIVE")
	if code := x.hangUp(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.stillRunning(w.Daemon)
}
