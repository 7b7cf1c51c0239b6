package screen

import (
	"fmt"
	"math"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// summaries are what the screens 2 to 4 are about, in a few lines each; of the statements so many are named.
func (o *Overview) summaries(width, queries int) []string {
	lines := o.querySummary(width, queries)
	lines = append(lines, o.indexSummary(width)...)
	return append(lines, o.migrationSummary(width)...)
}

func (o *Overview) sectionTitle(title, old string, width int) string {
	if old != "" {
		return o.look.Paint(look.Strong, o.look.Left(title, width-len(old)-1)) + " " + o.look.Paint(look.Warn, old)
	}
	return o.look.Paint(look.Strong, o.look.Clip(title, width))
}

func (o *Overview) querySummary(width, most int) []string {
	s := o.s.Statements
	if s == nil {
		return []string{o.sectionTitle("QUERIES BY TIME  "+look.Unknown, "", width)}
	}
	old := o.oldPart(s.Part, math.MaxInt64)
	lines := []string{
		o.sectionTitle("QUERIES BY TIME  last "+look.Seconds(&s.WindowS), old, width),
		o.look.Paint(look.Dim, o.queryRow(width, "  query", "calls/m", "p95", "%time", "15m")),
	}
	for i := range min(most, len(s.List)) {
		q := &s.List[i]
		mark, role := "  ", look.Plain
		if q.Worse != "" || q.Changed != "" {
			mark, role = "! ", look.Warn
		}
		if old != "" {
			role = look.Dim
		}
		lines = append(lines, o.look.Paint(role, o.queryRow(width, mark+look.OneLine(q.Name), look.Rate(q.CallsMin), look.MS(q.P95MS), look.Rate(q.TimePct),
			widget.Spark(o.look, q.Spark, 8, 0))))
	}
	return lines
}

func (o *Overview) queryRow(width int, name, calls, p95, time, spark string) string {
	const figures = 8 + 7 + 6 + 9
	return o.look.Clip(o.look.Left(name, max(8, width-figures))+o.look.Right(calls, 8)+o.look.Right(p95, 7)+o.look.Right(time, 6)+" "+o.look.Left(spark, 8), width)
}

func (o *Overview) indexSummary(width int) []string {
	x := o.s.Indexes
	if x == nil {
		return []string{o.sectionTitle("INDEXES  "+look.Unknown, "", width)}
	}
	var bytes, unusedBytes int64
	var unused, invalid, redundant, missing, held int
	for i := range x.List {
		n := &x.List[i]
		bytes += n.Bytes
		switch {
		case n.Held:
			held++
		case n.Missing:
			missing++
		case !n.Valid && !n.Building:
			invalid++
		}
		if n.Unused != "" {
			unused++
			unusedBytes += n.Bytes
		}
		if n.Redundant != "" {
			redundant++
		}
	}
	count := func(n int, what string, bad look.Role, drop int) widget.Part {
		switch {
		case n == 0:
			return widget.Part{Text: "0 " + what, Role: look.Dim, Drop: drop}
		case bad == look.Fail:
			return widget.Part{Text: fmt.Sprintf("x %d %s", n, what), Role: bad}
		case bad == look.Warn:
			return widget.Part{Text: fmt.Sprintf("! %d %s", n, what), Role: bad}
		default:
			return widget.Part{Text: fmt.Sprintf("%d %s", n, what), Drop: drop}
		}
	}
	unusedText := "unused"
	if unused > 0 {
		unusedText += " (" + look.Bytes(unusedBytes) + ")"
	}
	return []string{
		o.sectionTitle(fmt.Sprintf("INDEXES  %d, %s", len(x.List), look.Bytes(bytes)), o.oldPart(x.Part, math.MaxInt64), width),
		"  " + widget.Parts(o.look, width-2, 2, count(invalid, "invalid", look.Fail, 1), count(missing, "missing", look.Fail, 2),
			count(unused, unusedText, look.Warn, 3), count(redundant, "redundant", look.Warn, 4), count(held, "held", look.Plain, 5)),
	}
}

func (o *Overview) migrationSummary(width int) []string {
	m := o.s.Migrations
	if m == nil {
		return []string{o.sectionTitle("MIGRATIONS  "+look.Unknown, "", width)}
	}
	counts := map[string]int{}
	for i := range m.List {
		counts[m.List[i].State]++
	}
	parts := []widget.Part{{Text: fmt.Sprintf("%d applied", counts["applied"])}, {Text: fmt.Sprintf("%d pending", counts["pending"])}, {Text: fmt.Sprintf("%d held", counts["held"]), Drop: 1}}
	for _, state := range []string{"running", "partial", "failed"} {
		if n := counts[state]; n > 0 {
			parts = append(parts, widget.Part{Text: fmt.Sprintf("! %d %s", n, state), Role: look.Warn})
		}
	}
	lines := []string{o.sectionTitle("MIGRATIONS", o.oldPart(m.Part, math.MaxInt64), width), "  " + widget.Parts(o.look, width-2, 2, parts...)}
	if newest := newestApplied(m.List); newest != nil {
		text := fmt.Sprintf("newest %s %s", newest.Version, newest.Name)
		if newest.AppliedAt != nil {
			text += "  " + newest.AppliedAt.In(o.now.Location()).Format("2006-01-02 15:04")
		}
		lines = append(lines, "  "+o.look.Clip(text, width-2))
	}
	next := "R: nothing to take back on its own"
	if m.Next != "" {
		next = "R takes back " + m.Next
	}
	for _, line := range kept(next, look.OneLine(m.Work)) {
		lines = append(lines, "  "+o.look.Clip(line, width-2))
	}
	return lines
}

// newestApplied is the first applied one of a list whose newest comes first; nil when there is none.
func newestApplied(list []source.Migration) *source.Migration {
	for i := range list {
		if list[i].State == "applied" {
			return &list[i]
		}
	}
	return nil
}
