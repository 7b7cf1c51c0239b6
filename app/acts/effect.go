package acts

import (
	"cmp"
	"math"
	"slices"
	"time"

	"healthagent/tui/source"
)

// base is how a statement fared before an act.
type base struct {
	Calls int64   `json:"calls"`
	P95MS float64 `json:"p95_ms"`
}

// before is the stretch of time that an act's effects are compared with, at most.
const before = 15 * time.Minute

// undisturbed is since when things have been as they are now, at most that stretch of time ago: what was measured before another act
// ended, or before the daemon started, says nothing about what this one does.
func (r *Runner) undisturbed(now time.Time, by *record, s *source.Snapshot) time.Time {
	from := now.Add(-before)
	if s != nil && s.UptimeS > 0 {
		from = later(from, now.Add(-time.Duration(s.UptimeS*float64(time.Second))))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.runs {
		if run := rec.Run; rec != by && run.Watch != nil && run.Ended != nil && !run.Ended.After(now) {
			from = later(from, *run.Ended)
		}
	}
	return from
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// sparkStep is how long a step of a statement's series is.
const sparkStep = 15 * time.Second

// baseline notes how the statements fare that an act may change.
func (r *Runner) baseline(rec *record) {
	now, s := r.cfg.Now(), r.state()
	from := r.undisturbed(now, rec, s)
	span := now.Sub(from)
	rec.Facts.Base, rec.Run.BeforeS = map[string]base{}, span.Seconds()
	var exact map[string]Figures
	if r.cfg.Figures != nil {
		exact = r.cfg.Figures(rec.Facts.Order, from, now)
	}
	for _, name := range rec.Facts.Order {
		if f, known := exact[name]; known && f.Calls > 0 {
			rec.Facts.Base[name] = base(f)
			continue
		}
		st, known := statement(s, name)
		if p95, ok := lately(st.Spark, span); known && ok && r.cfg.Figures == nil {
			rec.Facts.Base[name] = base{Calls: int64(math.Round(st.CallsMin * min(s.Statements.WindowS, span.Seconds()) / 60)), P95MS: p95}
		}
	}
	if used, ok := poolUsed(s, from); ok {
		rec.Facts.Pool = &used
	}
}

func statement(s *source.Snapshot, name string) (source.Statement, bool) {
	if s.Statements == nil {
		return source.Statement{}, false
	}
	i := slices.IndexFunc(s.Statements.List, func(st source.Statement) bool { return st.Name == name })
	if i < 0 {
		return source.Statement{}, false
	}
	return s.Statements.List[i], true
}

// lately is the middle of the p95s of the last steps of a series; false when it was not called in them. The same measure is taken of
// before and of now.
func lately(series source.Series, span time.Duration) (float64, bool) {
	steps := int(math.Ceil(float64(span) / float64(sparkStep)))
	var values []float64
	for _, v := range series[max(len(series)-steps, 0):] {
		if !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	return values[len(values)/2], true
}

// since is how the statements of an act have fared from a moment on.
func (r *Runner) since(f facts, s *source.Snapshot, from time.Time) map[string]Figures {
	now := r.cfg.Now()
	if r.cfg.Figures != nil {
		return r.cfg.Figures(f.Order, from, now)
	}
	out := map[string]Figures{}
	for _, name := range f.Order {
		st, known := statement(s, name)
		p95, ok := lately(st.Spark, max(now.Sub(from), sparkStep))
		if !known || !ok {
			continue
		}
		calls := st.Calls - f.AtEnd[name]
		if calls < 0 { // the daemon has begun to count anew
			calls = st.Calls
		}
		out[name] = Figures{Calls: calls, P95MS: p95}
	}
	return out
}

// poolUsed is how many connections were used at most in nineteen of twenty seconds since a moment.
func poolUsed(s *source.Snapshot, from time.Time) (float64, bool) {
	if s.History == nil || s.History.Short.StepS <= 0 {
		return 0, false
	}
	ring := s.History.Short
	var values []float64
	for i, v := range ring.Series[source.PoolUsed] {
		at := ring.Start.Add(time.Duration(float64(i) * ring.StepS * float64(time.Second)))
		if !at.Before(from) && !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	slices.Sort(values)
	return values[(len(values)-1)*95/100], true
}

// effects measures what an act has done to its statements and to the pool from a moment on. enough is how many of them were called often
// enough to be judged.
func (r *Runner) effects(f facts, s *source.Snapshot, from time.Time) (list []source.Effect, enough int) {
	list = []source.Effect{}
	figures, judged := r.since(f, s, from), map[string]bool{}
	for _, name := range f.Order {
		e := source.Effect{Name: name, Unit: "ms", Spark: source.Series{}}
		if st, known := statement(s, name); known && st.Spark != nil {
			e.Spark = st.Spark
		}
		was, had := f.Base[name]
		if had {
			e.Before = rounded(was.P95MS)
		}
		now := figures[name]
		if now.Calls > 0 {
			e.Now = rounded(now.P95MS)
		}
		if e.Before != nil && e.Now != nil && *e.Before > 0 {
			e.Factor = math.Round(100**e.Now / *e.Before) / 100
			if now.Calls >= fewCalls && was.Calls >= fewCalls {
				enough++
				judged[name] = true
				e.Worse, e.Better = isWorse(*e.Before, *e.Now), isWorse(*e.Now, *e.Before)
			}
		}
		list = append(list, e)
	}
	if e, ok := poolEffect(f, s, from); ok {
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b source.Effect) int {
		return cmp.Or(cmp.Compare(rank(a, judged), rank(b, judged)), cmp.Compare(b.Factor, a.Factor))
	})
	return list, enough
}

// rank puts what is worse first, then what is judged, what can be compared but was called too seldom, and what was not called; within each
// the worst is first. The pool stands last unless it is worse.
func rank(e source.Effect, judged map[string]bool) int {
	switch {
	case e.Worse:
		return 0
	case e.Name == poolName:
		return 5
	case judged[e.Name]:
		return 1
	case e.Factor > 0:
		return 2
	case e.Before != nil || e.Now != nil:
		return 3
	default:
		return 4
	}
}

// rounded is a time to a microsecond.
func rounded(ms float64) *float64 {
	ms = math.Round(1000*ms) / 1000
	return &ms
}

// poolEffect is worse when the pool is near its limit and was not.
func poolEffect(f facts, s *source.Snapshot, from time.Time) (source.Effect, bool) {
	used, ok := poolUsed(s, from)
	if !ok || f.Pool == nil {
		return source.Effect{}, false
	}
	was := *f.Pool
	e := source.Effect{Name: poolName, Unit: "connections", Before: &was, Now: &used, Spark: coarse(s.History.Short.Series[source.PoolUsed], 60)}
	if was > 0 {
		e.Factor = math.Round(100*used/was) / 100
	}
	if s.Pool != nil && s.Pool.MaxSize > 0 {
		limit := nearLimit * float64(s.Pool.MaxSize)
		e.Worse, e.Better = used >= limit && was < limit, used < limit && was >= limit
	}
	return e, true
}

// poolName is the effect on the pool, among those on statements.
const poolName = "pool"

// coarse makes a series of at most that many steps, each the largest of those that it stands for.
func coarse(series source.Series, steps int) source.Series {
	if len(series) <= steps {
		return slices.Clone(series)
	}
	out := make(source.Series, steps)
	for i := range out {
		out[i] = math.NaN()
		for _, v := range series[i*len(series)/steps : (i+1)*len(series)/steps] {
			if !math.IsNaN(v) && !(out[i] >= v) {
				out[i] = v
			}
		}
	}
	return out
}
