// Package dialog draws an act: its preview, how it is done, what came of it. What happens is package act's; here it is put on a screen
// of any size, the first things first, and what does not fit is scrolled to.
package dialog

import (
	"strings"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
)

// Flow is one act on the screen. It is used by one goroutine. Each of its methods that returns effects does so in the order in which they
// have to be done; none of them waits for anything.
type Flow struct {
	machine act.Machine
	look    *look.Look

	width, height int
	state         *source.Snapshot // never nil
	now           time.Time

	only  string         // why this person may not act in this program
	focus string         // the panel that was chosen to be scrolled
	tops  map[string]int // the first line that is seen, by panel
	full  bool           // the SQL, or the report, instead of all else
}

// New begins an act.
func New(l *look.Look, a source.Act, now time.Time) (*Flow, []act.Effect) {
	f := newFlow(l, now)
	return f, f.machine.Open(a, now)
}

// Attach shows a run that is under way or has ended.
func Attach(l *look.Look, r source.Run, now time.Time) *Flow {
	f := newFlow(l, now)
	f.machine.Attach(r, now)
	return f
}

func newFlow(l *look.Look, now time.Time) *Flow {
	return &Flow{look: l, now: now, state: &source.Snapshot{}, tops: map[string]int{}}
}

// Resize gives it its room: all lines below the header.
func (f *Flow) Resize(width, height int) { f.width, f.height = max(0, width), max(0, height) }

// ReadOnly says why this person may not act; empty: they may.
func (f *Flow) ReadOnly(why string) {
	f.only = why
	f.rights()
}

// rights are those that the program leaves, and of them what the daemon gives.
func (f *Flow) rights() {
	why := f.only
	if you := f.state.You; why == "" && you != nil && !you.Act {
		why = you.ReadOnly()
	}
	f.machine.ReadOnly(why)
}

// Show gives it a new state. Whatever the screen's rate is and whether it is paused: a dialog shows what is so.
func (f *Flow) Show(s *source.Snapshot, now time.Time) []act.Effect {
	if s == nil {
		return nil
	}
	f.state, f.now = s, now
	f.rights()
	return f.watched(f.machine.Runs(s.Runs, s.Link, now))
}

// Previewed tells what came of an act.AskPreview of this flow. Of p and err one is nil.
func (f *Flow) Previewed(seq int, p *source.Preview, err error, now time.Time) []act.Effect {
	f.now = now
	return f.watched(f.machine.Previewed(seq, p, err, now))
}

// Started tells what came of an act.Do of this flow.
func (f *Flow) Started(seq int, id string, err error, now time.Time) []act.Effect {
	f.now = now
	return f.watched(f.machine.Started(seq, id, err, now))
}

// Tick tells the time. Ages are drawn as of the last time that was told.
func (f *Flow) Tick(now time.Time) []act.Effect {
	f.now = now
	return f.watched(f.machine.Tick(now))
}

// watched begins at the top again when something else is shown.
func (f *Flow) watched(out []act.Effect) []act.Effect {
	for _, e := range out {
		if _, asked := e.(act.AskPreview); asked && f.machine.State() != act.Stopping {
			f.focus, f.full = "", false
			clear(f.tops)
		}
	}
	return out
}

// Press tells it of one key, as Bubble Tea names it.
func (f *Flow) Press(key string, paste bool, now time.Time) []act.Effect {
	f.now = now
	if !paste && f.local(key) {
		return nil
	}
	before := f.machine.State()
	out := f.watched(f.machine.Press(key, paste, now))
	if f.machine.State() != before {
		f.full = false
	}
	return out
}

// Busy reports whether something has been asked that is not answered yet, or is being done.
func (f *Flow) Busy() bool { return f.machine.Waiting() || f.machine.State() == act.Running }

// State is where the act stands.
func (f *Flow) State() act.State { return f.machine.State() }

// RunID is that of the run that is shown; empty: none is.
func (f *Flow) RunID() string {
	if r := f.machine.Run(); r != nil {
		return r.ID
	}
	return ""
}

// Title is what the header says of it: ROLL BACK 017 ?
func (f *Flow) Title() string {
	p, r := f.machine.Preview(), f.machine.Run()
	switch f.machine.State() {
	case act.Preparing, act.Preview, act.Typing, act.Refused, act.Starting:
		if p != nil && p.Title != "" {
			return look.OneLine(p.Title)
		}
		return strings.ToUpper(act.Sentence(f.machine.Act())) + " ?"
	default:
		if r != nil && r.Title != "" {
			return look.OneLine(r.Title)
		}
		return strings.ToUpper(act.Sentence(f.machine.Act()))
	}
}
