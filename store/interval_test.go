package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/store"
)

func TestIntervalTellsEachCallOnce(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	w := newWorld(t).open(func(c *store.Config) { c.Now = func() time.Time { return noon } })
	const a, b = `SELECT /* a */ 1`, `SELECT /* b */ $1`
	w.Observe(a, 2*time.Millisecond, 3, nil)
	w.Observe(a, 200*time.Millisecond, 5, errors.New("broken"))
	w.Observe(b, 10*time.Microsecond, 0, nil)
	first := w.Interval()
	x := first.Statements["a"]
	if x.Calls != 2 || x.Rows != 8 || x.Errors != 1 || x.Slow != 1 || x.TotalMS != 202 || x.MaxMS != 200 || x.Times.Count() != 2 {
		t.Errorf("a is %+v", x)
	}
	if len(first.Statements) != 2 || first.All.Count() != 3 || len(first.Slow) != 1 || first.Slow[0].Name != "a" {
		t.Errorf("%+v", first)
	}
	w.Observe(a, time.Millisecond, 1, nil)
	second := w.Interval()
	if y := second.Statements["a"]; y.Calls != 1 || y.Rows != 1 || y.TotalMS != 1 || y.MaxMS != 1 || len(second.Statements) != 1 || len(second.Slow) != 0 {
		t.Errorf("the second is %+v", second)
	}
	if sum := x.Add(second.Statements["a"]); sum.Calls != 3 || sum.MaxMS != 200 || sum.Times.Count() != 3 {
		t.Errorf("the sum is %+v", sum)
	}
	if third := w.Interval(); len(third.Statements) != 0 || third.All.Count() != 0 {
		t.Errorf("the third is %+v", third)
	}
	if texts := w.StatementTexts(); texts["b"] != b || !strings.Contains(texts["get_conversation_history"], "conversation_history") {
		t.Errorf("the texts are %q", texts)
	}
}

// TestIntervalsLoseNothing adds up what is told while many count.
func TestIntervalsLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const workers, calls = 8, 2000
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for range calls {
				w.Observe(`SELECT /* busy */ 1`, time.Millisecond, 1, nil)
			}
		})
	}
	ended := make(chan struct{})
	go func() { working.Wait(); close(ended) }()
	var sum store.StatementStep
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		default:
		}
		sum = sum.Add(w.Interval().Statements["busy"])
	}
	if sum.Calls != workers*calls || sum.Times.Count() != workers*calls || sum.Rows != workers*calls {
		t.Errorf("%+v", sum)
	}
}

func TestIntervalTellsTheWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Interval()
	must(t, w.Ping(t.Context()))
	if i := w.Interval(); i.Waits.Count() != 1 || i.LongestMS <= 0 || i.Statements["ping"].Calls != 1 {
		t.Errorf("%+v", i)
	}
}

func TestSlowSamplesOfAnInterval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Interval()
	for i := range 40 {
		w.Observe(`SELECT /* slow */ 1`, time.Second, i, nil)
	}
	slow := w.Interval().Slow
	if len(slow) != 32 || slow[0].Rows != 8 || slow[31].Rows != 39 {
		t.Errorf("%d: %+v", len(slow), slow)
	}
}
