package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// TestBackup: what the timer does makes a dump and proves that it can be restored; a restore puts things back as they were, and can
// itself be taken back.
func TestBackup(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		if next := s.run("systemctl", "list-timers", "--all", "--no-legend", "healthagent-backup.timer"); !strings.Contains(next, "healthagent-backup.service") {
			t.Errorf("no timer: %q", next)
		}
		c := newCrowd(s, 5)
		c.say(25)
		c.answered()
		c.kept()
		s.run("systemctl", "start", "healthagent-backup.service")
		files := s.run("ls", "-l", "/var/backups/healthagent")
		if !strings.Contains(files, ".dump") {
			t.Errorf("no dump in %s", files)
		}
		t.Logf("%s\n%s", files, s.run("healthagent", "backup", "list"))
		s.run("healthagent", "backup", "verify")
		count := "SELECT count(*) FROM conversation_history"
		then := s.sql(count)
		c.say(35)
		c.answered()
		now := s.sql(count)
		if said, code := s.try(machine.Act{Args: []string{"healthagent", "restore", "--yes"}}); code == 0 {
			t.Errorf("it restored under a running service:\n%s", said)
		}
		s.run("systemctl", "stop", "healthagent.service")
		t.Logf("the plan:\n%s", s.run("healthagent", "restore", "--dry-run"))
		s.run("healthagent", "restore", "--yes")
		if rows := s.sql(count); rows != then {
			t.Errorf("%s messages were restored of %s", rows, then)
		}
		s.run("systemctl", "start", "healthagent.service")
		s.serves(first)
		s.doctor()
		s.run("systemctl", "stop", "healthagent.service")
		s.run("healthagent", "restore", "--undo", "--yes")
		if rows := s.sql(count); rows != now {
			t.Errorf("%s messages are back of %s", rows, now)
		}
		s.run("systemctl", "start", "healthagent.service")
		c.say(40)
		c.answered()
		c.kept()
		s.serves(first)
	})
}

// TestBackupPlace: the dumps may go to another place, whatever its name is like; the timer's service can write there.
func TestBackupPlace(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		const place = "/srv/my 100% dumps"
		s.sh("echo \"HEALTHAGENT_BACKUP_DIR='" + place + "'\" >>/etc/healthagent/healthagent.env")
		s.install(first)
		s.run("systemctl", "start", "healthagent-backup.service")
		if files := s.run("ls", place); !strings.Contains(files, ".dump") {
			t.Errorf("no dump in %s: %s", place, files)
		}
		s.doctor()
	})
}
