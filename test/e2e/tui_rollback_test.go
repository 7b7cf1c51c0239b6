package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/stage"
	"healthagent/store/bench"
	"healthagent/test/rig"
)

// withPast puts up a world of people with so many messages each behind them, and a daemon whose readers go past the cache.
func withPast(t *testing.T, messages int) *world {
	t.Helper()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), Readers: 2})
	past := bench.Past{Messages: messages, Level: func(int64) int { return 1 }}
	for id := range int64(4) {
		past.People = append(past.People, bench.Someone{ID: 100 + id, Name: "Maja"})
	}
	if err := past.Write(w.ctx, w.url, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE users SET subscription_status = 'active', timezone_set_at = now()`)
	w.serve()
	return w
}

// insist presses a key until the texts are seen: a confirmation is deaf for a moment, so that nobody answers what they have not read.
func (x *tty) insist(key string, texts ...string) {
	x.t.Helper()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		x.press(key)
		select {
		case <-again.C:
		case <-x.ended:
			x.t.Fatal("it has ended")
		case <-x.ctx.Done():
			x.t.Fatalf("%q and %q was not seen", key, texts)
		}
		if screen := x.text(); all(screen, texts) {
			x.ctx.came()
			return
		}
	}
}

// row waits until the row of a list that begins with a name meets an expression.
func (x *tty) row(name, expression string) {
	x.t.Helper()
	pattern := regexp.MustCompile(`(?m)^[> ] ` + regexp.QuoteMeta(name) + `\s.*` + expression)
	x.until(name+" with "+expression, pattern.MatchString)
}

// preview asks what the rollback of 017 would do, from wherever the screen is. Before a screen knows the migrations, R only says so: a
// daemon that has just started has not read them yet.
func (x *tty) preview() {
	x.t.Helper()
	x.press("4")
	x.row("017  performance_indexes", `applied`)
	x.press("1")
	x.shows("[1 Overview]")
	x.press("R")
	x.shows("ROLL BACK 017 ?", "down covers up 8/8", "y roll back now")
}

// rollBack takes 017 back from wherever the screen is.
func (x *tty) rollBack() {
	x.t.Helper()
	x.preview()
	x.insist("y", "ROLLED BACK 017", "DONE")
}

// TestTUIRollsBackAndHeals does what a newcomer is told to do: R, y, and the plans change; z, y, and they are as before.
func TestTUIRollsBackAndHeals(t *testing.T) {
	t.Parallel()
	w := withPast(t, 400)
	x := w.tty(120, 40, "tui")
	// the history is there from the first frame on, though this screen has seen none of it
	x.until("the history", regexp.MustCompile(`(?s)LIVE.*QUERIES +·*[▁▂▃▄▅▆▇█]{2}`).MatchString)
	x.press("2")
	x.row("get_conversation_history", ` ionly`)

	x.rollBack()
	x.shows("8 of 8", "z undo (apply 017)")
	w.is017("held", hot...)
	w.noneLeft()
	x.press("\x1b")
	x.press("2")
	x.row("get_conversation_history", ` ! `)
	x.press("1")
	x.until("that it needs attention", regexp.MustCompile(`plan +get_conversation_history +plan now Bitmap`).MatchString)

	x.press("z")
	x.shows("APPLY 017 ?", "y apply now")
	x.insist("y", "APPLIED 017", "DONE")
	w.all017()
	x.press("\x1b")
	x.press("2")
	x.row("get_conversation_history", ` ionly`)
	x.press("4")
	x.shows("[4 Migrations]")
	x.row("017  performance_indexes", `applied`)
}

// TestTUIHangUpDuringRollback cuts the connection while the first step waits for somebody's transaction. The work goes on in the daemon,
// and the next screen is shown it.
func TestTUIHangUpDuringRollback(t *testing.T) {
	t.Parallel()
	w := withPast(t, 40)
	h := w.hold("somebody's psql", `BEGIN`, `SELECT FROM food_entries`)
	x := w.tty(100, 30, "tui")
	x.shows("LIVE")
	x.preview()
	x.insist("y", "ROLLING BACK 017", "waiting")
	x.hangUp()
	w.stillRunning(w.Daemon)

	again := w.tty(100, 30, "tui")
	again.shows("LIVE", ">> 017 0/8")
	again.press("r")
	again.shows("ROLLING BACK 017", "somebody's psql")
	h.commit()
	again.shows("ROLLED BACK 017", "DONE")
	w.is017("held", hot...)
	w.noneLeft()
}

// TestTUIRolledBackStaysHeld starts the daemon anew after a rollback: it builds nothing of what was taken back.
func TestTUIRolledBackStaysHeld(t *testing.T) {
	t.Parallel()
	w := withPast(t, 40)
	x := w.tty(100, 30, "tui")
	x.shows("LIVE")
	x.rollBack()
	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.serve()
	w.untilReady(w.Daemon, 200, "indexes", "held")
	w.is017("held", hot...)
	w.noneLeft()
	x.press("\x1b")
	x.press("4")
	x.shows("[4 Migrations]", "LIVE", "1 held")
	x.row("017  performance_indexes", `held`)
}

// all is whether a text has all of the parts.
func all(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
