package sampler

import (
	"fmt"
	"strings"
	"time"

	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// ofStatements are those over the threshold and worse than their day, and those that no longer use their index.
func (s *Sampler) ofStatements(now time.Time, state *source.Snapshot) (items []source.Item) {
	if state.Statements == nil {
		return nil
	}
	calls := state.Statements.WindowS / 60
	for _, st := range state.Statements.List {
		e := s.book.by[st.Name]
		if e == nil {
			continue
		}
		i := source.Item{Severity: source.Warn, Subject: st.Name, Screen: onQueries}
		away := ""
		if e.plan.strays() {
			was, is, _ := strings.Cut(st.Changed, " > ")
			away = "plan now " + is + ", was " + was + " until " + clock(now, st.ChangedAt) // a narrow screen cuts the end off
		}
		over := st.P95MS >= state.Statements.SlowMS && st.CallsMin*calls >= worseCalls
		switch {
		case over && st.Worse != "":
			i.Kind, i.Text = "slow", fmt.Sprintf("p95 %s, was %s over 24h", ms(st.P95MS), ms(*st.DayP95MS))
			i.Since = e.worse
		case over && st.DayP95MS == nil:
			i.Kind, i.Text = "slow", fmt.Sprintf("p95 %s, over %s", ms(st.P95MS), ms(state.Statements.SlowMS))
		case away != "":
			i.Kind, i.Since = "plan", st.ChangedAt
		default:
			continue
		}
		i.Text = join("; ", i.Text, away)
		items = append(items, i)
	}
	return items
}

// idleFrom is how long a transaction may be idle before that is said.
const idleFrom = 60

func (s *Sampler) ofSessions() (items []source.Item) {
	p := s.lists.pulse
	if p == nil || s.lists.postgres.Down != "" {
		return nil
	}
	if p.Waiting > 0 && s.lists.activity != nil {
		for _, x := range s.lists.activity.Sessions {
			if !x.InTree || x.Depth > 0 || x.Blocks == 0 {
				continue
			}
			items = append(items, source.Item{
				Severity: source.Warn, Kind: "blocked", Subject: fmt.Sprintf("pid %d", x.PID), Screen: onActivity,
				Text: join(", ", fmt.Sprintf("%s for it", sessions(x.Blocks, "waits", "wait")), x.App, x.State),
			})
		}
	} else if p.Waiting > 0 {
		items = append(items, source.Item{
			Severity: source.Warn, Kind: "blocked", Subject: "sessions", Screen: onActivity, Text: sessions(p.Waiting, "waits", "wait") + " for a lock",
		})
	}
	if p.IdleS != nil && float64(*p.IdleS) >= idleFrom {
		items = append(items, source.Item{
			Severity: source.Warn, Kind: "idle", Subject: fmt.Sprintf("pid %d", p.IdlePID), Screen: onActivity,
			Text: "idle in a transaction: it holds its locks, and VACUUM up", Since: s.lists.pulseAt.Add(-p.IdleS.Duration()).Truncate(time.Second * 10),
		})
	}
	return items
}

func (s *Sampler) ofMigrations() (items []source.Item) {
	if s.lists.migrations == nil {
		return nil
	}
	for _, m := range s.lists.migrations.List {
		i := source.Item{Severity: source.Warn, Kind: "migration", Subject: m.Version + " " + m.Name, Screen: onMigrations}
		switch {
		case m.State == "partial":
			i.Severity, i.Text = source.Fail, fmt.Sprintf("it is done by half, %d of %d", m.Done, m.Total)
		case m.State == "failed":
			i.Severity, i.Text = source.Fail, "it failed"
		case m.State == "held":
			i.Text = "it was taken back and is held"
		case len(m.Held) > 0:
			i.Text = fmt.Sprintf("%d of its indexes held", len(m.Held))
		case m.Edited:
			i.Text = "its file differs from what was applied"
		default:
			continue
		}
		i.Text = join(": ", i.Text, m.Error)
		items = append(items, i)
	}
	return items
}

func (s *Sampler) ofIndexes(state *source.Snapshot) (items []source.Item) {
	found := s.lists.indexes
	if found == nil || state.Indexes == nil {
		return nil
	}
	for _, a := range inspect.Advise(inspect.Evidence{Indexes: *found}, s.owners()) {
		i := source.Item{Severity: source.Warn, Subject: a.Index, Text: a.Text, Remedy: a.Remedy, Screen: onIndexes}
		switch a.Code {
		case inspect.AdviseInvalid, inspect.AdviseLeftover:
			i.Severity, i.Kind = source.Fail, "invalid"
		case inspect.AdviseRedundant:
			i.Kind = "redundant"
		case inspect.AdviseUnused:
			i.Kind = "unused"
		case inspect.AdviseBloat:
			i.Kind = "bloated"
		default:
			continue
		}
		if a.BytesSaved > 0 {
			i.Text = size(a.BytesSaved) + ", " + i.Text
		}
		items = append(items, i)
	}
	for _, x := range state.Indexes.List {
		if x.Missing {
			items = append(items, source.Item{
				Severity: source.Fail, Kind: "missing", Subject: x.Name, Screen: onIndexes,
				Text:   "migration " + x.Migration + " makes it, and it is not there",
				Remedy: "healthagent migrate up " + x.Migration + " --index " + x.Name,
			})
		}
	}
	return items
}

func (s *Sampler) ofServer() (items []source.Item) {
	if s.lists.server == nil {
		return nil
	}
	for _, a := range inspect.Advise(inspect.Evidence{Server: *s.lists.server}, nil) {
		i := source.Item{Severity: source.Warn, Kind: string(a.Code), Subject: a.Subject, Text: a.Text, Remedy: a.Remedy, Screen: onActivity}
		if a.Code == inspect.AdviseWraparound {
			i.Severity = source.Fail
		}
		items = append(items, i)
	}
	return items
}
