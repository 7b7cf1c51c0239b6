package sampler

import (
	"math"
	"slices"
	"time"

	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// The uses of an index are counted in steps of half an hour for a day, and looked at every half minute.
const (
	scanStep  = 30 * time.Minute
	scanSteps = 48
	scanLooks = 31 // a quarter of an hour, and one more to begin from
)

// usage is how often each index was used. It is the loop's.
type usage struct {
	by map[string]*scans // by schema and name
}

func newUsage() usage { return usage{by: map[string]*scans{}} }

// scans is the uses of one index.
type scans struct {
	At     [scanSteps]int64   `json:"at"` // number of the step, counted from 1970
	Count  [scanSteps]int64   `json:"count"`
	Span   [scanSteps]float64 `json:"span"`           // seconds of the step that were looked at
	Last   *time.Time         `json:"last,omitempty"` // when a use was seen
	oid    uint32
	looks  []look // the newest last
	stamp  *time.Time
	absent bool
}

type look struct {
	at               time.Time
	scans, hit, read int64
}

// pagesToTell is how many pages must have been touched before a share of them is told.
const pagesToTell = 50

// add takes in a look at all indexes.
func (u *usage) add(now time.Time, found []inspect.IndexUse) {
	for _, x := range u.by {
		x.absent = true
	}
	for _, x := range found {
		key := x.Schema + "." + x.Name
		s := u.by[key]
		if s == nil {
			s = &scans{}
			u.by[key] = s
		}
		s.absent = false
		s.add(now, x)
	}
	for key, s := range u.by { // what is gone is forgotten once a day of it is over
		if s.absent && s.empty(now) {
			delete(u.by, key)
		}
	}
}

func (s *scans) add(now time.Time, x inspect.IndexUse) {
	s.stamp = x.LastScan
	n := len(s.looks)
	if s.oid != x.OID || n > 0 && (x.Scans < s.looks[n-1].scans || now.Before(s.looks[n-1].at)) {
		s.looks, n = nil, 0 // another index of that name, counters that were reset, or a clock that went back
	}
	s.oid = x.OID
	if n > 0 {
		s.count(now, x.Scans-s.looks[n-1].scans, now.Sub(s.looks[n-1].at))
	}
	s.looks = append(s.looks, look{now, x.Scans, x.Hit, x.Read})
	s.looks = s.looks[max(0, len(s.looks)-scanLooks):]
}

// count puts uses into the step in which they were seen.
func (s *scans) count(now time.Time, uses int64, past time.Duration) {
	number := now.UnixNano() / int64(scanStep)
	i := number % scanSteps
	if s.At[i] != number {
		s.At[i], s.Count[i], s.Span[i] = number, 0, 0
	}
	s.Count[i] += uses
	s.Span[i] += past.Seconds()
	if uses > 0 {
		s.Last = &now
	}
}

func (s *scans) empty(now time.Time) bool {
	number := now.UnixNano() / int64(scanStep)
	return !slices.ContainsFunc(s.At[:], func(at int64) bool { return number-at < scanSteps && number >= at })
}

// perMinute is the uses over the last quarter of an hour; nil when too little was seen.
func (s *scans) perMinute() *float64 {
	if len(s.looks) < 2 {
		return nil
	}
	first, last := s.looks[0], s.looks[len(s.looks)-1]
	past := last.at.Sub(first.at)
	if past < 20*time.Second {
		return nil
	}
	v := round3(float64(last.scans-first.scans) / past.Minutes())
	return &v
}

// hitPct is the share of pages found in shared buffers over the last quarter of an hour; nil when too few were touched. Since the server
// counts it would also be of the pages that the building wrote, which nobody could have found there.
func (s *scans) hitPct() *float64 {
	if len(s.looks) < 2 {
		return nil
	}
	first, last := s.looks[0], s.looks[len(s.looks)-1]
	hit, read := last.hit-first.hit, last.read-first.read
	if hit < 0 || read < 0 || hit+read < pagesToTell {
		return nil
	}
	v := round3(100 * float64(hit) / float64(hit+read))
	return &v
}

// spark is the uses a minute of each step, the oldest first.
func (s *scans) spark(now time.Time) source.Series {
	out := make(source.Series, scanSteps)
	first := now.UnixNano()/int64(scanStep) - scanSteps + 1
	for k := range out {
		i := (first + int64(k)) % scanSteps
		out[k] = math.NaN()
		if s.At[i] == first+int64(k) && s.Span[i] > 0 {
			out[k] = float64(s.Count[i]) * 60 / s.Span[i]
		}
	}
	return out
}
