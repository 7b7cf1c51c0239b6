package store

import "time"

// Interval is what was done since Store.Interval was called last.
type Interval struct {
	Statements map[string]StatementStep // by name; only those that were called
	All        Hist                     // of all statements
	Waits      Hist                     // for a connection
	LongestMS  float64                  // of those waits
	Slow       []SlowSample             // at most the last 32, the oldest first
}

// StatementStep is what one statement did in an interval.
type StatementStep struct {
	Calls, Rows, Errors, Slow int64
	TotalMS, MaxMS            float64
	Times                     Hist
}

// Add returns the sum of both.
func (s StatementStep) Add(o StatementStep) StatementStep {
	return StatementStep{
		Calls: s.Calls + o.Calls, Rows: s.Rows + o.Rows, Errors: s.Errors + o.Errors, Slow: s.Slow + o.Slow,
		TotalMS: s.TotalMS + o.TotalMS, MaxMS: max(s.MaxMS, o.MaxMS), Times: s.Times.Add(o.Times),
	}
}

// Interval returns what was done since it was called last, the first time since the start. It is for ONE caller: what it has returned
// nobody else gets. It needs no connection.
func (s *Store) Interval() Interval {
	i := Interval{Statements: map[string]StatementStep{}}
	for name, p := range *s.tracer.profiles.byName.Load() {
		if step, called := p.take(); called {
			i.Statements[name] = step
			i.All = i.All.Add(step.Times)
		}
	}
	var longest time.Duration
	i.Waits, longest = s.tracer.lately.Take()
	i.LongestMS = milliseconds(longest)
	i.Slow = s.tracer.slowest.fresh()
	return i
}

// StatementTexts are the statements by their names, as they were sent first: with $1, never a value. They are our own.
func (s *Store) StatementTexts() map[string]string {
	texts := map[string]string{}
	for _, q := range NamedQueries() {
		texts[q.Name] = q.SQL
	}
	for name, p := range *s.tracer.profiles.byName.Load() {
		if p.sql != "" {
			texts[name] = p.sql
		}
	}
	return texts
}

// tally is a profile's counters at one moment.
type tally struct {
	calls, errors, rows, slow int64
	total                     time.Duration
}

// take returns what was counted since it was called last; false when that is nothing.
func (p *profile) take() (StatementStep, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls == p.told.calls {
		return StatementStep{}, false
	}
	step := StatementStep{
		Calls: p.calls - p.told.calls, Errors: p.errors - p.told.errors, Rows: p.rows - p.told.rows, Slow: p.slow - p.told.slow,
		TotalMS: milliseconds(p.total - p.told.total),
	}
	var longest time.Duration
	step.Times, longest = p.lately.take()
	step.MaxMS = milliseconds(longest)
	p.told = p.tally
	return step, true
}

// fresh returns the samples that it has not returned yet, the oldest first.
func (s *samples) fresh() []SlowSample {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []SlowSample
	for i := max(s.told, s.n-mostSamples); i < s.n; i++ {
		list = append(list, s.ring[i%mostSamples])
	}
	s.told = s.n
	return list
}
