package act

import (
	"cmp"
	"errors"
	"time"

	"healthagent/tui/source"
)

// Previewed tells what came of AskPreview. Of p and err one is nil. What answers another question than the last is nobody's.
func (m *Machine) Previewed(seq int, p *source.Preview, err error, now time.Time) []Effect {
	if seq != m.seq || p == nil && err == nil {
		return nil
	}
	if err == nil && (p.Act.Verb != m.question.Verb || p.Act.Object != m.question.Object) {
		err = errors.New("the answer was about another act")
	}
	switch m.state {
	case Stopping:
		m.stop.previewed(p, err, now)
	case Preparing:
		m.previewed(p, err, now)
	}
	return nil
}

func (m *Machine) previewed(p *source.Preview, err error, now time.Time) {
	if err != nil {
		m.state, m.preview, m.reason = Refused, nil, source.Sentence(err)
		return
	}
	m.preview, m.shown, m.way = p, now, m.link
	m.state = Preview
	if p.Refused != "" || p.Token == "" {
		m.state, m.reason = Refused, cmp.Or(p.Refused, "it cannot be done now")
	}
}

// Started tells what came of Do.
func (m *Machine) Started(seq int, id string, err error, now time.Time) []Effect {
	if seq == m.stop.seq && m.stop.sent {
		m.stopped(err)
		return nil
	}
	late := m.state == Unknown && m.id == ""
	if seq != m.seq || m.state != Starting && !late {
		return nil
	}
	var refused *source.RefusedError
	var changed *source.ChangedError
	switch {
	case err == nil:
		m.attach(id, now)
	case errors.As(err, &changed):
		return m.again(changed.What, now)
	case errors.As(err, &refused):
		m.state, m.reason = Refused, refused.Reason
	default:
		m.state, m.reason = Unknown, source.Sentence(err)
	}
	return nil
}
