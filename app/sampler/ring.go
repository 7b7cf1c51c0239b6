package sampler

import (
	"math"
	"time"

	"healthagent/tui/source"
)

// The series of the history, by their places in a row. Append only: files hold them by their place.
const (
	atPoolUsed = iota
	atPoolWaiting
	atPoolWaitMS
	atPerSecond
	atSlowPerMin
	atStatementMS
	atUpdates
	atHandledMS
	atCacheHitPct
	atCacheAnswer
	atHostCPU
	atHostMemPct
	atHostDiskPct
	atTransactions
	atConnections
	atBlocked
	seriesCount
)

// seriesNames are what the series are called, by their places.
func seriesNames() [seriesCount]string {
	return [seriesCount]string{
		atPoolUsed:     source.PoolUsed,
		atPoolWaiting:  source.PoolWaiting,
		atPoolWaitMS:   source.PoolWaitMS,
		atPerSecond:    source.PerSecond,
		atSlowPerMin:   source.SlowPerMin,
		atStatementMS:  source.StatementMS,
		atUpdates:      source.Updates,
		atHandledMS:    source.HandledMS,
		atCacheHitPct:  source.CacheHitPct,
		atCacheAnswer:  source.CacheAnswer,
		atHostCPU:      source.HostCPU,
		atHostMemPct:   source.HostMemPct,
		atHostDiskPct:  source.HostDiskPct,
		atTransactions: source.Transactions,
		atConnections:  source.Connections,
		atBlocked:      source.Blocked,
	}
}

// largest are the series of which a longer step tells the largest value; of the others it tells the mean.
func largest(series int) bool {
	switch series {
	case atPoolWaiting, atPoolWaitMS, atStatementMS, atHandledMS, atCacheAnswer, atBlocked:
		return true
	default:
		return false
	}
}

// row is one step: a value for each series, NaN for none.
type row [seriesCount]float32

func emptyRow() (r row) {
	for i := range r {
		r[i] = float32(math.NaN())
	}
	return r
}

// ring keeps the rows of the last steps. A step is known by its number, counted from 1970; what was not written is a gap.
type ring struct {
	step time.Duration
	last int64 // number of the newest step; everything kept is within length before it
	at   []int64
	rows []row
}

func newRing(step time.Duration, length int) *ring {
	r := &ring{step: step, last: math.MinInt64, at: make([]int64, length), rows: make([]row, length)}
	for i := range r.at {
		r.at[i] = math.MinInt64
	}
	return r
}

// number is that of the step in which t lies.
func (r *ring) number(t time.Time) int64 { return t.UnixNano() / int64(r.step) }

// place is where a step is kept.
func (r *ring) place(number int64) int {
	n := int64(len(r.at))
	return int((number%n + n) % n)
}

// put writes a step. One before the newest means that the clock went back: what was later is forgotten, since its time comes again.
func (r *ring) put(number int64, values row) {
	if number < r.last {
		r.forgetAfter(number)
	}
	r.last = number
	i := r.place(number)
	r.at[i], r.rows[i] = number, values
}

// restore writes a step that was kept on disk, in any order.
func (r *ring) restore(number int64, values row) {
	if i := r.place(number); r.at[i] < number {
		r.at[i], r.rows[i] = number, values
		r.last = max(r.last, number)
	}
}

// forgetAfter forgets what is later than a step.
func (r *ring) forgetAfter(number int64) {
	for i, at := range r.at {
		if at > number {
			r.at[i] = math.MinInt64
		}
	}
	r.last = min(r.last, number)
}

// get returns a step; false for a gap.
func (r *ring) get(number int64) (row, bool) {
	i := r.place(number)
	return r.rows[i], r.at[i] == number
}

// until returns the steps up to and with one, joined by several to one. The first joined step begins at a multiple of its length.
func (r *ring) until(number int64, join int) source.Ring {
	end := number / int64(join) // of the joined steps
	length := len(r.at) / join
	first := end - int64(length) + 1
	step := r.step * time.Duration(join)
	out := source.Ring{Start: time.Unix(0, first*int64(step)), StepS: step.Seconds(), Series: make(map[string]source.Series, seriesCount)}
	joined := make([]row, length)
	for i := range joined {
		joined[i] = r.join((first+int64(i))*int64(join), join)
	}
	for k, name := range seriesNames() {
		s := make(source.Series, length)
		for i := range s {
			s[i] = float64(joined[i][k])
		}
		out.Series[name] = s
	}
	return out
}

// join makes one row of several steps.
func (r *ring) join(first int64, steps int) row {
	var j joiner
	for i := range int64(steps) {
		if values, ok := r.get(first + i); ok {
			j.add(values)
		}
	}
	return j.row()
}

// joiner makes one row of several: the mean, or the largest. The zero value is ready.
type joiner struct {
	sum   [seriesCount]float64
	count [seriesCount]int
}

func (j *joiner) add(r row) {
	for k, v := range r {
		v := float64(v)
		switch {
		case math.IsNaN(v):
			continue
		case largest(k) && j.count[k] > 0:
			j.sum[k] = max(j.sum[k], v)
		default:
			j.sum[k] += v
		}
		j.count[k]++
	}
}

func (j *joiner) row() row {
	r := emptyRow()
	for k := range r {
		switch {
		case j.count[k] == 0:
		case largest(k):
			r[k] = float32(j.sum[k])
		default:
			r[k] = float32(j.sum[k] / float64(j.count[k]))
		}
	}
	return r
}

// sampleOf is a row as it is sent.
func sampleOf(t time.Time, r row) source.Sample {
	s := source.Sample{Time: t, Values: make(map[string]source.Value, seriesCount)}
	for k, name := range seriesNames() {
		if v := float64(r[k]); !math.IsNaN(v) {
			s.Values[name] = source.Value(v)
		}
	}
	return s
}
