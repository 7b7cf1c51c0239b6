package act

import (
	"errors"
	"strconv"
	"time"

	"healthagent/tui/source"
)

// stop is the question whether to stop a run, which is put over the run itself.
type stop struct {
	after   bool // the step at work may end
	seq     int
	waiting bool // for the preview
	preview *source.Preview
	shown   time.Time
	reason  string // why it cannot be stopped
	sent    bool   // it was confirmed
}

// Question is whether to stop the run that is shown.
type Question struct {
	AfterStep bool            // the step at work may end
	Preview   *source.Preview // what that would do; nil: it is being asked for, or it cannot be done
	Refused   string          // why it cannot be done
	Ready     bool            // a y counts
}

// Question is what is asked in the state Stopping.
func (m *Machine) Question(now time.Time) Question {
	return Question{m.stop.after, m.stop.preview, m.stop.reason, m.stop.ready(now)}
}

func (s stop) ready(now time.Time) bool {
	return s.preview != nil && s.reason == "" && now.Sub(s.shown) >= Guard
}

// askStop puts the question. Its preview is what says whether there is still something to stop, and has the token.
func (m *Machine) askStop(after bool, now time.Time) []Effect {
	switch {
	case m.run == nil || m.act.Object == source.OnSession:
		m.note = "there is nothing that can be stopped"
		return nil
	case m.readOnly != "":
		m.note = m.readOnly
		return nil
	case m.stop.sent:
		m.note = "it was asked to stop, and that is not answered yet"
		return nil
	case after && m.run.Stopping != "":
		m.note = "it is being stopped already"
		return nil
	}
	m.seq++
	m.stop = stop{after: after, seq: m.seq, waiting: true}
	m.state, m.question, m.asked = Stopping, m.cancel(), now
	return []Effect{AskPreview{m.seq, m.question}}
}

func (m *Machine) cancel() source.Act {
	return source.Act{Verb: source.Cancel, Object: m.act.Object, Name: m.act.Name, AfterStep: m.stop.after}
}

func (s *stop) previewed(p *source.Preview, err error, now time.Time) {
	s.waiting = false
	switch {
	case err != nil:
		s.reason = source.Sentence(err)
	case p.Refused != "":
		s.reason = p.Refused
	case p.Token == "":
		s.reason = "it cannot be stopped now"
	default:
		s.preview, s.shown = p, now
	}
}

func (m *Machine) pressStopping(key string, now time.Time) []Effect {
	switch {
	case back(key):
		m.state, m.stop = Running, stop{}
	case key == "y" && m.readOnly != "":
		m.note = m.readOnly
	case key == "y" && m.stop.ready(now):
		m.seq++
		m.stop.seq, m.stop.sent, m.state = m.seq, true, Running
		m.note = "asked to stop"
		return []Effect{Do{Seq: m.seq, Act: m.cancel(), Token: m.stop.preview.Token}}
	case key == "y" && m.stop.preview != nil:
		m.note = quick
	}
	return nil
}

// stopped tells what came of it. How the run stands is told by the state; this is only why it goes on.
func (m *Machine) stopped(err error) {
	m.stop = stop{}
	var unavailable *source.UnavailableError
	var changed *source.ChangedError
	switch {
	case err == nil:
		m.note = "it was told to stop"
	case errors.As(err, &unavailable):
		m.note = "not known whether it was told to stop: " + source.Sentence(err)
	case errors.As(err, &changed):
		m.note = "not stopped: " + changed.What
	default:
		m.note = "not stopped: " + source.Sentence(err)
	}
}

func pid(n int) string { return strconv.Itoa(n) }
