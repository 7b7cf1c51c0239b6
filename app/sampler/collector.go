package sampler

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// collector reads one part of the state at its own pace.
type collector struct {
	name   string
	every  time.Duration // while somebody looks
	idle   time.Duration // while nobody does; 0: not at all
	budget time.Duration // for one turn
	retry  time.Duration // after a turn that failed; 0: at its pace, or more seldom when it took too long
	server bool          // it asks PostgreSQL, and does not while that is away
	first  bool          // it finds out whether PostgreSQL is away
	acts   bool          // it is read anew when something was done

	// read runs beside the loop and returns what the loop does with what was read; nil: it is not read here.
	read func(context.Context, *Sources) (use func(source.Part), err error)
	// lost runs on the loop. The part has an error and the time of the last success.
	lost func(source.Part, error)

	woken chan struct{}
	asked atomic.Bool
	part  source.Part // the loop's
}

// longestPause is how long a collector that takes too long is left alone at most.
const longestPause = 30 * time.Second

// ErrNotYet is what a function of Sources returns while it is too early for it: then nothing has failed.
var ErrNotYet = errors.New("it is too early")

// wake makes a collector look whether it is its turn.
func (c *collector) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// ask gives a collector its turn at once.
func (c *collector) ask() {
	c.asked.Store(true)
	c.wake()
}

// collect gives a collector its turns until ctx ends.
func (s *Sampler) collect(ctx context.Context, c *collector) {
	var last time.Time      // when its last turn began
	var pause time.Duration // after one that took too long
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-c.woken:
		}
		asked := c.asked.Swap(false)
		wait, wanted := s.untilTurn(c, last, pause, asked)
		if !wanted {
			timer.Reset(time.Hour) // whoever changes that wakes it
			continue
		}
		if wait > 0 {
			timer.Reset(wait)
			continue
		}
		last = time.Now()
		err := s.turn(ctx, c)
		pause = c.nextPause(pause, err)
		timer.Reset(0)
	}
}

// untilTurn is how long it is until the next turn; false when there is none to come.
func (s *Sampler) untilTurn(c *collector, last time.Time, pause time.Duration, asked bool) (time.Duration, bool) {
	every := c.every
	if !s.hub.watched() {
		every = c.idle
	}
	if every > 0 && pause > 0 {
		every = pause
	}
	switch {
	case s.sources.Load() == nil, c.server && !c.first && s.away.Load():
		return 0, false
	case asked:
		return 0, true
	case every == 0:
		return 0, false
	case last.IsZero():
		return 0, true
	default:
		return time.Until(last.Add(every)), true
	}
}

// nextPause is how long a collector pauses after a turn instead of its pace; 0: its pace holds. It doubles while turns take too long.
func (c *collector) nextPause(pause time.Duration, err error) time.Duration {
	switch {
	case err != nil && c.retry > 0:
		return c.retry
	case late(err):
		return min(2*max(pause, c.every), max(longestPause, c.every))
	default:
		return 0
	}
}

// late reports whether a collector was cut since it took too long.
func late(err error) bool {
	var budget *inspect.BudgetError
	return errors.As(err, &budget) || errors.Is(err, context.DeadlineExceeded)
}

// turn reads once, and has the loop use what was read.
func (s *Sampler) turn(ctx context.Context, c *collector) error {
	src := s.sources.Load()
	if src == nil {
		return ErrNotYet
	}
	start := time.Now()
	use, err := s.read(ctx, c, src)
	took := time.Since(start)
	if ctx.Err() != nil || errors.Is(err, ErrNotYet) || use == nil && err == nil {
		return err
	}
	s.do(ctx, func() {
		if err != nil {
			c.part.Error = plain(err)
			c.lost(c.part, err)
			return
		}
		if c.server {
			s.cost.add(s.now(), took)
		}
		c.part = source.Part{At: s.now(), TookMS: float64(took.Microseconds()) / 1000}
		use(c.part)
	})
	return err
}

// plain is an error without who found it out: that PostgreSQL cannot be reached is the same for all.
func plain(err error) string {
	text := store.Reason(err)
	if at := strings.Index(text, "PostgreSQL "); at > 0 {
		return text[at:]
	}
	return text
}

// read keeps a mistake of ours in a collector from ending the daemon.
func (s *Sampler) read(ctx context.Context, c *collector, src *Sources) (use func(source.Part), err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a collector failed by a mistake of the program", "collector", c.name, "stack", string(debug.Stack()))
			err = errors.New("it failed by a mistake of the program: the log says where")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	return c.read(ctx, src)
}

// do has the loop do something, and waits until it is done or ctx ends.
func (s *Sampler) do(ctx context.Context, f func()) {
	done := make(chan struct{})
	select {
	case s.work <- func() { defer close(done); f() }:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// cost is what the collectors have cost the server in the last minute.
type cost struct {
	at   []time.Time
	took []time.Duration
}

func (c *cost) add(now time.Time, took time.Duration) {
	c.forget(now)
	c.at, c.took = append(c.at, now), append(c.took, took)
}

func (c *cost) forget(now time.Time) {
	for len(c.at) > 0 && (now.Sub(c.at[0]) > time.Minute || c.at[0].After(now)) {
		c.at, c.took = c.at[1:], c.took[1:]
	}
}

func (c *cost) ms(now time.Time) float64 {
	c.forget(now)
	var sum time.Duration
	for _, d := range c.took {
		sum += d
	}
	return float64(sum.Microseconds()) / 1000
}
