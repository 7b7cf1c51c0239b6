package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// TestUninstall: the programs go and the data stays, and the next installation finds it.
func TestUninstall(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		c := newCrowd(s, 5)
		c.say(25)
		c.answered()
		settings := s.run("cat", "/etc/healthagent/healthagent.env")
		s.unpack(first)
		said, code := s.try(machine.Act{Args: []string{"sh", "/root/healthagent-1.0.0/install.sh", "--uninstall"}})
		if code != 0 {
			t.Fatalf("%d\n%s", code, said)
		}
		t.Logf("it said:\n%s", said)
		for _, gone := range []string{"/usr/local/bin/healthagent", "/usr/local/lib/healthagent/releases", "/etc/systemd/system/healthagent.service"} {
			if _, code := s.try(machine.Act{Args: []string{"test", "!", "-e", gone}}); code != 0 {
				t.Errorf("%s is still there", gone)
			}
		}
		if left := s.sh("pgrep -fa healthagent || true"); strings.Contains(left, "serve") {
			t.Errorf("still running: %s", left)
		}
		c.say(30)
		s.install(first)
		if now := s.run("cat", "/etc/healthagent/healthagent.env"); now != settings {
			t.Errorf("the settings are not as they were:\n%s", difference(settings, now))
		}
		c.answered()
		c.kept()
		s.serves(first)
		s.doctor()
	})
}

// TestPurge: of an installation that was used, nothing is left but the packages and a last dump.
func TestPurge(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := boot(t, h, suite, h.Packages(suite))
		before := s.snapshot()
		users := s.run("sh", "-c", "getent passwd; getent group")
		s.install(first)
		c := newCrowd(s, 5)
		c.say(25)
		c.answered()
		s.doctor()
		s.refusesPurge()
		s.run("su", "-s", "/bin/sh", "-c", "true", "healthagent") // leaves a manager of that user for ten seconds
		t.Logf("it said:\n%s", s.purge())
		var dumps []string
		for _, change := range before.Changes(s.snapshot(), changing()...) {
			if strings.HasPrefix(change, "+ /var/backups/healthagent-last-") && strings.Contains(change, " (f 600 root:root") {
				dumps = append(dumps, change)
				continue
			}
			t.Errorf("after the purge: %s", change)
		}
		if !strings.Contains(strings.Join(dumps, "\n"), ".dump") {
			t.Errorf("the last dump is not there: %v", dumps)
		}
		if now := s.run("sh", "-c", "getent passwd; getent group"); now != users {
			t.Errorf("users and groups:\n%s", difference(users, now))
		}
		if left := s.sh("ps -eo args | grep -i 'healthagent\\|postgres\\|redis' | grep -v grep || true"); left != "" {
			t.Errorf("still running: %s", left)
		}
		if left := s.sh("systemctl list-units --all --no-legend --plain '*healthagent*'; systemctl list-unit-files --no-legend '*healthagent*' || true"); left != "" {
			t.Errorf("units: %s", left)
		}
		s.install(first)
		s.serves(first)
	})
}

// changing are the places that change on a server by themselves, and ours.
func changing() []string {
	return []string{
		"/var/log/journal", "/root", "/var/lib/systemd/random-seed", "/var/tmp", "/var/lib/private", "/var/cache/private", "/var/log/private",
		"/etc/.pwd.lock", "/var/log/lastlog", "/var/log/wtmp", "/var/log/btmp", "/var/log/faillog",
		"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", // what passwd's own programs keep of the time before
	}
}

// hostname is the name of every server here.
const hostname = "healthagent-test"

// purge removes everything, as one who types the host's name.
func (s *server) purge() string {
	s.t.Helper()
	s.unpack(first)
	call := installer(first)
	call.Args = []string{"sh", "/root/healthagent-1.0.0/install.sh", "--purge"}
	call.Stdin = hostname + "\n"
	said, code := s.try(call)
	if code != 0 {
		s.t.Fatalf("%d\n%s", code, said)
	}
	return said
}

// refusesPurge: who types another name purges nothing.
func (s *server) refusesPurge() {
	s.t.Helper()
	s.unpack(first)
	call := installer(first)
	call.Args = []string{"sh", "/root/healthagent-1.0.0/install.sh", "--purge"}
	call.Stdin = "another-host\n"
	if said, code := s.try(call); code == 0 {
		s.t.Fatalf("it purged though the name was wrong:\n%s", said)
	}
	s.serves(first)
}
