package coach_test

import (
	"fmt"
	"testing"
	"time"
)

func TestStreak(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "America/Los_Angeles")
	day := 24 * time.Hour
	var want int64
	for i := 1; i <= 7; i++ {
		want += 10 + int64(2*i)
		got := p.say("1 egg")
		expect(t, got, fmt.Sprintf("+%d XP", 10+2*i))
		if i > 1 {
			expect(t, got, fmt.Sprintf("🔥 %d days", i))
		}
		if got := p.xp(); got != want {
			t.Fatalf("day %d: %d XP, want %d", i, got, want)
		}
		w.wait(day)
	}
	expect(t, p.say("/xp"), "Streak: 7 days (longest 7) · ❄ freezes: 1", "<b>Level 2</b>", "A day off uses a freeze")
	w.wait(day) // one day off
	expect(t, p.say("1 egg"), "🔥 8 days", "❄ a freeze kept your streak")
	expect(t, p.say("/xp"), "freezes: 0")
	w.wait(3 * day)
	expect(t, p.say("/xp"), "Streak: 0 days (longest 8)")
	expect(t, p.say("1 egg"), "+12 XP")
	expect(t, p.say("/xp"), "Streak: 1 day (longest 8)")
}

func TestDailyLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	for range 5 {
		expect(t, p.say("1 egg"), "XP")
	}
	expect(t, p.say("1 egg"), "!XP", "Today: ")
	if p.xp() != 52 {
		t.Errorf("%d XP", p.xp())
	}
	expect(t, p.tap("Undo"), "!XP") // it brought none
	p.say("remind me every day at 9 to stretch")
	id := p.reminders()[0].ID
	for i := range 12 {
		w.wait(time.Minute)
		p.fire(id, false)
		want := "+5 XP"
		if i >= 10 {
			want = "!XP"
		}
		expect(t, p.tap("Done"), want)
	}
	if p.xp() != 102 {
		t.Errorf("%d XP", p.xp())
	}
	expect(t, p.say("/xp"), "<b>Level 2</b> · 102 XP, 198 to level 3")
}

func TestLeaderboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, q := w.member(1, "UTC"), w.member(2, "UTC")
	expect(t, p.say("/top"), "Nobody is on the leaderboard yet")
	expect(t, p.say("/top what"), "/top on NAME")
	expect(t, p.say("/top on  <b>Maja</b>\n& Co "), "as <b>&lt;b&gt;Maja&lt;/b&gt; &amp; Co</b>")
	p.say("2 eggs")
	expect(t, p.say("/top"), "1. &lt;b&gt;Maja&lt;/b&gt; &amp; Co — 12 XP, level 1, 🔥 1 ← you")
	long := "Ärla Öberg-Åkesson von und zu Hohenstein"
	got := q.say("/top on " + long)
	expect(t, got, "Ärla Öberg-Åkesson von und zu H…")
	if name := one[string](w, `SELECT leaderboard_name FROM users WHERE telegram_id = 2`); name != "Ärla Öberg-Åkesson von und zu H…" {
		t.Errorf("stored as %q", name)
	}
	q.say("/top ON") // the name that Telegram knows
	q.say("1 egg")
	q.say("1 egg")
	expect(t, q.say("/top"), "1. Maja — 22 XP", "2. &lt;b&gt;Maja")
	expect(t, p.say("/top off"), "off the leaderboard")
	expect(t, p.say("/top"), "1. Maja", "!2. ", "You are not on it")
	w.exec(`UPDATE users SET display_name = '' WHERE telegram_id = 1`)
	nameless := w.stranger(3)
	w.exec(`INSERT INTO users (telegram_id) VALUES (3)`)
	expect(t, nameless.say("/top on"), "Under which name?")
}
