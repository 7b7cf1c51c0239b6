package rig

import (
	"context"
	"syscall"
	"testing"

	"healthagent/store/local"
)

// Server is a throw-away PostgreSQL or Redis that belongs to one test. Its
// methods fail the test instead of returning errors; they must be called from
// the test's own goroutine.
type Server struct {
	t      testing.TB
	url    string
	server server
	frozen int // process id of the server while it is frozen
}

// server is what both kinds of private server can do.
type server interface {
	PID() int
	Ensure(ctx context.Context) error
	Stop(ctx context.Context) error
	Close(ctx context.Context) error
}

var (
	_ server = (*local.Postgres)(nil)
	_ server = (*local.Redis)(nil)
)

// Cluster starts a PostgreSQL of t's own, with an empty database healthagent.
// The server and its files are gone when the test ends.
func Cluster(t testing.TB) *Server {
	t.Helper()
	pg, err := start(t, local.StartPostgres, local.Options{BinDir: PostgresBin(), Settings: map[string]string{"autovacuum_naptime": seldom}})
	if err != nil {
		t.Fatal(err)
	}
	return newServer(t, pg.URL(), pg)
}

// RedisServer starts a Redis of t's own.
func RedisServer(t testing.TB) *Server {
	t.Helper()
	r, err := start(t, local.StartRedis, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newServer(t, r.URL(), r)
}

func newServer(t testing.TB, url string, srv server) *Server {
	s := &Server{t: t, url: url, server: srv}
	t.Cleanup(func() {
		s.Thaw() // a frozen server would not hear the stop
		finish(t, srv.Close)
	})
	return s
}

func start[S any](t testing.TB, open func(context.Context, local.Options) (S, error), o local.Options) (S, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tmp, err := local.NewTemp(ctx, "healthagent-rig")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(t, tmp.Remove) })
	o.Dir, o.Fast = tmp.Path, true
	return open(ctx, o)
}

// URL stays the same whatever happens to the server.
func (s *Server) URL() string { return s.url }

// PID is the process id of the server, 0 when it is down.
func (s *Server) PID() int { return s.server.PID() }

// Migrate applies all embedded migrations to the cluster's database.
func (s *Server) Migrate() {
	s.t.Helper()
	s.act(func(ctx context.Context) error { return apply(ctx, s.url) })
}

// Start brings the server up again and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.act(s.server.Ensure)
}

// Stop shuts the server down, ending its sessions, and returns when it is gone.
func (s *Server) Stop() {
	s.t.Helper()
	s.act(s.server.Stop)
}

// Kill ends the server and all its processes without a chance to clean up, as
// a power cut would, and returns when they are gone.
func (s *Server) Kill() {
	s.t.Helper()
	pid := s.server.PID()
	if pid == 0 {
		s.t.Fatal("the server is not running")
	}
	all, err := signalAll(pid, syscall.SIGKILL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.act(func(ctx context.Context) error { return gone(ctx, all) })
	s.act(s.server.Stop) // only waits
}

// Freeze stops every process of the server in its tracks: connections stay
// open, and nothing answers until Thaw.
func (s *Server) Freeze() {
	s.t.Helper()
	// Remembered, because a frozen server does not tell its number any more.
	if s.frozen = s.server.PID(); s.frozen == 0 {
		s.t.Fatal("the server is not running")
	}
	if _, err := signalAll(s.frozen, syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Thaw lets a frozen server go on; it does nothing to any other.
func (s *Server) Thaw() {
	s.t.Helper()
	if s.frozen == 0 {
		return
	}
	if _, err := signalAll(s.frozen, syscall.SIGCONT); err != nil {
		s.t.Error(err)
	}
	s.frozen = 0
}

func (s *Server) act(f func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := f(ctx); err != nil {
		s.t.Fatal(err)
	}
}
