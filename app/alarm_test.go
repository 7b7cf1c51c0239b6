package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

// adminID is the administrator of these tests.
const adminID = 7

// alarmed is a house with an administrator and a clock that the test turns.
func alarmed(t *testing.T, url string) (*house, *clock) {
	t.Helper()
	h, c := newHouse(t, "DATABASE_URL="+url, "HEALTHAGENT_ADMINS=7"), &clock{now: time.Now()}
	h.options.Now, h.options.AlarmEvery = c.Now, 10*time.Millisecond
	h.tg.Say(adminID, "hello")
	return h, c
}

// alarms are the alarms that the administrator has got.
func (h *house) alarms() []string {
	var texts []string
	for _, m := range h.tg.Sent(adminID) {
		if strings.HasPrefix(m.Text, "healthagent on ") {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// turnUntil turns the clock on, a minute at a time, until there are n alarms.
func (h *house) turnUntil(c *clock, n int) []string {
	h.t.Helper()
	over := time.After(patience)
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		if texts := h.alarms(); len(texts) >= n {
			return texts
		}
		select {
		case <-tick.C:
			c.set(c.Now().Add(time.Minute))
		case <-over:
			h.t.Fatalf("there are no %d alarms: %q\n%s", n, h.alarms(), h.log)
		}
	}
}

// toldRed is when the administrators were told for the last time that PostgreSQL is away, by the clock that the alarm saw: that of the
// test may be minutes ahead. It waits while that is when they were told before.
func (h *house) toldRed(before time.Time) time.Time {
	h.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); wait(h.t.Context(), 10*time.Millisecond) {
		raw, err := os.ReadFile(h.options.Config.StateDir + "/alarm.json")
		if errors.Is(err, fs.ErrNotExist) { // it is written after the message was sent
			continue
		}
		if err != nil {
			h.t.Fatal(err)
		}
		var told struct {
			Codes map[string]struct{ At time.Time }
		}
		if err := json.Unmarshal(raw, &told); err != nil {
			h.t.Fatal(err)
		}
		if at := told.Codes[postgresPart].At; !at.Equal(before) {
			return at
		}
	}
	h.t.Fatal("nobody was told")
	return before
}

// awaitReady waits until no component fails.
func (h *house) awaitReady() {
	h.t.Helper()
	over := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if code, _ := h.get("/readyz"); code == 200 {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			h.t.Fatalf("it does not become ready\n%s", h.log)
		}
	}
}

// TestAdministratorsAreToldOfAnOutage takes PostgreSQL away and brings it back: one message each, and none again from a new process.
func TestAdministratorsAreToldOfAnOutage(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	h, c := alarmed(t, server.URL())
	h.start()
	h.manager.await(t, "READY=1")
	h.awaitReady()

	server.Stop()
	red := h.turnUntil(c, 1)
	if !strings.Contains(red[0], "\n\n🔴 PostgreSQL: PostgreSQL does not answer: ") || strings.Count(red[0], "🔴") != 1 {
		t.Errorf("told %q", red[0])
	}
	first := h.toldRed(time.Time{})
	h.interruptedOnce()

	server.Start()
	h.awaitReady()
	h.log.await(t, `msg="this process works for the bot" after=`)
	all := h.turnUntil(c, 2)
	if !strings.Contains(all[1], "\n\n🟢 PostgreSQL: well again after ") || strings.Count(all[1], "🟢") != 1 {
		t.Errorf("told %q", all[1])
	}

	// again within the hour: the next process waits for the database, and tells it when the hour is over
	h.end()
	server.Stop()
	h.start()
	if again := h.turnUntil(c, 3); !strings.Contains(again[2], "🔴 PostgreSQL: waiting for PostgreSQL: ") {
		t.Errorf("told %q", again[2])
	}
	if waited := h.toldRed(first).Sub(first); waited < time.Hour {
		t.Errorf("it is told again after %v", waited)
	}
	server.Start()
	h.awaitReady()
	if last := h.turnUntil(c, 4); !strings.Contains(last[3], "🟢 PostgreSQL: well again") || len(last) != 4 {
		t.Errorf("told %q", last)
	}
	h.end()
	if n := len(h.alarms()); n != 4 {
		t.Errorf("%d messages: %q", n, h.alarms())
	}
}

// interruptedOnce holds that the log says, but not as a warning at each try, that there is no work for the bot.
func (h *house) interruptedOnce() {
	h.t.Helper()
	const said = `msg="working for the bot was interrupted"`
	h.log.await(h.t, "level=DEBUG "+said)
	if !strings.Contains(h.log.String(), "level=WARN "+said) {
		h.t.Errorf("it is not said:\n%s", h.log)
	}
}

// TestAlarmsThatCannotBeSentAreKept blocks the bot while PostgreSQL is away.
func TestAlarmsThatCannotBeSentAreKept(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	h, c := alarmed(t, server.URL())
	h.start()
	h.manager.await(t, "READY=1")
	h.awaitReady()
	h.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Status: 502, Times: 3})
	server.Stop()
	if texts := h.turnUntil(c, 1); len(texts) != 1 {
		t.Errorf("told %q", texts)
	}
	h.log.await(t, "telling the administrators")
	server.Start() // so that the drain has nothing to wait for
	h.awaitReady()
	h.end()
}

// TestTheDoctorsFindingsAreNewsOfTheirOwn holds that what is said of a database that is away anyway is not told twice.
func TestTheDoctorsFindingsAreNewsOfTheirOwn(t *testing.T) {
	t.Parallel()
	found := &source.Doctor{Checks: []source.Finding{
		{Code: "database-reachable", Title: "PostgreSQL", Verdict: source.Fail},
		{Code: "queues-dead", Title: "dead letters", Verdict: source.OK},
		{Code: "disk-state", Title: "disk of the state", Verdict: source.Fail, Text: "full", Remedy: "make room"},
	}}
	verdicts := func(postgres source.Verdict) (list []source.Verdict) {
		for _, f := range checks(found, []source.Finding{{Code: postgresPart, Verdict: postgres}}) {
			list = append(list, f.Verdict)
		}
		return list
	}
	if got := verdicts(source.OK); !slices.Equal(got, []source.Verdict{source.Fail, source.OK, source.Fail}) {
		t.Errorf("while PostgreSQL is there: %v", got)
	}
	if got := verdicts(source.Fail); !slices.Equal(got, []source.Verdict{source.Skip, source.Skip, source.Fail}) {
		t.Errorf("while PostgreSQL is away: %v", got)
	}
	if got := checks(found, nil)[2]; got.Title != "Disk, disk of the state" || got.Text != "full" || got.Remedy != "make room" || found.Checks[2].Title != "disk of the state" {
		t.Errorf("%+v, from %+v", got, found.Checks[2])
	}
}

// TestWhatWasNotStoppedIsTold starts a daemon where another was killed: its mark is there.
func TestWhatWasNotStoppedIsTold(t *testing.T) {
	t.Parallel()
	h, _ := alarmed(t, rig.Postgres(t))
	if err := os.MkdirAll(h.options.Config.StateDir, 0o700); err != nil {
		t.Fatal(err)
	}
	running := h.options.Config.StateDir + "/running"
	for i, said := range []string{boot(), "another boot"} {
		if err := os.WriteFile(running, []byte(said+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the same is not told again within the hour
			if err := os.Remove(h.options.Config.StateDir + "/alarm.json"); err != nil {
				t.Fatal(err)
			}
		}
		h.start()
		h.awaitReply([]string{"🔴 healthagent.service ended without being stopped: ", "🔴 the machine went down before healthagent.service was stopped; "}[i])
		h.end()
		if _, err := os.Stat(running); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the mark stays: %v", err)
		}
	}
	h.start()
	h.log.await(t, "this process works for the bot")
	h.end()
	if texts := h.alarms(); len(texts) != 2 {
		t.Errorf("told %q", texts)
	}
}
