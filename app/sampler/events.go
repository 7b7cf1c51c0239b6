package sampler

import (
	"maps"
	"math"
	"slices"
	"time"

	"healthagent/tui/source"
)

func nan() float64 { return math.NaN() }

// readyEvents are the lines of the log for what was lost and what is back.
func readyEvents(now time.Time, before, r *source.Ready) (events []source.Event) {
	old := map[string]source.Component{}
	if before != nil {
		old = before.Components
	}
	_, starting := r.Components["start"]
	if _, was := old["start"]; was && !starting {
		old = map[string]source.Component{}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Components)) {
		c := r.Components[name]
		was, known := old[name]
		e := source.Event{Time: now, Level: level(c.Verdict), Kind: kindOf(name), Subject: name, Text: c.Text}
		switch {
		case name == "start" && was.Text != c.Text:
			e.Level, e.Subject = "info", ""
		case name == "start", name == "postgresql": // the pulse tells of PostgreSQL
			continue
		case name == "leader" && (!known && c.Verdict != source.OK || was.Text == c.Text):
			continue // at first it does not lead yet
		case name == "leader":
			e.Level = "info"
		case !known && c.Verdict == source.OK, known && was.Verdict == c.Verdict:
			continue
		case c.Verdict == source.OK:
			e.Text = "well again: " + c.Text
		}
		events = append(events, e)
	}
	return events
}

func level(v source.Verdict) string {
	switch v {
	case source.OK:
		return "info"
	case source.Warn:
		return "warn"
	default:
		return "error"
	}
}

// ledgerEvents are the lines of the log for what has become of the migrations. Of the first look nothing is news. What is held is compared
// with settled, the last look at which nobody was at work: one at work holds or lets go one index after another.
func ledgerEvents(now time.Time, before, settled, m *source.Migrations) (events []source.Event) {
	if before == nil || before.At.IsZero() {
		return nil
	}
	old, held := map[string]source.Migration{}, map[string]source.Migration{}
	for _, x := range before.List {
		old[x.Version] = x
	}
	if settled != nil && m.Lock == "" {
		for _, x := range settled.List {
			held[x.Version] = x
		}
	}
	for _, x := range m.List {
		was, known := old[x.Version]
		if known && was.State == x.State {
			was, known = held[x.Version]
			known = known && was.State == x.State && len(was.Held) != len(x.Held)
		}
		if !known {
			continue
		}
		e := source.Event{Time: now, Level: "info", Kind: "migrate", Subject: x.Version, Text: x.Name + " is " + x.State}
		switch {
		case x.State == "failed" || x.State == "partial":
			e.Level = "error"
		case was.State == x.State && len(x.Held) > len(was.Held):
			e.Text = x.Name + ": more of its indexes are held"
		case was.State == x.State:
			e.Text = x.Name + ": fewer of its indexes are held"
		}
		events = append(events, e)
	}
	slices.Reverse(events) // the list has the newest first
	return events
}
