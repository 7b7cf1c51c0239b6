package telegram

import (
	"context"
	"errors"
	"time"

	"healthagent/store"
)

const (
	underWay   = 32                    // calls at the same time
	holdAtMost = 1000                  // messages in memory, beyond which only urgent ones are fetched
	fetchAtOne = 500                   // messages fetched at once
	recordSoon = 50 * time.Millisecond // how long an outcome may wait for company before it is recorded
	sweepEach  = 5 * time.Second       // how often is looked for what nobody announced
	turnTime   = 5 * time.Second       // for one exchange with the database
)

// sender drains the outbox. All of it runs in one goroutine but the calls themselves, so that fetching, recording and what is under
// way never contradict each other.
type sender struct {
	*Service
	queue    *queue
	pace     *pacer
	flying   map[int64]bool // ids under way
	outcomes chan outcome
	ended    []store.Sending // outcomes not recorded yet
	since    time.Time       // of the oldest of them
	fetch    bool            // there may be more in the outbox
	swept    time.Time
	trouble  time.Duration      // pause while Telegram is not well, doubled each time
	limits   map[int64]struct{} // chats limited since the last accepted call
}

func (s *Service) newSender() *sender {
	return &sender{
		Service: s, queue: newQueue(), pace: newPacer(s.config.Rate), flying: map[int64]bool{},
		outcomes: make(chan outcome, underWay), fetch: true, limits: map[int64]struct{}{},
	}
}

// run sends until ctx ends, and then goes on with what is urgent until rest ends. What is left stays in the outbox.
func (s *sender) run(ctx, rest context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		draining := ctx.Err() != nil
		if rest.Err() != nil || draining && len(s.flying) == 0 && s.queue.urgent() == 0 && len(s.ended) == 0 && !s.fetch {
			s.stop()
			return
		}
		s.turn(rest)
		timer.Reset(s.launch(rest, draining))
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
		case <-timer.C:
		case <-done:
		}
	}
}

// stop waits for the calls under way, whose contexts are over, and records what became of them.
func (s *sender) stop() {
	for len(s.flying) > 0 {
		s.end(<-s.outcomes)
	}
	if len(s.ended) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), turnTime)
	defer cancel()
	if _, err := s.config.Store.TurnOutbox(ctx, s.ended, nil, s.now(), 0, store.Broadcast); err != nil {
		s.log.Warn("recording what was sent; it will be sent again", "error", store.Reason(err), "messages", len(s.ended))
	}
}

// turn records outcomes and fetches what is due, when there is reason for either.
func (s *sender) turn(ctx context.Context) {
	now := s.now()
	if now.Sub(s.swept) >= sweepEach {
		s.fetch, s.swept = true, now
		s.pace.tidy(now)
	}
	record := len(s.ended) > 0 && (s.fetch || len(s.ended) >= fetchAtOne/10 || now.Sub(s.since) >= recordSoon)
	if !record && !s.fetch {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	least := store.Broadcast
	if s.queue.size >= holdAtMost {
		least = store.Reply
	}
	room := s.room()
	due, err := s.config.Store.TurnOutbox(ctx, s.ended, s.busy(), now, room, least)
	if err != nil {
		s.health.set("outbox", errors.New("the outbox cannot be read: "+store.Reason(err)))
		s.log.Warn("turning the outbox", "error", store.Reason(err))
		sleep(ctx, firstPause)
		return
	}
	s.health.set("outbox", nil)
	s.ended, s.fetch = s.ended[:0], room > 0 && len(due) == room
	s.queue.add(due)
	s.sending.Store(int64(s.queue.size + len(s.flying)))
}

func (s *sender) room() int {
	if !s.fetch || s.queue.size >= 2*holdAtMost {
		return 0
	}
	return fetchAtOne
}

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
		if p.items[0].Class != store.CallbackAnswer { // an answer to a button is no message: it counts against no limit
			if at := s.pace.chat(p.chat, now); at.After(now) {
				s.queue.delay(p, at)
				continue
			}
			if at := s.pace.all(now); at.After(now) {
				return min(at.Sub(now), s.idle(now))
			}
			s.pace.spend(p.chat, now)
		} else if s.pace.pause.After(now) {
			return min(s.pace.pause.Sub(now), s.idle(now))
		}
		o := s.queue.start(p)
		s.flying[o.ID] = true
		go func() { s.outcomes <- s.call(ctx, o) }()
	}
}

// idle is the time until something must be done anyway.
func (s *sender) idle(now time.Time) time.Duration {
	wait := sweepEach - now.Sub(s.swept)
	if len(s.ended) > 0 {
		wait = min(wait, recordSoon-now.Sub(s.since))
	}
	if s.queue.waiting.Len() > 0 {
		wait = min(wait, s.queue.waiting.list[0].at.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// land handles the end of a call.
func (s *sender) land(ctx context.Context, o outcome) {
	s.end(o)
	switch o.verdict {
	case unreachable:
		s.count.unreachables.Add(1)
		s.queue.drop(o.call.ChatID)
		s.log.Info("a person cannot be reached", "reason", o.reason)
		if err := s.config.Store.Unreachable(ctx, o.call.ChatID, s.now()); err != nil {
			s.log.Warn("noting that a person cannot be reached", "error", store.Reason(err))
		}
	case moved:
		if err := s.config.Store.MoveChat(ctx, o.call.ChatID, o.to); err != nil {
			s.log.Warn("following a group to its new id", "error", store.Reason(err))
		}
	case accepted:
		s.trouble = 0
		clear(s.limits)
		s.health.set("sending", nil)
	case failing, revoked:
		s.trouble = min(max(2*s.trouble, 500*time.Millisecond), 15*time.Second)
		s.pace.hold(s.now().Add(s.trouble))
		s.health.set("sending", errors.New(o.reason))
		s.log.Warn("sending", "method", o.call.Method, "reason", o.reason, "pause", s.trouble)
	case limited:
		s.count.limited.Add(1)
		s.limits[o.call.ChatID] = struct{}{}
		if len(s.limits) >= 3 { // not one chat's limit: everybody's
			s.pace.hold(s.now().Add(o.wait))
			s.health.set("sending", errors.New("Telegram asks for a pause of "+o.wait.String()))
		}
		s.log.Warn("Telegram limits sending", "wait", o.wait)
	case refusedCall:
		s.log.Error("Telegram refuses a call", "method", o.call.Method, "reason", o.reason)
	}
}

// end books the end of a call: for the record, or back into the queue.
func (s *sender) end(o outcome) {
	delete(s.flying, o.call.ID)
	now := s.now()
	switch o.verdict {
	case limited, failing, revoked:
		s.count.retried.Add(1)
		o.call.Attempts++
		until := time.Time{}
		if o.verdict == limited {
			until = now.Add(o.wait)
		}
		s.queue.end(o.call.ChatID, &o.call, until)
		return
	case moved: // fetched again with its new chat
		s.fetch = true
		s.queue.end(o.call.ChatID, nil, time.Time{})
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
	s.queue.end(o.call.ChatID, nil, time.Time{})
}
