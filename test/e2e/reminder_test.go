package e2e

import (
	"fmt"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// fired are the messages of reminders that a person got.
func (w *world) fired(user int64) (fired []botapi.SentMessage) {
	for _, m := range w.tg.Sent(user) {
		if strings.HasPrefix(m.Text, "⏰") && len(m.Buttons) == 2 {
			fired = append(fired, m)
		}
	}
	return fired
}

// remind inserts reminders as somebody else's program would.
func (w *world) remind(user int64, message, when string) {
	w.t.Helper()
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES ($1, $2, `+when+`)`, user, message)
}

// TestRemindersWhileDown: what fell due while the daemon was down comes once and is marked late; a recurring one once for all.
func TestRemindersWhileDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.members(1, 4)
	w.serve()
	w.expect(w.ask(1, "100 g rice"), "100 g")
	for user := int64(1); user <= 3; user++ { // without having spoken, a bot may not write to anybody
		w.ask(user, "/help")
	}
	if err := w.Daemon.Kill(); err != nil {
		t.Fatal(err)
	}
	w.remind(1, "just now", `now() - interval '5 seconds'`)
	w.remind(2, "long ago", `now() - interval '3 days'`)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule)
		VALUES (3, 'every day', date_trunc('day', now(), 'UTC') - interval '4 days' + interval '30 minutes', 'daily 00:30')`)
	w.serve()
	for user, words := range map[int64]string{1: "just now", 2: "long ago", 3: "every day"} {
		w.wait(words+" comes", func(*botapi.Transcript) bool { return len(w.fired(user)) > 0 })
		m := w.fired(user)[0]
		w.expect(m, words)
		w.expect(m, "late: it was due")
	}
	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.serve()
	w.ask(1, "/help")
	w.balanced()
	for user := int64(1); user <= 3; user++ {
		if n := len(w.fired(user)); n != 1 {
			t.Errorf("%d got %d", user, n)
		}
	}
	if n := w.number(`SELECT count(*) FROM reminder_occurrences WHERE late`); n != 3 {
		t.Errorf("%d late occurrences", n)
	}
	if n := w.number(`SELECT count(*) FROM reminders WHERE active AND next_execution_time > now()`); n != 1 {
		t.Errorf("%d go on", n)
	}
}

// TestReminderOfAnotherProgram: a row with three columns fires on time, and Done gives points once, however often it is pressed.
func TestReminderOfAnotherProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.members(1, 1)
	w.serve()
	w.ask(1, "/help")
	w.remind(1, "drink <b>water</b> & rest", `now() + interval '1 second'`)
	w.wait("it comes", func(*botapi.Transcript) bool { return len(w.fired(1)) > 0 })
	m := w.fired(1)[0]
	w.expect(m, "drink <b>water</b> & rest")
	if strings.Contains(m.Text, "late") {
		t.Errorf("it came late: %q", m.Text)
	}
	done := m.Buttons[0][0].Data
	for range 5 { // five taps before the first is answered
		w.tg.Tap(1, m.MessageID, done)
	}
	w.wait("the taps are answered", func(tr *botapi.Transcript) bool { return tr.Stats().TapsAnswered == 5 })
	w.becomes(m, "done")
	w.balanced()
	if n := w.number(`SELECT count(*) FROM xp_transactions WHERE source LIKE 'reminder:%'`); n != 1 {
		t.Errorf("points were given %d times", n)
	}
	if len(w.fired(1)) > 0 && w.number(`SELECT count(*) FROM reminder_occurrences`) != 1 {
		t.Error("it fired more than once")
	}
}

// TestManyRemindersAtOneMoment: all arrive once, and who writes meanwhile is answered before the last of them.
func TestManyRemindersAtOneMoment(t *testing.T) {
	t.Parallel()
	const many = 300
	w := newWorld(t, "HEALTHAGENT_SEND_RATE=100")
	w.members(1, many+1)
	w.serve()
	for user := int64(1); user <= many+1; user++ {
		w.tg.Say(user, "/xp")
	}
	for user := int64(1); user <= many+1; user++ {
		w.sent(user, 1)
	}
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time)
		SELECT id, 'all together ' || id, now() FROM generate_series(1, $1::int) AS id`, many)
	w.wait("the first come", func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= many+1+10 })
	w.expect(w.ask(many+1, "100 g rice"), "100 g")
	if sent := w.tg.Stats().Sent; sent >= 2*many+1 {
		t.Errorf("the answer came after %d messages", sent)
	}
	for user := int64(1); user <= many; user++ {
		w.expect(w.sent(user, 2)[1], fmt.Sprintf("all together %d", user))
	}
	w.balanced()
	for user := int64(1); user <= many; user++ {
		if n := len(w.tg.Sent(user)); n != 2 {
			t.Errorf("%d got %d messages", user, n)
		}
	}
	if n := w.number(`SELECT count(*) FROM reminder_occurrences`); n != many {
		t.Errorf("%d occurrences", n)
	}
}

// TestKilledWhileReminding: a moment fires once, whenever the daemon dies; its message may come twice, and is never missing.
func TestKilledWhileReminding(t *testing.T) {
	t.Parallel()
	const many = 250
	w := newWorld(t)
	w.members(1, many)
	for user := int64(1); user <= many; user++ {
		w.tg.Say(user, "/xp")
	}
	w.serve()
	w.wait("everybody has spoken", func(tr *botapi.Transcript) bool { return tr.Stats().Sent == many })
	w.idle()
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) SELECT id, 'm', now() FROM generate_series(1, $1::int) AS id`, many)
	for i := range 4 {
		w.wait("some come", func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= many+10+40*i })
		if err := w.Daemon.Kill(); err != nil {
			t.Fatal(err)
		}
		w.serve()
	}
	for user := int64(1); user <= many; user++ {
		w.wait("it comes", func(*botapi.Transcript) bool { return len(w.fired(user)) > 0 })
	}
	w.balanced()
	if n := w.number(`SELECT count(*) FROM reminder_occurrences`); n != many {
		t.Errorf("%d occurrences", n)
	}
	if n := w.number(`SELECT count(*) FROM reminders WHERE active`); n != 0 {
		t.Errorf("%d are still to come", n)
	}
}
