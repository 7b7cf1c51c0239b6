package server

import (
	"context"
	"errors"
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
		if tried := s.run("healthagent", "backup", "list"); !strings.Contains(tried, "  well") {
			t.Errorf("no dump was made and tried: %s", tried)
		}
		s.serves(first)
		s.doctor()
		s.unpack(well)
		s.interrupt(well)
		s.serves(well)
		s.doctor()
		if left := s.sh("ls -d /tmp/healthagent* /var/tmp/healthagent* /root/healthagent-install* 2>/dev/null || true"); left != "" {
			t.Errorf("left by those that were killed: %s", left)
		}
	})
}

// TestInterruptedApt: the installer is killed while packages are half installed, with apt and dpkg.
func TestInterruptedApt(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Pristine(suite))
		s.online()
		s.unpack(first)
		s.run("systemd-run", "--quiet", "--unit=killer", "sh", "-c", `until grep -q '^Status: .* unpacked$' /var/lib/dpkg/status; do sleep 0.02; done
			systemctl kill --kill-whom=all --signal=KILL installer.service`)
		call := installer(first)
		call.Unit = "installer"
		said, code := s.try(call)
		if code == 0 || strings.Contains(said, "[5/") {
			t.Fatalf("it was not killed in the middle: %d\n%s", code, said)
		}
		half := s.sh(`grep -c '^Status: .* \(unpacked\|half-configured\|half-installed\)$' /var/lib/dpkg/status || true`)
		t.Logf("%s packages were half installed", strings.TrimSpace(half))
		s.install(first)
		s.serves(first)
		s.doctor()
		if half := s.sh("dpkg --audit; ls -A /usr/sbin/policy-rc.d /etc/postgresql-common/createcluster.d 2>/dev/null || true"); half != "" {
			t.Errorf("half installed, or left behind: %s", half)
		}
		if clusters := s.run("pg_lsclusters", "-h"); strings.Count(clusters, "\n") != 1 || !strings.Contains(clusters, " healthagent ") {
			t.Errorf("the clusters are:\n%s", clusters)
		}
		if state := strings.TrimSpace(s.sh("systemctl is-enabled redis-server.service || true; systemctl is-active redis-server.service || true")); state != "disabled\ninactive" {
			t.Errorf("Debian's own Redis is %q", state)
		}
	})
}

// TestTwoAtOnce: of two installers one waits for the other, and finds nothing left to do.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.unpack(first)
		var said [2]string
		var errs [2]error
		var both sync.WaitGroup
		for i := range said {
			both.Go(func() {
				var r machine.Result
				r, errs[i] = s.Do(s.ctx, installer(first))
				said[i] = r.Both()
			})
		}
		both.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(said[0], "; 0 changes") == strings.Contains(said[1], "; 0 changes") {
			t.Errorf("one of them shall have nothing to do:\n%s\n%s", said[0], said[1])
		}
		s.serves(first)
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
