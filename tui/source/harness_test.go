package source_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// patience turns a hang into a failure and measures nothing.
const patience = time.Minute

// timers are a clock whose timers the test fires.
type timers struct {
	mu    sync.Mutex
	now   time.Time
	armed []*timer
	news  chan struct{}
}

type timer struct {
	d  time.Duration
	do func()
}

func newTimers() *timers { return &timers{now: fixture.Now(), news: make(chan struct{})} }

func (c *timers) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *timers) After(d time.Duration, do func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{d, do}
	c.armed = append(c.armed, t)
	close(c.news)
	c.news = make(chan struct{})
	return func() bool { return c.disarm(t) }
}

func (c *timers) disarm(t *timer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.armed, t)
	if i >= 0 {
		c.armed = slices.Delete(c.armed, i, i+1)
	}
	return i >= 0
}

// fire waits for a timer of that length, lets so much time pass, and fires it.
func (c *timers) fire(t *testing.T, d time.Duration) {
	t.Helper()
	late := time.After(patience)
	for {
		c.mu.Lock()
		i := slices.IndexFunc(c.armed, func(a *timer) bool { return a.d == d })
		if i >= 0 {
			a := c.armed[i]
			c.armed = slices.Delete(c.armed, i, i+1)
			c.now = c.now.Add(d)
			c.mu.Unlock()
			a.do()
			return
		}
		news := c.news
		c.mu.Unlock()
		select {
		case <-news:
		case <-late:
			t.Fatalf("no timer of %v", d)
		}
	}
}

// shown collects the states that a source shows.
type shown struct {
	mu   sync.Mutex
	all  []*source.Snapshot
	news chan struct{}
}

func newShown() *shown { return &shown{news: make(chan struct{})} }

func (s *shown) show(state *source.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, state)
	close(s.news)
	s.news = make(chan struct{})
}

// wait returns the first state, of those not yet returned or passed over, for which ok is true.
func (s *shown) wait(t *testing.T, what string, ok func(*source.Snapshot) bool) *source.Snapshot {
	t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		for i, state := range s.all {
			if ok(state) {
				s.all = s.all[i+1:]
				s.mu.Unlock()
				return state
			}
		}
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-late:
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, state := range s.all {
				t.Logf("it showed %+v", state.Link)
			}
			t.Fatalf("it does not show %s", what)
		}
	}
}

func (s *shown) state(t *testing.T, state source.LinkState) *source.Snapshot {
	t.Helper()
	return s.wait(t, string(state), func(n *source.Snapshot) bool { return n.Link != nil && n.Link.State == state })
}

// follow follows until the test ends.
func follow(t *testing.T, s source.Source) *shown {
	t.Helper()
	seen := newShown()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Follow(ctx, seen.show)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("Follow does not end with its context")
		}
	})
	return seen
}

// door is a daemon's socket.
type door struct {
	path     string
	listener net.Listener
	server   *http.Server
	// streams gets each request for the events; what is written to lines of it is sent.
	streams chan *stream
	mux     *http.ServeMux
}

// stream is one connection to the events.
type stream struct {
	query string
	w     http.ResponseWriter
	r     *http.Request
	done  chan struct{}
}

// socketPath is short enough to be a socket's.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "admin.sock")
}

func newDoor(t *testing.T, path string) *door {
	t.Helper()
	d := &door{path: path, streams: make(chan *stream), mux: http.NewServeMux()}
	d.mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, r *http.Request) {
		s := &stream{query: r.URL.RawQuery, w: w, r: r, done: make(chan struct{})}
		select {
		case d.streams <- s:
			<-s.done
		case <-r.Context().Done():
		}
	})
	d.server = &http.Server{Handler: d.mux, ReadHeaderTimeout: patience}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	d.listener = l
	go func() { _ = d.server.Serve(l) }()
	t.Cleanup(d.close)
	return d
}

func (d *door) close() {
	_ = d.listener.Close() // the server may not know it yet
	_ = d.server.Close()
}

// accept waits for somebody who follows.
func (d *door) accept(t *testing.T) *stream {
	t.Helper()
	select {
	case s := <-d.streams:
		t.Cleanup(s.hangUp)
		return s
	case <-time.After(patience):
		t.Fatal("nobody follows")
		return nil
	}
}

func (s *stream) hangUp() {
	select {
	case <-s.done:
	default:
		close(s.done)
	}
}

// raw sends bytes at once.
func (s *stream) raw(t *testing.T, b string) {
	t.Helper()
	if _, err := s.w.Write([]byte(b)); err != nil {
		t.Error(err)
	}
	if err := http.NewResponseController(s.w).Flush(); err != nil {
		t.Error(err)
	}
}

func (s *stream) send(t *testing.T, state *source.Snapshot) {
	t.Helper()
	raw, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	s.raw(t, string(raw)+"\n")
}

// change is one line that has nothing but its head.
func change() *source.Snapshot {
	return &source.Snapshot{Protocol: source.Protocol, Time: fixture.Now(), Version: fixture.Version, Host: fixture.Host}
}

// visit is a client of a new socket, followed.
type visit struct {
	*door
	clock  *timers
	client *source.Client
	seen   *shown
}

func newVisit(t *testing.T) *visit {
	t.Helper()
	v := &visit{clock: newTimers(), door: newDoor(t, socketPath(t))}
	v.client = source.NewClient(source.ClientConfig{Sockets: []string{v.path}, Now: v.clock.Now, After: v.clock.After})
	v.seen = follow(t, v.client)
	return v
}
