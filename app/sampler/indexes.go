package sampler

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
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
	at    time.Time
	scans int64
}

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
	s.looks = append(s.looks, look{now, x.Scans})
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

func (s *Sampler) readUsage(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Usage == nil {
		return nil, nil
	}
	u, err := src.Usage(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) {
		s.lists.usePart = part
		s.usage.add(s.now(), u.Indexes)
		s.lists.postgres.DatabaseSize = u.DatabaseBytes
		if all := u.Live + u.Dead; all > 0 {
			dead := 100 * float64(u.Dead) / float64(all)
			s.lists.postgres.DeadPct = &dead
		}
		s.listIndexes()
	}, nil
}

func (s *Sampler) lostUsage(part source.Part, _ error) {
	s.lists.usePart = part
	s.listIndexes()
}

func (s *Sampler) readIndexes(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Indexes == nil {
		return nil, nil
	}
	found, err := src.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) {
		s.lists.indexes, s.lists.indexPart = &found, part
		s.listIndexes()
	}, nil
}

func (s *Sampler) lostIndexes(part source.Part, _ error) {
	s.lists.indexPart = part
	s.listIndexes()
}

// listIndexes publishes what is known of the indexes: what each is, read seldom, with how it is used, read often.
func (s *Sampler) listIndexes() {
	found := s.lists.indexes
	if found == nil {
		if s.lists.indexPart.Error != "" {
			s.hub.publish(&source.Snapshot{Indexes: &source.Indexes{Part: s.lists.indexPart}})
		}
		return
	}
	now := s.now()
	// it is as old as the look at how they are used, which comes more often
	out := &source.Indexes{Part: s.lists.usePart, Since: found.Since, SizesAt: s.lists.indexPart.At, List: []source.Index{}}
	if out.At.Before(s.lists.indexPart.At) {
		out.At = s.lists.indexPart.At
	}
	out.Error = join("; ", s.lists.usePart.Error, s.lists.indexPart.Error)
	out.Partial = found.Partial
	owners := s.owners()
	advice := map[string]inspect.Advice{}
	for _, a := range inspect.Advise(inspect.Evidence{Indexes: *found}, owners) {
		if a.Index != "" {
			advice[a.Index] = a
		}
	}
	users := s.book.users()
	for _, x := range found.Indexes {
		ix := s.index(now, x, advice[x.Name])
		ix.UsedBy = append(ix.UsedBy, users[x.Name]...)
		ix.Migration, _, _ = strings.Cut(owners[x.Name], "_")
		if x.Schema != "public" {
			ix.Migration = ""
		}
		out.List = append(out.List, ix)
	}
	out.List = append(out.List, s.absent(out.List)...)
	slices.SortStableFunc(out.List, func(a, b source.Index) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(a.Name, b.Name))
	})
	s.hub.publish(&source.Snapshot{Indexes: out})
}

// owners names the migration of each index that one makes.
func (s *Sampler) owners() map[string]string {
	if src := s.sources.Load(); src != nil && src.Owners != nil {
		return src.Owners()
	}
	return nil
}

// index is one index as it is shown.
func (s *Sampler) index(now time.Time, x inspect.Index, advice inspect.Advice) source.Index {
	ix := source.Index{
		Schema: x.Schema, Table: x.Table, Name: x.Name, Definition: x.Definition, Bytes: x.Bytes, Scans: x.Scans,
		HitPct: x.HitPct, FetchPct: x.HeapFetchPct, BloatPct: x.BloatPct, Valid: x.Valid, Building: x.Building, State: x.State,
		Unique: x.Unique, Constraint: x.Constraint, Unused: x.UnusedReason, Redundant: x.RedundantWith, UsedBy: []string{},
		Advice: advice.Text, Remedy: advice.Remedy,
	}
	last := x.LastScan
	if u := s.usage.by[x.Schema+"."+x.Name]; u != nil {
		if n := len(u.looks); n > 0 {
			ix.Scans = max(ix.Scans, u.looks[n-1].scans)
		}
		ix.ScansMin, ix.Spark = u.perMinute(), u.spark(now)
		last = later(later(last, u.stamp), u.Last)
	}
	if last != nil {
		ago := max(now.Sub(*last).Seconds(), 0)
		ix.LastUsedS = &ago
	}
	ix.Never = ix.Scans == 0
	return ix
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// absent are the indexes that migrations make and that are not there: dropped on purpose, or missing.
func (s *Sampler) absent(there []source.Index) (out []source.Index) {
	if s.lists.migrations == nil {
		return nil
	}
	for _, m := range s.lists.migrations.List {
		if m.Class != "index-only" {
			continue
		}
		for _, name := range m.Objects {
			if slices.ContainsFunc(there, func(x source.Index) bool { return x.Name == name }) {
				continue
			}
			held := slices.Contains(m.Held, name) || m.State == "held"
			if !held && m.State != "applied" {
				continue // on its way
			}
			x := source.Index{Schema: "public", Name: name, Migration: m.Version, Held: held, Missing: !held, UsedBy: []string{}}
			if u := s.usage.by["public."+name]; u != nil {
				x.Spark = u.spark(s.now())
			}
			out = append(out, x)
		}
	}
	return out
}

// users are the statements whose plan reads an index, by the index.
func (b *book) users() map[string][]string {
	users := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(b.by)) {
		for _, index := range b.by[name].plan.Indexes {
			users[index] = append(users[index], name)
		}
	}
	return users
}
