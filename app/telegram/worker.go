package telegram

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"healthagent/app/coach"
	"healthagent/store"
)

const (
	tries      = 3                      // how often an update is tried before it is given up
	firstPause = 100 * time.Millisecond // between tries, doubled each time
	longPause  = 5 * time.Second        // at most
)

// handler is what is done with an update: the coach.
type handler interface {
	// Handle applies what in means, once: a second time is store.ErrAlreadyDone.
	Handle(ctx context.Context, in coach.Incoming) error
	// GiveUp ends an update that failed again and again, with an apology.
	GiveUp(ctx context.Context, in coach.Incoming, reason string) error
}

// worker brings updates to their end, one at a time.
type worker struct {
	*Service
	handler handler
}

// work takes updates until the dispatcher closes. The update at work is finished under ctx, which outlives the closing.
func (w *worker) work(ctx context.Context, d *dispatcher) {
	for {
		l, u, ok := d.take()
		if !ok {
			return
		}
		w.settle(ctx, u)
		d.release(l)
	}
}

// settle brings one update to an end: done, parked or given up. Only the end of ctx leaves it as it is, in the inbox. While
// PostgreSQL is away it waits, since the update is safe and whatever comes behind it would fare no better.
func (w *worker) settle(ctx context.Context, u store.Update) {
	attempt := u.Attempts + 1
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := w.try(ctx, u)
		switch {
		case err == nil || errors.Is(err, store.ErrAlreadyDone):
			if err == nil && !u.Arrived.IsZero() {
				w.handled.Record(w.now().Sub(u.Arrived))
			}
			w.count.handled.Add(1)
			w.health.set("inbox", nil)
			return
		case ctx.Err() != nil:
			return
		case errors.Is(err, errShape):
			err = w.park(ctx, u, err)
		case !w.unavailable(ctx, err):
			w.log.Error("an update failed", "update", u.ID, "kind", u.Kind, "attempt", attempt, "error", w.reason(err))
			err = w.failed(ctx, u, err, attempt)
			attempt++
		}
		if err == nil {
			w.health.set("inbox", nil)
			return
		}
		if store.Unavailable(err) {
			w.health.set("inbox", errors.New("updates cannot be handled: "+w.reason(err)))
			w.log.Warn("handling updates", "error", w.reason(err))
		}
		if !w.sleep(ctx, pause) {
			return
		}
	}
}

// unavailable reports whether an update failed for the database's fault. A handler that took all its time while the database
// answers has itself to blame.
func (w *worker) unavailable(ctx context.Context, err error) bool {
	if !store.Unavailable(err) {
		return false
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	return w.config.Store.Ping(ctx) != nil
}

func (w *worker) park(ctx context.Context, u store.Update, reason error) error {
	if err := w.config.Store.Park(ctx, u, reason.Error()); err != nil {
		return err
	}
	w.count.parked.Add(1)
	w.log.Warn("an update was parked", "update", u.ID, "kind", u.Kind, "reason", reason)
	return nil
}

// failed records a failure. It returns nil when the update came to its end by it, and else why not.
func (w *worker) failed(ctx context.Context, u store.Update, cause error, attempt int) error {
	if attempt < tries {
		// recorded for the operator; whether that works decides nothing
		if err := w.config.Store.Fail(ctx, u, w.reason(cause), w.now(), false); err != nil {
			w.log.Warn("recording a failed update", "error", w.reason(err))
		}
		return cause
	}
	err := w.giveUp(ctx, u, cause)
	if err != nil && !store.Unavailable(err) { // not even an apology can be made: it ends without
		w.log.Error("giving up an update", "update", u.ID, "error", w.reason(err))
		err = w.config.Store.Fail(ctx, u, w.reason(cause), w.now(), true)
	}
	if err == nil {
		w.count.dead.Add(1)
	}
	return err
}

// giveUp ends an update with an apology.
func (w *worker) giveUp(ctx context.Context, u store.Update, cause error) (err error) {
	defer w.recovered(u, &err)
	in, err := read(u)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.workTime)
	defer cancel()
	return w.handler.GiveUp(ctx, in, w.reason(cause))
}

// try handles an update once.
func (w *worker) try(ctx context.Context, u store.Update) (err error) {
	defer w.recovered(u, &err)
	in, err := read(u)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.workTime)
	defer cancel()
	return w.handler.Handle(ctx, in)
}

// recovered makes an error of a panic.
func (w *worker) recovered(u store.Update, err *error) {
	if p := recover(); p != nil {
		// the value of a panic may quote what a person wrote: the stack says where it was
		w.log.Error("a handler panicked", "update", u.ID, "kind", u.Kind, "stack", string(debug.Stack()))
		*err = errors.New("a handler panicked")
	}
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
