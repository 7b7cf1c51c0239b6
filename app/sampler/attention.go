package sampler

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"healthagent/tui/source"
)

// told is what was found to need somebody. It is the loop's.
type told struct {
	begun  time.Time
	settle time.Duration // what was known before the start is believed for so long
	judged time.Time
	since  map[string]time.Time // by kind and subject: when it was first seen
	items  []source.Item
}

func newTold(now time.Time) told {
	return told{begun: now, settle: 5 * time.Minute, since: map[string]time.Time{}}
}

// due reports whether the last judgement is as old as that.
func (t *told) due(now time.Time, age time.Duration) bool {
	past := now.Sub(t.judged)
	return past >= age-time.Second/2 || past < 0
}

// The screens by their names.
const (
	onQueries    = "queries"
	onIndexes    = "indexes"
	onMigrations = "migrations"
	onActivity   = "activity"
	onCache      = "cache"
	onLog        = "log"
)

// judge finds out what needs somebody, and publishes it when that has changed.
func (s *Sampler) judge(now time.Time) {
	s.told.judged = now
	state := s.hub.current()
	items := slices.Concat(
		s.ofPostgres(), s.ofComponents(), s.ofPool(now, state), ofHost(state), s.ofStatements(now, state), s.ofSessions(),
		s.ofMigrations(), s.ofIndexes(state), s.ofServer(), ofDoctor(state))
	if items == nil {
		items = []source.Item{} // nobody is needed, which is something else than not to know
	}
	s.told.date(now, items)
	slices.SortStableFunc(items, func(a, b source.Item) int {
		return cmp.Or(cmp.Compare(badness(b), badness(a)), b.Since.Compare(a.Since))
	})
	if !slices.Equal(items, s.told.items) || state.Attention == nil {
		s.told.items = items
		s.hub.publish(&source.Snapshot{Attention: &source.Attention{Items: items}})
	}
}

// badness orders what needs somebody: what brings about the rest comes first.
func badness(i source.Item) int {
	switch {
	case i.Kind == "postgres":
		return 2
	case i.Severity == source.Fail:
		return 1
	default:
		return 0
	}
}

// date writes since when each is so: when it was first seen, unless it says so itself. What is over is forgotten.
func (t *told) date(now time.Time, items []source.Item) {
	seen := map[string]bool{}
	for i := range items {
		key := items[i].Kind + " " + items[i].Subject
		seen[key] = true
		if at, known := t.since[key]; !known || at.After(now) {
			t.since[key] = now
		}
		if items[i].Since.IsZero() {
			items[i].Since = t.since[key]
		}
	}
	if age := now.Sub(t.begun); age < 0 || age > t.settle { // before that not all has been read since the start
		maps.DeleteFunc(t.since, func(key string, _ time.Time) bool { return !seen[key] })
	}
}

func (s *Sampler) ofPostgres() []source.Item {
	pg := s.lists.postgres
	switch {
	case pg.Down != "":
		return []source.Item{{Severity: source.Fail, Kind: "postgres", Subject: "PostgreSQL", Text: pg.Down, Since: pg.DownSince, Screen: onLog}}
	case pg.Usable > 0 && pg.Used*10 >= pg.Usable*9:
		return []source.Item{{
			Severity: source.Warn, Kind: "connections", Subject: "PostgreSQL", Screen: onActivity,
			Text: fmt.Sprintf("%d of %d connections are used", pg.Used, pg.Usable),
		}}
	default:
		return nil
	}
}

// ofComponents are those that the daemon itself says are not well.
func (s *Sampler) ofComponents() (items []source.Item) {
	r := s.lists.ready
	if r == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(r.Components)) {
		c := r.Components[name]
		if c.Verdict == source.OK || name == "start" || name == "postgresql" && s.lists.postgres.Down != "" {
			continue
		}
		i := source.Item{Severity: c.Verdict, Kind: kindOf(name), Subject: name, Text: c.Text, Screen: onLog}
		if c.Since != nil {
			i.Since = *c.Since
		}
		switch name {
		case "cache":
			i.Screen = onCache
		case "indexes":
			i.Screen = onMigrations
		}
		items = append(items, i)
	}
	return items
}

// kindOf is what a component is called in the log and among what needs somebody.
func kindOf(component string) string {
	switch component {
	case "postgresql":
		return "postgres"
	case "cache":
		return "redis"
	case "telegram", "sending":
		return "telegram"
	case "inbox", "outbox":
		return "queues"
	case "start":
		return "daemon"
	default:
		return component
	}
}

// ofPool looks at the last 15 seconds: a moment says nothing.
func (s *Sampler) ofPool(now time.Time, state *source.Snapshot) []source.Item {
	if state.Pool == nil || state.Pool.MaxSize == 0 {
		return nil
	}
	const seconds = 15
	top := float64(state.Pool.MaxSize)
	j, waited := joiner{}, 0
	for _, r := range s.hub.lately(now, seconds) {
		j.add(r)
		if r[atPoolWaiting] > 0 {
			waited++
		}
	}
	if j.count[atPoolUsed] < seconds/2 {
		return nil
	}
	mean := j.sum[atPoolUsed] / float64(j.count[atPoolUsed])
	i := source.Item{Severity: source.Warn, Kind: "pool", Subject: "pool", Screen: onActivity}
	switch {
	case waited >= 3:
		i.Text = fmt.Sprintf("callers wait for a connection, up to %.0f at a time; %.0f of %.0f are lent", j.sum[atPoolWaiting], mean, top)
	case mean >= 0.8*top:
		i.Text = fmt.Sprintf("%.0f of %.0f connections are lent", mean, top)
	default:
		return nil
	}
	return []source.Item{i}
}

func ofHost(state *source.Snapshot) (items []source.Item) {
	h := state.System
	if h == nil {
		return nil
	}
	if h.DiskTotal > 0 {
		full := 100 * float64(h.DiskUsed) / float64(h.DiskTotal)
		if full >= 90 {
			i := source.Item{Severity: source.Warn, Kind: "disk", Subject: "disk", Screen: onIndexes}
			i.Text = fmt.Sprintf("%.0f%% full, %s left", full, size(h.DiskTotal-h.DiskUsed))
			if full >= 95 {
				i.Severity = source.Fail
			}
			items = append(items, i)
		}
	}
	if h.HostMemTotal > 0 && float64(h.HostMemUsed) >= 0.95*float64(h.HostMemTotal) {
		items = append(items, source.Item{
			Severity: source.Warn, Kind: "memory", Subject: "memory", Screen: onLog,
			Text: fmt.Sprintf("%s of %s are used", size(h.HostMemUsed), size(h.HostMemTotal)),
		})
	}
	return items
}
