package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnsupportedSystem: where the installer refuses to begin, in a container too, it says why in a sentence, and what to report.
func TestUnsupportedSystem(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the installer wants root before it looks at the system")
	}
	about := filepath.Join(t.TempDir(), "os-release")
	if err := os.WriteFile(about, []byte("ID=alpine\nVERSION_ID=3.20.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "../../install.sh", "--dry-run")
	command.Env = append(os.Environ(), "HEALTHAGENT_INSTALL_OS_RELEASE="+about)
	out, err := command.CombinedOutput()
	said := string(out)
	for _, part := range []string{"install.sh: this system is not supported: ", "os-release: alpine 3.20.0 ", "reason:     ", "Nothing was changed."} {
		if !strings.Contains(said, part) {
			t.Errorf("no %q", part)
		}
	}
	if err == nil || strings.Contains(said, "not set") {
		t.Errorf("%v\n%s", err, said)
	}
}
