package doctor

import (
	"context"
	"errors"
	"testing"
	"time"

	"healthagent/tui/source"
)

// looks makes a catalogue of one check.
func looks(look func(context.Context, *visit) answer) []check {
	return []check{{code: "x-y", title: "it", look: look}}
}

// What goes wrong in a check is its own failure, with a remedy, and ends neither the look nor the others.
func TestChecksThatGoWrong(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	for name, look := range map[string]func(context.Context, *visit) answer{
		"panic": func(context.Context, *visit) answer { panic("no") },
		"hang":  func(context.Context, *visit) answer { <-hung; return well("never") },
	} {
		checks := append(looks(look), looks(func(context.Context, *visit) answer { return well("fine") })...)
		r := run(t.Context(), Patient{Root: t.TempDir()}, checks, 50*time.Millisecond)
		if r.OK || r.Checks[0].Verdict != source.Fail || r.Checks[0].Remedy == "" || r.Checks[1].Verdict != source.OK {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A check that heeds its deadline says itself what it waited for.
func TestACheckThatHeedsItsDeadline(t *testing.T) {
	t.Parallel()
	r := run(t.Context(), Patient{Root: t.TempDir()}, looks(func(ctx context.Context, _ *visit) answer {
		<-ctx.Done()
		return warning("wait", "it did not answer")
	}), 10*time.Millisecond)
	if r.Checks[0].Text != "it did not answer" {
		t.Errorf("%+v", r)
	}
}

// It looks until nothing fails that time may mend, with longer pauses, and not for longer than it may.
func TestWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heals int // at which look it is well; 0: never
		rests int // at which look nothing fails any more that time may mend; 0: never
		most  time.Duration
		looks int
		ok    bool
	}{
		"well at once":    {1, 1, time.Minute, 1, true},
		"no time":         {2, 2, 0, 1, false},
		"well in the end": {4, 4, time.Minute, 4, true},
		"never well":      {0, 0, 10 * time.Second, 7, false}, // at 0, 0.5, 1.5, 3.5, 6.5, 9.5 and 10 s
		"for somebody":    {0, 1, time.Minute, 1, false},
		"in the end, too": {0, 3, time.Minute, 3, false},
	} {
		clock := time.Unix(0, 0)
		n := 0
		var last time.Duration
		r := Wait(t.Context(), func(context.Context) Report {
			n++
			return Report{OK: n == c.heals, Passing: c.rests == 0 || n < c.rests}
		}, c.most, func() time.Time { return clock }, func(_ context.Context, d time.Duration) error {
			if left := c.most - clock.Sub(time.Unix(0, 0)); d < last && d < left {
				t.Errorf("%s: a pause of %v after one of %v", name, d, last)
			}
			last = d
			clock = clock.Add(d)
			return nil
		})
		if r.OK != c.ok || n != c.looks {
			t.Errorf("%s: %d looks, %+v", name, n, r)
		}
	}
}

func TestWaitIsInterrupted(t *testing.T) {
	t.Parallel()
	n := 0
	Wait(t.Context(), func(context.Context) Report { n++; return Report{Passing: true} }, time.Hour, time.Now, func(context.Context, time.Duration) error {
		return errors.New("interrupted")
	})
	if n != 1 {
		t.Errorf("%d looks", n)
	}
}

// Only what is on its way is waited for: not a service that nobody starts, and not a file that somebody has to mend.
func TestWhatTimeMayMend(t *testing.T) {
	t.Parallel()
	set := func(state, sub string) func(*ward) {
		return func(w *ward) {
			w.units["healthagent.service"]["ActiveState"], w.units["healthagent.service"]["SubState"] = state, sub
		}
	}
	for name, c := range map[string]struct {
		damage  func(*ward)
		running bool
		passing bool
	}{
		"well":            {func(*ward) {}, true, false},
		"starting":        {set("activating", "start"), false, true},
		"starting again":  {set("activating", "auto-restart"), false, true},
		"on its way down": {set("deactivating", "stop-sigterm"), false, true},
		"stopped":         {set("inactive", "dead"), false, false},
		"stopped, and its turn comes": {func(w *ward) {
			set("inactive", "dead")(w)
			w.units["healthagent.service"]["Job"] = "184"
		}, false, true},
		"failed":                {set("failed", "failed"), false, false},
		"up, and does not talk": {func(*ward) {}, false, true},
		"a secret to all":       {func(w *ward) { w.write(tokenFile, 0o644, "nonsense") }, true, false},
		"its database starts":   {func(w *ward) { w.units["postgresql@15-healthagent.service"]["ActiveState"] = "activating" }, true, true},
		"its database is down":  {func(w *ward) { w.units["postgresql@15-healthagent.service"]["ActiveState"] = "inactive" }, true, false},
	} {
		w := newWard(t)
		c.damage(w)
		if c.running {
			w.serve(ready(), nil)
		}
		p := w.patient()
		p.Database = Database{Why: "there is none"}
		if r := Run(t.Context(), p); r.Passing != c.passing || r.OK && name != "well" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
