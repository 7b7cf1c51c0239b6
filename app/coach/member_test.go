package coach_test

import (
	"strings"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/store"
)

func TestStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "")
	expect(t, p.say("/start"), "health coach", "not a doctor", "Where are you?")
	if got := p.labels(); got != "Europe|Americas|Asia|Africa|Oceania|UTC" {
		t.Fatalf("buttons %s", got)
	}
	expect(t, p.tap("Asia"), "Which of these has your clock?")
	if got := p.labels(); !strings.Contains(got, "Tokyo 19:00") || !strings.Contains(got, "Kolkata 15:30") {
		t.Errorf("the cities do not show their clocks: %s", got)
	}
	expect(t, p.tap("Back"), "Where are you?")
	p.tap("Europe")
	expect(t, p.tap("Stockholm"), "[Set]", "<b>Europe/Stockholm</b>: it is 12:00 there")
	if u := p.user(); u.Timezone != "Europe/Stockholm" || u.TimezoneSetAt == nil || p.labels() != "" {
		t.Errorf("%+v, buttons %q", u, p.labels())
	}
	expect(t, p.say("/start@health_bot"), "health coach", "Europe/Stockholm", "!Where are you")
}

func TestStartIsAnsweredInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "")
	p.say("/start")
	expect(t, p.say("turkey"), "kcal") // a bird, though a zone has that name
	p.say("/timezone")
	expect(t, p.say("Oslo"), "<b>Europe/Oslo</b>")
	p.say("/timezone")
	expect(t, p.say("thanks"), "You are welcome")
}

func TestTimezoneSpellings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "")
	for text, want := range map[string]string{
		"Europe/Stockholm": "Europe/Stockholm", "europe/stockholm": "Europe/Stockholm", "STOCKHOLM": "Europe/Stockholm",
		"Stockholm, Sweden": "Europe/Stockholm", "new york": "America/New_York", "America/new_york": "America/New_York",
		"  sao  paulo ": "America/Sao_Paulo", "São Paulo": "America/Sao_Paulo", "Bogotá": "America/Bogota",
		"america/port-au-prince": "America/Port-au-Prince", "Dar es Salaam": "Africa/Dar_es_Salaam",
		"buenos aires": "America/Argentina/Buenos_Aires", "Dublin": "Europe/Dublin", "Kyiv": "Europe/Kyiv",
		"utc": "UTC", "Japan": "Japan", "Lord Howe": "Australia/Lord_Howe",
	} {
		expect(t, p.say("/timezone "+text), "<b>"+want+"</b>")
		if got := p.user().Timezone; got != want {
			t.Errorf("%q set %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"Stockhom", "Local", "localtime", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin", "../../etc/passwd", "/etc/localtime",
		"UTC+2", "GMT+2", "EST", "<b>x</b> & y", "Europe/", "/", "0", strings.Repeat("x", 4000), "zone.tab", "\x00", "\xff", "Türkiye'de",
	} {
		expect(t, p.say("/timezone "+text), "I do not know the timezone")
	}
	if got := len(coach.ZoneNames()); got < 500 {
		t.Errorf("%d zones", got)
	}
	for _, name := range coach.ZoneNames() {
		if _, err := time.LoadLocation(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTimezoneMovesWallClocksOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("remind me every day at 9 to stretch")
	p.say("remind me tomorrow at 18 to call")
	p.say("remind me in 20 minutes to drink")
	at := noon.Add(5 * time.Hour)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'theirs', $1)`, at)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule) VALUES (1, 'odd', $1, 'whenever')`, at)
	expect(t, p.say("/timezone New York"), "2 of your reminders moved with it")
	want := map[string]time.Time{
		"stretch": time.Date(2026, 3, 31, 13, 0, 0, 0, time.UTC), "call": time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC),
		"drink": noon.Add(20 * time.Minute), "theirs": at, "odd": at,
	}
	for _, r := range p.reminders() {
		if !r.Next.Equal(want[r.Message]) {
			t.Errorf("%s is at %s, want %s", r.Message, r.Next.UTC(), want[r.Message])
		}
		delete(want, r.Message)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// Somebody moves a person to another zone and the word of it is lost: what they write is booked by the zone that holds.
func TestZoneChangedBehindTheCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("hello") // a copy of the row is kept; nobody listens for changes here
	w.exec(`UPDATE users SET timezone = 'Pacific/Auckland'`)
	if got := p.user().Timezone; got != "Europe/Stockholm" {
		t.Fatalf("the copy says %s: there is nothing to see", got)
	}
	expect(t, p.say("2 eggs at 7:30"), "kcal") // noon in Stockholm is Monday 23:00 in Auckland
	if got, want := p.foods()[0].Time, time.Date(2026, 3, 29, 18, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("booked at %s, want %s", got.UTC(), want)
	}
	w.exec(`UPDATE users SET timezone = 'Asia/Kolkata'`)
	expect(t, p.say("/today"), "00:00", "!07:30") // what only reads is read again too
	w.exec(`UPDATE users SET timezone = 'America/New_York', subscription_status = 'inactive'`)
	expect(t, p.say("an apple"), "ended by its administrator")
	w.exec(`UPDATE users SET timezone = 'Asia/Tokyo', subscription_status = 'active'`)
	expect(t, p.say("remind me tomorrow at 9 to call"), "Tue 31 Mar 09:00")
	if got := one[int](w, `SELECT count(*) FROM food_entries`); got != 1 {
		t.Errorf("%d foods are booked", got)
	}
}

func TestActivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invite := func(uses int, expires time.Duration) string {
		at := noon.Add(expires)
		i, err := w.store.CreateInvite(t.Context(), uses, &at, "friends", "test")
		if err != nil {
			t.Fatal(err)
		}
		return i.Code
	}
	good, over, revoked, late := invite(2, time.Hour), invite(1, time.Hour), invite(1, time.Hour), invite(1, -time.Hour)
	if err := w.store.RevokeInvite(t.Context(), revoked, "test"); err != nil {
		t.Fatal(err)
	}
	w.stranger(9).say("/activate " + over)

	p := w.stranger(1)
	expect(t, p.say("2 eggs"), "by invitation", "nothing of what you wrote was kept")
	expect(t, p.say("/start"), "health coach", "/activate CODE")
	if p.user().Status != store.Pending {
		t.Errorf("%+v", p.user())
	}
	expect(t, p.say("/activate"), "send the code with it")
	for _, code := range []string{over, revoked, late, "NOSUCHCODE", "", "💥", strings.Repeat("A", 5000), "<b>"} {
		if code != "" {
			expect(t, p.say("/activate "+code), "not valid")
		}
	}
	expect(t, p.say("/activate "+strings.ToLower(good[:5]+"-"+good[5:])), "Welcome!", "not a doctor", "Where are you?")
	if u := p.user(); u.Status != store.Active {
		t.Errorf("%+v", u)
	}
	expect(t, p.say("Europe/Stockholm"), "Your timezone is <b>Europe/Stockholm</b>")
	expect(t, p.say("/activate "+good), "a member already")
	expect(t, w.stranger(2).say("/start "+good), "Welcome!") // a link with the code in it
	expect(t, w.stranger(3).say("/activate "+good), "not valid")
	if n := one[int](w, `SELECT uses FROM invite_codes WHERE code = $1`, good); n != 2 {
		t.Errorf("%d uses", n)
	}
	p.say("/start " + good)
	p.edit(7, "/activate "+good)
	if n := one[int](w, `SELECT count(*) FROM conversation_history WHERE content ILIKE '%' || $1 || '%'`, good); n != 0 {
		t.Errorf("%d messages of the history hold the code", n)
	}
	if n := one[int](w, `SELECT count(*) FROM inbox WHERE position($1::bytea in raw) > 0`, []byte(good)); n != 0 {
		t.Errorf("%d updates hold the code", n)
	}
}

func TestStrangersLeaveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.stranger(1)
	p.say("2 eggs")
	p.edit(5, "3 eggs")
	p.press(5, "u:5")
	for _, kind := range []coach.Kind{coach.Blocked, coach.Returned, coach.Lost, coach.Media} {
		w.handle(p.incoming(kind))
	}
	in := p.incoming(coach.Lost)
	in.Update.Kind = "my_chat_member" // whoever blocks the bot is not written to
	if outs := w.handle(in); len(outs) != 0 {
		t.Errorf("%+v", outs)
	}
	if n := one[int](w, `SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM conversation_history) + (SELECT count(*) FROM food_entries)`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestOpenAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, open)
	p := w.stranger(1)
	expect(t, p.say("2 eggs"), "+12 XP") // served at the first word
	if u := p.user(); u.Status != store.Active || u.TimezoneSetAt != nil || u.DisplayName != "Maja" {
		t.Errorf("%+v", u)
	}
	// who came while access was by invitation is served too, who was shut out is not
	w.exec(`INSERT INTO users (telegram_id, subscription_status, timezone, timezone_set_at) VALUES (2, 'pending', 'Asia/Tokyo', now()), (3, 'inactive', 'UTC', NULL)`)
	expect(t, w.stranger(2).say("/timezone"), "Asia/Tokyo")
	expect(t, w.stranger(2).say("2 eggs"), "+12 XP")
	expect(t, w.stranger(3).say("2 eggs"), "ended by its administrator")
	in := w.stranger(4).incoming(coach.Lost)
	expect(t, w.stranger(4).show(w.handle(in)), "send it once more")
}

func TestAdminsAreMembersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *coach.Config) { c.Admins = []int64{7} })
	w.exec(`INSERT INTO users (telegram_id, subscription_status, timezone, timezone_set_at) VALUES (7, 'inactive', 'Asia/Tokyo', now())`)
	p := w.stranger(7)
	p.say("2 eggs")
	expect(t, p.say("/today"), "Mon 30 Mar", "19:00", "!UTC")
	if u := p.user(); u.Status != store.Active {
		t.Errorf("%+v", u)
	}
}

// The coach's copy of a row may be older than what another process has just said.
func TestShutOutAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	p.say("2 eggs")
	for range 2 {
		w.exec(`UPDATE users SET subscription_status = 'inactive'`)
		expect(t, p.say("2 eggs"), "ended by its administrator")
		w.exec(`UPDATE users SET subscription_status = 'active'`)
		expect(t, p.say("/today"), "143 kcal")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	group := func(kind coach.Kind, text string) []coach.Out {
		in := p.incoming(kind)
		in.ChatID, in.Private, in.Text, in.MessageID = -100, false, text, 5
		return w.handle(in)
	}
	expect(t, p.show(group(coach.Text, "/today@health_bot")), "private chat")
	for _, kind := range []coach.Kind{coach.Text, coach.Edited, coach.Media, coach.Returned, coach.Lost} {
		if outs := group(kind, "2 eggs"); len(outs) != 0 {
			t.Errorf("%v got %+v", kind, outs)
		}
	}
	group(coach.Tapped, "")
	group(coach.Blocked, "") // put out of the group, not blocked by its person
	if u := p.user(); u.UnreachableAt != nil {
		t.Error("who puts the bot out of a group counts as unreachable")
	}
	if n := one[int](w, `SELECT (SELECT count(*) FROM conversation_history) + (SELECT count(*) FROM food_entries)`); n != 0 {
		t.Errorf("%d rows of what was said in a group", n)
	}
}

func TestBlockedAndReturned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	p.say("remind me every day at 9 to stretch")
	w.handle(p.incoming(coach.Blocked))
	if p.user().UnreachableAt == nil {
		t.Fatal("not unreachable")
	}
	w.exec(`UPDATE reminders SET active = false, paused = true`) // as the scheduler does when it falls due
	before := w.woken
	if outs := w.handle(p.incoming(coach.Returned)); len(outs) != 0 {
		t.Errorf("%+v", outs)
	}
	if r := p.reminders(); p.user().UnreachableAt != nil || !r[0].Active || r[0].Paused || w.woken == before {
		t.Errorf("%+v %+v", p.user(), r)
	}
	w.handle(p.incoming(coach.Blocked))
	p.say("2 eggs") // writing is coming back as well
	if p.user().UnreachableAt != nil {
		t.Error("still unreachable")
	}
}

func TestLostWordsOfAMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	expect(t, p.show(w.handle(p.incoming(coach.Lost))), "send it once more")
	in := p.incoming(coach.Lost)
	in.Update.Kind = "callback_query"
	if outs := w.handle(in); len(outs) != 0 {
		t.Errorf("%+v", outs)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, other := w.member(1, "UTC"), w.member(2, "UTC")
	for _, who := range []*person{p, other} {
		who.say("2 eggs")
		who.say("remind me every day at 9 to stretch")
	}
	expect(t, p.say("/forget"), "<b>everything</b>")
	expect(t, p.tap("No"), "Nothing was deleted")
	p.say("/forget")
	message, stale := p.data("Yes")
	w.wait(16 * time.Minute)
	expect(t, p.press(message, stale), "too long ago")
	if len(p.foods()) != 1 {
		t.Fatal("deleted after all")
	}
	for _, data := range []string{"f:yes:99999999999", "f:yes:x", "f:", "f:1774864800", "f:yes"} {
		p.press(message, data)
	}
	if len(p.foods()) != 1 {
		t.Fatal("deleted by odd data")
	}
	p.say("/forget")
	expect(t, p.tap("Yes"), "[Deleted]", "Goodbye")
	for _, table := range []string{
		"users WHERE telegram_id", "conversation_history WHERE user_id", "food_entries WHERE user_id",
		"reminders WHERE user_id", "user_gamification WHERE user_id", "xp_transactions WHERE user_id", "inbox WHERE user_id",
	} {
		if n := one[int](w, "SELECT count(*) FROM "+table+" = 1"); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
		if n := one[int](w, "SELECT count(*) FROM "+table+" = 2"); n == 0 {
			t.Errorf("somebody else's rows are gone from %s", table)
		}
	}
	if n := one[int](w, "SELECT count(*) FROM outbox WHERE chat_id = 1 AND NOT erase"); n != 0 {
		t.Errorf("%d messages to the person are left", n)
	}
	expect(t, p.say("2 eggs"), "by invitation")
}

func TestSmallCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	var menu []string
	for _, c := range w.coach.Commands() {
		menu = append(menu, c.Name)
		expect(t, p.say("/help"), "/"+c.Name+" — ")
		if len(c.Summary) == 0 || len(c.Summary) > 256 {
			t.Errorf("summary of %s: %q", c.Name, c.Summary)
		}
	}
	if got := strings.Join(menu, " "); got != "start help today favourites undo remind reminders xp top timezone forget" {
		t.Errorf("menu: %s", got)
	}
	for text, want := range map[string]string{
		"/nosuch": "do not know that command", "/HELP@health_bot now": "Commands", "help": "Commands", "hello!": "Hello",
		"Thank you 🙏": "You are welcome", "how are you?": "Ready to count", "   ": "empty message", "/": "no food that I know",
		"/2 eggs": "do not know that command", "I want to kill myself": "talk to somebody", "i don’t want  to live": "talk to somebody",
		"/xp": "<b>Level 1</b> · 0 XP, 100 to level 2", "xp": "Logging food: +10 XP", "reminders": "no reminders", "/today": "Nothing is logged",
	} {
		expect(t, p.say(text), want)
	}
}

func TestCaptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	in := p.incoming(coach.Media)
	in.MessageID, in.Type = 7, "photo"
	expect(t, p.show(w.handle(in)), "text only")
	in.Text = "2 eggs"
	expect(t, p.show(w.handle(in)), "egg, 2 large")
	in.Update.Kind, in.Text = "edited_message", "3 eggs"
	expect(t, p.show(w.handle(in)), "Corrected", "egg, 3 large")
	in.Text = ""
	if outs := w.handle(in); len(outs) != 0 {
		t.Errorf("%+v", outs)
	}
	in.Update.Kind, in.Text, in.MessageID = "message", "my <holiday>", 8
	expect(t, p.show(w.handle(in)), "text under it", "“my &lt;holiday&gt;”")
	in.Text = "/today"
	expect(t, p.show(w.handle(in)), "text only")
	if rows := p.foods(); len(rows) != 1 || rows[0].Grams != 150 {
		t.Errorf("%+v", rows)
	}
}

func TestHintAtUTCUntilAZoneIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "")
	for _, text := range []string{"/today", "2 eggs", "/today", "/remind tomorrow at 9 take pills", "/reminders"} {
		got := p.say(text)
		want := 1
		if text == "2 eggs" {
			want = 0
		}
		if n := strings.Count(got, "UTC"); n != want {
			t.Errorf("%s mentions UTC %d times, want %d:\n%s", text, n, want, got)
		}
	}
	p.say("/timezone Stockholm")
	for _, text := range []string{"/today", "/remind tomorrow at 9 take pills", "/reminders"} {
		expect(t, p.say(text), "!UTC")
	}
}

// What was committed of somebody while they were still a member, and is answered when they no longer are, does not stay.
func TestWordsOfSomebodyWhoLeftAreErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.stranger(7)
	p.say("2 eggs")
	if n := one[int](w, `SELECT count(*) FROM inbox WHERE raw IS NOT NULL OR state <> 'done'`); n != 0 {
		t.Errorf("%d updates keep their bytes", n)
	}
}
