package e2e

import (
	"strings"
	"testing"
)

// TestDemoOnATerminal: the demo is the screen over the running rehearsal. Its daemon says what it is, and that it reads past the cache;
// leaving the screen ends the talk, what is on its way is still answered, and nothing is left behind.
func TestDemoOnATerminal(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	command, dir := demo(ctx, t, "--users", "3", "--messages", "60")
	x := onTerminal(ctx, t, command, 120, 40)
	x.shows("LIVE", "DEMO, with 4 uncached readers")
	x.press("2")
	x.shows("[2 Queries]", "get_food_favourites", "get_leaderboard") // nobody asks for these so soon but the readers
	x.press("7")
	x.shows("[7 Log]", "DEMO, with 4 uncached readers")
	x.press("q")
	if code := x.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	figures := x.text()
	for _, line := range []string{"lost            0", "duplicates      0", "errors          0", "start to ready"} {
		if !strings.Contains(figures, line) {
			t.Errorf("no %q", line)
		}
	}
	leavesNothing(t, dir)
}

// TestDemoHangUp: a demo whose terminal is gone removes everything by itself.
func TestDemoHangUp(t *testing.T) {
	t.Parallel()
	ctx := limited(t)
	command, dir := demo(ctx, t, "--users", "3", "--messages", "10")
	x := onTerminal(ctx, t, command, 80, 24)
	x.shows("LIVE")
	x.hangUp()
	leavesNothing(t, dir)
}
