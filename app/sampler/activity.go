package sampler

import (
	"context"
	"sync"
	"time"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// activityFresh is how long what the sessions do is believed: however many ask, the server is asked once in that time.
const activityFresh = 2 * time.Second

// shared is an answer that many ask for. The zero value is ready.
type shared struct {
	mu    sync.Mutex
	asked time.Time     // when the answer was had
	done  chan struct{} // nil: nobody is asking
	value source.Activity
	err   error
}

// Activity is what the sessions of the database do: what was read in the last two seconds, else it is read now, once for all who ask
// meanwhile.
func (s *Sampler) Activity(ctx context.Context) (source.Activity, error) {
	src := s.sources.Load()
	if src == nil || src.Activity == nil {
		return source.Activity{}, fault.New(fault.Unavailable, "the daemon is starting")
	}
	a := &s.activity
	a.mu.Lock()
	age := s.now().Sub(a.asked)
	if a.done == nil && !a.asked.IsZero() && age >= 0 && age < activityFresh {
		defer a.mu.Unlock()
		return a.value, a.err
	}
	if a.done == nil {
		a.done = make(chan struct{})
		// it is for all who ask, so the end of the one who was first does not end it
		go s.readActivity(context.WithoutCancel(ctx), src)
	}
	done := a.done
	a.mu.Unlock()
	select {
	case <-done:
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.value, a.err
	case <-ctx.Done():
		return source.Activity{}, context.Cause(ctx)
	}
}

func (s *Sampler) readActivity(ctx context.Context, src *Sources) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	var value source.Activity
	var err error
	s.safely("looking at the sessions", func() { value, err = src.Activity(ctx) })
	value.At, value.TookMS = s.now(), float64(time.Since(start).Microseconds())/1000
	a := &s.activity
	a.mu.Lock()
	defer a.mu.Unlock()
	a.value, a.err, a.asked = value, err, s.now()
	close(a.done)
	a.done = nil
}
