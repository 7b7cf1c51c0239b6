package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// TestCaller: whatever the shell is like that calls the installer, the installation is the same.
func TestCaller(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		before := s.snapshot()
		dir := "/root/my healthagent-" + first.version
		s.run("cp", "-a", "/root/healthagent-"+first.version, dir)
		for name, script := range map[string]string{
			"CDPATH":               "cd /root; CDPATH=.:/ sh 'my healthagent-1.0.0/install.sh'",
			"TMPDIR":               "TMPDIR=/nowhere sh ./install.sh",
			"a narrow umask":       "umask 777; sh ./install.sh",
			"a wide umask":         "umask 000; sh ./install.sh",
			"a short PATH":         "PATH=/usr/bin:/bin sh ./install.sh",
			"another language":     "LC_ALL=de_DE.UTF-8 LANGUAGE=de sh ./install.sh",
			"another database":     "PGHOSTADDR=127.0.0.1 PGREQUIREAUTH=scram-sha-256 PGPORT=1 sh ./install.sh",
			"a field separator":    "IFS=/; export IFS; sh ./install.sh",
			"a full /tmp":          "mount -t tmpfs -o size=16k none /tmp; head -c 99999 /dev/zero >/tmp/all 2>/dev/null || true; sh ./install.sh; umount /tmp",
			"a /tmp not to run in": "mount -t tmpfs -o noexec none /tmp; sh ./install.sh; umount /tmp",
		} {
			said := s.run("sh", "-euc", "cd '"+dir+"'; "+script)
			if !strings.Contains(said, "; 0 changes") {
				t.Errorf("%s:\n%s", name, said)
			}
		}
		if said := s.run("sh", dir+"/install.sh", "--dry-run"); !strings.Contains(said, "0 changes would be made") {
			t.Errorf("a dry run:\n%s", said)
		}
		s.unpack(well)
		s.sh("systemctl stop healthagent.service 'postgresql@*-healthagent.service'")
		said := s.run("sh", "/root/healthagent-"+well.version+"/install.sh", "--dry-run")
		if !strings.Contains(said, "PostgreSQL does not run") || strings.TrimSpace(s.sh("systemctl is-active 'postgresql@*-healthagent.service' || true")) == "active" {
			t.Errorf("a dry run of an upgrade without the database:\n%s", said)
		}
		for _, change := range before.Changes(s.snapshot(), volatile()...) {
			t.Errorf("it changed %s", change)
		}
	})
}

// TestHints: the last line names the script as it can be called again, whatever its name is, and no file that is not there; a secret that
// lies open is told of, and a relative file of it is found.
func TestHints(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.unpack(first)
		s.sh("cp /root/healthagent-1.0.0/install.sh /srv/set-up; install -m 644 /root/token /srv/token")
		for script, undo := range map[string]string{
			"cd /srv; TELEGRAM_TOKEN_FILE=token sh ./set-up": "Undo: /srv/set-up --uninstall",
			"cd /; cat /srv/set-up | sh -s --":               "Undo: install.sh --uninstall",
		} {
			said, code := s.try(machine.Act{Args: []string{"sh", "-euc", script + " --binary /root/healthagent-1.0.0/healthagent"}})
			if code != 0 || !strings.Contains(said, undo) {
				t.Errorf("%s: %d, and %q is not said:\n%s", script, code, undo, said)
			}
			if strings.Contains(script, "=token") && !strings.Contains(said, "token can be read by every user") || strings.Contains(said, token) {
				t.Errorf("%s: of the open token:\n%s", script, said)
			}
		}
	})
}

// TestNobodyListens: who reads what the installer says goes away in the middle, as with an ssh without a terminal whose line breaks; it
// goes on to its end.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.unpack(well)
		for _, shell := range []string{"sh", "bash"} {
			s.run("env", "--default-signal=PIPE", "sh", "-c", // which a unit ignores
				"{ "+shell+" /root/healthagent-"+well.version+"/install.sh 2>&1; echo $? >/root/code; } | head -n 1")
			if code := strings.TrimSpace(s.run("cat", "/root/code")); code != "0" {
				t.Errorf("%s: it ended with %s:\n%s", shell, code, s.run("tail", "-n", "20", "/var/log/healthagent-install.log"))
			}
		}
		s.serves(well)
		s.doctor()
	})
}

// TestEnvironment: what was in the installer's environment is in force, to the letter, for the service and for root's verbs; what was
// not is named in the env file.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		const hook = `{ echo "it's $HEALTHAGENT_BACKUP_REASON" '\x' 100% ` + "`id -un`" + `; } >hooked`
		call := installer(first)
		call.Env = append(call.Env, "HEALTHAGENT_ADMINS=1, 900", "HEALTHAGENT_BACKUP_HOOK="+hook)
		s.unpack(first)
		if said, code := s.try(call); code != 0 {
			t.Fatalf("%d\n%s", code, said)
		}
		s.serves(first)
		s.doctor()
		if left := s.run("cat", "/var/backups/healthagent/hooked"); !strings.HasPrefix(left, "it's ") || !strings.HasSuffix(left, ` \x 100% healthagent`+"\n") {
			t.Errorf("the hook left %q", left)
		}
		if shown := s.run("healthagent", "config", "show"); !strings.Contains(shown, "1,900 ") {
			t.Errorf("the administrators are others:\n%s", shown)
		}
		file := s.run("cat", "/etc/healthagent/healthagent.env")
		if named := "\n#HEALTHAGENT_REINDEX_WINDOW='Sun 03:00-05:00'\n"; !strings.Contains(file, named) {
			t.Errorf("%q is not in the env file:\n%s", named, file)
		}
		if again, code := s.try(call); code != 0 || !strings.Contains(again, "; 0 changes") || strings.Contains(again, "install.sh: warning") {
			t.Errorf("once more: %d\n%s", code, again)
		}
	})
}
