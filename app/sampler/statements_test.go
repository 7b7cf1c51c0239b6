package sampler

import (
	"math"
	"strings"
	"testing"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// did is an interval in which one statement was called n times, each for so long.
func did(name string, n int, took time.Duration) store.Interval {
	step := store.StatementStep{
		Calls: int64(n), Rows: int64(3 * n), TotalMS: float64(n) * float64(took) / 1e6, MaxMS: float64(took) / 1e6, Times: times(n, took),
	}
	return store.Interval{Statements: map[string]store.StatementStep{name: step}, All: step.Times}
}

func sources() *Sources {
	return &Sources{SlowMS: 50, Texts: func() map[string]string { return map[string]string{"q": "\nSELECT /* q */ 1", "never": "SELECT 2"} }}
}

func find(t *testing.T, list *source.Statements, name string) source.Statement {
	t.Helper()
	for _, st := range list.List {
		if st.Name == name {
			return st
		}
	}
	t.Fatalf("no %s in %+v", name, list.List)
	return source.Statement{}
}

func TestFiguresOfTheWindow(t *testing.T) {
	t.Parallel()
	b, now := newBook(noon()), noon()
	b.add(now, did("q", 100, 200*time.Millisecond)) // over before the window begins
	now = now.Add(20 * time.Minute)
	for range 30 { // half a minute
		b.add(now, did("q", 2, 10*time.Millisecond))
		b.add(now, did("other", 1, 20*time.Millisecond))
		now = now.Add(time.Second)
	}
	b.of("never")
	b.readPages(inspect.Statements{Statements: []inspect.Statement{
		{Name: "q", SharedHit: 5, SharedRead: 1}, {Name: "q", SharedHit: 7, TempWritten: 2}, {Name: inspect.Unnamed, SharedHit: 9},
	}})
	list := b.list(now, sources())
	q := find(t, list, "q")
	if list.WindowS != 900 || q.CallsMin != 4 || q.MeanMS != 10 || q.RowsCall != 3 || q.MaxMS != 10 || q.P95MS < 8 || q.P95MS > 12 || q.Calls != 160 {
		t.Errorf("%v s: %+v", list.WindowS, q)
	}
	if q.TimePct != 50 || q.SQL != "SELECT /* q */ 1" || *q.SharedHit != 12 || *q.SharedRead != 1 || *q.TempPages != 2 {
		t.Errorf("%+v", q)
	}
	if n := len(q.Spark); n != windowSteps || math.IsNaN(q.Spark[n-2]) || !math.IsNaN(q.Spark[0]) {
		t.Errorf("%v", q.Spark)
	}
	if q.Histogram[2] != 60 || len(q.Histogram) != len(source.Bounds())+1 {
		t.Errorf("%v", q.Histogram)
	}
	if never := find(t, list, "never"); never.Calls != 0 || never.SharedHit != nil {
		t.Errorf("%+v", never)
	}
}

// TestTheWindowIsOfWhatWasLookedAt: what is called twice a second is called 120 times a minute, right after the start, when the window
// begins within a step, when the clock of the machine is set, and after the process stood still.
func TestTheWindowIsOfWhatWasLookedAt(t *testing.T) {
	t.Parallel()
	now := noon().Add(7 * time.Second)
	b := newBook(now)
	if list := b.list(now.Add(time.Minute), sources()); list.WindowS != 60 {
		t.Errorf("a minute after the start the window is %v s", list.WindowS)
	}
	wall := func(by time.Duration) { // the clock is set, which the time that passes is not told by
		now, b.looked.last = now.Add(by), b.looked.last.Add(by)
	}
	calls := func(seconds int, wantS float64, when string) {
		t.Helper()
		for range seconds {
			now = now.Add(time.Second)
			b.add(now, did("q", 2, time.Millisecond))
		}
		list := b.list(now, sources())
		if q := find(t, list, "q"); q.CallsMin < 118 || q.CallsMin > 122 || math.Abs(list.WindowS-wantS) > 15 {
			t.Errorf("%s: %v calls a minute over %v s", when, q.CallsMin, list.WindowS)
		}
	}
	calls(5, 5, "at first")
	calls(100, 105, "after a while")
	for range 4 {
		calls(901, 892, "while it runs")
	}
	wall(-time.Hour)
	calls(40, 40, "the clock went back")
	wall(2 * time.Hour)
	calls(40, 40, "the clock went forward")
	calls(1000, 892, "while it runs again")
	now = now.Add(5 * time.Minute)
	b.add(now, did("q", 600, time.Millisecond))
	calls(1, 900, "after a standstill")
}

func TestWorseThanItsDay(t *testing.T) {
	t.Parallel()
	b, now := newBook(noon()), noon()
	for range 5 {
		b.add(now, did("q", 100, 10*time.Millisecond))
		if st := find(t, b.list(now, sources()), "q"); st.Worse != "" || st.DayP95MS != nil && now.Equal(noon()) {
			t.Errorf("at %v: %q", now, st.Worse)
		}
		now = now.Add(time.Hour)
	}
	b.add(now, did("q", 20, 80*time.Millisecond))
	st := find(t, b.list(now, sources()), "q")
	if st.DayP95MS == nil || *st.DayP95MS < 8 || *st.DayP95MS > 12 || !strings.HasPrefix(st.Worse, "p95 x") || !strings.HasSuffix(st.Worse, now.Local().Format("15:04")) {
		t.Errorf("day %v, %q", st.DayP95MS, st.Worse)
	}
	for range 6 { // what is bad for hours is still worse than the day before
		now = now.Add(time.Hour)
		b.add(now, did("q", 200, 80*time.Millisecond))
		if st := find(t, b.list(now, sources()), "q"); st.Worse == "" || *st.DayP95MS > 12 {
			t.Errorf("at %v: %q, day %v", now, st.Worse, *st.DayP95MS)
		}
	}
	now = now.Add(26 * time.Hour)
	b.add(now, did("q", 20, 80*time.Millisecond))
	if st := find(t, b.list(now, sources()), "q"); st.DayP95MS != nil || st.Worse != "" {
		t.Errorf("a day later: %v, %q", *st.DayP95MS, st.Worse)
	}
}

func TestPlansThatChange(t *testing.T) {
	t.Parallel()
	b, now := newBook(noon()), noon()
	named := []store.NamedQuery{{Name: "q", Index: "covering"}, {Name: "q", Index: "long"}}
	uses := Reading{Node: "Index Only Scan", Index: "covering", Indexes: []string{"covering", "long"}}
	scans := Reading{Node: "Seq Scan"}
	read := func(r Reading) (string, planSeen) {
		now = now.Add(time.Minute)
		text := ""
		for _, e := range b.readPlans(now, map[string]Reading{"q": r}, named) {
			text += e.Level + " " + e.Subject + " " + e.Text
		}
		return text, b.of("q").plan
	}
	if text, p := read(uses); text != "" || p.Expected != "covering" || p.Changed != "" {
		t.Errorf("at first: %q %+v", text, p)
	}
	if text, p := read(scans); text != "warn q plan changed: Index Only Scan covering > Seq Scan" || !p.Away || !p.ChangedAt.Equal(now) {
		t.Errorf("away: %q %+v", text, p)
	}
	changed := now
	if text, p := read(scans); text != "" || !p.Away || !p.ChangedAt.Equal(changed) {
		t.Errorf("still away: %q %+v", text, p)
	}
	if text, p := read(uses); text != "info q plan changed: Seq Scan > Index Only Scan covering" || p.Away {
		t.Errorf("back: %q %+v", text, p)
	}
	long := Reading{Node: "Index Scan", Index: "long", Indexes: []string{"long"}}
	if _, p := read(long); p.Expected != "long" || p.Away {
		t.Errorf("the other of its indexes: %+v", p)
	}
	if names := b.users()["long"]; len(names) != 1 || names[0] != "q" {
		t.Errorf("used by %v", names)
	}
}

// TestPlansOnSmallTables: that the planner reads a small table through is told and is nobody's trouble, until the table has grown.
func TestPlansOnSmallTables(t *testing.T) {
	t.Parallel()
	now := noon()
	s := New(Config{Now: func() time.Time { return now }})
	s.Attach(Sources{Interval: func() store.Interval { return store.Interval{} }, SlowMS: 50})
	s.book.add(now, did("q", 1, time.Millisecond))
	read := func(r Reading) []source.Event {
		now = now.Add(time.Minute)
		events := s.book.readPlans(now, map[string]Reading{"q": r}, []store.NamedQuery{{Name: "q", Index: "i"}})
		s.listStatements(now)
		return events
	}
	read(Reading{Node: "Index Scan", Index: "i", Small: true})
	events := read(Reading{Node: "Seq Scan", Small: true})
	if len(events) != 1 || events[0].Level != "info" || events[0].Text != "plan changed: Index Scan i > Seq Scan" {
		t.Errorf("%+v", events)
	}
	if st := find(t, s.book.list(now, s.sources.Load()), "q"); !st.Small || st.Node != "Seq Scan" {
		t.Errorf("%+v", st)
	}
	if got := needs(s); len(got) != 0 {
		t.Errorf("small: %+v", got)
	}
	read(Reading{Node: "Seq Scan"})
	if got := needs(s)["plan"]; got.Subject != "q" || !strings.HasPrefix(got.Text, "plan now Seq Scan, was Index Scan i until ") {
		t.Errorf("grown: %+v", got)
	}
}

func TestSlowLines(t *testing.T) {
	t.Parallel()
	var slow []store.SlowSample
	for i := range 8 {
		slow = append(slow, store.SlowSample{Name: "q", At: noon(), MS: float64(100 + i), Rows: 7})
	}
	events := slowEvents(slow)
	if len(events) != 6 || events[4].Text != "107.0 ms, 7 rows" || events[4].Subject != "q" || !strings.Contains(events[5].Text, "3 more") {
		t.Errorf("%+v", events)
	}
	if len(slowEvents(nil)) != 0 {
		t.Error("lines of nothing")
	}
}
