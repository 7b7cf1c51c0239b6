package sampler

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// run runs a sampler until the returned function is called. It is for a bubble of synctest.
func run(t *testing.T, s *Sampler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

// viewer of the tests collects what it is sent.
type follower struct {
	mu   sync.Mutex
	got  []*source.Snapshot
	err  chan error
	stop context.CancelFunc
}

// follow reads for ever; each line costs it some time.
func follow(t *testing.T, s *Sampler, cost time.Duration) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{err: make(chan error, 1), stop: cancel}
	go func() {
		f.err <- s.Follow(ctx, func(state *source.Snapshot) error {
			time.Sleep(cost)
			f.mu.Lock()
			defer f.mu.Unlock()
			f.got = append(f.got, state)
			return nil
		})
	}()
	return f
}

// states are what it was sent so far.
func (f *follower) states() []*source.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

func TestFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Version: "1.2", Host: "h"})
		stop := run(t, s)
		time.Sleep(10 * time.Second)
		f := follow(t, s, 0)
		synctest.Wait()
		if len(f.states()) != 1 || f.states()[0].History == nil || len(f.states()[0].Log) != 1 || f.states()[0].Version != "1.2" || f.states()[0].Host != "h" {
			t.Fatalf("the first line is not the whole state: %+v", f.states())
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(f.states()); n < 11 {
			t.Errorf("%d lines in 10 seconds", n)
		}
		for _, change := range f.states()[1:] {
			if change.History != nil || change.Protocol != source.Protocol || change.UptimeS <= 0 {
				t.Errorf("a change is %+v", change)
			}
		}
		stop()
		if err := <-f.err; err != nil {
			t.Error(err)
		}
		if err := s.Follow(t.Context(), nil); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("after the end: %v", err)
		}
		f.stop()
	})
}

// TestSlowViewersMissNothing: what comes while a viewer is busy is merged, and of the log and the samples nothing is lost.
func TestSlowViewersMissNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		defer run(t, s)()
		fast, slow := follow(t, s, 0), follow(t, s, 7*time.Second)
		time.Sleep(time.Second)
		for i := range 60 {
			s.Note(source.Event{Text: "line", Subject: string(rune('a' + i%26))})
			time.Sleep(time.Second)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if a, b := lines(fast.states()), lines(slow.states()); !slices.Equal(a, b) || len(a) != 61 {
			t.Errorf("%d and %d lines of the log", len(a), len(b))
		}
		if len(slow.states()) > 13 {
			t.Errorf("%d states were sent to one who takes 7 s for each", len(slow.states()))
		}
		if a, b := samples(fast.states()), samples(slow.states()); b < a-15 || b < 60 { // the last ones are on their way
			t.Errorf("%d and %d samples", a, b)
		}
		fast.stop()
		slow.stop()
		<-fast.err
		<-slow.err
	})
}

// lines are the numbers of the log's lines in all that was sent.
func lines(states []*source.Snapshot) (seqs []int64) {
	for _, s := range states {
		for _, e := range s.Log {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}

func samples(states []*source.Snapshot) (n int) {
	for _, s := range states {
		n += len(s.Samples)
	}
	return n
}

func TestRunsGoOutAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		f := follow(t, s, 0)
		synctest.Wait()
		s.SetRuns([]source.Run{{ID: "1"}})
		synctest.Wait()
		if n := len(f.states()); n != 2 || len(f.states()[1].Runs) != 1 {
			t.Errorf("%+v", f.states())
		}
		s.SetRuns(nil)
		synctest.Wait()
		if last := f.states()[len(f.states())-1]; last.Runs == nil || len(last.Runs) != 0 {
			t.Errorf("that there is none any more is not said: %+v", last)
		}
		f.stop()
		<-f.err
	})
}

// TestTheClockGoesBack: viewers get a whole state, since their history ends in the future.
func TestTheClockGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := noon()
		h := newHub(func() time.Time { return now }, func() string { return "" }, &source.Snapshot{})
		v := &viewer{news: make(chan struct{}, 1)}
		if err := h.join(v); err != nil {
			t.Fatal(err)
		}
		h.sample(now, emptyRow(), &source.Snapshot{})
		h.take(v)
		now = now.Add(-time.Hour)
		h.sample(now, emptyRow(), &source.Snapshot{})
		if got := h.take(v); got == nil || got.History == nil || got.History.Short.Start.After(now) {
			t.Errorf("%+v", got)
		}
	})
}

func TestOneWhoseSendFailsIsLeft(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	broken := errors.New("broken pipe")
	if err := s.Follow(t.Context(), func(*source.Snapshot) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if s.hub.mu.Lock(); len(s.hub.viewers) != 0 {
		t.Error("it is still there")
	}
	s.hub.mu.Unlock()
}

func TestTooManyViewers(t *testing.T) {
	t.Parallel()
	s := New(Config{})
	for range mostViewers {
		if err := s.hub.join(&viewer{news: make(chan struct{}, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Follow(t.Context(), nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("one more: %v", err)
	}
}

func TestLookedAtForAWhile(t *testing.T) {
	t.Parallel()
	now := noon()
	s := New(Config{Now: func() time.Time { return now }})
	if s.hub.watched() {
		t.Error("nobody looks")
	}
	s.Snapshot()
	for _, tt := range []struct {
		after   time.Duration
		watched bool
	}{{0, true}, {59 * time.Second, true}, {61 * time.Second, false}, {-time.Hour, false}} {
		now = noon().Add(tt.after)
		if s.hub.watched() != tt.watched {
			t.Errorf("after %v: %v", tt.after, !tt.watched)
		}
	}
}
