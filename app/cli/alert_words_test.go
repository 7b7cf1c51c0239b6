package cli

import "testing"

func TestHowAUnitHasFailedInWords(t *testing.T) {
	t.Parallel()
	const unit = "healthagent.service"
	for _, c := range []struct {
		result, status, active string
		code, text             string
	}{
		{"", "", "", unit + " down", unit + " has failed"},
		{"exit-code", "1", "failed", unit + " down", unit + " has failed: exit code 1. It stays down"},
		{"exit-code", "69", "failed", unit + " down", unit + " has failed: what it needs was away (exit code 69). It stays down"},
		{"signal", "9", "activating", unit + " again", unit + " has failed: it was killed by signal 9. It is started again"},
		{"signal", "KILL", "active", unit + " again", unit + " has failed: it was killed by signal KILL. It is started again"},
		{"watchdog", "", "activating", unit + " again", unit + " has failed: it did not answer any more. It is started again"},
		{"start-limit-hit", "", "failed", unit + " down", unit + " has failed: it failed again and again. It stays down"},
		{"of the future", "", "failed", unit + " down", unit + " has failed. It stays down"},
	} {
		code, text := failed(unit, map[string]string{"Result": c.result, "ExecMainStatus": c.status, "ActiveState": c.active})
		if code != c.code || text != c.text {
			t.Errorf("%+v: %q, %q", c, code, text)
		}
	}
	if _, text := failed("healthagent-backup.service", map[string]string{"ActiveState": "failed", "Result": "oom-kill"}); text != "healthagent-backup.service has failed: it used too much memory" {
		t.Errorf("said %q", text)
	}
}
