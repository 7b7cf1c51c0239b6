package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// managed puts a PostgreSQL and a Redis on the server as somebody else runs them: behind passwords, over TCP.
const managed = `
version=$(ls /usr/lib/postgresql)
pg_createcluster --locale C.UTF-8 "$version" theirs -p 5433 --start >/dev/null
runuser -u postgres -- psql -Xq -p 5433 <<END
CREATE ROLE coach LOGIN CREATEDB PASSWORD 'hunter2pg';
GRANT pg_monitor, pg_signal_backend TO coach;
CREATE DATABASE coach OWNER coach;
END
sed -i 's/^# *requirepass .*/requirepass hunter2redis/' /etc/redis/redis.conf
systemctl enable --quiet --now redis-server.service
umask 077
echo 'postgres://coach:hunter2pg@127.0.0.1:5433/coach' >/root/database-url
echo 'redis://:hunter2redis@127.0.0.1:6379/0' >/root/redis-url
`

// TestManaged: with servers that others run, none are made here, and their passwords are as well kept as the token.
func TestManaged(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.put("/root/managed.sh", managed, 0o700)
		s.run("sh", "-eu", "/root/managed.sh")
		options := []string{"--database-url-file", "/root/database-url", "--redis-url-file", "/root/redis-url"}
		s.unpack(first)
		said, code := s.try(installer(first, options...))
		t.Logf("it said:\n%s", said)
		if code != 0 {
			t.Errorf("it ended with %d", code)
		}
		s.serves(first)
		if clusters := s.run("pg_lsclusters", "-h"); strings.Count(clusters, "\n") != 1 {
			t.Errorf("the clusters are:\n%s", clusters)
		}
		if made := s.sh("ls /run/redis-healthagent /etc/systemd/system/redis-server@healthagent.service.d 2>/dev/null || true"); made != "" {
			t.Errorf("a Redis was made: %s", made)
		}
		said, code = s.try(installer(first))
		if code != 0 || !strings.Contains(said, "; 0 changes") {
			t.Errorf("once more: %d\n%s", code, said)
		}
		c := newCrowd(s, 3)
		c.say(9)
		c.answered()
		s.put("/root/dbsize.sh", "REDISCLI_AUTH=hunter2redis redis-cli dbsize", 0o700)
		if keys := strings.TrimSpace(s.run("sh", "/root/dbsize.sh")); keys == "0" {
			t.Error("nothing is cached in the Redis that was given")
		}
		for place, script := range map[string]string{
			"the journal": "journalctl --no-pager -o export", "the state of the service": "systemctl show healthagent.service healthagent-backup.service",
			"the settings": "cat /etc/healthagent/healthagent.env; healthagent config show", "the log": "cat /var/log/healthagent-install.log",
			"a process": `cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\0' '\n'`,
		} {
			for line := range strings.Lines(s.sh(script)) {
				if strings.Contains(line, "hunter2") {
					t.Errorf("a password can be seen in %s: %s", place, line)
				}
			}
		}
		purge := machine.Act{Args: []string{"sh", "/root/healthagent-" + first.version + "/install.sh", "--purge"}, Stdin: hostname + "\n"}
		said, code = s.try(purge)
		if code != 0 || !strings.Contains(said, "No last dump of it is made") || !strings.Contains(said, "but for the managed database") {
			t.Errorf("of the purge: %d\n%s", code, said)
		}
		if said := s.run("runuser", "-u", "postgres", "--", "psql", "-XAtqp", "5433", "-d", "coach", "-c", "SELECT count(*) FROM conversation_history"); said == "0\n" {
			t.Error("the managed database was emptied")
		}
	})
}
