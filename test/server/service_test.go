package server

import (
	"strings"

	"healthagent/app/rehearsal/botapi"
)

// serves checks that the service runs, as that release, and answers.
func (s *server) serves(r release) {
	s.t.Helper()
	if state := strings.TrimSpace(s.sh("systemctl is-active healthagent.service || true")); state != "active" {
		s.t.Errorf("the service is %s", state)
	}
	if said := s.run("healthagent", "version"); !strings.HasPrefix(said, "healthagent "+r.version+" ") {
		s.t.Errorf("installed is %q, not %s", said, r.version)
	}
	if running := s.sh(`readlink "/proc/$(systemctl show -P MainPID healthagent.service)/exe"`); !strings.Contains(running, "/"+r.version+"/") {
		s.t.Errorf("%q runs, not %s", running, r.version)
	}
	sent := len(s.tg.Sent(admin))
	s.tg.Say(admin, "/help")
	s.wait("the administrator is answered", func(*botapi.Transcript) bool { return len(s.tg.Sent(admin)) > sent })
}

// setting is a setting in the env file, "" when it is not there.
func (s *server) setting(name string) string {
	s.t.Helper()
	return strings.TrimSpace(s.sh(`sed -n "s/^` + name + `=//p" /etc/healthagent/healthagent.env`))
}

// doctor is what healthagent doctor says as root; it must find no fault.
func (s *server) doctor() string {
	s.t.Helper()
	return s.run("healthagent", "doctor", "--wait", "2m")
}
