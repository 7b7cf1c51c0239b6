package telegram

import (
	"context"
	"errors"
	"time"

	"healthagent/store"
)

const (
	underWay    = 32                      // calls at the same time
	holdAtMost  = 1000                    // messages in memory, beyond which only urgent ones are fetched
	fetchAtOne  = 500                     // messages fetched at once
	recordMany  = 50                      // so many outcomes are recorded at once
	recordSoon  = 50 * time.Millisecond   // how long an outcome may wait for company before it is recorded
	sweepEach   = 5 * time.Second         // how often is looked for what nobody announced
	outboxPause = 2 * time.Second         // between tries while the database fails, at most
	turnTime    = 5 * time.Second         // for one exchange with the database
	lastTurn    = 1500 * time.Millisecond // for the one at the end, which comes after the drain
)

// sender drains the outbox. All of it runs in one goroutine but the calls themselves, so that fetching, recording and what is under
// way never contradict each other.
type sender struct {
	*Service
	queue    *queue
	pace     *pacer
	trust    trust
	flying   map[int64]time.Time // ids under way, and since when
	outcomes chan outcome
	ended    []store.Sending // outcomes not recorded yet
	since    time.Time       // of the oldest of them
	fetch    bool            // there may be something in the outbox that should be here
	later    bool            // there may be something less urgent in it, to be fetched when there is room
	swept    time.Time
	again    time.Time     // the database failed: not before
	outage   time.Duration // how long was waited before the last failure of it; 0: it works
}

func (s *Service) newSender() *sender {
	return &sender{
		Service: s, queue: newQueue(), pace: newPacer(s.config.Rate), trust: newTrust(), flying: map[int64]time.Time{},
		outcomes: make(chan outcome, underWay), fetch: true,
	}
}

// run sends until ctx ends, and then goes on with what is urgent until rest ends. What is left stays in the outbox.
func (s *sender) run(ctx, rest context.Context) {
	draining := false
	for {
		if ctx.Err() != nil && !draining {
			draining, s.fetch = true, true // the last commits may not have been heard of
		}
		s.turn(rest, draining)
		wait := s.launch(rest, draining)
		s.sending.Store(int64(s.queue.size + len(s.flying)))
		s.oldestCall.Store(s.oldest())
		if rest.Err() != nil || draining && s.drained() {
			s.stop()
			return
		}
		done := ctx.Done()
		if draining {
			done = rest.Done()
		}
		select {
		case o := <-s.outcomes:
			s.land(rest, o)
			for len(s.outcomes) > 0 {
				s.land(rest, <-s.outcomes)
			}
		case <-s.wake:
			s.fetch = true
		case <-s.after(wait):
		case <-done:
		}
	}
}

// oldest is when the oldest call under way began; 0 when there is none.
func (s *sender) oldest() int64 {
	var oldest int64
	for _, since := range s.flying {
		if at := since.UnixNano(); oldest == 0 || at < oldest {
			oldest = at
		}
	}
	return oldest
}

func (s *sender) drained() bool {
	return len(s.flying) == 0 && s.queue.urgent == 0 && len(s.ended) == 0 && !s.fetch
}

// stop waits for the calls under way, whose contexts are over, and records what became of them.
func (s *sender) stop() {
	for len(s.flying) > 0 {
		s.end(<-s.outcomes)
	}
	s.sending.Store(0)
	s.oldestCall.Store(0)
	if len(s.ended) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastTurn)
	defer cancel()
	if _, err := s.config.Store.TurnOutbox(ctx, s.ended, nil, s.now(), 0, store.Broadcast); err != nil {
		s.log.Warn("recording what was sent; it will be sent again", "error", s.reason(err), "messages", len(s.ended))
	}
}

// turn records outcomes and fetches what is due, when there is reason for either.
func (s *sender) turn(ctx context.Context, draining bool) {
	now := s.now()
	if now.Sub(s.swept) >= sweepEach {
		s.fetch, s.swept = true, now
		s.pace.tidy(now)
	}
	if s.queue.hungry || s.later && !draining && s.held() < holdAtMost/2 {
		s.fetch, s.queue.hungry = true, false
	}
	record := len(s.ended) > 0 && (s.fetch || draining || len(s.ended) >= recordMany || now.Sub(s.since) >= recordSoon)
	if !record && !s.fetch || s.again.After(now) {
		return
	}
	room, least := s.room(draining)
	var busy []int64
	if room > 0 {
		busy = s.busy()
	}
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	due, err := s.config.Store.TurnOutbox(ctx, s.ended, busy, now, room, least)
	if err != nil {
		s.outboxFails(s.reason(err))
		return
	}
	s.outage = 0
	s.health.set("outbox", nil)
	s.ended = s.ended[:0]
	s.queue.add(due...)
	if s.fetch {
		// a full page means that there is more of what was asked for; what was not asked for may be there too
		s.fetch = room > 0 && len(due) == room
		s.later = s.fetch || least != store.Broadcast
	}
}

// outboxFails waits a little longer after each failure, and logs the first only: it is the same trouble.
func (s *sender) outboxFails(reason string) {
	if s.outage == 0 {
		s.log.Warn("turning the outbox; tried again until it works", "error", reason)
	}
	s.outage = min(max(2*s.outage, firstPause), outboxPause)
	s.again = s.now().Add(s.outage)
	s.health.set("outbox", errors.New("the outbox cannot be read: "+reason))
}

// room is how many messages may be fetched and how urgent they must be.
func (s *sender) room(draining bool) (int, store.Class) {
	held := s.held()
	switch {
	case !s.fetch:
		return 0, store.Broadcast
	case held >= 2*holdAtMost:
		return 0, store.CallbackAnswer
	case draining || held >= holdAtMost:
		return fetchAtOne, store.Reply
	}
	return fetchAtOne, store.Broadcast
}

// held is how full the memory is, in messages: of what is beyond there is only the id.
func (s *sender) held() int { return s.queue.size + s.queue.beyond/50 }

// busy are the ids that must not be fetched again.
func (s *sender) busy() []int64 {
	ids := s.queue.ids()
	for id := range s.flying {
		ids = append(ids, id)
	}
	return ids
}

// launch starts the calls that may go now and returns how long there is nothing to do but wait.
func (s *sender) launch(ctx context.Context, urgentOnly bool) time.Duration {
	for {
		now := s.now()
		s.queue.wake(now)
		p, found := s.queue.next()
		if !found || len(s.flying) >= underWay || urgentOnly && p.items[0].Class > store.Reply {
			return s.idle(now)
		}
		if s.pace.pause.After(now) {
			return min(s.pace.pause.Sub(now), s.idle(now))
		}
		if !p.answers { // an answer to a button is no message: it counts against no limit
			if at := s.pace.chat(p.chat, now); at.After(now) {
				s.queue.delay(p, at)
				continue
			}
			if at := s.pace.all(now); at.After(now) {
				return min(at.Sub(now), s.idle(now))
			}
			s.pace.spend(p.chat, now)
		}
		o := s.queue.start(p)
		s.flying[o.ID] = now
		go func() { s.outcomes <- s.call(ctx, o) }()
	}
}

// idle is the time until something must be done anyway.
func (s *sender) idle(now time.Time) time.Duration {
	wait := sweepEach - now.Sub(s.swept)
	switch {
	case s.again.After(now):
		wait = min(wait, s.again.Sub(now))
	case s.fetch || s.queue.hungry:
		wait = 0
	case len(s.ended) > 0:
		wait = min(wait, recordSoon-now.Sub(s.since))
	}
	if s.queue.waiting.Len() > 0 {
		wait = min(wait, s.queue.waiting.list[0].at.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// land handles the end of a call.
func (s *sender) land(ctx context.Context, o outcome) {
	o = s.trusted(o)
	s.end(o)
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	switch o.verdict {
	case unreachable:
		s.count.unreachables.Add(1)
		s.queue.drop(o.call.ChatID)
		s.log.Info("a person cannot be reached", "reason", o.reason)
		if err := s.config.Store.Unreachable(ctx, o.call.ChatID, s.now()); err != nil {
			s.log.Warn("noting that a person cannot be reached", "error", s.reason(err))
		}
	case moved:
		if err := s.config.Store.MoveChat(ctx, o.call.ChatID, o.to); err != nil {
			s.log.Warn("following a group to its new id", "error", s.reason(err))
		}
	case refusedCall:
		s.log.Error("Telegram refuses a call", "method", o.call.Method, "reason", o.reason)
	}
}

// end books the end of a call: for the record, or back into the queue.
func (s *sender) end(o outcome) {
	delete(s.flying, o.call.ID)
	now, at := s.now(), laneOf(o.call)
	switch o.verdict {
	case limited, failing, revoked:
		s.count.retried.Add(1)
		o.call.Attempts++
		s.queue.end(at, &o.call, now.Add(o.wait))
		return
	case moved: // fetched again with its new chat
		s.fetch = true
		s.queue.end(at, nil, time.Time{})
		s.queue.drop(o.call.ChatID)
		return
	}
	done := store.Sending{ID: o.call.ID, MessageID: o.messageID, Erase: o.call.Erase}
	if o.verdict == accepted {
		s.count.sent.Add(1)
	} else {
		s.count.refused.Add(1)
		done.Failed = o.reason
	}
	if len(s.ended) == 0 {
		s.since = now
	}
	s.ended = append(s.ended, done)
	s.queue.end(at, nil, time.Time{})
}
