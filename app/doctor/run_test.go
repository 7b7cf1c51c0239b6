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

// It looks until nothing fails, with longer pauses, and not for longer than it may.
func TestWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		heals int // at which look it is well; 0: never
		most  time.Duration
		looks int
		ok    bool
	}{
		"well at once":    {1, time.Minute, 1, true},
		"no time":         {2, 0, 1, false},
		"well in the end": {4, time.Minute, 4, true},
		"never well":      {0, 10 * time.Second, 7, false}, // at 0, 0.5, 1.5, 3.5, 6.5, 9.5 and 10 s
	} {
		clock := time.Unix(0, 0)
		n := 0
		var last time.Duration
		r := Wait(t.Context(), func(context.Context) Report {
			n++
			return Report{OK: n == c.heals}
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
	Wait(t.Context(), func(context.Context) Report { n++; return Report{} }, time.Hour, time.Now, func(context.Context, time.Duration) error {
		return errors.New("interrupted")
	})
	if n != 1 {
		t.Errorf("%d looks", n)
	}
}
