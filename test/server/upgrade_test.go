package server

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/server/machine"
)

// TestUpgrade: a newer release is installed while people talk; nothing is lost, and of the old releases three are kept.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		c := newCrowd(s, 5)
		c.say(25)
		t.Logf("it said:\n%s", s.install(well))
		c.say(50)
		c.answered()
		c.kept()
		s.serves(well)
		s.doctor()
		s.install(grown)
		s.serves(grown)
		if has := s.sql("SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'motto'"); has != "1" {
			t.Error("the migration is not applied")
		}
		s.install(latest)
		s.serves(latest)
		if kept := strings.Fields(s.run("ls", "/usr/local/lib/healthagent/releases")); fmt.Sprint(kept) != "[1.1.0 1.5.0 1.9.0]" {
			t.Errorf("kept are %v", kept)
		}
		said := s.install(latest)
		if !strings.Contains(said, "0 changes") {
			t.Errorf("once more:\n%s", said)
		}
	})
}

// TestRiskyUpgrade: a release with a migration that could not be taken back is not installed unless that is wanted.
func TestRiskyUpgrade(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		before, schema, pids := s.snapshot(), s.schema(), s.pids()
		said, code := s.tryInstall(risky)
		if code == 0 || !strings.Contains(said, "018") || !strings.Contains(said, "--yes") || !strings.Contains(said, "/var/backups/healthagent") {
			t.Errorf("%d\n%s", code, said)
		}
		for _, change := range before.Changes(s.snapshot(), volatile()...) {
			t.Errorf("it was refused, and changed %s", change)
		}
		if s.schema() != schema || s.pids() != pids {
			t.Error("it was refused, and the schema or a server is another")
		}
		said = s.install(risky, "--yes")
		if !strings.Contains(said, "/var/backups/healthagent/") {
			t.Errorf("the dump is not named:\n%s", said)
		}
		s.serves(risky)
		s.doctor()
	})
}

// TestUpgradeWithoutMigrations: where somebody else applies the migrations, a release that has one is not installed before it is applied,
// and what to paste is said.
func TestUpgradeWithoutMigrations(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.run("sh", "-c", "echo HEALTHAGENT_MIGRATE=off >>/etc/healthagent/healthagent.env; systemctl restart healthagent.service")
		s.install(well)
		s.serves(well)
		before, schema, pids := s.snapshot(), s.schema(), s.pids()
		said, code := s.tryInstall(grown)
		paste := "/root/healthagent-" + grown.version + "/healthagent migrate up"
		if code == 0 || !strings.Contains(said, "018_motto") || !strings.Contains(said, "HEALTHAGENT_MIGRATE is off") || !strings.Contains(said, paste) {
			t.Errorf("%d\n%s", code, said)
		}
		for _, change := range before.Changes(s.snapshot(), volatile()...) {
			t.Errorf("it was refused, and changed %s", change)
		}
		if s.schema() != schema || s.pids() != pids {
			t.Error("it was refused, and the schema or a server is another")
		}
		s.serves(well)
		s.sh(paste)
		s.install(grown)
		s.serves(grown)
		s.doctor()
	})
}

// TestFailedUpgrade: whatever is wrong with the next release, the server is back on the one before, with its schema, and the reason
// is on the screen.
func TestFailedUpgrade(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		s := installed(t, h, suite)
		c := newCrowd(s, 5)
		schema, ledger := s.schema(), s.run("healthagent", "migrate", "status")
		for _, trial := range []struct {
			name    string
			release release
			reason  string // a word of the reason
			short   bool
		}{
			{"exits", dying, "this release has a fault", false},
			{"is never ready", mute, "timeout", false},
			{"fails to migrate", broken, "018_breaks.sql:3", true},
			{"cannot build an index", doubled, "018_one_per_role.sql:2", false},
			{"exits after it made an index", indexDying, "this release has a fault", true},
		} {
			if testing.Short() && !trial.short {
				continue
			}
			c.say(c.total + 10)
			if trial.release.version == mute.version { // who is patient for a minute and a half?
				s.dropIn("TimeoutStartSec=12s")
			}
			said, code := s.tryInstall(trial.release)
			s.dropIn("")
			t.Logf("the next one %s: %d\n%s", trial.name, code, said)
			if code == 0 {
				t.Errorf("the next one %s, and the installer ended with 0", trial.name)
			}
			if !strings.Contains(strings.ToLower(said), trial.reason) {
				t.Errorf("the next one %s: %q is not said", trial.name, trial.reason)
			}
			s.serves(first)
			if now := s.schema(); now != schema {
				t.Errorf("the next one %s, and the schema is another:\n%s", trial.name, difference(schema, now))
			}
			if now := s.run("healthagent", "migrate", "status"); now != ledger {
				t.Errorf("the next one %s, and the ledger is another:\n%s", trial.name, difference(ledger, now))
			}
			s.doctor()
			c.answered()
		}
		if !testing.Short() {
			s.staysGrown()
		}
		c.say(c.total + 10)
		c.answered()
		c.kept()
		s.install(well)
		s.serves(well)
		s.doctor()
		s.wait("nobody else is waiting", func(tr *botapi.Transcript) bool { return tr.Stats().Unconfirmed == 0 })
	})
}

// dropIn overrules a line of the service's unit; an empty one lets it be as it was.
func (s *server) dropIn(line string) {
	s.t.Helper()
	const path = "/etc/systemd/system/healthagent.service.d/zz-test.conf"
	if line == "" {
		s.run("rm", "-f", path)
	} else {
		s.put(path, "[Service]\n"+line+"\n", 0o644)
	}
	s.run("systemctl", "daemon-reload")
}

// staysGrown: what a failed release has added to the schema does no harm, and stays.
func (s *server) staysGrown() {
	s.t.Helper()
	said, code := s.tryInstall(grownDying)
	if code == 0 {
		s.t.Errorf("the next one added to the schema and exited, and the installer ended with 0:\n%s", said)
	}
	s.serves(first)
	if schema := s.schema(); !strings.Contains(schema, "motto") {
		s.t.Error("the column is gone, and with it what was in it")
	}
}

// never lists what pg_dump writes differently each time.
var never = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

// schema is the schema as pg_dump writes it.
func (s *server) schema() string {
	s.t.Helper()
	return never.ReplaceAllString(s.must(as("healthagent", "pg_dump", "-s", "-d", s.setting("DATABASE_URL"))), "")
}

// difference are the lines that only one of two texts has.
func difference(a, b string) string {
	var out []string
	only := func(mark, x, y string) {
		for line := range strings.Lines(x) {
			if !strings.Contains(y, line) {
				out = append(out, mark+line)
			}
		}
	}
	only("- ", a, b)
	only("+ ", b, a)
	return strings.Join(out, "")
}

// step finds the number of the step that the installer has begun, and of how many.
var step = regexp.MustCompile(`\[(\d+)/(\d+)\]`)
