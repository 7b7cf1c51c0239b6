package act

import (
	"time"

	"healthagent/tui/source"
)

// Runs tells what runs there are and how it stands with the way to who told of them. While nobody answers the list is what was known
// last, and proves nothing. A nil link is one of which nothing is known.
func (m *Machine) Runs(list []source.Run, link *source.Link, now time.Time) []Effect {
	if link != nil {
		if m.way == "" {
			m.way = link.State
		}
		m.link = link.State
	}
	if m.answers() {
		m.runs, m.told = list, true
	}
	switch m.state {
	case Preparing, Preview, Typing, Refused:
		return m.meanwhile(now)
	case Starting:
	case Running, Stopping:
		m.follow(now)
	case Done, Partial, Failed:
		m.others()
		m.renew()
	case Unknown:
		m.others()
		m.seek(now)
	}
	return nil
}

// Tick tells the time.
func (m *Machine) Tick(now time.Time) []Effect {
	switch {
	case m.state == Running && m.run == nil && now.Sub(m.begun) > unseen:
		m.state, m.reason = Unknown, "it was begun, and nothing tells of it"
	case m.state == Starting && now.Sub(m.begun) > unanswered:
		m.state, m.reason = Unknown, "no answer in time"
	}
	return nil
}

// answers reports whether somebody answers for the system.
func (m *Machine) answers() bool { return m.link == source.LinkLive || m.link == source.LinkDirect }

// away reports whether who does the run is not who answers: of the daemon's run nobody else knows anything.
func (m *Machine) away() bool {
	if m.home == "" && m.answers() {
		m.home = m.link
	}
	return m.link != "" && !m.answers() || m.home == source.LinkLive && m.link == source.LinkDirect
}

// follow keeps up with the run that is shown.
func (m *Machine) follow(now time.Time) {
	if m.away() {
		m.state, m.lost, m.reason, m.stop = Unknown, true, "", stop{}
		return
	}
	r := find(m.runs, m.id)
	switch {
	case r == nil && m.run == nil:
		m.Tick(now)
	case r == nil:
		m.state, m.reason, m.stop = Unknown, "nothing tells of the run any more", stop{}
	default:
		m.run, m.act, m.home = r, r.Act, m.link
		if r.Over() {
			m.state, m.stop, m.note = stateOf(*r), stop{}, ""
		}
	}
}

// seek looks for the run of which it is not known how it stands, or whether there is one.
func (m *Machine) seek(now time.Time) {
	if m.link == "" || m.away() {
		m.lost = m.id != ""
		return
	}
	r := find(m.runs, m.id)
	if m.id == "" {
		r = m.begunMeanwhile()
	}
	if r == nil {
		if m.lost {
			m.lost, m.reason = false, "the daemon is back, and knows nothing of the run"
		}
		return
	}
	if r.State == source.RunUnknown && m.run != nil && !m.lost {
		m.run = r
		return
	}
	known := m.id != ""
	m.attach(r.ID, now)
	if !known {
		m.note = "it had begun"
	}
}

// begunMeanwhile is the run of an act that was asked for without an answer: one of that act that was not there before. When it is not
// known what was there before, only one that is at work can be it.
func (m *Machine) begunMeanwhile() *source.Run {
	for i := range m.runs {
		r := m.runs[i]
		if same(r.Act, m.act) && (m.before != nil && !m.before[r.ID] || m.before == nil && !r.Over()) {
			return &r
		}
	}
	return nil
}

// meanwhile looks at what others do while a preview is looked at.
func (m *Machine) meanwhile(now time.Time) []Effect {
	m.renew()
	had := m.other
	m.others()
	switch {
	case m.other != nil && same(m.other.Act, m.act) && (m.state == Preview || m.state == Typing):
		by := m.other.By
		m.attach(m.other.ID, now)
		m.note = "begun meanwhile by " + by
	case m.other == nil && had != nil && m.answers() && m.state != Preparing:
		return m.again(had.Title+" has ended", now)
	}
	return nil
}

// others finds a run of somebody else that is under way. What is done to a session does not stand in the way of anything, nor anything in
// its way.
func (m *Machine) others() {
	if !m.answers() {
		return
	}
	m.other = nil
	if m.act.Object == source.OnSession {
		return
	}
	for i := range m.runs {
		if r := m.runs[i]; !r.Over() && r.ID != m.id && r.Act.Object != source.OnSession {
			m.other = &r
			return
		}
	}
}

// renew takes over what is told of a run that has ended: its watch goes on.
func (m *Machine) renew() {
	if r := find(m.runs, m.id); r != nil && m.answers() {
		m.run = r
	}
}
