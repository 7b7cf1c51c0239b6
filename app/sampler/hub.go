package sampler

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// mostViewers is how many may look at the same time.
const mostViewers = 64

// hub holds the state and hands its changes to the viewers. All its methods may be called concurrently, and none waits for a viewer.
type hub struct {
	now     func() time.Time
	phase   func() string
	started time.Time

	mu        sync.Mutex
	state     *source.Snapshot // without the history, which the rings hold
	short     *ring
	long      *ring
	seq       int64 // of the newest event
	viewers   map[*viewer]struct{}
	asked     time.Time     // when somebody wanted the whole state last
	came      chan struct{} // told when somebody begins to look
	refreshed time.Time
	closed    bool
}

// viewer is somebody who follows.
type viewer struct {
	pending *source.Snapshot // what they have not got yet, merged; nil: nothing
	news    chan struct{}    // holds a token when something is pending
}

func newHub(now func() time.Time, phase func() string, first *source.Snapshot) *hub {
	return &hub{
		now: now, phase: phase, started: now(), state: first, short: newRing(time.Second, 15*60), long: newRing(30*time.Second, 48*120),
		viewers: map[*viewer]struct{}{}, came: make(chan struct{}, 1),
	}
}

// publish merges a change into the state and hands it to everybody. Its events get their numbers here.
func (h *hub) publish(change *source.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spread(change)
}

// spread needs the lock.
func (h *hub) spread(change *source.Snapshot) {
	h.stamp(change)
	for i := range change.Log {
		h.seq++
		change.Log[i].Seq = h.seq
	}
	h.state = h.state.Merge(change)
	h.state.Samples = nil // they are in the ring
	for v := range h.viewers {
		v.pending = v.pending.Merge(change)
		v.tell()
	}
}

// stamp writes what every change carries. It needs the lock.
func (h *hub) stamp(change *source.Snapshot) {
	change.Time = h.now()
	change.Protocol, change.Version, change.Host, change.Label = h.state.Protocol, h.state.Version, h.state.Host, h.state.Label
	change.UptimeS, change.Phase = change.Time.Sub(h.started).Seconds(), h.phase()
}

// sample adds a step to the history and publishes the change that goes with it.
func (h *hub) sample(t time.Time, values row, change *source.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	number := h.short.number(t)
	back := number < h.short.last
	h.short.put(number, values)
	change.Samples = []source.Sample{sampleOf(time.Unix(number, 0), values)}
	h.spread(change)
	if back { // their rings end in what is now the future: they begin anew
		for v := range h.viewers {
			v.pending = h.whole()
		}
	}
}

// keep adds a step to the long history.
func (h *hub) keep(number int64, values row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.long.put(number, values)
}

// whole needs the lock.
func (h *hub) whole() *source.Snapshot {
	s := *h.state
	now := h.now()
	// the ring ends with what was sent: a sample of a step that is there already would be left out
	end := h.short.last
	if end == math.MinInt64 {
		end = h.short.number(now) - 1
	}
	s.History = &source.History{Short: h.short.until(end, 1), Long: h.long.until(h.long.number(now), 20)}
	return &s
}

// snapshot is the whole state at this moment. Asking for it counts as looking, for a while.
func (h *hub) snapshot() *source.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = h.now()
	h.tellCame()
	return h.whole()
}

// current is the state without its history.
func (h *hub) current() *source.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

// watched reports whether somebody looks, or did in the last minute.
func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	age := h.now().Sub(h.asked)
	return len(h.viewers) > 0 || !h.asked.IsZero() && age >= 0 && age < time.Minute
}

func (h *hub) tellCame() {
	select {
	case h.came <- struct{}{}:
	default:
	}
}

// follow calls send with the whole state and then with each change, until ctx ends, the hub closes or send fails. What comes while
// send is at work is merged.
func (h *hub) follow(ctx context.Context, send func(*source.Snapshot) error) error {
	v := &viewer{news: make(chan struct{}, 1)}
	if err := h.join(v); err != nil {
		return err
	}
	defer h.leave(v)
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-v.news:
			if !open {
				return nil
			}
		}
		if change := h.take(v); change != nil {
			if err := send(change); err != nil {
				return err
			}
		}
	}
}

func (h *hub) join(v *viewer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return fault.New(fault.Unavailable, "the daemon is stopping")
	case len(h.viewers) >= mostViewers:
		return fault.New(fault.Unavailable, "too many screens are open: close one")
	}
	v.pending = h.whole()
	v.tell()
	h.viewers[v] = struct{}{}
	h.tellCame()
	return nil
}

func (h *hub) leave(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
	h.asked = h.now()
}

func (h *hub) take(v *viewer) *source.Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	change := v.pending
	v.pending = nil
	return change
}

// tell needs the hub's lock.
func (v *viewer) tell() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// close ends all that follow.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for v := range h.viewers {
		close(v.news)
	}
	clear(h.viewers)
}

// events is the log, and the number of its newest line.
func (h *hub) events() ([]source.Event, int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.state.Log), h.seq
}

// newest is the number of the newest line of the log.
func (h *hub) newest() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

// lately are the rows of the last seconds that there are.
func (h *hub) lately(now time.Time, seconds int) (rows []row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	number := h.short.number(now)
	for i := range int64(seconds) {
		if r, ok := h.short.get(number - i); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// mayRefresh reports whether the last refresh is two seconds ago, and counts this one.
func (h *hub) mayRefresh() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if age := now.Sub(h.refreshed); age >= 0 && age < 2*time.Second {
		return false
	}
	h.refreshed = now
	return true
}
