package server

import (
	"encoding/json"
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

const socket = "/run/healthagent/admin.sock"

// TestRights: a stranger is refused at the socket and at the database, a member of healthagent may look, one of healthagent-admin may
// act too; and nobody else can read what is secret.
func TestRights(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		s.sh(`for name in stranger viewer anna; do useradd --create-home "$name"; done
			usermod -aG healthagent viewer
			usermod -aG healthagent,healthagent-admin anna`)
		s.stranger()
		s.viewer()
		s.operator()
		t.Logf("of the group:\n%s%s", s.must(as("viewer", "healthagent", "stats", "pool")), s.must(as("viewer", "healthagent", "migrate", "status")))
		for path, want := range map[string]string{
			"/etc/healthagent": "755 root:root", "/etc/healthagent/healthagent.env": "600 root:root",
			"/etc/healthagent/credentials": "700 root:root", "/etc/healthagent/credentials/telegram-token": "600 root:root",
			"/var/lib/healthagent": "700 healthagent:healthagent", "/var/backups/healthagent": "700 healthagent:healthagent",
			"/run/healthagent": "750 healthagent:healthagent", socket: "660 healthagent:healthagent",
		} {
			if got := strings.TrimSpace(s.run("stat", "-c", "%a %U:%G", path)); got != want {
				t.Errorf("%s is %s, not %s", path, got, want)
			}
		}
	})
}

// ask asks the daemon over its socket and returns the status and the answer.
func (s *server) ask(user, method, path, body string) (status, answer string) {
	s.t.Helper()
	call := as(user, "curl", "-sS", "--unix-socket", socket, "-X", method, "-w", "\n%{http_code}", "http://healthagent"+path)
	if body != "" {
		call.Args = append(call.Args, "-d", body)
	}
	said, _ := s.try(call)
	said = strings.TrimSpace(said)
	cut := strings.LastIndex(said, "\n")
	return said[cut+1:], said[:max(cut, 0)]
}

func (s *server) stranger() {
	s.t.Helper()
	if status, answer := s.ask("stranger", "GET", "/livez", ""); !strings.Contains(status+answer, "000") {
		s.t.Errorf("a stranger came through the socket: %s %s", status, answer)
	}
	if said, code := s.try(as("stranger", "psql", "-X", "-d", s.setting("DATABASE_URL"), "-c", "SELECT 1")); code == 0 || !strings.Contains(said, "Peer authentication failed") {
		s.t.Errorf("a stranger at PostgreSQL: %d %s", code, said)
	}
	if said, code := s.try(as("stranger", "redis-cli", "-s", "/run/redis-healthagent/redis.sock", "ping")); code == 0 && strings.Contains(said, "PONG") {
		s.t.Errorf("a stranger at Redis: %s", said)
	}
	if said, code := s.try(as("stranger", "healthagent", "stats", "pool")); code == 0 || strings.Contains(said, "active (") {
		s.t.Errorf("a stranger sees figures: %d %s", code, said)
	}
	if said, code := s.try(as("stranger", "healthagent", "config", "show")); strings.Contains(said, token) || strings.Contains(said, telegramAddr) {
		s.t.Errorf("a stranger sees settings: %d %s", code, said)
	}
}

const reindex = "/v1/indexes/idx_reminders_next_execution/reindex"

func (s *server) viewer() {
	s.t.Helper()
	for _, path := range []string{"/livez", "/readyz", "/v1/snapshot", "/api/v1/metrics", "/v1/indexes"} {
		if status, answer := s.ask("viewer", "GET", path, ""); status != "200" {
			s.t.Errorf("one of the group asks for %s: %s %s", path, status, answer)
		}
	}
	var preview struct{ Token, Refused string }
	status, answer := s.ask("viewer", "GET", reindex, "")
	if err := json.Unmarshal([]byte(answer), &preview); err != nil || status != "200" || preview.Token != "" || preview.Refused == "" {
		s.t.Errorf("one of the group looks at an act: %s %s", status, answer)
	}
	if status, answer := s.ask("viewer", "POST", reindex, `{"token": "guessed"}`); status != "403" {
		s.t.Errorf("one of the group acts: %s %s", status, answer)
	}
}

func (s *server) operator() {
	s.t.Helper()
	var preview struct{ Token, Refused string }
	status, answer := s.ask("anna", "GET", reindex, "")
	if err := json.Unmarshal([]byte(answer), &preview); err != nil || preview.Token == "" {
		s.t.Fatalf("an operator looks at an act: %s %s", status, answer)
	}
	body, err := json.Marshal(map[string]string{"token": preview.Token})
	if err != nil {
		s.t.Fatal(err)
	}
	if status, answer := s.ask("anna", "POST", reindex, string(body)); status != "202" {
		s.t.Errorf("an operator acts: %s %s", status, answer)
	}
	if who := s.sql("SELECT actor FROM audit_log ORDER BY id DESC LIMIT 1"); !strings.Contains(who, "(anna)") {
		s.t.Errorf("the audit log names %q", who)
	}
}

// TestSecrets: the token is nowhere but where it is kept.
func TestSecrets(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		said := s.install(first)
		s.serves(first)
		s.doctor()
		s.run("systemctl", "restart", "healthagent.service")
		s.install(well)
		s.tryInstall(dying)
		s.serves(well)
		secret := token[strings.Index(token, ":")+1:]
		if strings.Contains(said, secret) {
			t.Error("the installer says it")
		}
		if out := s.sh("journalctl --no-pager -o export; systemctl status --no-pager healthagent.service; systemctl show healthagent.service; ps -eo args"); strings.Contains(out, secret) {
			t.Error("it is in the journal, in the state of the service or in ps")
		}
		if out := s.run("healthagent", "config", "show"); strings.Contains(out, secret) {
			t.Error("config show shows it")
		}
		// every file of the disk and of what is mounted for us, by content
		s.put("/root/token", token+"\n"+secret+"\n", 0o600)
		out := s.sh("tail -n 1 /root/token >/root/secret; grep -rlsF --devices=skip --exclude-dir=proc --exclude-dir=sys -f /root/secret / || true")
		for path := range strings.Lines(out) {
			switch path = strings.TrimSpace(path); {
			case path == "/root/token", path == "/root/secret", path == "/etc/healthagent/credentials/telegram-token", strings.HasPrefix(path, "/run/credentials/"):
			default:
				t.Errorf("it is in %s", path)
			}
		}
		if n := strings.Count(out, "\n"); n < 4 {
			t.Errorf("it was found in %d places only, so the search is not to be trusted: %s", n, out)
		}
		for path := range strings.Lines(s.sh("find /etc/healthagent/healthagent.env /etc/healthagent/credentials /var/lib/healthagent /var/backups/healthagent /var/log/healthagent-install.log /var/lib/postgresql -ignore_readdir_race -perm /007 -type f")) {
			t.Errorf("others can read or write %s", strings.TrimSpace(path))
		}
		s.hookFindsNone(secret)
		environments := s.sh(`cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\0' '\n'`)
		if strings.Contains(environments, secret) {
			t.Error("it is in the environment or in the arguments of a process")
		}
	})
}

// hookFindsNone has the hook look for the token wherever its user may.
func (s *server) hookFindsNone(secret string) {
	s.t.Helper()
	s.put("/usr/local/bin/look", "#!/bin/sh\ncat /run/credentials/*/* /proc/[0-9]*/root/run/credentials/*/* /proc/[0-9]*/environ /etc/healthagent/credentials/* >seen 2>/dev/null\nid -un >>seen\n", 0o755)
	s.sh("echo HEALTHAGENT_BACKUP_HOOK=/usr/local/bin/look >>/etc/healthagent/healthagent.env; systemctl start healthagent-backup.service")
	seen := s.run("cat", "/var/backups/healthagent/seen")
	if strings.Contains(seen, secret) {
		s.t.Error("the hook finds it")
	}
	if !strings.HasSuffix(seen, "healthagent\n") || !strings.Contains(seen, "HEALTHAGENT_BACKUP_FILE=") {
		s.t.Errorf("the hook did not look: %q", seen)
	}
}
