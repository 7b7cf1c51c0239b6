package act

import (
	"cmp"
	"time"

	"healthagent/tui/source"
)

// Machine is one act. The zero value is idle. It is used by one goroutine.
type Machine struct {
	state    State
	act      source.Act // that is asked about, or done
	readOnly string
	note     string

	seq      int        // of the last question
	question source.Act // whose preview was asked for last
	asked    time.Time
	preview  *source.Preview
	shown    time.Time        // when that came
	way      source.LinkState // by which it came
	changed  string           // why it was asked for anew
	reason   string           // of Refused and Unknown
	typed    string

	link   source.LinkState
	told   bool // of runs at least once
	runs   []source.Run
	before map[string]bool // runs that were there when the act was asked for; nil: not known
	id     string          // of the run
	run    *source.Run     // nil: it has not been told of
	home   source.LinkState
	begun  time.Time
	lost   bool // the way to who does it
	other  *source.Run
	stop   stop
}

// Open begins an act: its preview is asked for.
func (m *Machine) Open(a source.Act, now time.Time) []Effect {
	m.forget()
	return m.prepare(a, now)
}

// Attach shows a run that is under way or has ended, whoever began it.
func (m *Machine) Attach(r source.Run, now time.Time) []Effect {
	m.attach(r.ID, now)
	m.act, m.run = r.Act, &r
	m.state = stateOf(r)
	return nil
}

// ReadOnly says why this person may not act; empty: they may. Nothing that changes the system is then asked for.
func (m *Machine) ReadOnly(why string) { m.readOnly = why }

// State is where it stands.
func (m *Machine) State() State { return cmp.Or(m.state, Idle) }

// Act is what is asked about, or done.
func (m *Machine) Act() source.Act { return m.act }

// Preview is what was shown last, nil when nothing was. While it is asked for anew it is the one before.
func (m *Machine) Preview() *source.Preview { return m.preview }

// Shown is when the preview came, and Asked when the question was put that is not answered yet.
func (m *Machine) Shown() time.Time { return m.shown }

// Asked is when the last question was put.
func (m *Machine) Asked() time.Time { return m.asked }

// Changed is why the preview was asked for anew; empty: it is the first.
func (m *Machine) Changed() string { return m.changed }

// Reason is why it is refused, or not known.
func (m *Machine) Reason() string { return m.reason }

// Typed is what was typed so far.
func (m *Machine) Typed() string { return m.typed }

// Note is what there is to say of the last key or answer; empty: nothing.
func (m *Machine) Note() string { return m.note }

// Run is the run that is shown, as it was told last; nil when there is none or nobody has told of it.
func (m *Machine) Run() *source.Run { return m.run }

// Lost reports whether the way to who does it is lost, so that Run is old.
func (m *Machine) Lost() bool { return m.lost }

// Other is another run that is under way; nil: none.
func (m *Machine) Other() *source.Run { return m.other }

// Waiting reports whether somebody has to answer before anything can be confirmed.
func (m *Machine) Waiting() bool {
	return m.state == Preparing || m.state == Starting || m.state == Stopping && m.stop.waiting
}

// Hindrance is why a y or the enter after what was typed would not do what is shown, apart from coming too early; anew, that it would
// ask for the preview again. Empty: it would.
func (m *Machine) Hindrance(now time.Time) (why string, anew bool) {
	if m.state != Preview && m.state != Typing {
		return "", false
	}
	return m.hindrance(max(now.Sub(m.shown), Guard))
}

func (m *Machine) prepare(a source.Act, now time.Time) []Effect {
	m.act, m.typed, m.note = a, "", ""
	if m.readOnly != "" {
		m.state, m.reason = Refused, m.readOnly
		return nil
	}
	m.seq++
	m.state, m.question, m.asked, m.reason = Preparing, a, now, ""
	return []Effect{AskPreview{m.seq, a}}
}

// again asks for the same preview anew. The one before stays in sight, and cannot be confirmed any more.
func (m *Machine) again(why string, now time.Time) []Effect {
	m.changed = why
	return m.prepare(m.act, now)
}

// forget leaves nothing of the act before.
func (m *Machine) forget() {
	m.preview, m.changed, m.reason, m.typed, m.note = nil, "", "", "", ""
	m.id, m.run, m.home, m.lost, m.before, m.other, m.stop = "", nil, "", false, nil, nil, stop{}
}

// attach goes on with a run.
func (m *Machine) attach(id string, now time.Time) {
	m.forget()
	m.id, m.begun, m.state = id, now, Running
	if m.answers() {
		m.home = m.link
	}
	if r := find(m.runs, id); r != nil {
		m.act, m.run = r.Act, r
		m.state = stateOf(*r)
	}
}

// leave goes back to the run from which the question came, and else closes the dialog.
func (m *Machine) leave() []Effect {
	if m.run == nil {
		return []Effect{Leave{}}
	}
	m.preview, m.changed, m.reason, m.typed = nil, "", "", ""
	m.act, m.state = m.run.Act, stateOf(*m.run)
	return nil
}

func stateOf(r source.Run) State {
	switch r.State {
	case source.RunWorking:
		return Running
	case source.RunDone:
		return Done
	case source.RunPartial:
		return Partial
	case source.RunFailed:
		return Failed
	case source.RunUnknown:
		return Unknown
	default:
		return Unknown
	}
}

func find(runs []source.Run, id string) *source.Run {
	for i := range runs {
		if runs[i].ID == id && id != "" {
			r := runs[i]
			return &r
		}
	}
	return nil
}

// same reports whether two acts are the same deed.
func same(a, b source.Act) bool {
	if a.Verb != b.Verb || a.Object != b.Object || a.Name != b.Name || (a.Start == nil) != (b.Start == nil) {
		return false
	}
	return a.Start == nil || a.Start.Equal(*b.Start)
}
