package sampler

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// book is what is known of each statement. It is the loop's.
type book struct {
	since  time.Time
	looked spans
	listed time.Time // when the list was made last
	by     map[string]*entry
	server map[string]pages // what the server counts, by name
	plans  source.Part      // of their reading
	pages  source.Part
}

// entry is one statement.
type entry struct {
	total  store.StatementStep // since the start, without the times
	lately window
	day    day
	slow   []source.SlowSample // the newest first
	plan   planSeen
	worse  time.Time // since when it is worse than its day; zero: it is not
	base   float64   // p95 of the day before that
}

// planSeen is how a statement's plan reads, and read before.
type planSeen struct {
	Reading
	Expected  string    `json:"expected"`
	Changed   string    `json:"changed,omitempty"` // what it was before, and is
	ChangedAt time.Time `json:"changed_at,omitzero"`
	Away      bool      `json:"away,omitempty"` // it used its index and does no more
}

// strays reports whether somebody should look why it uses its index no more: on a small table the planner is right to do without.
func (p planSeen) strays() bool { return p.Away && !p.Small }

type pages struct{ hit, read, temp int64 }

// mostSlow is how many slow calls of one statement are kept.
const mostSlow = 10

func newBook(now time.Time) book {
	return book{since: now, looked: spans{last: now}, by: map[string]*entry{}}
}

func (b *book) of(name string) *entry {
	e := b.by[name]
	if e == nil {
		e = &entry{}
		b.by[name] = e
	}
	return e
}

// add takes in what was done since the last second.
func (b *book) add(now time.Time, i store.Interval) {
	b.looked.add(now)
	for name, step := range i.Statements {
		e := b.of(name)
		e.lately.add(now, step)
		e.day.add(now, step.Times)
		step.Times = store.Hist{}
		e.total = e.total.Add(step)
	}
	for _, slow := range i.Slow {
		e := b.of(slow.Name)
		e.slow = slices.Insert(e.slow, 0, source.SlowSample{At: slow.At, MS: slow.MS, Rows: slow.Rows})
		e.slow = e.slow[:min(len(e.slow), mostSlow)]
	}
}

// due reports whether the list is as old as that.
func (b *book) due(now time.Time, age time.Duration) bool {
	past := now.Sub(b.listed)
	return past >= age-time.Second/2 || past < 0
}

// listStatements makes the list of the statements and publishes it. It runs on the loop.
func (s *Sampler) listStatements(now time.Time) {
	src := s.sources.Load()
	if src == nil || src.Interval == nil {
		return
	}
	s.book.listed = now
	start := time.Now()
	list := s.book.list(now, src)
	list.Part = source.Part{At: now, TookMS: float64(time.Since(start).Microseconds()) / 1000}
	for what, part := range map[string]source.Part{"plans": s.book.plans, "the server's own figures": s.book.pages} {
		if part.Error != "" {
			list.Partial = append(list.Partial, what+": "+part.Error)
		}
	}
	slices.Sort(list.Partial)
	s.hub.publish(&source.Snapshot{Statements: list})
}

func (b *book) list(now time.Time, src *Sources) *source.Statements {
	list := &source.Statements{WindowS: max(b.looked.sum(now), 1), Since: b.since, SlowMS: src.SlowMS, List: []source.Statement{}}
	texts := map[string]string{}
	if src.Texts != nil {
		texts = src.Texts()
	}
	var all float64
	spent := map[string]float64{}
	for name, e := range b.by {
		if e.total.Calls == 0 && texts[name] == "" {
			continue // known from an earlier life only
		}
		st := e.statement(now, list.WindowS, src.SlowMS)
		st.Name, st.SQL = name, strings.TrimSpace(texts[name])
		if p, known := b.server[name]; known {
			st.SharedHit, st.SharedRead, st.TempPages = &p.hit, &p.read, &p.temp
		}
		spent[name] = st.MeanMS * st.CallsMin
		all += spent[name]
		list.List = append(list.List, st)
	}
	for i := range list.List {
		if all > 0 {
			list.List[i].TimePct = round3(100 * spent[list.List[i].Name] / all)
		}
	}
	slices.SortFunc(list.List, func(x, y source.Statement) int {
		return cmp.Or(cmp.Compare(y.TimePct, x.TimePct), cmp.Compare(y.Calls, x.Calls), strings.Compare(x.Name, y.Name))
	})
	return list
}

// statement is what is shown of one. Whether it is worse than its day is judged here too.
func (e *entry) statement(now time.Time, windowS, slowMS float64) source.Statement {
	sum := e.lately.sum(now)
	p := percentiles(sum)
	st := source.Statement{
		CallsMin: round3(float64(sum.Calls) * 60 / windowS), P50MS: p.P50, P95MS: p.P95, P99MS: p.P99, MaxMS: p.Max,
		Calls: e.total.Calls, Errors: e.total.Errors, Slow: e.total.Slow,
		Histogram: sum.Times.Bars(source.Bounds()), Spark: e.lately.spark(now), DayP95MS: e.day.p95(now),
		Node: e.plan.Node, Index: e.plan.Index, Expected: e.plan.Expected, Small: e.plan.Small, Changed: e.plan.Changed, ChangedAt: e.plan.ChangedAt,
		Samples: slices.Clone(e.slow),
	}
	if sum.Calls > 0 {
		st.MeanMS, st.RowsCall = round3(sum.TotalMS/float64(sum.Calls)), round3(float64(sum.Rows)/float64(sum.Calls))
	}
	e.compare(now, &st, sum.Calls)
	return st
}

// A statement is worse than its day from here on. Below a few milliseconds and for few calls the difference says nothing.
const (
	worseFactor = 2
	worseFromMS = 5
	worseCalls  = 10
)

// compare says whether it is worse. While it is, it is compared with the day before that: else what is bad for long becomes its day.
func (e *entry) compare(now time.Time, st *source.Statement, calls int64) {
	if past := now.Sub(e.worse); !e.worse.IsZero() && past >= 0 && past < 24*time.Hour {
		base := e.base
		st.DayP95MS = &base
	}
	if st.DayP95MS == nil || calls < worseCalls || st.P95MS < worseFromMS || st.P95MS < worseFactor**st.DayP95MS {
		e.worse = time.Time{}
		return
	}
	if e.worse.IsZero() {
		e.worse, e.base = now, *st.DayP95MS
	}
	since := e.worse
	if at := st.ChangedAt; !at.IsZero() && now.Sub(at) < windowSteps*windowStep {
		since = at
	}
	st.Worse = fmt.Sprintf("p95 x%.1f since %s", st.P95MS / *st.DayP95MS, since.Local().Format("15:04"))
}

// readPlans takes in how the plans read now.
func (b *book) readPlans(now time.Time, plans map[string]Reading, named []store.NamedQuery) (changed []source.Event) {
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		e, r := b.of(name), plans[name]
		expected := expectedOf(named, name, r)
		old := e.plan
		e.plan.Reading, e.plan.Expected = r, expected
		if old.Node == "" || old.Index == r.Index && old.Node == r.Node {
			continue
		}
		e.plan.Changed, e.plan.ChangedAt = brief(old.Reading)+" > "+brief(r), now
		e.plan.Away = expected != "" && r.Index != expected && (old.Index == old.Expected || old.Away)
		level := "info"
		if e.plan.strays() {
			level = "warn"
		}
		changed = append(changed, source.Event{Time: now, Level: level, Kind: "plan", Subject: name, Text: "plan changed: " + e.plan.Changed})
	}
	return changed
}

// expectedOf is the index that is there for a statement: of several the one that its plan reads, else the first.
func expectedOf(named []store.NamedQuery, name string, r Reading) (expected string) {
	for _, q := range named {
		if q.Name != name {
			continue
		}
		if slices.Contains(r.Indexes, q.Index) {
			return q.Index
		}
		if expected == "" {
			expected = q.Index
		}
	}
	return expected
}

func brief(r Reading) string { return strings.TrimSpace(r.Node + " " + r.Index) }

// readPages takes in what the server counts. A statement of several roles is counted together.
func (b *book) readPages(found inspect.Statements) {
	b.server = map[string]pages{}
	for _, st := range found.Statements {
		p := b.server[st.Name]
		b.server[st.Name] = pages{p.hit + st.SharedHit, p.read + st.SharedRead, p.temp + st.TempWritten}
	}
	delete(b.server, inspect.Unnamed)
}

// mostSlowLines is how many slow statements of one second the log tells one by one.
const mostSlowLines = 5

// slowEvents are the lines that the log has of slow statements.
func slowEvents(slow []store.SlowSample) (events []source.Event) {
	for _, x := range slow[max(0, len(slow)-mostSlowLines):] {
		events = append(events, source.Event{
			Time: x.At, Level: "warn", Kind: "slow", Subject: x.Name, Text: fmt.Sprintf("%.1f ms, %d rows", x.MS, x.Rows),
		})
	}
	if more := len(slow) - mostSlowLines; more > 0 {
		events = append(events, source.Event{Time: slow[len(slow)-1].At, Level: "warn", Kind: "slow", Text: fmt.Sprintf("and at least %d more in that second", more)})
	}
	return events
}
