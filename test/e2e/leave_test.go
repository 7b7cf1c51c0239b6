package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// TestForgetOvertaken: what a person wrote right behind their own farewell is a stranger's, and kept nowhere.
func TestForgetOvertaken(t *testing.T) {
	t.Parallel()
	w, client := withRedis(t)
	const gone = 777000789
	w.members(gone, gone)
	w.serve()
	w.expect(w.ask(gone, "100 g rice"), "100 g")
	question := w.ask(gone, "/forget")
	before := len(w.tg.Sent(gone))
	w.tg.Tap(gone, question.MessageID, question.Buttons[0][0].Data)
	for i := range 5 {
		w.tg.Say(gone, fmt.Sprintf("%d g %s", i+1, theWords))
	}
	w.becomes(question, "Everything about you is deleted")
	w.sent(gone, before+5)
	for _, m := range w.tg.Sent(gone)[before:] {
		w.expect(m, refused)
	}
	w.nowhere(client, theWords)
	for _, table := range []string{"users", "food_entries", "conversation_history", "user_gamification"} {
		if n := w.number(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	w.balanced()
}

// TestBlockedAndBack: nothing is sent to somebody who blocked the bot, and what they missed comes when they are back.
func TestBlockedAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.members(1, 2)
	w.serve()
	w.ask(1, "/help")
	w.ask(2, "/help")
	w.tg.Block(1)
	w.until("it is known", func() bool { return w.number(`SELECT count(*) FROM users WHERE unreachable_at IS NOT NULL`) == 1 })
	w.remind(1, "while away", `now()`)
	w.remind(2, "as ever", `now()`)
	w.until("the reminder waits", func() bool { return w.number(`SELECT count(*) FROM reminders WHERE paused`) == 1 })
	w.tg.Unblock(1)
	w.wait("it comes", func(*botapi.Transcript) bool { return len(w.fired(1)) == 1 })
	w.expect(w.fired(1)[0], "while away")
	w.expect(w.ask(1, "100 g rice"), "100 g")
	if n := len(w.fired(2)); n != 1 {
		t.Errorf("somebody else got %d", n)
	}
	w.balanced()
}

// TestBlockedUnnoticed: who blocked the bot while it was down is found out by the first 403, once, and nobody else is held up.
func TestBlockedUnnoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	const away = 50
	w.members(away, away)
	w.serve()
	w.ask(away, "/help")
	w.tg.Fault(botapi.Fault{Mode: botapi.Refuse, Status: 403, ChatID: away})
	for i := range 5 {
		w.remind(away, fmt.Sprint("missed ", i), `now()`)
	}
	c.round()
	c.answered()
	w.until("it is known", func() bool { return w.number(`SELECT count(*) FROM users WHERE unreachable_at IS NOT NULL`) == 1 })
	w.idle()
	w.tg.ClearFaults()
	w.expect(w.ask(away, "100 g rice"), "100 g")
	w.until("they are back", func() bool { return w.number(`SELECT count(*) FROM users WHERE unreachable_at IS NOT NULL`) == 0 })
	w.idle()
	w.stillRunning(w.Daemon)
	if strings.Contains(w.log(1<<20), "missed 1") {
		t.Error("a reminder is in the log")
	}
}

// TestLongestReminderDone: the word that it is done is seen, however long the reminder is.
func TestLongestReminderDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.members(1, 1)
	w.serve()
	w.ask(1, "/help")
	w.remind(1, strings.Repeat("<&> long ", 440), `now()`)
	var last botapi.SentMessage
	w.wait("it comes", func(*botapi.Transcript) bool {
		sent := w.tg.Sent(1)
		last = sent[len(sent)-1]
		return len(last.Buttons) == 2
	})
	w.tap(1, last, "Done")
	w.wait("it is said", func(*botapi.Transcript) bool {
		return slices.ContainsFunc(w.tg.Sent(1), func(m botapi.SentMessage) bool { return strings.Contains(m.Text, "done") })
	})
	w.balanced()
}
