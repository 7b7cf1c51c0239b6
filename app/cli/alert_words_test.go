package cli

import "testing"

func TestHowAUnitHasFailedInWords(t *testing.T) {
	t.Parallel()
	const unit = "healthagent.service"
	for _, c := range []struct{ result, status, text string }{
		{"", "", unit + " has failed. It stays down"},
		{"exit-code", "1", unit + " has failed: exit code 1. It stays down"},
		{"exit-code", "69", unit + " has failed: what it needs was away (exit code 69). It stays down"},
		{"signal", "9", unit + " has failed: it was killed by signal 9. It stays down"},
		{"signal", "KILL", unit + " has failed: it was killed by signal KILL. It stays down"},
		{"watchdog", "", unit + " has failed: it did not answer any more. It stays down"},
		{"start-limit-hit", "", unit + " has failed: it failed again and again. It stays down"},
		{"of the future", "", unit + " has failed. It stays down"},
	} {
		if text := failed(unit, unitState{"Result": c.result, "ExecMainStatus": c.status}); text != c.text {
			t.Errorf("%+v: %q", c, text)
		}
	}
	if text := failed("healthagent-backup.service", unitState{"Result": "oom-kill"}); text != "healthagent-backup.service has failed: it used too much memory" {
		t.Errorf("said %q", text)
	}
}

func TestAUnitThatHasNotFailedIsATrial(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		active, result string
		want           unitKind
	}{
		{"", "", unitDown},
		{"failed", "exit-code", unitDown},
		{"failed", "", unitDown},
		{"inactive", "exit-code", unitDown},
		{"inactive", "success", unitWell},
		{"active", "success", unitWell},
		{"activating", "success", unitWell},
		{"activating", "signal", unitAgain},
		{"active", "watchdog", unitAgain},
	} {
		if got := (unitState{"ActiveState": c.active, "Result": c.result}).kind(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// What systemd told the alert when it was started is old when Telegram was away meanwhile and it is started again.
func TestWhatWasToldAtFirstIsAskedAgain(t *testing.T) {
	t.Parallel()
	const unit = "healthagent-nowhere.service"
	told := &terminal{environ: []string{"MONITOR_UNIT=" + unit, "MONITOR_SERVICE_RESULT=exit-code", "MONITOR_EXIT_STATUS=1"}}
	if got := told.unitState(t.Context(), unit, true)["Result"]; got != "exit-code" {
		t.Errorf("at first it is %q", got)
	}
	if got := told.unitState(t.Context(), unit, false)["Result"]; got != "" {
		t.Errorf("later it is %q", got)
	}
}
