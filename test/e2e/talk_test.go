package e2e

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"healthagent/app/rehearsal/botapi"
)

// TestCorrections: an edited message corrects its entry, Undo takes it back once, and the points follow.
func TestCorrections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.members(1, 1)
	w.serve()
	_, id := w.tg.Say(1, "100 g rice")
	card := w.sent(1, 1)[0]
	w.expect(card, "100 g")
	xp := func() int64 { return w.number(`SELECT coalesce(sum(total_xp), 0) FROM user_gamification`) }
	w.idle()
	gained := xp()
	if gained == 0 {
		t.Error("no points for a log")
	}
	w.tg.Edit(1, id, "250 g rice and 2 eggs")
	w.expect(w.sent(1, 2)[1], "250 g")
	if got := w.texts(`SELECT grams::bigint || ' ' || telegram_message_id FROM food_entries ORDER BY id`); len(got) != 2 || got[0] != fmt.Sprint("250 ", id) {
		t.Errorf("entries %v", got)
	}
	w.tg.Edit(1, id, "qwertyuiop")
	w.expect(w.sent(1, 3)[2], "stays as it was")
	w.idle()
	if now := xp(); now != gained {
		t.Errorf("%d points after corrections, %d before", now, gained)
	}
	w.tap(1, card, "Undo")
	w.becomes(card, "Taken back")
	if note := w.tap(1, card2(w), "Undo"); !strings.Contains(note, "gone") {
		t.Errorf("the second Undo said %q", note)
	}
	if n := w.number(`SELECT count(*) FROM food_entries`); n != 0 {
		t.Errorf("%d entries are left", n)
	}
	w.expect(w.ask(1, "90 g rice"), "90 g")
	w.expect(w.ask(1, "/undo"), "Taken back")
	w.expect(w.ask(1, "/undo"), "nothing to undo")
	w.balanced()
}

// card2 is the card that the first correction made.
func card2(w *world) botapi.SentMessage { return w.tg.Sent(1)[1] }

// TestLongAnswers: what is longer than Telegram takes comes in parts, whole and in order, with the buttons under the last.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	const many = 60
	w := newWorld(t)
	w.members(1, 1)
	w.serve()
	w.ask(1, "/help")
	w.exec(`INSERT INTO food_entries (user_id, food_name, grams, calories, meal_type, "timestamp")
		SELECT 1, 'item' || id || ' <&"''> ' || repeat('🍕 long ', 20) || 'end' || id, 100, 10, 'snack', now() - (61 - id) * interval '1 microsecond'
		FROM generate_series(1, $1::int) AS id`, many)
	w.tg.Say(1, "/today")
	w.wait("all parts have come", func(*botapi.Transcript) bool {
		sent := w.tg.Sent(1)
		return strings.Contains(sent[len(sent)-1].Text, "600 kcal")
	})
	w.balanced()
	parts := w.tg.Sent(1)[1:]
	var whole strings.Builder
	for i, m := range parts {
		if units := len(utf16.Encode([]rune(m.Text))); units > 4096 {
			t.Errorf("part %d has %d units", i, units)
		}
		whole.WriteString(m.Text + "\n")
	}
	if len(parts) < 3 {
		t.Errorf("%d parts", len(parts))
	}
	rest := whole.String()
	for id := 1; id <= many; id++ {
		_, after, found := strings.Cut(rest, fmt.Sprintf("item%d <&\"'> %send%d — 100 g", id, strings.Repeat("🍕 long ", 20), id))
		if !found {
			t.Fatalf("food %d is not whole or not in order", id)
		}
		rest = after
	}
}

// TestManyLongReminders: the list is turned page by page, and nothing in it is too long for a message.
func TestManyLongReminders(t *testing.T) {
	t.Parallel()
	const many = 60
	w := newWorld(t)
	w.members(1, 1)
	w.serve()
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time)
		SELECT 1, 'item' || id || ' <&"''> ' || repeat('🍕 long ', 400), now() + interval '1 day' + id * interval '1 minute'
		FROM generate_series(1, $1::int) AS id`, many)
	page := w.ask(1, "/reminders")
	seen := ""
	for n := 10; ; n += 10 {
		w.becomes(page, fmt.Sprintf("item%d <&\"'>", n))
		page = w.now(page)
		seen += page.Text
		if n == many {
			break
		}
		w.tap(1, page, "Later")
	}
	for id := 1; id <= many; id++ {
		if !strings.Contains(seen, fmt.Sprintf("item%d ", id)) {
			t.Errorf("reminder %d is not shown", id)
		}
	}
	w.tap(1, page, "🗑 60")
	w.becomes(page, "item59")
	w.balanced()
	if n := w.number(`SELECT count(*) FROM reminders WHERE active`); n != many-1 {
		t.Errorf("%d reminders are left", n)
	}
	// one that is as long as a message may be fires whole
	w.remind(1, strings.Repeat("long & winding ", 273), `now()`)
	w.wait("it comes whole", func(*botapi.Transcript) bool {
		words := 0
		for _, m := range w.tg.Sent(1) {
			words += strings.Count(m.Text, "long & winding")
		}
		return words == 273
	})
	w.balanced()
}

// TestGoodDay is an ordinary day of one person with every command.
func TestGoodDay(t *testing.T) {
	t.Parallel()
	w, client := withRedis(t)
	w.serve()
	w.expect(w.ask(1, "/activate "+w.invite()), welcome)
	where := w.tg.Sent(1)[0]
	w.tap(1, where, "Europe")
	w.becomes(where, "Which of these has your clock?")
	w.tap(1, w.now(where), "Stockholm")
	w.becomes(where, "Europe/Stockholm")
	w.expect(w.ask(1, "2 eggs and 150 g rice"), "150 g")
	w.expect(w.ask(1, "coffee with milk"), "kcal")
	card := w.ask(1, "half an avocado")
	w.tap(1, card, "Time")
	w.expect(w.sent(1, 5)[4], "When was it?")
	w.tap(1, w.tg.Sent(1)[4], "day before")
	w.expect(w.ask(1, "/today"), "150 g")
	w.expect(w.ask(1, "/xp"), "Level")
	w.ask(1, "/top on Maja")
	w.expect(w.ask(1, "/top"), "Maja")
	reminder := w.ask(1, "remind me every day at 7:30 to stretch")
	w.expect(reminder, "07:30")
	w.expect(w.ask(1, "/reminders"), "stretch")
	w.tap(1, reminder, "Cancel")
	w.expect(w.ask(1, "/reminders"), "no reminders")
	w.expect(w.ask(1, "flurbelwurst"), "flurbelwurst")
	w.expect(w.ask(1, "/nonsense"), "/help")
	w.balanced()
	if len(w.cached(client, "eggs")) == 0 {
		t.Error("nothing of it is in Redis")
	}
}
