package direct

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"healthagent/app/sampler"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// mostStatements is how many statements the server is asked for: the product has fewer.
const mostStatements = 200

// figures is what the server counts of the named statements, and how they are planned. The zero value knows nothing.
type figures struct {
	part  source.Part
	since time.Time // since when the server counts; zero: not known
	first map[string]count
	begun time.Time // of first
	last  map[string]count
	plans map[string]sampler.Reading
}

// count is one statement, of all roles.
type count struct {
	text                        string
	calls, rows                 int64
	totalMS, maxMS              float64
	sharedHit, sharedRead, temp int64
}

// count takes in what the server says, or why it does not.
func (f *figures) count(now time.Time, took time.Duration, found inspect.Statements, err error) {
	if err != nil {
		f.part.Error = store.Reason(err)
		return
	}
	f.part = source.Part{At: now, TookMS: float64(took.Microseconds()) / 1000, Partial: slices.Clone(found.Partial)}
	f.part.Partial = append(f.part.Partial, "percentiles, errors and slow calls: only the daemon knows them")
	if found.Info.StatsReset != nil {
		f.since = *found.Info.StatsReset
	}
	f.last = map[string]count{}
	for _, st := range found.Statements {
		if st.Name == inspect.Unnamed {
			continue
		}
		c := f.last[st.Name]
		f.last[st.Name] = count{
			st.Query, c.calls + st.Calls, c.rows + st.Rows, c.totalMS + st.TotalMS, max(c.maxMS, st.MaxMS),
			c.sharedHit + st.SharedHit, c.sharedRead + st.SharedRead, c.temp + st.TempWritten,
		}
	}
	if f.first == nil {
		f.first, f.begun = f.last, now
	}
}

// list is the statements with zeros for what is not known; nil when nothing is.
func (f *figures) list(now time.Time, slow time.Duration) *source.Statements {
	if f.last == nil {
		return nil
	}
	out := &source.Statements{
		Part: f.part, Since: f.since, SlowMS: float64(slow) / float64(time.Millisecond), List: []source.Statement{},
	}
	if !f.since.IsZero() {
		out.WindowS = now.Sub(f.since).Seconds()
	}
	var all float64
	for _, c := range f.last {
		all += c.totalMS
	}
	for name, c := range f.last {
		st := source.Statement{
			Name: name, SQL: textOf(name, c.text), MaxMS: c.maxMS, Calls: c.calls, Histogram: []int64{}, Spark: source.Series{},
			SharedHit: &c.sharedHit, SharedRead: &c.sharedRead, TempPages: &c.temp, Samples: []source.SlowSample{}, CallsMin: f.rate(name),
		}
		if c.calls > 0 {
			st.MeanMS, st.RowsCall = c.totalMS/float64(c.calls), float64(c.rows)/float64(c.calls)
		}
		if all > 0 {
			st.TimePct = 100 * c.totalMS / all
		}
		p := f.plans[name]
		st.Node, st.Index, st.Expected = p.Node, p.Index, expected(name, p.Indexes)
		out.List = append(out.List, st)
	}
	slices.SortFunc(out.List, func(a, b source.Statement) int {
		return cmp.Or(cmp.Compare(b.TimePct, a.TimePct), strings.Compare(a.Name, b.Name))
	})
	return out
}

// rate is the calls a minute since the first look; 0: not known.
func (f *figures) rate(name string) float64 {
	past := f.part.At.Sub(f.begun)
	calls := f.last[name].calls - f.first[name].calls
	if past < time.Second || calls < 0 {
		return 0
	}
	return float64(calls) / past.Minutes()
}

// shown is the list with what is not known as NaN, cleaned.
func (f *figures) shown(now time.Time, slow time.Duration) *source.Statements {
	s := f.list(now, slow)
	if s == nil {
		return nil
	}
	source.Clean(s)
	for i := range s.List {
		st := &s.List[i]
		st.P50MS, st.P95MS, st.P99MS = math.NaN(), math.NaN(), math.NaN()
		if f.part.At.Sub(f.begun) < time.Second {
			st.CallsMin = math.NaN()
		}
	}
	return s
}

// textOf is the statement as the program writes it, else as the server keeps it.
func textOf(name, kept string) string {
	for _, q := range store.NamedQueries() {
		if q.Name == name {
			return strings.TrimSpace(q.SQL)
		}
	}
	return kept
}

// expected is the index that is there for a statement: of several the one that its plan reads, else the first.
func expected(name string, read []string) (index string) {
	for _, q := range store.NamedQueries() {
		switch {
		case q.Name != name:
		case slices.Contains(read, q.Index):
			return q.Index
		case index == "":
			index = q.Index
		}
	}
	return index
}
