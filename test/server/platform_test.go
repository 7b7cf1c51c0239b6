package server

import (
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// TestPlatforms: what os-release says decides whether the installer begins at all. Ubuntu can be told from here no further than that.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.unpack(first)
		before := s.snapshot()
		for name, platform := range map[string]struct {
			release string
			taken   bool
		}{
			"Ubuntu 24.04": {"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\n", true},
			"Debian 10":    {"ID=debian\nVERSION_ID=\"10\"\nVERSION_CODENAME=buster\nPRETTY_NAME=\"Debian GNU/Linux 10 (buster)\"\n", false},
			"Alpine":       {"ID=alpine\nVERSION_ID=3.20.0\nPRETTY_NAME=\"Alpine Linux v3.20\"\n", false},
			"Ubuntu 20.04": {"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"20.04\"\nPRETTY_NAME=\"Ubuntu 20.04 LTS\"\n", false},
			"Fedora":       {"ID=fedora\nVERSION_ID=41\nPRETTY_NAME=\"Fedora Linux 41\"\n", false},
			"nothing":      {"", false},
		} {
			s.put("/root/os-release", platform.release, 0o644)
			call := installer(first)
			if platform.taken {
				call = installer(first, "--dry-run")
			}
			call.Env = append(call.Env, "HEALTHAGENT_INSTALL_OS_RELEASE=/root/os-release")
			said, code := s.try(call)
			if (code == 0) != platform.taken {
				t.Errorf("%s: %d\n%s", name, code, said)
			}
			if !platform.taken && !strings.Contains(said, "is not supported") {
				t.Errorf("%s: it is not said why not:\n%s", name, said)
			}
		}
		for _, change := range before.Changes(s.snapshot(), changing()...) {
			if !strings.Contains(change, "healthagent-install.log") {
				t.Errorf("it was refused, and changed %s", change)
			}
		}
	})
}
