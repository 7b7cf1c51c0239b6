package telegram

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"healthagent/app/coach"
	"healthagent/store"
)

const (
	tries      = 3                      // how often an update is tried before it is given up
	firstPause = 100 * time.Millisecond // between tries, doubled each time
	longPause  = 5 * time.Second        // at most
	workTime   = 20 * time.Second       // for one try
)

// handler is what is done with an update: the coach.
type handler interface {
	// Handle applies what in means, once: a second time is store.ErrAlreadyDone.
	Handle(ctx context.Context, in coach.Incoming) error
	// GiveUp ends an update that failed again and again, with an apology.
	GiveUp(ctx context.Context, in coach.Incoming, reason string) error
}

// work takes updates until the dispatcher closes. The update at work is finished under ctx, which outlives the closing.
func (s *Service) work(ctx context.Context, d *dispatcher) {
	for {
		l, u, ok := d.take()
		if !ok {
			return
		}
		s.settle(ctx, u)
		d.release(l)
	}
}

// settle brings one update to an end: done, parked or given up. Only the end of ctx leaves it as it is, in the inbox. While
// PostgreSQL is away it waits, since the update is safe and whatever comes behind it would fare no better.
func (s *Service) settle(ctx context.Context, u store.Update) {
	pause := firstPause
	for attempt := u.Attempts + 1; ; {
		err := s.try(ctx, u)
		switch {
		case err == nil || errors.Is(err, store.ErrAlreadyDone):
			s.count.handled.Add(1)
			return
		case errors.Is(err, errShape):
			err = s.park(ctx, u, err)
			if err == nil {
				return
			}
		case !store.Unavailable(err) && ctx.Err() == nil:
			s.log.Error("an update failed", "update", u.ID, "kind", u.Kind, "attempt", attempt, "error", store.Reason(err))
			if s.failed(ctx, u, err, attempt) {
				return
			}
			attempt++
		}
		if store.Unavailable(err) {
			s.health.set("inbox", fmt.Errorf("cannot work: %s", store.Reason(err)))
		}
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, longPause)
	}
}

func (s *Service) park(ctx context.Context, u store.Update, reason error) error {
	s.count.parked.Add(1)
	s.log.Warn("an update was parked", "update", u.ID, "kind", u.Kind, "reason", reason)
	return s.config.Store.Park(ctx, u, reason.Error())
}

// failed records a failure; true when the update came to its end by it.
func (s *Service) failed(ctx context.Context, u store.Update, cause error, attempt int) bool {
	if attempt < tries {
		// recorded for the operator; whether that works decides nothing
		if err := s.config.Store.Fail(ctx, u, store.Reason(cause), s.now(), false); err != nil {
			s.log.Warn("recording a failed update", "error", store.Reason(err))
		}
		return false
	}
	in, err := read(u)
	if err == nil {
		err = s.handler.GiveUp(ctx, in, store.Reason(cause))
	}
	if err != nil {
		err = s.config.Store.Fail(ctx, u, store.Reason(cause), s.now(), true)
	}
	if err != nil {
		return false
	}
	s.count.dead.Add(1)
	return true
}

// try handles an update once; a panic becomes an error.
func (s *Service) try(ctx context.Context, u store.Update) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// the value of a panic may quote what a person wrote: the stack says where it was
			s.log.Error("a handler panicked", "update", u.ID, "kind", u.Kind, "stack", string(debug.Stack()))
			err = errors.New("a handler panicked")
		}
	}()
	in, err := read(u)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	if err := s.handler.Handle(ctx, in); err != nil {
		return err
	}
	s.health.set("inbox", nil)
	return nil
}

// sleep waits; false when ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
