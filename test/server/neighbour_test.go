package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// neighbours puts two PostgreSQL clusters with databases and a Redis with a password on the server, and an OS user of our name.
const neighbours = `
version=$(ls /usr/lib/postgresql)
pg_createcluster "$version" main --start >/dev/null
pg_createcluster "$version" shop -p 5555 --start >/dev/null
for port in 5432 5555; do
	runuser -u postgres -- psql -Xq -p "$port" -c "CREATE ROLE healthagent LOGIN" -c "CREATE DATABASE healthagent" -c "CREATE DATABASE orders"
	runuser -u postgres -- psql -Xq -p "$port" -d orders -c "CREATE TABLE bought (what text)" -c "INSERT INTO bought VALUES ('bread')"
done
sed -i 's/^# *requirepass .*/requirepass theirs/' /etc/redis/redis.conf
systemctl enable --quiet --now redis-server.service
REDISCLI_AUTH=theirs redis-cli set bought bread >/dev/null
`

// theirs is everything of theirs that could be told from before: processes, files of configuration, roles, databases, contents.
const theirs = `
version=$(ls /usr/lib/postgresql)
systemctl show -P MainPID "postgresql@$version-main" "postgresql@$version-shop" redis-server
find /etc/postgresql/"$version"/main /etc/postgresql/"$version"/shop /etc/redis /etc/default/redis* -type f -exec sha256sum {} + | sort -k2
find /etc/postgresql/"$version"/main /etc/postgresql/"$version"/shop /etc/redis -printf '%p %y %m %u:%g\n' | sort
for port in 5432 5555; do
	runuser -u postgres -- psql -XAt -p "$port" -c "SELECT rolname, rolcreatedb FROM pg_roles ORDER BY 1" -c "SELECT datname FROM pg_database ORDER BY 1" \
		-c "SELECT name, setting FROM pg_settings WHERE source NOT IN ('default', 'client', 'session') ORDER BY 1"
	runuser -u postgres -- psql -XAt -p "$port" -d orders -c "TABLE bought" -c "SELECT extname FROM pg_extension"
done
REDISCLI_AUTH=theirs redis-cli get bought
REDISCLI_AUTH=theirs redis-cli config get requirepass
REDISCLI_AUTH=theirs redis-cli dbsize
`

// TestNeighbours: what is on the server already is not touched, by the installation, by a second one, by a purge.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.sh(neighbours)
		before := s.sh(theirs)
		untouched := func(when string) {
			t.Helper()
			if now := s.sh(theirs); now != before {
				t.Errorf("after %s the neighbours are not as they were:\n%s", when, difference(before, now))
			}
		}
		s.install(first)
		untouched("the installation")
		s.serves(first)
		s.doctor()
		if url := s.setting("DATABASE_URL"); strings.Contains(url, "5432") || strings.Contains(url, "5555") {
			t.Errorf("it uses a neighbour's cluster: %s", url)
		}
		if said := s.install(first); !strings.Contains(said, "0 changes") {
			t.Errorf("once more:\n%s", said)
		}
		untouched("another installation")
		c := newCrowd(s, 3)
		c.say(9)
		c.answered()
		s.purge()
		untouched("a purge")
	})
}

// TestUserExists: an OS user of our name is there already, somebody's own. It is not taken over silently.
func TestUserExists(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.sh("useradd --create-home --shell /bin/bash --comment 'Heather Agent' healthagent && echo mine >/home/healthagent/file")
		before := s.run("getent", "passwd", "healthagent")
		said, code := s.tryInstall(first)
		t.Logf("%d: %s", code, said)
		if now := s.run("getent", "passwd", "healthagent"); now != before {
			t.Errorf("the user is %q, was %q", now, before)
		}
		if mine := s.run("cat", "/home/healthagent/file"); mine != "mine\n" {
			t.Errorf("their file is %q", mine)
		}
		if code == 0 {
			s.serves(first)
			s.doctor()
			s.purge()
			if now := s.run("getent", "passwd", "healthagent"); now != before {
				t.Errorf("after a purge the user is %q, was %q", now, before)
			}
			s.run("test", "-e", "/home/healthagent/file")
		} else if !strings.Contains(said, "user") {
			t.Error("the user is not named")
		}
	})
}
