package terminal

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// daemon is the admin socket of a daemon whose state and answers are the fixture's.
type daemon struct {
	t      *testing.T
	dir    string
	server *http.Server

	mu      sync.Mutex
	state   *source.Snapshot
	changed chan struct{}  // closed with each change of the state
	posted  []string       // paths of acts that were asked for
	viewers int            // that follow the state
	asked   map[string]int // paths that were read
}

// serve begins to answer on a socket of its own.
func serve(t *testing.T, state *source.Snapshot) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "ha-tty-") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, dir: dir, state: state, changed: make(chan struct{}), asked: map[string]int{}}
	d.up()
	t.Cleanup(func() {
		d.down()
		_ = os.RemoveAll(dir)
	})
	return d
}

// env tells a screen where the daemon is.
func (d *daemon) env(more ...string) []string {
	return append([]string{"HEALTHAGENT_ADMIN_SOCKET=" + d.socket(), "HEALTHAGENT_STATE_DIR=" + filepath.Join(d.dir, "state")}, more...)
}

func (d *daemon) socket() string { return filepath.Join(d.dir, "s") }

// up listens.
func (d *daemon) up() {
	d.t.Helper()
	listener, err := net.Listen("unix", d.socket())
	if err != nil {
		d.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/events", d.events)
	mux.HandleFunc("GET /v1/", d.page)
	mux.HandleFunc("POST /v1/", d.act)
	d.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func(s *http.Server) { _ = s.Serve(listener) }(d.server)
}

// down is the end of the daemon, as by kill -9.
func (d *daemon) down() { _ = d.server.Close() }

// push changes the state that is told.
func (d *daemon) push(state *source.Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = state
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *daemon) acts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.posted...)
}

// events sends whole states: first as it is, then with each change, and a sign of life every half second.
func (d *daemon) events(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.viewers++
	d.mu.Unlock()
	whole := true
	for {
		d.mu.Lock()
		state, changed := d.state, d.changed
		d.mu.Unlock()
		line := state
		if !whole {
			line = &source.Snapshot{Protocol: state.Protocol, Time: state.Time, Version: state.Version, Host: state.Host, Phase: state.Phase}
		}
		if err := json.NewEncoder(w).Encode(line); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		whole = false
		select {
		case <-changed:
			whole = true
		case <-time.After(500 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

func (d *daemon) page(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	d.mu.Lock()
	d.asked[path]++
	d.mu.Unlock()
	name, isPlan := strings.CutPrefix(path, source.PlanPath("", false))
	switch {
	case path == source.ActivityPath:
		_ = json.NewEncoder(w).Encode(fixture.Activity())
	case isPlan:
		_ = json.NewEncoder(w).Encode(fixture.Plan(name))
	default:
		for known, p := range fixture.Previews() {
			if base, _, _ := strings.Cut(known, "?"); base == path {
				_ = json.NewEncoder(w).Encode(p)
				return
			}
		}
		http.NotFound(w, r)
	}
}

func (d *daemon) act(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.posted = append(d.posted, r.URL.Path)
	d.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": fixture.RunID})
}
