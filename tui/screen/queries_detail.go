package screen

import (
	"fmt"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// pane is the statement's text, and what is to be known of it at a glance.
func (q *Queries) pane(key string) (string, []para, []para) {
	s := q.statement(key)
	if s == nil {
		return key, nil, nil
	}
	var facts []para
	facts = append(facts, q.regressed(s)...)
	facts = append(facts, q.uses(s))
	facts = append(facts, para{text: pages(s)})
	for _, line := range widget.Histogram(q.look, s.Histogram, source.Bounds(), q.width-2, 8) {
		facts = append(facts, para{text: line, role: look.Graph})
	}
	if last := q.slowest(s, 4); last != "" {
		facts = append(facts, para{text: "last slow: " + last})
	}
	return oneLine(s.Name), []para{{text: bare(s)}}, facts
}

// bare is the statement on one line, without the comment that has its name.
func bare(s *source.Statement) string {
	return oneLine(strings.Replace(s.SQL, "/* "+s.Name+" */", "", 1))
}

// regressed is the line that says what has become worse, or that the plan is another one; nil when there is nothing to say. That the planner
// has come to do without an index on a small table is told and is nothing bad.
func (q *Queries) regressed(s *source.Statement) []para {
	switch {
	case s.Worse == "" && s.Changed == "":
		return nil
	case s.Worse == "" && elsewhere(s) && s.Small:
		return []para{{text: q.regression(s)}}
	default:
		return []para{{text: "! " + q.regression(s), role: look.Warn}}
	}
}

// regression says what has become worse and when.
func (q *Queries) regression(s *source.Statement) string {
	var texts []string
	if s.Worse != "" {
		texts = append(texts, "slower: "+oneLine(s.Worse))
	}
	if s.Changed != "" {
		text := "plan changed"
		if !strays(s) { // else what it reads by and what it should is said anyway
			text += ": " + oneLine(s.Changed)
		}
		if !s.ChangedAt.IsZero() {
			text += " at " + q.clock(s.ChangedAt, "15:04")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// uses says by what the statement reads, and by what it should.
func (q *Queries) uses(s *source.Statement) para {
	reads := "not known yet"
	if s.Node != "" {
		reads = oneLine(strings.TrimSpace(strings.ToLower(s.Node) + " " + s.Index))
	}
	switch {
	case strays(s):
		return para{text: "! reads by: " + reads + "   expected: " + oneLine(s.Expected), role: look.Warn}
	case elsewhere(s):
		return para{text: "reads by: " + reads + ", as is right for so small a table   index: " + oneLine(s.Expected)}
	case s.Expected != "" && s.Node == "":
		return para{text: "reads by: " + reads + "   expected: " + oneLine(s.Expected)}
	case s.Expected != "":
		return para{text: "reads by: " + reads + ", as expected"}
	default:
		return para{text: "reads by: " + reads}
	}
}

// pages is a line about rows and buffers. Server and daemon count from moments of their own.
func pages(s *source.Statement) string {
	count := func(n *int64) string {
		if n == nil {
			return look.Unknown
		}
		return look.Count(float64(*n))
	}
	return fmt.Sprintf("rows/call %s   buffers hit %s read %s   temp %s   slow %s   errors %s", look.Rate(s.RowsCall),
		count(s.SharedHit), count(s.SharedRead), count(s.TempPages), look.Count(float64(s.Slow)), look.Count(float64(s.Errors)))
}

func (q *Queries) slowest(s *source.Statement, most int) string {
	var texts []string
	for _, x := range s.Samples[:min(most, len(s.Samples))] {
		texts = append(texts, q.clock(x.At, "15:04:05")+" "+look.Millis(x.MS))
	}
	return strings.Join(texts, "   ")
}

// full is all that is known of a statement.
func (q *Queries) full(key string) (string, []para) {
	s := q.statement(key)
	if s == nil {
		return "", nil
	}
	var text []para
	if worse := q.regressed(s); worse != nil {
		text = append(worse, para{})
	}
	text = append(text, block(s.SQL, look.Plain)...)
	text = append(text, para{}, heading("time, "+strings.Join(q.summary, "")))
	text = append(text, labels(
		"calls/min", look.Rate(s.CallsMin), "time", fmt.Sprintf("%.1f%% of all statements", s.TimePct), "mean", look.Millis(s.MeanMS),
		"p50", look.Millis(s.P50MS), "p95", look.Millis(s.P95MS)+q.day(s), "p99", look.Millis(s.P99MS), "max", look.Millis(s.MaxMS),
		"p95, 15m", widget.Spark(q.look, s.Spark, min(60, q.width-20), 0), "rows/call", look.Rate(s.RowsCall),
	)...)
	text = append(text, q.bars(s)...)
	text = append(text, para{}, heading("plan"), q.uses(s), para{text: "e shows the whole of it", role: look.Dim})
	text = append(text, para{}, heading("since the start of the daemon"))
	text = append(text, para{text: fmt.Sprintf("%s calls, %s slow, %s failed", look.Count(float64(s.Calls)), look.Count(float64(s.Slow)), look.Count(float64(s.Errors)))})
	text = append(text, para{text: pages(s)})
	for _, x := range s.Samples {
		text = append(text, para{text: fmt.Sprintf("slow at %s: %s, %d rows", q.clock(x.At, "2006-01-02 15:04:05"), look.Millis(x.MS), x.Rows)})
	}
	return oneLine(s.Name), text
}

func (q *Queries) day(s *source.Statement) string {
	if s.DayP95MS == nil {
		return ""
	}
	return "   over 24h " + look.Millis(*s.DayP95MS)
}

// bars is the histogram with a line for each bar.
func (q *Queries) bars(s *source.Statement) []para {
	bounds := source.Bounds()
	var pairs []string
	var top, lower float64
	for _, n := range s.Histogram {
		top = max(top, float64(n))
	}
	for i, n := range s.Histogram {
		label := fmt.Sprintf("over %gms", lower)
		if i < len(bounds) {
			label, lower = fmt.Sprintf("to %gms", bounds[i]), bounds[i]
		}
		width := 0
		if n > 0 {
			width = max(1, int(float64(n)/top*float64(max(1, min(40, q.width-24)))))
		}
		pairs = append(pairs, label, strings.TrimSpace(strings.Repeat(q.look.Full, width)+" "+look.Count(float64(n))))
	}
	if len(pairs) == 0 {
		return nil
	}
	out := append([]para{{}, heading("how long the calls took")}, labels(pairs...)...)
	for i := range out[2:] {
		out[2+i].role = look.Graph
	}
	return out
}
