package acts_test

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"healthagent/app/acts"
	"healthagent/tui/source"
)

// series is a p95 for each quarter of a minute: before, and now in the last steps.
func series(before, now float64, last int) source.Series {
	s := make(source.Series, 60)
	for i := range s {
		s[i] = before
		if i >= len(s)-last {
			s[i] = now
		}
		if before == 0 && i < len(s)-last || now == 0 && i >= len(s)-last {
			s[i] = math.NaN()
		}
	}
	return s
}

// told is a state in which the statements of 017 take so long.
func told(now time.Time, calls int64, before, after float64, last int, used, limit float64) *source.Snapshot {
	st := func(name string, calls int64, spark source.Series) source.Statement {
		return source.Statement{Name: name, Calls: calls, CallsMin: 10, MeanMS: 1, P95MS: before, Spark: spark}
	}
	pool := make(source.Series, 900)
	for i := range pool {
		pool[i] = 2
		if i >= len(pool)-15*last {
			pool[i] = used
		}
	}
	return &source.Snapshot{
		Statements: &source.Statements{WindowS: 900, List: []source.Statement{
			st("get_conversation_history", calls, series(before, after, last)), st("get_active_user", calls, series(5, 5.2, last)),
			st("get_leaderboard", 3, series(1, 90, last)), // too seldom
			{Name: "insert_food", SQL: "INSERT /* insert_food */ INTO food_entries (user_id) VALUES ($1)", Calls: calls, CallsMin: 10, Spark: series(4, 4, last)},
		}},
		Pool: &source.Pool{MaxSize: int(limit)},
		History: &source.History{Short: source.Ring{
			Start: now.Add(-900 * time.Second), StepS: 1, Series: map[string]source.Series{source.PoolUsed: pool},
		}},
	}
}

func (w *world) tell(s *source.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
}

func effect(t testing.TB, run source.Run, name string) source.Effect {
	t.Helper()
	for _, e := range run.Effects {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no effect on %s: %s", name, encoded(t, run.Effects))
	return source.Effect{}
}

func TestWatchJudgesAfterTenMinutes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		calls               int64
		before, after, used float64
		verdict, text       string
	}{
		{"slower", 300, 2, 74, 3, "worse", "get_conversation_history is slower"},
		{"a full pool", 300, 2, 2, 12, "worse", "the pool is near its limit"},
		{"faster", 300, 74, 2, 3, "better", "get_conversation_history is faster"},
		{"as before", 300, 2, 2.2, 3, "no different", "take as long as before"},
		{"much more of nearly nothing", 300, 0.1, 0.9, 3, "no different", "as before"},
		{"a little more of much", 300, 100, 140, 3, "no different", "as before"},
		{"nobody came", 110, 2, 74, 3, "too few calls", "no statement was called 20 times"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.tell(told(w.clock.Now(), 100, tt.before, tt.before, 1, 2, 13))
			run := w.do(migration("017", source.Rollback))
			if run.Watch == nil || run.Watch.Over || run.Watch.Until.Sub(*run.Ended) != 10*time.Minute {
				t.Fatalf("%s", encoded(t, run))
			}
			w.clock.forward(9 * time.Minute)
			w.tell(told(w.clock.Now(), tt.calls, tt.before, tt.after, 36, tt.used, 13))
			w.Look(t.Context())
			soFar := w.run(run.ID)
			if soFar.Watch.Over || soFar.Watch.Verdict != tt.verdict || !strings.Contains(soFar.Watch.Text, tt.text) {
				t.Errorf("so far: %s", encoded(t, soFar.Watch))
			}
			w.clock.forward(time.Minute)
			w.tell(told(w.clock.Now(), tt.calls, tt.before, tt.after, 40, tt.used, 13))
			w.Look(t.Context())
			run = w.run(run.ID)
			if !run.Watch.Over || run.Watch.Verdict != tt.verdict {
				t.Errorf("judged: %s", encoded(t, run.Watch))
			}
			e := effect(t, run, "get_conversation_history")
			if *e.Before != tt.before || *e.Now != tt.after || e.Unit != "ms" || len(e.Spark) != 60 || e.Worse != (tt.name == "slower") || e.Better != (tt.name == "faster") {
				t.Errorf("%s", encoded(t, e))
			}
			if e := effect(t, run, "get_leaderboard"); e.Worse {
				t.Error("a statement that was called three times is judged")
			}
			if e := effect(t, run, "insert_food"); e.Worse || e.Before == nil {
				t.Errorf("%s", encoded(t, e))
			}
			report, err := os.ReadFile(run.Report)
			if err != nil || !strings.Contains(string(report), "WATCH  for good: "+tt.verdict) {
				t.Errorf("%v\n%s", err, report)
			}
			// what is judged stays as it was judged
			w.tell(told(w.clock.Now(), 9999, 1, 500, 40, 13, 13))
			w.clock.forward(time.Hour)
			w.Look(t.Context())
			if again := w.run(run.ID); encoded(t, again) != encoded(t, run) {
				t.Errorf("then\n%s\nlater\n%s", encoded(t, run), encoded(t, again))
			}
		})
	}
}

// TestAnotherActEndsTheWatch: what is measured from then on is not the first one's doing alone.
func TestAnotherActEndsTheWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.do(migration("017", source.Rollback))
	w.do(migration("017", source.Apply))
	if watch := w.run(first.ID).Watch; !watch.Over || !strings.Contains(watch.Text, "another act began") {
		t.Errorf("%+v", watch)
	}
}

// TestTheWatchGoesOnInTheNextDaemon, which counts anew.
func TestTheWatchGoesOnInTheNextDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(told(w.clock.Now(), 1000, 2, 2, 1, 2, 13))
	run := w.do(migration("017", source.Rollback))
	w.shut()
	w.open()
	w.clock.forward(11 * time.Minute)
	w.tell(told(w.clock.Now(), 200, 2, 74, 44, 3, 13))
	w.Look(t.Context())
	if got := w.run(run.ID); !got.Watch.Over || got.Watch.Verdict != "worse" {
		t.Errorf("%s", encoded(t, got))
	}
}

// TestExactFigures are taken where there are some.
func TestExactFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shut()
	start := w.clock.Now()
	var asked time.Time
	w.config.Figures = func(names []string, from, to time.Time) map[string]acts.Figures {
		if from.Before(start) {
			return map[string]acts.Figures{"get_active_user": {50, 10}, "get_conversation_history": {50, 10}, "get_food_entries": {50, 10}, "get_leaderboard": {3, 10}}
		}
		asked = from
		return map[string]acts.Figures{"get_active_user": {50, 20}, "get_conversation_history": {50, 30}, "get_food_entries": {50, 5}, "get_leaderboard": {3, 900}}
	}
	w.open()
	run := w.do(migration("017", source.Rollback))
	w.clock.forward(10 * time.Minute)
	w.Look(t.Context())
	run = w.run(run.ID)
	if soonest := run.Ended.Add(time.Second); asked.Before(soonest) {
		t.Errorf("what was counted from %v on is taken for what was since: it ended at %v, and what was before is counted for a second more", asked, *run.Ended)
	}
	e := effect(t, run, "get_conversation_history")
	if !e.Worse || *e.Before != 10 || *e.Now != 30 || e.Factor != 3 || run.Watch.Verdict != "worse" {
		t.Errorf("%s", encoded(t, run))
	}
	var order []string
	for _, e := range run.Effects[:4] {
		order = append(order, e.Name)
	}
	if got := strings.Join(order, " "); got != "get_conversation_history get_active_user get_food_entries get_leaderboard" {
		t.Errorf("the worst is not first, or what was called three times is before what is judged: %s", got)
	}
}

// TestAnEarlierActIsNoBefore: what was measured while something else was so is not what an act is compared with.
func TestAnEarlierActIsNoBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shut()
	var froms []time.Time
	w.config.Figures = func(names []string, from, to time.Time) map[string]acts.Figures {
		w.mu.Lock()
		defer w.mu.Unlock()
		froms = append(froms, from)
		return nil
	}
	w.open()
	first := w.do(migration("017", source.Rollback))
	if first.BeforeS != 900 {
		t.Errorf("compared with %gs before", first.BeforeS)
	}
	w.clock.forward(2 * time.Minute)
	w.mu.Lock()
	froms = nil
	w.mu.Unlock()
	w.preview(migration("017", source.Apply))
	w.mu.Lock()
	if len(froms) == 0 || !froms[0].Equal(*first.Ended) {
		t.Errorf("the preview tells of the time since %v", froms)
	}
	froms = nil
	w.mu.Unlock()
	second := w.do(migration("017", source.Apply))
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(froms) == 0 || !froms[0].Equal(*first.Ended) || second.BeforeS != 120 {
		t.Errorf("compared with the time since %v, %gs; the one before ended at %v", froms, second.BeforeS, first.Ended)
	}
}

// TestAStartIsNoBefore: nothing is known of the time before the daemon's start.
func TestAStartIsNoBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := told(w.clock.Now(), 300, 2, 74, 8, 3, 13)
	s.UptimeS = 42
	w.tell(s)
	if run := w.do(migration("017", source.Rollback)); run.BeforeS != 42 {
		t.Errorf("compared with %gs before", run.BeforeS)
	}
}

// TestNothingIsKnown: a state without any part is no reason to fail.
func TestNothingIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, s := range []*source.Snapshot{nil, {}, {Statements: &source.Statements{}, Indexes: &source.Indexes{}, Pool: &source.Pool{}, History: &source.History{}, System: &source.System{}}} {
		w.tell(s)
		w.preview(migration("017", source.Rollback))
		w.preview(on(source.OnIndex, foodName, source.Reindex))
	}
	run := w.do(migration("017", source.Rollback))
	w.clock.forward(10 * time.Minute)
	w.Look(t.Context())
	if got := w.run(run.ID).Watch; !got.Over || got.Verdict != "too few calls" {
		t.Errorf("%+v", got)
	}
}

// TestPreviewTakesWhatIsKnown from the state: scans, times and the disk.
func TestPreviewTakesWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := told(w.clock.Now(), 100, 2, 2, 1, 2, 13)
	scans, used := 84.0, 2.0
	s.Indexes = &source.Indexes{List: []source.Index{{Name: foodName, ScansMin: &scans, LastUsedS: &used}}}
	s.System = &source.System{DiskTotal: 1000, DiskUsed: 990}
	w.tell(s)
	p := w.preview(migration("017", source.Rollback))
	for _, x := range p.Indexes {
		if x.Name == foodName && (x.ScansMin == nil || *x.ScansMin != 84 || *x.LastS != 2) {
			t.Errorf("%s", encoded(t, x))
		}
	}
	for _, q := range p.Queries {
		if q.Name == "get_conversation_history" && (q.CallsMin != 10 || q.MeanMS != 1 || q.P95MS != 2) {
			t.Errorf("%s", encoded(t, q))
		}
	}
	if !strings.Contains(p.Estimate, "costlier plan") || !strings.Contains(p.Estimate, "costs are not times") { // and none is made of them
		t.Errorf("the estimate is %q", p.Estimate)
	}
	has(t, w.preview(on(source.OnIndex, foodName, source.Reindex)), source.Warn, "of disk are free and about")
}
