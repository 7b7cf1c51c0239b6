package act

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// Sentence says what an act is: roll back 017.
func Sentence(a source.Act) string {
	words := map[source.Verb]string{source.Rollback: "roll back", source.Reindex: "build anew"}
	verb, known := words[a.Verb]
	if !known {
		verb = string(a.Verb)
	}
	if a.Object == source.OnSession {
		if a.Verb == source.Cancel {
			return "cancel the statement of pid " + a.Name
		}
		return verb + " session " + a.Name
	}
	return verb + " " + a.Name
}

// PreviewText is a preview as a text to be kept or sent, ending in its SQL.
func PreviewText(p *source.Preview) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-8s %s\n", label, text)
		}
	}
	fmt.Fprintln(&b, p.Title)
	line("runs", p.Summary)
	line("class", p.Class)
	line("refused", p.Refused)
	for _, c := range p.Checks {
		line(string(c.Verdict), c.Text)
	}
	line("after", p.After)
	line("undo", p.Undo.Text)
	for _, x := range p.Indexes {
		line("index", fmt.Sprintf("%s on %s, %s", x.Name, x.Table, look.Bytes(x.Bytes)))
	}
	for _, q := range p.Queries {
		line("query", fmt.Sprintf("%s, %s calls a minute, p95 %s, cost %s, %s > %s", q.Name, look.Rate(q.CallsMin), look.Millis(q.P95MS), factor(q.Factor), q.Now, q.After))
	}
	line("", p.NoTrial)
	line("estimate", p.Estimate)
	for _, l := range p.Lost {
		line("lost", fmt.Sprintf("%d rows of %s", l.Rows, l.Table))
	}
	if p.SQL != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(p.SQL, "\n"))
	}
	return b.String()
}

func factor(f float64) string {
	if f <= 0 {
		return look.Unknown
	}
	return fmt.Sprintf("x%.3g", f)
}

// ReportText is a run as a text to be kept or sent.
func ReportText(r source.Run) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-8s %s\n", label, text)
		}
	}
	fmt.Fprintf(&b, "%s (run %s)\n", r.Title, r.ID)
	line("by", r.By)
	line("started", r.Started.UTC().Format(time.RFC3339))
	if r.Ended != nil {
		line("ended", r.Ended.UTC().Format(time.RFC3339)+" after "+look.Span(r.Ended.Sub(r.Started)))
	}
	line("state", string(r.State))
	line("error", r.Error)
	line("summary", r.Summary)
	for i, s := range r.Steps {
		line(string(s.State), strings.TrimRight(fmt.Sprintf("%d %s %s %s %s", i+1, s.Name, look.Bytes(s.Bytes), look.Span(time.Duration(s.Seconds*float64(time.Second))), s.Text), " "))
	}
	for _, e := range r.Effects {
		line("effect", fmt.Sprintf("%s %s > %s %s", e.Name, figure(e.Before), figure(e.Now), e.Unit))
	}
	if r.Watch != nil {
		line("verdict", r.Watch.Verdict+": "+r.Watch.Text)
	}
	line("report", r.Report)
	return b.String()
}

func figure(v *float64) string {
	if v == nil {
		return look.Unknown
	}
	return look.MS(*v)
}
