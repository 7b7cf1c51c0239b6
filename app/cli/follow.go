package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"healthagent/migrations"
)

// withoutCancel is a context for what is asked after a verb was interrupted.
func withoutCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), reachTime)
}

// follow prints on standard error what the engine does, from its events. The run
// survives a hang-up and a reader who goes away: a build that is cut leaves an invalid
// index. stop prints what is still in the channel and must be called before anything
// else is printed.
func (t *terminal) follow() (events chan migrations.Event, stop func()) {
	t.system.surviveHangup()
	events = make(chan migrations.Event, 256)
	done := make(chan struct{})
	f := follower{out: t.errs, redraw: isTerminal(t.errs)}
	go func() {
		defer close(done)
		for e := range events {
			f.show(e)
		}
		f.clear()
	}()
	return events, func() {
		close(events) // the engine has returned: nobody sends any more
		<-done
	}
}

// isTerminal reports whether somebody may be watching.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// follower turns events into lines. Progress is one line that is drawn anew on a
// terminal, and a line now and then elsewhere.
type follower struct {
	out    io.Writer
	redraw bool
	drawn  bool
	last   time.Time // of the last progress that was printed as a line of its own
}

const progressEvery = 5 * time.Second

func (f *follower) show(e migrations.Event) {
	label := migrations.Label(e.Version)
	switch e.Kind {
	case migrations.EventStatement:
		if e.Object == "" {
			return
		}
		verb := map[string]string{"up": "building", "down": "dropping"}[e.Direction]
		if verb == "" {
			f.line("rebuilding " + e.Object)
			return
		}
		f.line(fmt.Sprintf("%s: %s %s (%d of %d)", label, verb, e.Object, e.Statement, e.Statements))
		f.last = e.Time
	case migrations.EventProgress:
		f.progress(e)
	case migrations.EventBlocked:
		f.line("  " + e.Object + " " + e.Text + "; it goes on when that ends" + endHint(e.Blockers))
	case migrations.EventRetry, migrations.EventNote, migrations.EventLockWait:
		f.line("  " + e.Text)
	}
}

// endHint says how the first blocker is ended by somebody who cannot wait.
func endHint(blockers []migrations.Blocker) string {
	if len(blockers) == 0 || blockers[0].PID == 0 {
		return ""
	}
	return fmt.Sprintf(" (to end it: SELECT pg_terminate_backend(%d))", blockers[0].PID)
}

func (f *follower) progress(e migrations.Event) {
	text := "  " + progressText(*e.Progress)
	if f.redraw {
		f.clear()
		_, _ = io.WriteString(f.out, safe(text))
		f.drawn = true
		return
	}
	if e.Time.Sub(f.last) >= progressEvery {
		f.last = e.Time
		f.line(text)
	}
}

// progressText is "phase 2 of 9, building index: scanning table ▕████    ▏ 42 %, 3s".
func progressText(p migrations.Progress) string {
	var b strings.Builder
	if p.Number > 0 {
		fmt.Fprintf(&b, "phase %d of %d, ", p.Number, p.Phases)
	}
	phase := p.Phase
	if phase == "" {
		phase = "waiting for other sessions"
	}
	b.WriteString(phase)
	if p.Total > 0 {
		const width = 20
		full := int(min(p.Done, p.Total) * width / p.Total)
		fmt.Fprintf(&b, " [%s%s] %d %% of %d %s", strings.Repeat("#", full), strings.Repeat(".", width-full),
			min(p.Done, p.Total)*100/p.Total, p.Total, p.Unit)
	}
	fmt.Fprintf(&b, ", %s", p.Elapsed.Round(time.Second))
	return b.String()
}

// line prints a line of its own. Whoever read it may have gone; that is no reason to
// stop.
func (f *follower) line(text string) {
	f.clear()
	_, _ = fmt.Fprintln(f.out, safe(text))
}

// clear takes the progress line away.
func (f *follower) clear() {
	if f.drawn {
		_, _ = io.WriteString(f.out, "\r\x1b[K")
		f.drawn = false
	}
}
