package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The names of the product's statements are fewer than mostNames; what others bring about, such as statements that are built, must not
// grow without end and is counted together.
const (
	mostNames   = 256
	mostSamples = 32
	otherName   = "other"
)

// QueryProfile is what one statement has cost since the start of the process.
type QueryProfile struct {
	Name    string  `json:"name"`
	Calls   int64   `json:"calls"`
	Errors  int64   `json:"errors"`
	Rows    int64   `json:"rows"` // returned or changed
	Slow    int64   `json:"slow"` // at or over the threshold
	TotalMS float64 `json:"total_ms"`
	MS      Timing  `json:"ms"`
	Index   string  `json:"index"` // that is to answer it, and by which node: of NamedQueries, filled in by whoever shows it
	Node    string  `json:"node"`
}

// Timing of a call, in milliseconds.
type Timing struct {
	Mean float64 `json:"mean"`
	Percentiles
}

// SlowSample is one slow call. Of its statement it has the name only.
type SlowSample struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"` // when it ended
	MS   float64   `json:"ms"`
	Rows int64     `json:"rows"`
}

// QueryReport is all that is known of the statements.
type QueryReport struct {
	Queries     []QueryProfile `json:"queries"`      // what took the most time in all first
	SlowSamples []SlowSample   `json:"slow_samples"` // the last ones, newest first
}

// QueryReport reads the figures. It needs no connection.
func (s *Store) QueryReport() QueryReport {
	return QueryReport{Queries: s.QueryProfile(), SlowSamples: s.tracer.slowest.newestFirst()}
}

// QueryProfile returns the profile of every statement so far, by total time, the largest first; never nil.
func (s *Store) QueryProfile() []QueryProfile {
	list := []QueryProfile{}
	for _, p := range *s.tracer.profiles.byName.Load() {
		list = append(list, p.read())
	}
	slices.SortFunc(list, func(a, b QueryProfile) int {
		return cmp.Or(cmp.Compare(b.TotalMS, a.TotalMS), strings.Compare(a.Name, b.Name))
	})
	return list
}

// profile counts one statement, for many goroutines.
type profile struct {
	name string
	sql  string // as it was first seen; empty for what is counted together

	mu sync.Mutex
	tally
	longest time.Duration
	times   histogram

	told   tally // what Interval has returned
	lately meter // since then
}

func (p *profile) add(took time.Duration, rows int64, failed, slow bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	p.rows += rows
	p.total += took
	p.longest = max(p.longest, took)
	if failed {
		p.errors++
	}
	if slow {
		p.slow++
	}
	p.times.record(took)
	p.lately.record(took)
}

func (p *profile) read() QueryProfile {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := QueryProfile{
		Name: p.name, Calls: p.calls, Errors: p.errors, Rows: p.rows, Slow: p.slow, TotalMS: milliseconds(p.total),
		MS: Timing{Percentiles: p.times.percentiles()},
	}
	top := milliseconds(p.longest) // the histogram rounds up, and ends at a minute
	q.MS.P50, q.MS.P95, q.MS.P99, q.MS.Max = min(q.MS.P50, top), min(q.MS.P95, top), min(q.MS.P99, top), top
	if p.calls > 0 {
		q.MS.Mean = milliseconds(p.total) / float64(p.calls)
	}
	return q
}

// profiles holds them by name. The map is replaced when a name is new, which is rare, and read without a lock.
type profiles struct {
	adding sync.Mutex
	byName atomic.Pointer[map[string]*profile]
}

func newProfiles() *profiles {
	p := &profiles{}
	p.byName.Store(&map[string]*profile{})
	return p
}

func (p *profiles) of(name, sql string) *profile {
	if known := (*p.byName.Load())[name]; known != nil {
		return known
	}
	p.adding.Lock()
	defer p.adding.Unlock()
	old := *p.byName.Load()
	if len(old) >= mostNames-1 && old[name] == nil {
		name, sql = otherName, ""
	}
	if known := old[name]; known != nil {
		return known
	}
	name = strings.Clone(name) // it is a piece of its statement
	all := make(map[string]*profile, len(old)+1)
	for k, v := range old {
		all[k] = v
	}
	fresh := &profile{name: name, sql: strings.Clone(sql), times: newHistogram()}
	all[name] = fresh
	p.byName.Store(&all)
	return fresh
}

// samples keeps the last slow calls.
type samples struct {
	mu   sync.Mutex
	ring [mostSamples]SlowSample
	n    int // how many there were
	told int // how many of them Interval has returned
}

func (s *samples) add(sample SlowSample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring[s.n%mostSamples] = sample
	s.n++
}

func (s *samples) newestFirst() []SlowSample {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]SlowSample, 0, min(s.n, mostSamples))
	for i := s.n - 1; i >= max(0, s.n-mostSamples); i-- {
		list = append(list, s.ring[i%mostSamples])
	}
	return list
}
