package coach_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"healthagent/store"
)

func TestFoodCardShowsWhatIsBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct {
		text  string
		card  []string
		names string
		meal  string
		at    time.Time // zero: now
	}{
		{"2 eggs and 150 g rice", []string{"egg, 2 large — 100 g · 143 kcal", "rice — 150 g · 195 kcal", "<b>338 kcal</b>", "Today: 338 kcal", "+12 XP", "!usual portion"}, "egg,rice", "lunch", time.Time{}},
		{"coffee with milk", []string{"coffee", "milk", "usual portion"}, "coffee,milk", "lunch", time.Time{}},
		{"1 cup oats", []string{"oats, 1 cup"}, "oats", "lunch", time.Time{}},
		{"half an avocado", []string{"avocado", "1/2 fruit"}, "avocado", "lunch", time.Time{}},
		{"2 eggs for breakfast", []string{"<b>Breakfast</b>"}, "egg", "breakfast", time.Time{}},
		{"2 eggs at 7:30", []string{"<b>Breakfast</b> · Mon 30 Mar 07:30"}, "egg", "breakfast", noon.Add(-4*time.Hour - 30*time.Minute)},
		{"100 g rice yesterday 19:30", []string{"<b>Dinner</b> · Sun 29 Mar 19:30", "Yesterday: 130 kcal"}, "rice", "dinner", time.Date(2026, 3, 29, 17, 30, 0, 0, time.UTC)},
		{"dinner yesterday: 100 g rice", []string{"<b>Dinner</b> · Sun 29 Mar 19:00"}, "rice", "dinner", time.Date(2026, 3, 29, 17, 0, 0, 0, time.UTC)},
		{"an apple 2 hours ago", []string{"Mon 30 Mar 10:00"}, "apple", "breakfast", noon.Add(-2 * time.Hour)},
		{"1 cup oats at 22:00", []string{"Sun 29 Mar 22:00", "Yesterday: "}, "oats", "snack", time.Date(2026, 3, 29, 20, 0, 0, 0, time.UTC)},
		{"100 g rice at 12:30", []string{"Mon 30 Mar 12:30"}, "rice", "lunch", noon.Add(30 * time.Minute)},
	} {
		p := w.member(int64(1000+i), "Europe/Stockholm")
		got := p.say(tt.text)
		expect(t, got, tt.card...)
		rows := p.foods()
		var sum store.Totals
		var names []string
		want := tt.at
		if want.IsZero() {
			want = noon
		}
		for _, e := range rows {
			names = append(names, e.Name)
			expect(t, got, fmt.Sprintf("%.0f kcal", e.Calories), fmt.Sprintf("%.0f g", e.Grams))
			if e.Meal != tt.meal || !e.Time.Equal(want) {
				t.Errorf("%q is booked as %s at %s, want %s at %s", tt.text, e.Meal, e.Time.UTC(), tt.meal, want)
			}
		}
		if sum = sum.Plus(rows...); !strings.Contains(got, fmt.Sprintf("<b>%.0f kcal</b>", math.Round(sum.Calories))) {
			t.Errorf("the sum %v is not on the card:\n%s", sum, got)
		}
		if strings.Join(names, ",") != tt.names {
			t.Errorf("%q is booked as %v, want %s", tt.text, names, tt.names)
		}
	}
}

func TestSeveralMealsInOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	expect(t, p.say("breakfast: 2 eggs\nlunch: 100 g rice"), "<b>Breakfast</b>\n• egg", "<b>Lunch</b>\n• rice", "Today: 273 kcal")
	rows := p.foods()
	if len(rows) != 2 || rows[0].Meal != "breakfast" || rows[1].Meal != "lunch" {
		t.Errorf("%+v", rows)
	}
	expect(t, p.say("/today"), "<b>Breakfast</b>", "<b>Lunch</b>", "<b>273 kcal</b>")
	p.tap("Edit")
	expect(t, p.say("100 g rice"), "Corrected")
	if rows := p.foods(); len(rows) != 1 || rows[0].Meal != "breakfast" {
		t.Errorf("%+v", rows)
	}
}

func TestDayTotalsFollowThePersonsMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct {
		zone        string
		late, early time.Time // two minutes around the local midnight
	}{
		{"UTC", time.Date(2026, 3, 30, 23, 59, 0, 0, time.UTC), time.Date(2026, 3, 31, 0, 1, 0, 0, time.UTC)},
		{"Pacific/Auckland", time.Date(2026, 3, 30, 10, 59, 0, 0, time.UTC), time.Date(2026, 3, 30, 11, 1, 0, 0, time.UTC)},
		{"America/Los_Angeles", time.Date(2026, 3, 30, 6, 59, 0, 0, time.UTC), time.Date(2026, 3, 30, 7, 1, 0, 0, time.UTC)},
		{"Asia/Kolkata", time.Date(2026, 3, 30, 18, 29, 0, 0, time.UTC), time.Date(2026, 3, 30, 18, 31, 0, 0, time.UTC)},
		// the day of the change has 23 hours
		{"Europe/Stockholm", time.Date(2026, 3, 29, 21, 59, 0, 0, time.UTC), time.Date(2026, 3, 29, 22, 1, 0, 0, time.UTC)},
	} {
		p := w.member(int64(2000+i), tt.zone)
		w.at(tt.late)
		expect(t, p.say("100 g rice"), "Today: 130 kcal")
		expect(t, p.say("100 g rice"), "Today: 260 kcal")
		expect(t, p.say("/today"), "<b>260 kcal</b>", tt.late.In(location(t, tt.zone)).Format("Mon 2 Jan"))
		w.at(tt.early)
		expect(t, p.say("/today"), "Nothing is logged today")
		expect(t, p.say("100 g rice"), "Today: 130 kcal")
		expect(t, p.say("today"), "<b>130 kcal</b>")
	}
}

func location(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestWhatWasWrittenEarlierIsBookedThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	in := p.incoming(0)
	in.MessageID, in.Text, in.Type = 7, "100 g rice", "text"
	in.Update.Sent = noon.Add(-13 * time.Hour) // the daemon was down since the evening
	expect(t, p.show(w.handle(in)), "Sun 29 Mar 23:00", "Yesterday: 130 kcal")
	if got := p.foods()[0].Time; !got.Equal(in.Update.Sent) {
		t.Errorf("booked at %s", got)
	}
	in.Update.Sent, in.MessageID = noon.Add(time.Hour), 8 // a clock that is wrong
	p.show(w.handle(in))
	if got := p.foods()[1].Time; !got.Equal(noon) {
		t.Errorf("booked at %s", got)
	}
}

func TestUnknownFood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	for _, tt := range []struct {
		text string
		want []string
		rows int
	}{
		{"2 eggs and zorgle", []string{"egg, 2 large", "❓ Not understood and not booked: “zorgle”"}, 1},
		{"chips", []string{"Which food is “chips”", "potato chips, french fries or tortilla chips?"}, 0},
		{"I went for a run, 5 km", []string{"“I went for a run, 5 km”", "!rum", "/help"}, 0},
		{"I feel\na bit\ntired", []string{"“I feel a bit tired”", "!blt"}, 0},
		{"is <b>bread</b> bad & why?", []string{"“is &lt;b&gt;bread&lt;/b&gt; bad &amp; why?”"}, 0},
		{"مرحبا", []string{"“مرحبا”"}, 0},
		{strings.Repeat("x", 16<<10), []string{"…", "/help"}, 0},
	} {
		before := len(p.foods())
		got := p.say(tt.text)
		expect(t, got, tt.want...)
		if n := strings.Count(got, "---"); n > 0 {
			t.Errorf("%q got %d messages", tt.text, n+1)
		}
		if got := len(p.foods()) - before; got != tt.rows {
			t.Errorf("%q booked %d foods, want %d", tt.text, got, tt.rows)
		}
		if got := one[string](w, `SELECT content FROM conversation_history WHERE user_id = 1 AND role = 'user' ORDER BY id DESC LIMIT 1`); got != tt.text {
			t.Errorf("the history holds %.50q instead of %.50q", got, tt.text)
		}
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, other := w.member(1, "Europe/Stockholm"), w.member(2, "Europe/Stockholm")
	p.say("2 eggs")
	if got := p.xp(); got != 12 { // 10 and the streak's 2
		t.Fatalf("%d XP", got)
	}
	message, data := p.data("Undo")

	other.screen = append(other.screen, shown{id: message}) // somebody else with the same data
	expect(t, other.press(message, data), "[That log is gone already.]")
	if len(p.foods()) != 1 {
		t.Fatal("somebody else undid it")
	}

	expect(t, p.tap("Undo"), "Taken back: egg (143 kcal).", "−10 XP")
	if p.labels() != "" || len(p.foods()) != 0 || p.xp() != 2 {
		t.Errorf("after the undo: buttons %q, %d foods, %d XP", p.labels(), len(p.foods()), p.xp())
	}
	expect(t, p.press(message, data), "[That log is gone already.]")
	expect(t, p.say("/undo"), "nothing to undo")

	p.say("100 g rice")
	p.say("an apple")
	if got := p.xp(); got != 22 {
		t.Errorf("%d XP after an undo and two logs, want the bonus of the day and two logs", got)
	}
	expect(t, p.say("undo"), "apple")
	expect(t, p.say("/undo"), "rice")
	expect(t, p.say("/undo"), "nothing to undo")
	if p.xp() != 2 {
		t.Errorf("%d XP", p.xp())
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("2 eggs yesterday 13:00")
	message := p.msg - 1
	expect(t, p.tap("Edit"), "Now booked: <b>egg</b>")
	expect(t, p.say("3 eggs and 50 g rice"), "Corrected", "egg, 3 large", "rice — 50 g", "Yesterday: ", "!XP")
	rows := p.foods()
	if len(rows) != 2 || rows[0].TelegramMessageID != message || !rows[0].Time.Equal(time.Date(2026, 3, 29, 11, 0, 0, 0, time.UTC)) || rows[0].Meal != "lunch" {
		t.Errorf("corrected to %+v", rows)
	}
	if p.xp() != 12 {
		t.Errorf("%d XP: a correction earns none", p.xp())
	}

	p.tap("Edit")
	expect(t, p.say("/today"), "Nothing is logged today") // a command is a command
	expect(t, p.say("100 g rice"), "+10 XP")              // and the question is over
	if len(p.foods()) != 3 {
		t.Errorf("%d foods", len(p.foods()))
	}

	p.tap("Edit") // of the rice
	expect(t, p.say("zzzz qqqq of something that is no food"), "I find no food")
	expect(t, p.say("120 g rice"), "Corrected", "rice — 120 g") // it was still being asked
	p.tap("Edit")
	expect(t, p.say("thanks"), "You are welcome")
	expect(t, p.say("an apple"), "apple", "!Corrected")

	p.tap("Edit")
	w.wait(2 * time.Hour)
	expect(t, p.say("an apple"), "apple", "!Corrected") // nobody remembers what was asked two hours ago

	p.tap("Edit")
	p.tap("Undo")
	expect(t, p.say("2 pears"), "pear", "!Corrected") // what was to be corrected is gone
}

func TestEditedMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("2 eggs")
	message := p.msg - 1
	expect(t, p.edit(message, "3 eggs"), "Corrected", "egg, 3 large")
	expect(t, p.edit(message, "that was nothing to eat, really"), "stays as it was", "!Not understood")
	if rows := p.foods(); len(rows) != 1 || rows[0].Grams != 150 {
		t.Errorf("%+v", rows)
	}
	expect(t, p.edit(message, "/today"), "send it anew")
	p.say("/undo")
	expect(t, p.edit(message, "1 egg"), "egg, 1 large", "!Corrected")
	if len(p.foods()) != 1 {
		t.Errorf("%+v", p.foods())
	}
	p.say("thanks")
	expect(t, p.edit(p.msg-1, "thanks!"), "You are welcome")
	p.say("remind me at 9 to stretch")
	expect(t, p.edit(p.msg-1, "remind me at 10 to stretch"), "does not follow")
	if len(p.reminders()) != 1 {
		t.Errorf("%+v", p.reminders())
	}
	expect(t, p.edit(555, "I want to die"), "talk to somebody")
}

func TestTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, tt := range []struct {
		how  func(*person) string
		want time.Time
		meal string
	}{
		{func(p *person) string { p.tap("Time"); return p.tap("2 h ago") }, noon.Add(-2 * time.Hour), "breakfast"},
		{func(p *person) string { p.tap("Time"); return p.tap("08:00") }, noon.Add(-4 * time.Hour), "breakfast"},
		{func(p *person) string { p.tap("Time"); return p.tap("19:00") }, time.Date(2026, 3, 29, 17, 0, 0, 0, time.UTC), "dinner"},
		// the day before was a night of the clock change: same time on the clock
		{func(p *person) string { p.tap("Time"); return p.tap("day before") }, time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC), "lunch"},
		{func(p *person) string { p.tap("Time"); return p.say("13:00") }, noon.Add(time.Hour), "lunch"},
		{func(p *person) string { p.tap("Time"); return p.say("yesterday 19:30") }, time.Date(2026, 3, 29, 17, 30, 0, 0, time.UTC), "dinner"},
		{func(p *person) string { p.tap("Time"); return p.say("2 hours ago") }, noon.Add(-2 * time.Hour), "breakfast"},
		{func(p *person) string { p.tap("Time"); return p.say("yesterday") }, time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC), "lunch"},
		{func(p *person) string { return p.say("that was yesterday 13:00") }, time.Date(2026, 3, 29, 11, 0, 0, 0, time.UTC), "lunch"},
		{func(p *person) string { return p.say("It was at 7:30") }, noon.Add(-4*time.Hour - 30*time.Minute), "breakfast"},
		{func(p *person) string { return p.say("that was breakfast") }, noon, "breakfast"},
		{func(p *person) string { return p.say("that was great") }, noon, "lunch"},
	} {
		p := w.member(int64(100+i), "Europe/Stockholm")
		w.at(noon)
		p.say("2 eggs")
		got := tt.how(p)
		rows := p.foods()
		if len(rows) != 1 || !rows[0].Time.Equal(tt.want) || rows[0].Meal != tt.meal {
			t.Errorf("case %d: booked as %s at %s, want %s at %s\n%s", i, rows[0].Meal, rows[0].Time.UTC(), tt.meal, tt.want, got)
		}
	}
}

func TestTimeTappedTwiceMovesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("2 eggs")
	p.tap("Time")
	message, data := p.data("day before")
	p.press(message, data)
	p.press(message, data)
	if got := p.foods()[0].Time; !got.Equal(noon.AddDate(0, 0, -1)) && !got.Equal(time.Date(2026, 3, 29, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("two taps moved it to %s", got)
	}
	p.say("/undo")
	expect(t, p.press(message, data), "[That log is gone already.]")
	message, data = p.data("Time")
	expect(t, p.press(message, data), "[That log is gone already.]")
}

func TestLongListIsBookedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	var list []string
	for i := range 40 {
		list = append(list, fmt.Sprintf("%d g rice", i+1))
	}
	got := p.say(strings.Join(list, ", "))
	if n := len(p.foods()); n != 40 || strings.Count(got, "•") != 40 {
		t.Errorf("%d foods and %d lines", n, strings.Count(got, "•"))
	}
}
