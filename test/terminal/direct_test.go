package terminal

import (
	"strings"
	"testing"

	"healthagent/test/rig"
	"healthagent/tui/source/fixture"
)

// TestTheDatabaseIsAskedWhileTheDaemonIsDown: its state is seen, a migration is taken back once its number was typed, and the daemon has the
// word again as soon as it is back.
func TestTheDatabaseIsAskedWhileTheDaemonIsDown(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Migrate()
	d := serve(t, fixture.Healthy())
	x := screen(t, d, []string{"DATABASE_URL=" + server.URL()})
	d.down()
	x.shows("DIRECT")
	x.press("4")
	x.shown("the ledger of the database", func(screen string) bool {
		return strings.Contains(screen, "performance_indexes") && !strings.Contains(screen, "41s")
	})
	x.press("R")
	x.shows("an act runs in this screen")
	x.shows("then type 017")
	x.shown("a dialog that takes keys", func(screen string) bool {
		if !strings.Contains(screen, "to do it, type 017") {
			x.press("y") // too early at first
		}
		return strings.Contains(screen, "to do it, type 017")
	})
	x.press("017\r")
	x.shows("ROLLED BACK 017")
	d.up()
	x.shows("LIVE")
	x.shows("ROLLED BACK 017")
	x.press("qq")
	if code := x.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	x.sane()
}
