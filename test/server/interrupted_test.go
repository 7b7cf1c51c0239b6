package server

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"healthagent/test/server/machine"
)

// TestInterrupted: the installer is killed at each of its steps in turn, with all that it has started; the same command goes on from
// there, on a fresh server and in an upgrade.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.unpack(first)
		s.interrupt(first)
		s.serves(first)
		s.doctor()
		s.unpack(well)
		s.interrupt(well)
		s.serves(well)
		s.doctor()
	})
}

// interrupt kills the installer at step 1, then at step 2, and so on, until one is let through.
func (s *server) interrupt(r release) {
	s.t.Helper()
	for n := 1; ; n++ {
		said, killed, code := s.killAt(r, n)
		if !killed {
			if code != 0 {
				s.t.Fatalf("after %d kills it ended with %d:\n%s", n-1, code, said)
			}
			s.t.Logf("%d kills; at last it said:\n%s", n-1, said)
			if n < 5 {
				s.t.Errorf("it was killed only %d times", n-1)
			}
			return
		}
		if n > 30 {
			s.t.Fatalf("it has more steps than it says:\n%s", said)
		}
	}
}

// killAt runs the installer and kills it at the beginning of a step. It may end before that.
func (s *server) killAt(r release, n int) (said string, killed bool, code int) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var once sync.Once
	unit := "installer-" + strings.ReplaceAll(r.version, ".", "-") + "-" + strconv.Itoa(n)
	watch := watcher(func(text string) {
		for _, found := range step.FindAllStringSubmatch(text, -1) {
			if at, err := strconv.Atoi(found[1]); err == nil && at >= n {
				once.Do(func() {
					killed = true
					if _, err := s.Run(ctx, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", unit+".service"); err != nil {
						s.t.Error(err)
					}
				})
			}
		}
	})
	call := installer(r)
	call.Unit, call.Out = unit, watch
	said, code = s.try(call)
	return said, killed, code
}

// watcher is called with everything that is written.
type watcher func(text string)

func (w watcher) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
