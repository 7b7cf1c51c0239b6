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

	done  chan struct{} // has something in it once an act was asked for
	state *source.Snapshot

	mu     sync.Mutex
	posted []string // paths of acts that were asked for
}

// serve begins to answer on a socket of its own.
func serve(t *testing.T, state *source.Snapshot) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "ha-tty-") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, dir: dir, state: state, done: make(chan struct{}, 1)}
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

func (d *daemon) acts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.posted...)
}

// events sends the state, and a sign of life every half second.
func (d *daemon) events(w http.ResponseWriter, r *http.Request) {
	line := d.state
	for {
		if err := json.NewEncoder(w).Encode(line); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		line = &source.Snapshot{Protocol: line.Protocol, Time: line.Time, Version: line.Version, Host: line.Host}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

func (d *daemon) page(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
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
	select {
	case d.done <- struct{}{}:
	default:
	}
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": fixture.RunID})
}
