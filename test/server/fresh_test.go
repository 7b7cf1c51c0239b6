package server

import (
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/server/machine"
)

// TestFresh: on a server with nothing but Debian's minimal set, whose packages come by apt, one command ends with a service that
// answers; the same command once more changes nothing. Both dash and bash run it.
func TestFresh(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := boot(t, h, suite, h.Pristine(suite))
		s.online()
		said := s.install(first)
		t.Logf("it said:\n%s", said)
		s.serves(first)
		s.doctor()
		for _, word := range []string{"healthagent tui", "--uninstall"} {
			if !strings.Contains(said, word) {
				t.Errorf("the summary does not name %q", word)
			}
		}
		before, pids := s.snapshot(), s.pids()
		for _, shell := range []string{"sh", "bash"} {
			again := installer(first)
			again.Args[0] = shell
			said, code := s.try(again)
			if code != 0 || !strings.Contains(said, "0 changes") {
				t.Errorf("%s, once more: %d\n%s", shell, code, said)
			}
			if shell == "sh" && !strings.Contains(s.run("readlink", "-f", "/bin/sh"), "dash") {
				t.Error("sh is not dash here")
			}
		}
		for _, change := range before.Changes(s.snapshot(), volatile()...) {
			t.Errorf("once more, and it changed %s", change)
		}
		if now := s.pids(); now != pids {
			t.Errorf("once more, and it restarted: %s, before %s", now, pids)
		}
	})
}

// TestWithoutNetwork: what cannot be had is said, and once it can the same command goes on.
func TestWithoutNetwork(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Pristine(suite))
		said, code := s.tryInstall(first)
		if code == 0 || !strings.Contains(said, "apt") {
			t.Errorf("%d\n%s", code, said)
		}
		s.online()
		s.install(first, "--binary", "/root/healthagent-"+first.version+"/healthagent")
		s.serves(first)
		s.doctor()
	})
}

// TestBusyApt: another package manager is at work, and is waited for.
func TestBusyApt(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Pristine(suite))
		s.online()
		s.run("systemd-run", "--quiet", "--unit=busy-apt", "--service-type=notify", "-p", "NotifyAccess=all", "perl", "-e", holdApt)
		s.install(first)
		if left := strings.TrimSpace(s.sh("systemctl is-active busy-apt.service || true")); left == "active" {
			t.Error("it did not wait for the other one")
		}
		s.serves(first)
	})
}

// holdApt holds all of apt's locks for twenty seconds.
const holdApt = `use Fcntl;
my @held;
for my $path ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock") {
	open(my $file, ">>", $path) or die "$path: $!";
	my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
	fcntl($file, F_SETLK, $lock) or die "$path: $!";
	push @held, $file;
}
system("systemd-notify", "--ready");
sleep 20;`

// TestReboot: all is up again by itself, in the right order.
func TestReboot(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		c := newCrowd(s, 5)
		c.say(20)
		c.answered()
		c.say(30)
		s.reboot()
		c.answered()
		c.kept()
		s.serves(first)
		s.doctor()
		if failed := s.run("systemctl", "--failed", "--no-legend", "--plain"); failed != "" {
			t.Errorf("failed since the boot: %s", failed)
		}
	})
}

// TestHardKill: the server is killed again and again while people talk. What Telegram saw confirmed it will not tell again: it must
// be in the history, and be answered.
func TestHardKill(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := installed(t, h, suite)
		const people, kills = 20, 3
		c := newCrowd(s, people)
		for kill := range kills {
			enough := s.tg.Stats().Sent + 60 + 35*kill
			s.wait("they are in the middle of it", func(tr *botapi.Transcript) bool {
				if done := tr.Stats().Confirmed; done+2*people > c.total {
					c.say(done + 2*people) // they go on talking ahead of the bot
				}
				return tr.Stats().Sent >= enough
			})
			confirmed := s.tg.Stats().Confirmed
			s.killHard()
			t.Logf("killed after %d updates were confirmed of %d", confirmed, c.total)
		}
		again := c.answered()
		c.kept()
		t.Logf("%d messages, %d kills, %d answers came twice", c.total, kills, again)
		s.serves(first)
		s.doctor()
	})
}

// online gives the server a way out.
func (s *server) online() {
	s.t.Helper()
	if err := s.Network(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

// longer skips a scenario when only those are wanted that every change has to pass.
func longer(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("not in the short set")
	}
}

// pids are the main processes of everything that was installed.
func (s *server) pids() string {
	s.t.Helper()
	return s.sh(`systemctl show -P MainPID healthagent.service redis-server@healthagent.service "postgresql@*-healthagent.service" | tr '\n' ' '`)
}

// volatile are the places that change on a server by themselves, and what every run of a test leaves.
func volatile() []string {
	return []string{
		"/var/log/journal", "/var/log/healthagent-install.log", "/var/log/postgresql", "/var/log/redis", "/root",
		"/var/lib/postgresql", "/var/lib/systemd", "/var/lib/healthagent", "/var/tmp", "/var/lib/private",
	}
}
