package server

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"healthagent/test/server/machine"
)

// patience turns a hang into a failure and measures nothing.
const patience = 6 * time.Minute

// server is a booted server with the eyes of a test. Its methods fail the test instead of returning errors; they are for the test's
// own goroutine.
type server struct {
	*machine.Machine
	t     *testing.T
	ctx   context.Context
	host  *machine.Host
	suite machine.Suite
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
					verdict = "skipped"
				}
				fmt.Printf("%-40s %6.1f s  %s\n", strings.TrimPrefix(t.Name(), "Test"), time.Since(begin).Seconds(), verdict)
			}()
			run(t, host, suite)
		})
	}
}

// boot starts a server on a layer.
func boot(t *testing.T, h *machine.Host, suite machine.Suite, layer machine.Layer) *server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	m, err := h.Boot(ctx, layer)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Machine: m, t: t, ctx: ctx, host: h, suite: suite}
	t.Cleanup(func() {
		if err := m.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// run runs a command as root; it must succeed. It returns what that said on standard output.
func (s *server) run(args ...string) string {
	s.t.Helper()
	r, err := s.Run(s.ctx, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Out
}
