package telegram

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

const (
	ailing      = 3  // so many chats that fail one after the other are not the chats' fault
	strikesOut  = 10 // a message that fails so often while others go through is never going to
	retryFirst  = 500 * time.Millisecond
	retryLast   = 15 * time.Second
	holdLongest = 5 * time.Minute // of a pause that Telegram asks for; then it is asked whether it still holds
)

// trust is how well sending goes. One chat or message that fails must not hold up the others; but when several fail with nothing
// accepted between them, Telegram is not well and everybody waits.
type trust struct {
	pause   time.Duration       // while Telegram is not well, doubled each time
	failed  map[int64]struct{}  // chats that failed since the last call that Telegram answered
	limited map[int64]struct{}  // chats limited since the last accepted call
	parked  map[int64]time.Time // chats that Telegram asked to wait, and until when
	well    int64               // calls that Telegram answered
	strikes map[int64]strike    // by message
}

// strike counts the failures of a message between which Telegram answered other calls.
type strike struct {
	n    int
	well int64
}

func newTrust() trust {
	return trust{failed: map[int64]struct{}{}, limited: map[int64]struct{}{}, parked: map[int64]time.Time{}, strikes: map[int64]strike{}}
}

// trusted learns from the end of a call what to think of Telegram, holds sending when it is not well, and says in the outcome how
// long the chat waits. A message that alone fails becomes refused in the end, so that it does not close its chat for ever.
func (s *sender) trusted(o outcome) outcome {
	switch o.verdict {
	case limited:
		s.limit(o)
	case revoked:
		o.wait = s.hold(o)
	case failing:
		return s.fail(o)
	default:
		s.recover(o)
	}
	return o
}

func (s *sender) recover(o outcome) {
	s.trust.pause = 0
	s.trust.well++
	clear(s.trust.failed)
	if !laneOf(o.call).answers { // answers to buttons are not limited, so they tell nothing of it
		clear(s.trust.limited)
	}
	delete(s.trust.strikes, o.call.ID)
	s.showPauses()
}

// showPauses says who must wait, when Telegram answers otherwise; nobody is no trouble.
func (s *sender) showPauses() {
	now := s.now()
	maps.DeleteFunc(s.trust.parked, func(_ int64, until time.Time) bool { return !until.After(now) })
	switch {
	case s.pace.pause.After(now):
		s.health.set("sending", trouble("Telegram asks everybody to wait until "+s.pace.pause.UTC().Format(time.TimeOnly)))
	case len(s.trust.parked) > 0:
		s.health.set("sending", trouble(fmt.Sprintf("Telegram asks %d of the chats to wait", len(s.trust.parked))))
	default:
		s.health.set("sending", nil)
	}
}

func (s *sender) limit(o outcome) {
	s.count.limited.Add(1)
	s.trust.limited[o.call.ChatID] = struct{}{}
	s.trust.parked[o.call.ChatID] = s.now().Add(o.wait)
	s.log.Warn("Telegram limits sending", "wait", o.wait)
	if len(s.trust.limited) >= ailing {
		s.pace.hold(s.now().Add(min(o.wait, holdLongest)))
	}
	s.showPauses()
}

func (s *sender) fail(o outcome) outcome {
	s.trust.failed[o.call.ChatID] = struct{}{}
	if n := s.strike(o.call.ID); n >= strikesOut {
		delete(s.trust.strikes, o.call.ID)
		o.verdict, o.reason = refusedCall, "failed again and again while others went through: "+o.reason
		return o
	}
	if len(s.trust.failed) >= ailing {
		o.wait = s.hold(o)
		return o
	}
	o.wait = min(retryFirst<<min(o.call.Attempts, 10), retryLast)
	s.sick(o, o.wait)
	return o
}

func (s *sender) strike(id int64) int {
	was := s.trust.strikes[id]
	if was.n == 0 || s.trust.well > was.well {
		was.n++
	}
	was.well = s.trust.well
	s.trust.strikes[id] = was
	return was.n
}

// hold keeps everybody back. The calls that were under way together count as one failure.
func (s *sender) hold(o outcome) time.Duration {
	now := s.now()
	if !s.pace.pause.After(now) {
		s.trust.pause = min(max(2*s.trust.pause, retryFirst), retryLast)
		s.pace.hold(now.Add(s.trust.pause))
	}
	s.sick(o, s.trust.pause)
	return s.pace.pause.Sub(now)
}

func (s *sender) sick(o outcome, pause time.Duration) {
	s.health.set("sending", errors.New(o.reason))
	s.log.Warn("sending", "method", o.call.Method, "reason", o.reason, "pause", pause)
}
