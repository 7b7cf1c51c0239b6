package server

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/server/machine"
)

// TestUnit: the units are sound, hardened as promised, and the same as those in the binary.
func TestUnit(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := installed(t, h, suite)
		out := s.run("systemd-analyze", "security", "--no-pager", "healthagent.service", "healthagent-backup.service", "healthagent-alert@x.service")
		found := regexp.MustCompile(`Overall exposure level for (\S+): ([0-9.]+)`).FindAllStringSubmatch(out, -1)
		if len(found) == 0 {
			found = regexp.MustCompile(`(?m)^(\S+)\s+([0-9.]+) `).FindAllStringSubmatch(out, -1)
		}
		if len(found) != 3 {
			t.Fatalf("no exposure in %s", out)
		}
		for _, one := range found {
			t.Logf("exposure of %s: %s", one[1], one[2])
			if level, err := strconv.ParseFloat(one[2], 64); err != nil || level > 1.2 {
				t.Errorf("%s has an exposure of %s", one[1], one[2])
			}
		}
		said, code := s.try(machine.Act{Args: []string{"sh", "-c", "systemd-analyze verify /etc/systemd/system/healthagent*.service /etc/systemd/system/healthagent*.timer"}})
		if code != 0 || strings.Contains(said, "healthagent") {
			t.Errorf("systemd-analyze verify: %d %s", code, said)
		}
		s.sh("mkdir /root/units && healthagent units --write /root/units")
		files := strings.Fields(s.sh("cd /root/units && find . -type f"))
		for _, name := range files {
			if said, code := s.try(machine.Act{Args: []string{"cmp", "/root/units/" + name, "/etc/" + name}}); code != 0 {
				t.Errorf("%s is not installed as it is in the binary: %s", name, said)
			}
		}
		if len(files) < 6 {
			t.Errorf("the binary holds only %v", files)
		}
	})
}

// TestWatchdog: a service that hangs is killed and started anew, and what people said meanwhile is answered; the administrator hears
// of it.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.dropIn("WatchdogSec=10s")
		s.run("systemctl", "restart", "healthagent.service")
		s.serves(first)
		pid := strings.TrimSpace(s.run("systemctl", "show", "-P", "MainPID", "healthagent.service"))
		c := newCrowd(s, 2)
		s.run("kill", "-STOP", pid)
		c.say(4)
		c.answered()
		c.kept()
		if now := strings.TrimSpace(s.run("systemctl", "show", "-P", "MainPID", "healthagent.service")); now == pid {
			t.Error("it is the same process")
		}
		s.serves(first)
		s.wait("the administrator hears of it", func(*botapi.Transcript) bool { return s.told("healthagent.service") == 1 })
	})
}

// TestWrongSettings: a service whose settings are wrong stops at once and is not started again and again; the administrator hears of
// it once.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.sh("echo HEALTHAGENT_POOL_MAX=many >>/etc/healthagent/healthagent.env")
		if _, code := s.try(machine.Act{Args: []string{"systemctl", "restart", "healthagent.service"}}); code == 0 {
			t.Error("it started with a wrong setting")
		}
		s.wait("the administrator hears of it", func(*botapi.Transcript) bool { return s.told("healthagent.service") > 0 })
		state := s.run("systemctl", "show", "-p", "ActiveState,ExecMainStatus,NRestarts", "healthagent.service")
		for _, want := range []string{"ActiveState=failed", "ExecMainStatus=78", "NRestarts=0"} {
			if !strings.Contains(state, want) {
				t.Errorf("%s is not in %s", want, state)
			}
		}
		if n := s.told("healthagent.service"); n != 1 {
			t.Errorf("the administrator was told %d times", n)
		}
		said, code := s.try(machine.Act{Args: []string{"healthagent", "doctor"}})
		if code != 1 || !strings.Contains(said, "HEALTHAGENT_POOL_MAX") {
			t.Errorf("the doctor: %d\n%s", code, said)
		}
		s.sh("sed -i /HEALTHAGENT_POOL_MAX/d /etc/healthagent/healthagent.env && systemctl reset-failed healthagent.service && systemctl start healthagent.service")
		s.serves(first)
	})
}

// told is how often the administrator was told of something.
func (s *server) told(of string) int {
	n := 0
	for _, m := range s.tg.Sent(admin) {
		if strings.Contains(m.Text, of) {
			n++
		}
	}
	return n
}
