package inspect

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// From here on a snapshot or a transaction id is called old.
const (
	holderAge     = 30 * time.Minute
	holderXIDs    = 1_000_000
	forcedPercent = 150 // autovacuum comes at 100, and should be done long before this
	wrapPercent   = 40
)

func adviseWraparound(v Server) []Advice {
	var out []Advice
	for _, w := range v.Wraparound {
		if w.PctToForced < forcedPercent && w.PctToWrap < wrapPercent {
			continue
		}
		a := Advice{
			Code: AdviseWraparound, Subject: w.Database, Remedy: "VACUUM (FREEZE, ANALYZE)",
			Text: fmt.Sprintf("%.1f %% of the transaction ids are used up; at 100 %% the server stops writing", w.PctToWrap),
		}
		switch {
		case !w.OfThis:
			a.Text += "; this is another database of the server, connect to it"
		case len(v.Oldest) > 0:
			a.Remedy += " " + v.Oldest[0].Table
		}
		out = append(out, a)
	}
	return out
}

func adviseAutovacuum(e Evidence) []Advice {
	var out []Advice
	for _, x := range e.Server.Settings {
		if (x.Name == "autovacuum" || x.Name == "track_counts") && x.Value == "off" {
			out = append(out, Advice{
				Code: AdviseAutovacuum, Subject: x.Name, Text: "no table is cleaned up or analyzed by itself",
				Remedy: "ALTER SYSTEM SET " + x.Name + " = on; SELECT pg_reload_conf()",
			})
		}
	}
	for _, t := range e.Tables.Tables {
		if !t.AutovacuumEnabled {
			out = append(out, Advice{
				Code: AdviseAutovacuum, Subject: t.sql(), Text: "this table is not cleaned up or analyzed by itself",
				Remedy: "ALTER TABLE " + t.sql() + " RESET (autovacuum_enabled)",
			})
		}
	}
	return out
}

func adviseHolders(holders []XminHolder) []Advice {
	var out []Advice
	for _, h := range holders {
		old := h.SinceS != nil && h.SinceS.Duration() >= holderAge || h.XminAge >= holderXIDs
		if !old || h.Kind == "slot" && h.State == "active" {
			continue
		}
		a := Advice{Code: AdviseHolder, Text: fmt.Sprintf("VACUUM may not remove what %d transactions left, and index builds wait", h.XminAge)}
		switch h.Kind {
		case "slot":
			a.Subject, a.Remedy = "slot "+h.Name, "SELECT pg_drop_replication_slot("+quote(h.Name)+")"
		case "prepared":
			a.Subject, a.Remedy = "prepared transaction "+h.Name, "ROLLBACK PREPARED "+quote(h.Name)
		default:
			a.Subject = strings.TrimSpace(fmt.Sprintf("session %d %s", h.PID, h.App))
			a.Remedy = fmt.Sprintf("SELECT pg_terminate_backend(%d)", h.PID)
			a.Text += "; it is " + h.State
		}
		if h.SinceS != nil {
			a.Text += fmt.Sprintf(" for %s", h.SinceS.Duration().Round(time.Second))
		}
		out = append(out, a)
	}
	return out
}

func adviseTables(tables []Table) []Advice {
	var stale, keys []Advice
	for _, t := range tables {
		if t.StaleStatistics {
			stale = append(stale, Advice{
				Code: AdviseStale, Subject: t.sql(), Remedy: "ANALYZE " + t.sql(),
				Text: fmt.Sprintf("the planner knows little of it: %d of %d rows changed since its last ANALYZE", t.ModSinceAnalyze, t.Live),
			})
		}
		for _, k := range t.MissingFK {
			if k.Partly == "" {
				keys = append(keys, Advice{
					Code: AdviseForeignKey, Subject: t.sql(), Remedy: k.Remedy(),
					Text: fmt.Sprintf("no index serves the foreign key %s: each delete in %s reads the whole table", k.Name, k.Referenced),
				})
			}
		}
	}
	return append(stale, keys...)
}

func adviseNotValid(constraints []NotValid) []Advice {
	var out []Advice
	for _, n := range constraints {
		out = append(out, Advice{
			Code: AdviseNotValid, Subject: n.Table, Remedy: n.Remedy(),
			Text: fmt.Sprintf("the %s constraint %s was never checked against the rows of before", n.Type, n.Name),
		})
	}
	return out
}

// sql is the table as SQL names it.
func (t *Table) sql() string { return pgx.Identifier{t.Schema, t.Name}.Sanitize() }

// quote is a value as SQL writes it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
