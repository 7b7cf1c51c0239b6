package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"healthagent/test/server/machine"
)

// patience turns a hang into a failure and measures nothing.
const patience = 20 * time.Minute

// server is a booted server with the eyes of a test. Its methods fail the test instead of returning errors; they are for the test's
// own goroutine.
type server struct {
	*machine.Machine
	t     *testing.T
	ctx   context.Context
	host  *machine.Host
	suite machine.Suite
	tg    *telegram
}

// scenario runs a test on every suite that was asked for, and says how long it took.
func scenario(t *testing.T, run func(t *testing.T, h *machine.Host, suite machine.Suite)) {
	t.Helper()
	if os.Getenv(switchEnv) == "" {
		t.Skip("it boots servers: make test-server runs it")
	}
	host, err := attach()
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := suites()
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range chosen {
		t.Run(string(suite), func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			defer func() {
				verdict := "ok"
				switch {
				case t.Failed():
					verdict = "FAILED"
				case t.Skipped():
					return
				}
				fmt.Printf("%-40s %6.1f s  %s\n", strings.TrimPrefix(t.Name(), "Test"), time.Since(begin).Seconds(), verdict)
			}()
			run(t, host, suite)
		})
	}
}

// boot starts a server on a layer, with Telegram in its network and no other way out.
func boot(t *testing.T, h *machine.Host, suite machine.Suite, layer machine.Layer) *server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	m, err := h.New(layer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Remove(); err != nil {
			t.Error(err)
		}
	})
	s := &server{Machine: m, t: t, ctx: ctx, host: h, suite: suite, tg: newTelegram()}
	t.Cleanup(s.tg.close)
	s.tg.open(m)
	if err := m.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.lastWords)
	return s
}

// lastWords logs what happened on the server when the test has failed.
func (s *server) lastWords() {
	if !s.t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, _ := s.Run(ctx, "sh", "-c", "journalctl --no-pager -o short-monotonic | grep -v 'run-u[0-9]*.service' | tail -n 60; systemctl --failed --no-pager --no-legend")
	s.t.Logf("the end of the journal:\n%s", r.Out)
}

// run runs a command as root; it must succeed. It returns what that said on standard output.
func (s *server) run(args ...string) string {
	s.t.Helper()
	return s.must(machine.Act{Args: args})
}

// sh runs a script as root; it must succeed.
func (s *server) sh(script string) string {
	s.t.Helper()
	return s.run("sh", "-euc", script)
}

// as is a command as another user.
func as(user string, args ...string) machine.Act { return machine.Act{Args: args, User: user} }

// try runs a command and returns all it said, and its code.
func (s *server) try(a machine.Act) (said string, code int) {
	s.t.Helper()
	r, err := s.Do(s.ctx, a)
	if failed := (*machine.Failed)(nil); err != nil && !errors.As(err, &failed) {
		s.t.Fatal(err)
	}
	return r.Both(), r.Code
}

// must runs a command, which must succeed, and returns what it said on standard output.
func (s *server) must(a machine.Act) string {
	s.t.Helper()
	r, err := s.Do(s.ctx, a)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Out
}

// put writes a file of root.
func (s *server) put(path, content string, mode int) {
	s.t.Helper()
	if err := s.Put(s.ctx, path, content, mode); err != nil {
		s.t.Fatal(err)
	}
}
