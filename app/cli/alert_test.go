package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"healthagent/app/rehearsal/botapi"
)

// alarmed prepares a simulated Telegram with these administrators and the environment of an alert.
func alarmed(t *testing.T, admins string, more ...string) (*botapi.Server, []string) {
	t.Helper()
	tg := botapi.New(botapi.Config{Token: "4242:a-secret-of-the-bot"})
	t.Cleanup(tg.Close)
	url, err := tg.Start("")
	if err != nil {
		t.Fatal(err)
	}
	tg.Say(70001, "hello")
	tg.Say(70002, "hello")
	return tg, append([]string{
		"TELEGRAM_TOKEN=4242:a-secret-of-the-bot", "TELEGRAM_API_URL=" + url, "HEALTHAGENT_ADMINS=" + admins, "HEALTHAGENT_STATE_DIR=" + t.TempDir(),
	}, more...)
}

func TestAlertTellsEachAdministratorOnce(t *testing.T) {
	t.Parallel()
	tg, environ := alarmed(t, "70001,70002", "MONITOR_UNIT=healthagent-test.service", "MONITOR_SERVICE_RESULT=exit-code", "MONITOR_EXIT_STATUS=78",
		"HEALTHAGENT_POOL_MIN=nonsense") // the very mistake that the unit fails of
	_, errs := output(t, 0, environ, "alert", "healthagent-test.service")
	if !strings.Contains(errs, "2 of 2 administrators") {
		t.Errorf("said %q", errs)
	}
	if _, errs = output(t, 0, environ, "alert", "healthagent-test.service"); !strings.Contains(errs, "within the last hour") {
		t.Errorf("the second time it said %q", errs)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := "healthagent on " + host + "\n\n🔴 healthagent-test.service has failed: its settings are wrong (exit code 78)\n→ journalctl -u healthagent-test.service"
	for _, admin := range []int64{70001, 70002} {
		if sent := tg.Sent(admin); len(sent) != 1 || sent[0].Text != want {
			t.Errorf("%d got %+v", admin, sent)
		}
	}
}

func TestAlertThatReachesNobody(t *testing.T) {
	t.Parallel()
	tg, environ := alarmed(t, "70001")
	tg.Block(70001)
	_, errs := output(t, 1, environ, "alert", "healthagent.service") // not 69, which is tried again
	if !strings.Contains(errs, "could not be told") || strings.Contains(errs, "secret") || strings.Contains(errs, "70001") {
		t.Errorf("said %q", errs)
	}
	tg.Unblock(70001)
	output(t, 0, environ, "alert", "healthagent.service") // what was not told is not held back
	if sent := tg.Sent(70001); len(sent) != 1 {
		t.Errorf("sent %+v", sent)
	}
}

// TestAlertIsClosedToOtherProcessesOfItsUser: the hook of a backup may run meanwhile, and the alert has the token.
func TestAlertIsClosedToOtherProcessesOfItsUser(t *testing.T) {
	t.Parallel()
	var asked, open atomic.Int64
	telegram := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if is, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || is != 0 {
			open.Add(1)
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"ok":false,"error_code":403,"description":"Forbidden"}`))
	}))
	defer telegram.Close()
	environ := []string{"TELEGRAM_TOKEN=4242:a-secret-of-the-bot", "TELEGRAM_API_URL=" + telegram.URL, "HEALTHAGENT_ADMINS=70001", "HEALTHAGENT_STATE_DIR=" + t.TempDir()}
	output(t, 1, environ, "alert", "healthagent.service")
	if asked.Load() == 0 || open.Load() != 0 {
		t.Errorf("asked %d times, and open at %d of them", asked.Load(), open.Load())
	}
}

func TestAlertWithoutAdministrators(t *testing.T) {
	t.Parallel()
	_, environ := alarmed(t, "")
	if _, errs := output(t, 0, environ, "alert", "healthagent.service"); !strings.Contains(errs, "HEALTHAGENT_ADMINS") {
		t.Errorf("said %q", errs)
	}
	output(t, 2, environ, "alert", "a unit")
	output(t, 2, environ, "alert")
	_, environ = alarmed(t, "70001", "TELEGRAM_TOKEN=")
	output(t, 78, append([]string{"TELEGRAM_TOKEN=nonsense"}, environ[1:]...), "alert", "healthagent.service")
	output(t, 78, environ[1:], "alert", "healthagent.service")
}
