package act

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"healthagent/tui/keys"
	"healthagent/tui/source"
)

// Press tells of one key, as Bubble Tea names it. What was pasted is never an answer.
func (m *Machine) Press(key string, paste bool, now time.Time) []Effect {
	m.note = ""
	if paste {
		if m.state == Typing {
			m.note = "what is pasted does not count: type it"
		}
		return nil
	}
	switch m.state {
	case Preparing:
		return m.pressPreparing(key)
	case Preview:
		return m.pressPreview(key, now)
	case Refused:
		return m.pressRefused(key, now)
	case Typing:
		return m.pressTyping(key, now)
	case Starting:
		m.pressStarting(key)
	case Running:
		return m.pressRunning(key, now)
	case Stopping:
		return m.pressStopping(key, now)
	case Done, Partial, Failed, Unknown:
		return m.pressOver(key, now)
	}
	return nil
}

const quick = "that was too quick to be an answer: look first"

func back(key string) bool { return key == "esc" || key == "q" }

func (m *Machine) pressPreparing(key string) []Effect {
	if back(key) {
		return m.leave()
	}
	return nil
}

func (m *Machine) pressPreview(key string, now time.Time) []Effect {
	switch {
	case key == "y":
		return m.confirm(now)
	case back(key):
		return m.leave()
	case key == "Y":
		return []Effect{Copy{PreviewText(m.preview)}}
	case key == "ctrl+r":
		return m.again("", now)
	case key == "enter" && m.other != nil:
		m.attach(m.other.ID, now)
	}
	return nil
}

// confirm is the y of a preview.
func (m *Machine) confirm(now time.Time) []Effect {
	if why, old := m.hindrance(now.Sub(m.shown)); why != "" {
		if old {
			return m.again(why, now)
		}
		m.note = why
		return nil
	}
	if m.preview.Confirm != "" {
		m.state, m.typed = Typing, ""
		return nil
	}
	return m.do(now)
}

// hindrance is why the preview that has been shown for so long cannot be confirmed now; old, that it has to be asked for anew.
func (m *Machine) hindrance(age time.Duration) (why string, old bool) {
	switch {
	case m.readOnly != "":
		return m.readOnly, false
	case age < Guard:
		return quick, false
	case m.link != "" && !m.answers():
		return "the daemon does not answer: nothing can be done until it does", false
	case m.other != nil:
		return m.other.Title + " is under way: enter shows it", false
	case m.link != m.way:
		return "somebody else answers now", true
	case age > Stale:
		return "it was older than 5 minutes", true
	}
	return "", false
}

func (m *Machine) do(now time.Time) []Effect {
	m.seq++
	m.before = nil
	if m.told {
		m.before = map[string]bool{}
		for _, r := range m.runs {
			m.before[r.ID] = true
		}
	}
	m.id, m.run, m.lost, m.asked, m.begun, m.home = "", nil, false, now, now, m.link
	m.state, m.reason, m.changed = Starting, "", ""
	return []Effect{Do{m.seq, m.act, m.preview.Token, m.typed}}
}

func (m *Machine) pressRefused(key string, now time.Time) []Effect {
	switch {
	case back(key):
		return m.leave()
	case key == "ctrl+r":
		return m.again("", now)
	case key == "Y" && m.preview != nil:
		return []Effect{Copy{PreviewText(m.preview)}}
	case key == "enter" && m.other != nil:
		m.attach(m.other.ID, now)
	case key == "enter" && m.preview != nil && m.preview.Busy != "":
		m.attach(m.preview.Busy, now)
	}
	return nil
}

func (m *Machine) pressTyping(key string, now time.Time) []Effect {
	r, size := utf8.DecodeRuneInString(key)
	switch {
	case key == "esc":
		m.state, m.typed = Preview, ""
	case key == "enter":
		return m.submit(now)
	case key == "backspace" && m.typed != "":
		_, last := utf8.DecodeLastRuneInString(m.typed)
		m.typed = m.typed[:len(m.typed)-last]
	case key == "ctrl+u":
		m.typed = ""
	case size == len(key) && unicode.IsPrint(r) && len(m.typed) < 2*len(m.preview.Confirm)+8:
		m.typed += key
	}
	return nil
}

// submit is the enter after what was typed. It does nothing unless all of it is right.
func (m *Machine) submit(now time.Time) []Effect {
	want := m.preview.Confirm
	switch {
	case m.typed == want:
	case strings.HasPrefix(want, m.typed):
		m.note = "not done: still to be typed: " + want[len(m.typed):]
		return nil
	default:
		m.note = "not done: it must be " + want
		return nil
	}
	if why, old := m.hindrance(now.Sub(m.shown)); why != "" {
		if old {
			return m.again(why, now)
		}
		m.note = why
		return nil
	}
	return m.do(now)
}

func (m *Machine) pressStarting(key string) {
	if back(key) {
		m.note = "it was asked for: the answer comes, or is given up, in a moment"
	}
}

func (m *Machine) pressRunning(key string, now time.Time) []Effect {
	switch {
	case back(key), key == "b":
		return []Effect{Leave{}}
	case key == "c":
		return m.askStop(true, now)
	case key == "X":
		return m.askStop(false, now)
	case key == "Y" && m.run != nil:
		return []Effect{Copy{ReportText(*m.run)}}
	case key == "enter" && m.run != nil && len(m.run.Blockers) > 0:
		return []Effect{OpenScreen{keys.Screen5, pid(m.run.Blockers[0].PID)}}
	}
	return nil
}

// pressOver is for what has ended, or is not known.
func (m *Machine) pressOver(key string, now time.Time) []Effect {
	switch {
	case back(key):
		return []Effect{Leave{}}
	case key == "Y" && m.run != nil:
		return []Effect{Copy{ReportText(*m.run)}}
	case key == "enter":
		return m.look(now)
	case key == "ctrl+r" && (m.state == Failed || m.state == Unknown):
		return m.anew(now)
	case key == "z" || key == "r":
		return m.wayOut(key, now)
	}
	return nil
}

// look shows the other run that is under way, or where it is told how things stand.
func (m *Machine) look(now time.Time) []Effect {
	switch {
	case m.other != nil:
		m.attach(m.other.ID, now)
		return nil
	case m.state == Done:
		return nil
	default:
		return []Effect{OpenScreen{screenOf(m.act.Object), m.act.Name}}
	}
}

// anew asks what the same act would do now. It is the person who asks, and they have to confirm it again.
func (m *Machine) anew(now time.Time) []Effect {
	if m.link != "" && !m.answers() {
		m.note = "the daemon does not answer yet"
		return nil
	}
	a := m.act
	m.forget()
	return m.prepare(a, now)
}

// wayOut is z and r on a run that has ended: its undo, or one of the two ways out of one that ended half-way.
func (m *Machine) wayOut(key string, now time.Time) []Effect {
	if m.run == nil || m.lost {
		return nil
	}
	to := m.run.Restore
	switch {
	case key == "r":
		to = m.run.Finish
	case m.state == Done:
		to = m.run.Undo
	}
	if to == nil {
		return nil
	}
	if m.readOnly != "" {
		m.note = m.readOnly
		return nil
	}
	m.preview, m.changed = nil, ""
	return m.prepare(*to, now)
}

func screenOf(o source.Object) keys.Action {
	switch o {
	case source.OnIndex:
		return keys.Screen3
	case source.OnSession:
		return keys.Screen5
	case source.OnMigration:
		return keys.Screen4
	default:
		return keys.Screen7
	}
}
