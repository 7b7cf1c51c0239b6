package sampler

import (
	"testing"
	"time"

	"healthagent/store"
)

func TestFiguresBetweenTwoMoments(t *testing.T) {
	t.Parallel()
	var w window
	start := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	at := func(d time.Duration, ms ...time.Duration) {
		for _, m := range ms {
			w.add(start.Add(d), store.StatementStep{Calls: 1, Times: store.HistOf(m * time.Millisecond)})
		}
	}
	at(0, 1, 1, 1)
	at(20*time.Second, 1, 1)
	at(31*time.Second, 100)
	for _, tt := range []struct {
		from, to time.Duration
		calls    int64
		slow     bool
	}{
		{-time.Hour, 40 * time.Second, 6, true},
		{0, 29 * time.Second, 5, false},
		{time.Second, 40 * time.Second, 3, true},       // the step that had begun is not of it
		{31 * time.Second, 40 * time.Second, 0, false}, // no step begins within
		{30 * time.Second, 40 * time.Second, 1, true},
		{50 * time.Second, 59 * time.Second, 0, false},
	} {
		sum := w.between(start.Add(tt.from), start.Add(tt.to))
		if p := sum.Times.Percentile(95); sum.Calls != tt.calls || (p > 50) != tt.slow {
			t.Errorf("%v to %v: %d calls, p95 %v", tt.from, tt.to, sum.Calls, p)
		}
	}
}
