package sampler

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"healthagent/store/inspect"
	"healthagent/tui/source"
)

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
		FetchPct: x.HeapFetchPct, BloatPct: x.BloatPct, Valid: x.Valid, Building: x.Building, State: x.State,
		Unique: x.Unique, Constraint: x.Constraint, Unused: x.UnusedReason, Redundant: x.RedundantWith, UsedBy: []string{},
		Advice: advice.Text, Remedy: advice.Remedy,
	}
	last := x.LastScan
	if u := s.usage.by[x.Schema+"."+x.Name]; u != nil {
		if n := len(u.looks); n > 0 {
			ix.Scans = max(ix.Scans, u.looks[n-1].scans)
		}
		ix.ScansMin, ix.HitPct, ix.Spark = u.perMinute(), u.hitPct(), u.spark(now)
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
