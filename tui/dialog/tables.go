package dialog

import (
	"fmt"
	"math"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// slower is from which factor on a statement is said to become slower, faster likewise below.
const (
	slower = 1.5
	faster = 0.7
)

// times writes a factor: x555, x3.1, -37%, same.
func times(factor float64) string {
	switch {
	case factor <= 0 || math.IsNaN(factor) || math.IsInf(factor, 0):
		return look.Unknown
	case factor >= 9999.5:
		return "x" + look.Count(factor)
	case factor >= 9.95:
		return fmt.Sprintf("x%.0f", factor)
	case factor >= slower:
		return fmt.Sprintf("x%.1f", factor)
	case factor > 0.97 && factor < 1.03:
		return "same"
	default:
		return fmt.Sprintf("%+.0f%%", (factor-1)*100)
	}
}

// change is the role of a factor and the mark that says the same.
func change(factor float64) (mark string, role look.Role) {
	switch {
	case factor >= slower:
		return "!", look.Warn
	case factor > 0 && factor <= faster:
		return "", look.Good
	default:
		return "", look.Plain
	}
}

func (p pen) indexes(v *source.Preview) panel {
	title := "indexes dropped"
	if builds(v.Act) {
		title = "indexes built"
	}
	columns := []column{
		{least: 20, inner: true},
		{title: "size", right: true},
		{title: "scan/min", right: true, drop: 2},
		{title: "last used", right: true, drop: 1},
		{title: "note", drop: 3, least: 8},
	}
	note := common(v.Indexes)
	if note != "" {
		title += ", " + note
	}
	var rows [][]cell
	for _, x := range v.Indexes {
		scans := look.Unknown
		if x.ScansMin != nil {
			scans = look.Rate(*x.ScansMin)
		}
		if x.Note == note {
			x.Note = ""
		}
		rows = append(rows, []cell{{x.Name, look.Plain}, {look.Bytes(x.Bytes), look.Plain}, {scans, look.Plain}, {look.Seconds(x.LastS), look.Plain}, {x.Note, look.Dim}})
	}
	out := p.grid("indexes", title, columns, rows)
	out.least = 2
	return out
}

// common is the note that all of several indexes have.
func common(indexes []source.PreviewIndex) string {
	for _, x := range indexes {
		if x.Note != indexes[0].Note || len(indexes) < 2 {
			return ""
		}
	}
	return indexes[0].Note
}

func (p pen) queries(v *source.Preview) panel {
	columns := []column{
		{title: "", least: 16},
		{title: "calls/m", right: true, drop: 2},
		{title: "p95 now", right: true, drop: 1},
		{title: "cost", right: true},
		{title: "plan now > after", least: 18, drop: 3},
	}
	var rows [][]cell
	tried := false
	for _, q := range v.Queries {
		mark, role := change(q.Factor)
		cost := times(q.Factor)
		if mark != "" {
			cost = mark + " " + cost
		}
		plan := ""
		tried = tried || q.Factor > 0
		if q.Now != "" || q.After != "" {
			plan = orUnknown(q.Now) + " > " + orUnknown(q.After)
		}
		p95 := look.Unknown
		if q.P95MS > 0 {
			p95 = look.Millis(q.P95MS)
		}
		rows = append(rows, []cell{{q.Name, look.Plain}, {look.Rate(q.CallsMin), look.Plain}, {p95, look.Plain}, {cost, role}, {plan, look.Plain}})
	}
	title := "statements"
	if tried {
		title = "trial plans"
	}
	out := p.grid("queries", title, columns, rows)
	out.least = 2
	if v.NoTrial != "" {
		why := p.say(look.Warn, "!", "plans not tried: "+v.NoTrial) // first: a long list is seldom read to its end
		out.lines, out.least = append(why, out.lines...), len(why)+1
	}
	return out
}

func orUnknown(text string) string {
	if text == "" {
		return look.Unknown
	}
	return text
}
