package coach_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/store"
)

func TestRemind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct {
		text, reply, rule string
		at                time.Time
	}{
		{"/remind tomorrow at 9 take pills", "⏰ <b>Tue 31 Mar 09:00</b>: take pills", "once 2026-03-31 09:00", time.Date(2026, 3, 31, 7, 0, 0, 0, time.UTC)},
		{"remind me in 20 minutes to drink <water> & rest", "<b>Mon 30 Mar 12:20</b>: drink &lt;water&gt; &amp; rest", "", noon.Add(20 * time.Minute)},
		{"Remind me every weekday at 7:30 to stretch", "<b>Tue 31 Mar 07:30</b>, then every weekday at 07:30: stretch", "weekly mon,tue,wed,thu,fri 07:30", time.Date(2026, 3, 31, 5, 30, 0, 0, time.UTC)},
	} {
		p := w.member(int64(1+i), "Europe/Stockholm")
		before := w.woken
		expect(t, p.say(tt.text), tt.reply, "!UTC")
		if p.labels() != "👍 OK|✏ Change|🗑 Cancel" || w.woken == before {
			t.Errorf("buttons %s, woken %d times", p.labels(), w.woken-before)
		}
		if r := p.reminders(); len(r) != 1 || r[0].Rule != tt.rule || !r[0].Next.Equal(tt.at) {
			t.Errorf("%q is %+v", tt.text, r)
		}
		expect(t, p.tap("OK"), "[Noted]", tt.reply)
		if p.labels() != "" {
			t.Errorf("buttons are left: %s", p.labels())
		}
	}
}

func TestRemindAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	for _, talk := range [][]string{
		{"/remind", "tomorrow at 9 take pills"},
		{"remind", "tomorrow at 9 take pills"},
		{"remind me to take pills", "tomorrow at 9"},
		{"remind me to take pills", "tomorrow", "at 9"},
		{"remind me tomorrow at 9", "take pills"},
		{"remind me to call mum", "tomorrow at 9 take pills"}, // wholly anew
	} {
		var got string
		for _, text := range talk {
			got = p.say(text)
		}
		expect(t, got, "<b>Tue 31 Mar 09:00</b>: take pills")
	}
	if n := len(p.reminders()); n != 6 {
		t.Errorf("%d reminders", n)
	}
	p.say("/remind")
	expect(t, p.say("tomorrow at 18 buy milk"), "buy milk") // a food in it makes it no meal
	p.say("/remind")
	expect(t, p.say("2 eggs"), "kcal") // and a meal no reminder
	p.say("/remind")
	p.say("/today")
	expect(t, p.say("tomorrow at 9"), "!⏰")
}

func TestRemindChangeAndCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, other := w.member(1, "Europe/Stockholm"), w.member(2, "Europe/Stockholm")
	p.say("remind me every day at 9 to stretch")
	message, cancel := p.data("Cancel")
	other.screen = append(other.screen, shown{id: message})
	expect(t, other.press(message, cancel), "[That reminder is over already.]")
	expect(t, p.tap("Change"), "Taken back", "Write it anew")
	expect(t, p.say("every day at 10 stretch"), "10:00")
	expect(t, p.press(message, cancel), "[That reminder is over already.]")
	message, ok := p.data("OK")
	expect(t, p.tap("Cancel"), "Cancelled: <b>Tue 31 Mar 10:00</b>, then every day at 10:00: stretch")
	expect(t, p.press(message, ok), "[That reminder is over already.]")
	if len(p.reminders()) != 0 {
		t.Errorf("%+v", p.reminders())
	}
}

func TestRemindersList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	for i := range 100 {
		w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, $1, $2)`,
			fmt.Sprintf("&%03d %s", i, strings.Repeat("<&>", 170)), noon.Add(time.Duration(i+1)*time.Hour))
	}
	expect(t, p.say("remind me tomorrow at 9 to stretch"), "as many as there can be")
	got := p.say("/reminders")
	expect(t, got, "Your reminders</b> (Europe/Stockholm)", "1. <b>Mon 30 Mar 13:00</b>: &amp;000", "10. ", "!11. ")
	if len([]rune(got)) > 4000 {
		t.Errorf("a page of %d letters", len([]rune(got)))
	}
	expect(t, p.tap("Later"), "11. ", "20. ")
	expect(t, p.tap("🗑 11"), "[Cancelled: &010", "11. <b>Tue 31 Mar 00:00</b>", "&amp;011")
	if n := len(p.reminders()); n != 99 {
		t.Errorf("%d reminders", n)
	}
	expect(t, p.tap("Sooner"), "1. ", "10. ")
	for range 9 {
		p.tap("Later")
	}
	expect(t, p.press(p.screen[len(p.screen)-1].id, "rp:1000"), "91. ", "99. ") // a page that is gone is the last one
	w.exec(`DELETE FROM reminders`)
	expect(t, p.tap("🗑 91"), "[That reminder is over already.]", "You have no reminders")
}

// fire makes a reminder of the person go off as the scheduler does.
func (p *person) fire(reminder int64, late bool) {
	p.t.Helper()
	o := store.Occurrence{UserID: p.id, ReminderID: reminder, ScheduledAt: p.clock(), Late: late}
	err := p.store.Do(p.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var fresh bool
		tx.AddOccurrence(&o, &fresh)
		return tx.Flush(ctx)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	o.Message = one[string](p.world, `SELECT message FROM reminders WHERE user_id = $1 AND id = $2`, p.id, reminder)
	note := coach.FiredNote(o, p.clock().Add(time.Hour), time.UTC)
	checkOut(p.t, coach.Incoming{}, note)
	p.show([]coach.Out{note})
}

func TestFiredReminder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("remind me every day at 9 to take <pills>")
	id := p.reminders()[0].ID

	p.fire(id, true)
	expect(t, p.screen[len(p.screen)-1].out.HTML, "⏰ <b>take &lt;pills&gt;</b>", "late: it was due Mon 30 Mar 10:00")
	message, done := p.data("Done")
	_, skip := p.data("Skip")
	expect(t, p.tap("Done"), "[Done]", "✅ <b>take &lt;pills&gt;</b> — done 12:00", "+7 XP")
	expect(t, p.press(message, done), "[Already done.]")
	expect(t, p.press(message, skip), "[Already done.]")
	if p.xp() != 7 {
		t.Errorf("%d XP", p.xp())
	}

	w.wait(24 * time.Hour)
	p.fire(id, false)
	expect(t, p.screen[len(p.screen)-1].out.HTML, "!late")
	expect(t, p.tap("Skip"), "[Skipped]", "skipped")
	if p.xp() != 7 {
		t.Errorf("%d XP", p.xp())
	}

	w.wait(24 * time.Hour)
	p.fire(id, false)
	message, snooze := p.data("1 h")
	expect(t, p.tap("1 h"), "[Snoozed]", "again at 13:00")
	expect(t, p.press(message, snooze), "[Already snoozed.]")
	list := p.reminders()
	if len(list) != 2 || list[0].SnoozeOf != id && list[1].SnoozeOf != id {
		t.Fatalf("%+v", list)
	}
	for _, r := range list {
		if r.SnoozeOf == id && (r.Rule != "" || !r.Next.Equal(w.clock().Add(time.Hour))) {
			t.Errorf("%+v", r)
		}
	}

	other := w.member(2, "UTC")
	other.screen = append(other.screen, shown{id: message})
	expect(t, other.press(message, done), "[That reminder is gone already.]")
}

func TestLateRequestOfAReminder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	in := p.incoming(coach.Text)
	in.Type, in.Update.Sent = "text", noon.Add(-26*time.Hour)
	in.Text = "remind me in 20 minutes to rest"
	p.show(w.handle(in))
	in.Text = "remind me every day at 9 to stretch"
	p.show(w.handle(in))
	want := map[string]time.Time{
		"rest": in.Update.Sent.Add(20 * time.Minute), "stretch": time.Date(2026, 3, 31, 7, 0, 0, 0, time.UTC),
	}
	for _, r := range p.reminders() {
		if !r.Next.Equal(want[r.Message]) {
			t.Errorf("%s comes at %s, want %s", r.Message, r.Next.UTC(), want[r.Message])
		}
	}
}

func TestNoteOfSomebodyElsesReminder(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"", " ", "a\nb <c>\n\n&", strings.Repeat("long & <b>\n", 900), "\x00\xff"} {
		note := coach.FiredNote(store.Occurrence{Message: message, Late: true}, noon, time.UTC)
		checkOut(t, coach.Incoming{Text: message}, note)
	}
}
