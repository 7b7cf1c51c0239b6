package sampler

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// server is a PostgreSQL of the tests: it counts what it is asked.
type server struct {
	pulses, usages, indexes, activities, plans, running, most atomic.Int64

	fail atomic.Pointer[error]
	took atomic.Int64
}

func (v *server) answer(ctx context.Context, asked *atomic.Int64) error {
	asked.Add(1)
	v.most.Store(max(v.most.Load(), v.running.Add(1)))
	defer v.running.Add(-1)
	select {
	case <-time.After(time.Duration(v.took.Load())):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := v.fail.Load(); err != nil {
		return *err
	}
	return nil
}

func (v *server) breaks(err error) { v.fail.Store(&err) }
func (v *server) mends()           { v.fail.Store(nil) }

func (v *server) sources() Sources {
	return Sources{
		Pulse: func(ctx context.Context) (inspect.Pulse, error) {
			return inspect.Pulse{Version: "15", Used: 3, Usable: 100}, v.answer(ctx, &v.pulses)
		},
		Usage: func(ctx context.Context) (inspect.Usage, error) { return inspect.Usage{}, v.answer(ctx, &v.usages) },
		Indexes: func(ctx context.Context) (inspect.Indexes, error) {
			return inspect.Indexes{Indexes: []inspect.Index{{Name: "i", Valid: true}}}, v.answer(ctx, &v.indexes)
		},
		Plans: func(ctx context.Context) (map[string]Reading, error) { return nil, v.answer(ctx, &v.plans) },
		Activity: func(ctx context.Context) (source.Activity, error) {
			return source.Activity{Used: 1}, v.answer(ctx, &v.activities)
		},
	}
}

func started(t *testing.T, v *server) (*Sampler, func()) {
	t.Helper()
	s := New(Config{})
	s.Attach(v.sources())
	return s, run(t, s)
}

// TestViewersCostNothingMore: three who look cost the server what one costs.
func TestViewersCostNothingMore(t *testing.T) {
	t.Parallel()
	cost := func(viewers int) (pulses, usages, activities int64) {
		synctest.Test(t, func(t *testing.T) {
			v := &server{}
			s, stop := started(t, v)
			var all []*follower
			for range viewers {
				all = append(all, follow(t, s, 0))
			}
			end := time.Now().Add(2 * time.Minute)
			for time.Now().Before(end) { // each has the sessions on the screen, and asks every two seconds
				for range viewers {
					go func() { _, _ = s.Activity(t.Context()) }()
				}
				time.Sleep(2 * time.Second)
			}
			synctest.Wait()
			pulses, usages, activities = v.pulses.Load(), v.usages.Load(), v.activities.Load()
			for _, f := range all {
				f.stop()
				<-f.err
			}
			stop()
		})
		return pulses, usages, activities
	}
	p1, u1, a1 := cost(1)
	p3, u3, a3 := cost(3)
	if p1 != p3 || u1 != u3 || a1 != a3 || p1 < 24 || a1 < 50 {
		t.Errorf("one costs %d, %d, %d; three cost %d, %d, %d", p1, u1, a1, p3, u3, a3)
	}
}

// TestNobodyLooks: what the history does not need is not read.
func TestNobodyLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &server{}
		_, stop := started(t, v)
		time.Sleep(5 * time.Minute)
		if p, u, i, pl, a := v.pulses.Load(), v.usages.Load(), v.indexes.Load(), v.plans.Load(), v.activities.Load(); p < 59 || p > 62 || u > 11 || i > 1 || pl > 1 || a != 0 {
			t.Errorf("pulses %d, usages %d, indexes %d, plans %d, activities %d", p, u, i, pl, a)
		}
		stop()
	})
}

// TestActivityIsAskedOnce for all who ask at the same time, and is then believed for two seconds.
func TestActivityIsAskedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &server{}
		v.took.Store(int64(100 * time.Millisecond))
		s := New(Config{})
		if _, err := s.Activity(t.Context()); err == nil {
			t.Error("before there is a database")
		}
		s.Attach(v.sources())
		gone, leave := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { _, err := s.Activity(gone); first <- err }()
		synctest.Wait()
		answers := make(chan source.Activity, 10)
		for range 10 {
			go func() {
				a, err := s.Activity(t.Context())
				if err != nil {
					t.Error(err)
				}
				answers <- a
			}()
		}
		synctest.Wait()
		leave() // who asked first goes away: the others must not mind
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		for range 10 {
			if a := <-answers; a.Used != 1 || a.At.IsZero() || a.TookMS < 100 {
				t.Errorf("%+v", a)
			}
		}
		if _, err := s.Activity(t.Context()); err != nil || v.activities.Load() != 1 {
			t.Errorf("asked %d times, %v", v.activities.Load(), err)
		}
		time.Sleep(activityFresh)
		if _, err := s.Activity(t.Context()); err != nil || v.activities.Load() != 2 {
			t.Errorf("asked %d times, %v", v.activities.Load(), err)
		}
	})
}

// TestPostgresIsAway: it is said with its time and the tries since, the rest is left alone, and all is read at once when it is back.
func TestPostgresIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &server{}
		s, stop := started(t, v)
		f := follow(t, s, 0)
		time.Sleep(12 * time.Second)
		v.breaks(errors.New("connection refused"))
		time.Sleep(time.Minute)
		synctest.Wait()
		pg := s.State().Postgres
		if pg.Down != "connection refused" || pg.Attempt < 10 || time.Since(pg.DownSince) < 50*time.Second || pg.Version != "15" || pg.At.IsZero() {
			t.Errorf("%+v", pg)
		}
		usages := v.usages.Load()
		time.Sleep(2 * time.Minute)
		if more := v.usages.Load() - usages; more != 0 {
			t.Errorf("what cannot answer was asked %d times", more)
		}
		if a := s.State().Attention; len(a.Items) == 0 || a.Items[0].Kind != "postgres" || !a.Items[0].Since.Equal(pg.DownSince) {
			t.Errorf("%+v", a)
		}
		v.mends()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if pg := s.State().Postgres; pg.Down != "" || !pg.DownSince.IsZero() || pg.Attempt != 0 || pg.Error != "" || v.usages.Load() == usages {
			t.Errorf("%+v", pg)
		}
		texts := ""
		for _, e := range s.State().Log {
			texts += e.Text + "\n"
		}
		if texts != "started \nPostgreSQL is away: connection refused\nPostgreSQL answers again\n" {
			t.Errorf("the log: %s", texts)
		}
		for i, change := range f.states()[1:] { // the process's own figures go on
			if gap := change.Time.Sub(f.states()[i].Time); gap > 1100*time.Millisecond {
				t.Errorf("nothing was said for %v", gap)
			}
		}
		f.stop()
		<-f.err
		stop()
	})
}

// TestABusyServerIsLeftAlone: a collector that takes too long is asked more and more seldom, never twice at a time, and its last figures
// stay.
func TestABusyServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, well := &server{}, &server{}
		src := well.sources()
		src.Usage = v.sources().Usage
		s := New(Config{})
		s.Attach(src)
		stop := run(t, s)
		time.Sleep(time.Second)
		synctest.Wait()
		if s.State().Indexes == nil {
			t.Fatal("no indexes were read")
		}
		before := v.usages.Load()
		v.breaks(&inspect.BudgetError{Budget: time.Second})
		time.Sleep(2 * time.Minute)
		if n := v.usages.Load() - before; n > 4 {
			t.Errorf("asked %d times", n)
		}
		if ix := s.State().Indexes; ix.Error == "" || len(ix.List) != 1 || ix.At.IsZero() {
			t.Errorf("%+v", ix)
		}
		stop()
	})
}

func TestPausesDouble(t *testing.T) {
	t.Parallel()
	c := &collector{every: 5 * time.Second}
	late := error(&inspect.BudgetError{})
	var pause time.Duration
	for _, want := range []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second} {
		if pause = c.nextPause(pause, late); pause != want {
			t.Errorf("%v, not %v", pause, want)
		}
	}
	if pause = c.nextPause(pause, errors.New("refused")); pause != 0 {
		t.Errorf("one that fails at once waits %v", pause)
	}
	if c.nextPause(30*time.Second, nil) != 0 {
		t.Error("one that works waits")
	}
	if eager := (&collector{every: 5 * time.Second, retry: time.Second}); eager.nextPause(0, late) != time.Second || eager.nextPause(0, nil) != 0 {
		t.Error("one that is to try soon does not")
	}
	if seldom := (&collector{every: 5 * time.Minute}); seldom.nextPause(0, late) != 5*time.Minute {
		t.Error("one that is seldom read is read more often when it takes too long")
	}
}

// TestNothingOverlaps: a server that takes longer than the pace is not asked again meanwhile.
func TestNothingOverlaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &server{}
		v.took.Store(int64(4 * time.Second))
		src := Sources{Pulse: v.sources().Pulse}
		s := New(Config{})
		s.Attach(src)
		stop := run(t, s)
		for range 60 {
			s.askAll()
			time.Sleep(time.Second)
		}
		if v.most.Load() != 1 || v.pulses.Load() < 10 {
			t.Errorf("%d at a time, %d in all", v.most.Load(), v.pulses.Load())
		}
		stop()
	})
}

// TestAMistakeEndsNothing: a collector that panics is one that failed.
func TestAMistakeEndsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		s.Attach(Sources{
			Gauges: func() Gauges { panic("a mistake") },
			Pulse:  func(context.Context) (inspect.Pulse, error) { panic("another") },
		})
		stop := run(t, s)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if pg := s.State().Postgres; pg == nil || pg.Error == "" {
			t.Errorf("%+v", pg)
		}
		stop()
	})
}

func TestRefreshReadsAllButNotTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &server{}
		s, stop := started(t, v)
		time.Sleep(20 * time.Second)
		before := v.indexes.Load()
		for range 100 {
			s.Refresh()
		}
		synctest.Wait()
		if n := v.indexes.Load() - before; n != 1 {
			t.Errorf("the indexes were read %d times", n)
		}
		s.Poke()
		synctest.Wait()
		if n := v.indexes.Load() - before; n != 2 {
			t.Errorf("after an act the indexes were read %d times", n)
		}
		stop()
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		s := New(Config{})
		s.Attach(Sources{Redis: func(context.Context) (*store.RedisInfo, error) {
			if down.Load() {
				return nil, errors.New("connection refused")
			}
			return &store.RedisInfo{Version: "7", Hits: 3, Misses: 1, Answer: 2 * time.Millisecond}, nil
		}})
		stop := run(t, s)
		f := follow(t, s, 0)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if r := s.State().Redis; r == nil || r.Version != "7" || *r.HitPct != 75 || r.AnswerMS != 2 {
			t.Errorf("%+v", r)
		}
		down.Store(true)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		r := s.State().Redis
		if r.Error != "connection refused" || r.Version != "7" || time.Since(r.At) < 4*time.Second {
			t.Errorf("%+v", r)
		}
		f.stop()
		<-f.err
		stop()
	})
}
