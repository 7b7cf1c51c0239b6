package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// second starts a daemon beside the stage's own: same bot, same database, a state directory of its own.
func (w *world) second() *stage.Daemon {
	w.t.Helper()
	return w.start("HEALTHAGENT_STATE_DIR=" + filepath.Join(w.State(), "second"))
}

// TestTwoDaemonsOneBot: one works, the other waits and says who works, and takes over when that one dies.
func TestTwoDaemonsOneBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	first, other := w.Daemon, w.second()
	w.untilReady(other, 503, "leader", "another process holds the bot's lock (backend ")
	c.round()
	c.answered()
	if n := w.tg.Stats().Conflicts; n != 0 {
		t.Errorf("both polled: %d conflicts", n)
	}
	c.round()
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	c.round()
	c.answered()
	w.untilReady(other, 200, "leader", "this process works for the bot")

	w.serve() // the first comes back and waits in turn
	w.untilReady(w.Daemon, 503, "leader", "another process holds the bot's lock")
	c.round()
	if err := other.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	c.round()
	c.answered()
	c.check()
}

// TestTwoDaemonsOneSocket: the second one goes, with a sentence.
func TestTwoDaemonsOneSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	if code := w.code(w.start()); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if said := w.log(10); !strings.Contains(said, "another daemon is running on that socket") { // the first goes on writing into the same log
		t.Errorf("it said %q", said)
	}
	w.untilReady(w.Daemon, 200, "leader", "this process works")
}

// stopTime is what a stop may take, 10 seconds, and room for a machine that is busy with other tests.
const stopTime = 30 * time.Second

// stopInTime stops the daemon, which must end with 0.
func (w *world) stopInTime() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, stopTime)
	defer cancel()
	begin := time.Now()
	if err := w.Daemon.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	w.t.Logf("stopped after %s", time.Since(begin).Round(time.Millisecond))
}

// TestStoppedWhileBusy: a stop is clean, prompt and loses nothing, also while Telegram hangs.
func TestStoppedWhileBusy(t *testing.T) {
	t.Parallel()
	for name, ill := range map[string]*botapi.Fault{
		"well":          nil,
		"hanging":       {Mode: botapi.Hang, Methods: []string{"sendMessage"}},
		"refusing":      {Mode: botapi.Page, Methods: []string{"sendMessage"}},
		"away entirely": {Mode: botapi.DropBefore},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := newCrowd(w, 20)
			w.serve()
			c.round()
			c.answered()
			before := w.tg.Stats()
			if ill != nil {
				w.tg.Fault(*ill)
			}
			for range 10 {
				c.round()
			}
			w.wait("it is busy", func(tr *botapi.Transcript) bool {
				return tr.Stats().Sent > before.Sent+3 || tr.Stats().Faults > before.Faults
			})
			w.stopInTime()
			c.round()
			w.tg.ClearFaults()
			w.serve()
			c.answered()
			if again := c.check(); again > 0 && name == "well" {
				t.Errorf("%d replies came twice though the stop was clean", again)
			}
		})
	}
}

// TestStoppedWithoutPostgres: the stop is as clean and prompt while the database is away.
func TestStoppedWithoutPostgres(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	cluster.Stop()
	c.round()
	w.untilReady(w.Daemon, 503, "postgresql", "does not answer")
	w.stopInTime()
	cluster.Start()
	w.serve()
	c.answered()
	c.check()
}

// realBinary builds healthagent as it is delivered, with what main itself does. It has the race detector when the tests have it.
func realBinary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "healthagent-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program := filepath.Join(dir, "healthagent")
	args := []string{"build", "-buildvcs=false", "-o", program}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				args = append(args, "-race")
			}
		}
	}
	command := exec.Command("go", append(args, "healthagent")...)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestSecondSignal: who does not want to wait for the drain says it twice.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), Executable: realBinary(t)})
	c := newCrowd(w, few)
	w.serve()
	w.tg.Fault(botapi.Fault{Mode: botapi.Hang, Methods: []string{"sendMessage"}})
	c.round()
	w.wait("sending hangs", func(tr *botapi.Transcript) bool { return tr.Stats().Faults > 0 })
	if err := w.Daemon.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.until("it has heard the first signal", func() bool {
		var s struct{ Telegram struct{ Polling bool } }
		_, err := w.Daemon.Ask(w.ctx, "/v1/snapshot", &s)
		return err == nil && !s.Telegram.Polling
	})
	if err := w.Daemon.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := w.code(w.Daemon); code != 1 {
		t.Errorf("exit code %d", code)
	}
	w.tg.ClearFaults()
	w.serve()
	c.answered()
	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	c.check()
}

// TestBadSettings: every problem at once, and the exit code of configuration.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, trial := range map[string]struct{ settings, says []string }{
		"no token":     {[]string{"TELEGRAM_TOKEN="}, []string{"TELEGRAM_TOKEN"}},
		"not a token":  {[]string{"TELEGRAM_TOKEN=hunter2hunter2"}, []string{"TELEGRAM_TOKEN"}},
		"long socket":  {[]string{"HEALTHAGENT_ADMIN_SOCKET=/tmp/" + strings.Repeat("s", 110)}, []string{"HEALTHAGENT_ADMIN_SOCKET"}},
		"several":      {[]string{"HEALTHAGENT_POOL_MAX=many", "HEALTHAGENT_SLOW_QUERY=slow", "HEALTHAGENT_ACCESS=maybe", "HEALTHAGENT_ADMINS=me"}, []string{"HEALTHAGENT_POOL_MAX", "HEALTHAGENT_SLOW_QUERY", "HEALTHAGENT_ACCESS", "HEALTHAGENT_ADMINS"}},
		"bad database": {[]string{"DATABASE_URL=mysql://root:hunter2hunter2@localhost/x"}, []string{"DATABASE_URL"}},
	} {
		before := len(w.log(1 << 20))
		d := w.start(trial.settings...)
		if code := w.code(d); code != 78 {
			t.Errorf("%s: exit code %d", name, code)
		}
		said := w.log(1 << 20)[before:]
		for _, word := range trial.says {
			if !strings.Contains(said, word) {
				t.Errorf("%s: nothing about %s in %q", name, word, said)
			}
		}
		if strings.Contains(said, "hunter2") {
			t.Errorf("%s: a secret in %q", name, said)
		}
	}
}

// TestRevokedToken: polling stops, the process stays and says what to do.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	w.tg.Fault(botapi.Fault{Mode: botapi.Refuse, Status: 401, Description: "Unauthorized"})
	c.round()
	w.untilReady(w.Daemon, 200, "telegram", "Telegram refuses the token")
	polls := w.tg.Stats().Faults
	c.round()
	w.untilReady(w.Daemon, 200, "telegram", "restart")
	if n := w.tg.Stats().Faults - polls; n > 3 {
		t.Errorf("asked %d times more", n)
	}
	w.stillRunning(w.Daemon)
	w.tg.ClearFaults()
	if err := w.Daemon.Stop(w.ctx); err != nil { // the right token is in place now
		t.Error(err)
	}
	w.serve()
	c.answered()
	c.check()
}
