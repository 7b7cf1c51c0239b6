package coach_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"healthagent/app/coach"
	"healthagent/store"
	"healthagent/test/rig"
)

func TestUpdateHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	p.say("remind me every day at 9 to stretch")
	p.fire(p.reminders()[0].ID, false)
	_, done := p.data("Done")
	for _, in := range []coach.Incoming{
		{Kind: coach.Text, Text: "2 eggs", Type: "text", MessageID: 7},
		{Kind: coach.Text, Text: "remind me tomorrow at 9 to rest", Type: "text", MessageID: 8},
		{Kind: coach.Tapped, Data: done, TapID: "x", MessageID: 5},
		{Kind: coach.Text, Text: "/undo", Type: "text", MessageID: 9},
	} {
		in.UserID, in.ChatID, in.Private = 1, 1, true
		in = w.receive(in)
		if err := w.coach.Handle(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		count := func() string {
			return one[string](w, `SELECT concat_ws(' ', (SELECT count(*) FROM food_entries), (SELECT count(*) FROM reminders),
				(SELECT sum(amount) FROM xp_transactions), (SELECT count(*) FROM conversation_history), (SELECT count(*) FROM outbox))`)
		}
		before := count()
		if err := w.coach.Handle(t.Context(), in); !errors.Is(err, store.ErrAlreadyDone) {
			t.Errorf("%q: the second time it was %v", in.Text, err)
		}
		if err := w.coach.GiveUp(t.Context(), in, "reason"); err != nil {
			t.Errorf("%q: giving up what is done: %v", in.Text, err)
		}
		if after := count(); after != before {
			t.Errorf("%q: %s became %s", in.Text, before, after)
		}
	}
}

func TestConcurrentUpdatesOfOnePersonLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, open)
	p := w.stranger(1)
	p.say("hello")
	var updates []coach.Incoming
	for i := range 12 {
		in := p.incoming(coach.Text)
		in.MessageID, in.Text, in.Type = int64(1000+i), "1 egg", "text"
		updates = append(updates, w.receive(in))
	}
	var all sync.WaitGroup
	for _, in := range updates {
		all.Go(func() {
			if err := w.coach.Handle(t.Context(), in); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(p.foods()); n != 12 {
		t.Errorf("%d foods", n)
	}
	if got := p.xp(); got != 52 {
		t.Errorf("%d XP", got)
	}
}

// What reads must not wait for a second connection while it holds one.
func TestEveryCommandWorksOnOneConnection(t *testing.T) {
	t.Parallel()
	w := worldOn(t, rig.Postgres(t), store.Config{PoolMin: 1, PoolMax: 1})
	p := w.member(1, "")
	for _, c := range w.coach.Commands() {
		p.say("/" + c.Name)
	}
	for _, text := range []string{"2 eggs", "/today", "/top on x", "/top", "/reminders", "remind me every day at 9 to stretch"} {
		p.say(text)
	}
	p.tap("OK")
	p.say("/reminders")
	p.tap("🗑 1")
	p.tap("Time")
	p.tap("08:00")
	p.tap("Undo")
}

func TestAnyTapIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "Europe/Stockholm")
	p.say("2 eggs")
	food := p.msg - 1
	p.say("remind me every day at 9 to stretch")
	reminder := p.reminders()[0].ID
	p.fire(reminder, false)
	message := p.msg
	r := rand.New(rand.NewPCG(1, 2))
	verbs := []string{"u", "e", "t", "m", "rk", "rc", "rx", "rp", "rd", "od", "os", "oz", "z", "f", "", "q", "yes", "💥"}
	rest := []string{
		"", ":", "0", "-1", "x", "9223372036854775807", "9223372036854775808", ">Europe", "<", ">", "no", "\x00", "<b>", "99999999999h", "12:30", "y",
		fmt.Sprint(food), fmt.Sprint(reminder), fmt.Sprint(noon.Unix()),
	}
	for i := range 400 {
		var parts []string
		parts = append(parts, verbs[i%len(verbs)])
		for range r.IntN(4) {
			parts = append(parts, rest[r.IntN(len(rest))])
		}
		in := p.incoming(coach.Tapped)
		in.Update.Kind, in.TapID, in.Data = "callback_query", "tap", strings.Join(parts, ":")
		if i%3 > 0 { // else a message that Telegram no longer tells about
			in.MessageID = message
		}
		p.show(w.handle(in))
	}
}

// Whatever people write, every message is HTML that Telegram takes, and is kept as it was.
func TestAnyTextIsAnsweredAndEscaped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	nasty := []string{
		"<b>", "</b>", "<script>alert(1)</script>", "&amp;", "&", "a<b", "\"q\"", "<a href='x'>", "\u202eRTL", "👩‍👩‍👧", "\x01\x02",
		"\n<i>\n</i>\n", "%s%d%!", "{{.}}", "'; DROP TABLE users; --", strings.Repeat("<&", 4000),
	}
	frames := []string{
		"%s", "2 eggs and %s", "/%s", "/remind tomorrow at 9 %s", "remind me to %s", "/top on %s", "/timezone %s", "/activate %s", "that was %s",
		"/start %s", "/help %s", "100 g %s", "%s for breakfast", "chips %s",
	}
	for _, frame := range frames {
		for _, s := range nasty {
			text := fmt.Sprintf(strings.ReplaceAll(frame, "%s", "%[1]s"), s)
			if p.say(text) == "" {
				t.Errorf("no answer to %.80q", text)
			}
		}
	}
	for _, text := range []string{"/top", "/reminders", "/today"} {
		p.say(text)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"2 eggs", "/undo", "remind me at 9 to x", "<b>&", "that was yesterday", "\x00"} {
		f.Add(s)
	}
	w := worldOn(f, rig.Postgres(f), store.Config{}, open)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		p := &person{world: w, id: 1, msg: 100}
		p.t = t
		in := p.incoming(coach.Text)
		in.MessageID, in.Text, in.Type = 7, text, "text"
		in = w.receive(in)
		if err := w.coach.Handle(context.WithoutCancel(t.Context()), in); err != nil {
			t.Fatal(err)
		}
		for _, out := range w.outs[in.Update.ID] {
			checkOut(t, in, out)
		}
	})
}

func TestGivenUpUpdateIsApologizedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.member(1, "UTC")
	in := p.incoming(coach.Text)
	in.Text, in.Type = "2 eggs", "text"
	in = w.receive(in)
	if err := w.coach.GiveUp(t.Context(), in, "a reason"); err != nil {
		t.Fatal(err)
	}
	expect(t, p.show(w.outsOf(in)), "nothing of it was saved")
	if state := one[string](w, `SELECT state || ' ' || error FROM inbox WHERE update_id = $1`, in.Update.ID); state != "dead a reason" {
		t.Errorf("the update is %s", state)
	}
	tap := p.incoming(coach.Tapped)
	tap.TapID = "x"
	tap = w.receive(tap)
	if err := w.coach.GiveUp(t.Context(), tap, "a reason"); err != nil {
		t.Fatal(err)
	}
	w.outsOf(tap)
}

func TestNothingIsAppliedWhenRenderingFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w := newWorld(t, func(c *coach.Config) {
		c.Render = func(coach.Incoming, []coach.Out) ([]store.Outgoing, error) { return nil, broken }
	})
	p := w.member(1, "UTC")
	in := p.incoming(coach.Text)
	in.Text, in.Type = "2 eggs", "text"
	in = w.receive(in)
	if err := w.coach.Handle(t.Context(), in); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if n := one[int](w, `SELECT (SELECT count(*) FROM food_entries) + (SELECT count(*) FROM xp_transactions) + (SELECT count(*) FROM conversation_history)
		+ (SELECT count(*) FROM inbox WHERE state <> 'new')`); n != 0 {
		t.Errorf("%d rows of what failed", n)
	}
}
