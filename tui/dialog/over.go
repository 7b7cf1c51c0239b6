package dialog

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// donePanels are a run that was done, and the watch over its effect.
func (f *Flow) donePanels(r source.Run) (left, right []panel) {
	pl, pr := f.pens()
	head := pl.say(look.Good, "ok", "DONE"+orText(prefixed("  ", r.Summary), in(r)))
	head = append(head, f.old(pl)...)
	head = append(head, f.another(pl)...)
	info := panel{name: "info", lines: pl.say(look.Dim, "", clauses("by "+orUnknown(r.By), "run "+r.ID))}
	if r.Report != "" {
		info.lines = append(info.lines, pl.say(look.Dim, "", "report "+r.Report)...)
	}
	left = []panel{{name: "head", lines: head, least: 2}}
	if !f.small() {
		left = append(left, info)
	}
	if len(r.Effects) > 0 || r.Watch != nil {
		right = append(right, f.watch(pr, r))
	}
	if undo := pl.undo(f, r); len(undo) > 0 {
		p := panel{name: "undo", title: "undo", lines: undo}
		if f.width >= wide {
			left = append(left, p)
		} else {
			right = append(right, p)
		}
	}
	switch {
	case f.small():
		right = append(right, info)
	case f.width >= wide && len(r.Steps) > 1:
		right = append(right, pr.steps(r))
	}
	return left, right
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func in(r source.Run) string {
	if r.Ended == nil {
		return ""
	}
	return " in " + look.Span(r.Ended.Sub(r.Started))
}

// watch compares the statements before and after. The verdict comes first where it is tight: it is what the watch is for.
func (f *Flow) watch(p pen, r source.Run) panel {
	title := "effect"
	var verdict []string
	if w := r.Watch; w != nil {
		before := "watch: p95 of " + look.Age(time.Duration(cmp.Or(r.BeforeS, 900)*float64(time.Second))) + " before, and of "
		title = before + look.Age(f.now.Sub(w.Since)) + " since; judged in " + look.Age(w.Until.Sub(f.now))
		word, role := "VERDICT SO FAR", look.Strong
		if w.Over {
			title, word = before+look.Age(w.Until.Sub(w.Since))+" after", "VERDICT"
		}
		switch w.Verdict {
		case "worse":
			role = look.Warn
		case "better":
			role = look.Good
		}
		if f.small() {
			title = "watch"
		}
		verdict = p.say(role, "", word+"  "+strings.TrimSuffix(w.Verdict+": "+w.Text, ": "))
	}
	out := p.effects(r.Effects, title, true)
	out.lines = append(verdict, out.lines...)
	out.least = len(verdict) + 2
	return out
}

// effects is what became of the statements.
func (p pen) effects(effects []source.Effect, title string, spark bool) panel {
	columns := []column{
		{least: 16, inner: true}, {title: "before", right: true, drop: 1}, {title: "now", right: true}, {title: "change", right: true}, {title: "15m", drop: 2},
	}
	if !spark {
		columns = columns[:4]
	}
	var rows [][]cell
	for _, e := range effects {
		mark, role := "  ", look.Plain
		switch {
		case e.Worse:
			mark, role = "! ", look.Warn
		case e.Better:
			role = look.Good
		}
		row := []cell{{mark + e.Name, look.Plain}, {measured(e.Before, e.Unit), look.Plain}, {measured(e.Now, e.Unit), look.Plain}, {times(e.Factor), role}}
		if spark {
			row = append(row, cell{widget.Spark(p.Look, e.Spark, 18, 0), look.Graph})
		}
		rows = append(rows, row)
	}
	return p.grid("effects", title, columns, rows)
}

// measured writes a figure of an effect with its unit.
func measured(v *float64, unit string) string {
	switch {
	case v == nil:
		return look.Unknown
	case unit == "ms":
		return look.Millis(*v)
	default:
		return look.Count(*v)
	}
}

// undo is what taking it back would mean.
func (p pen) undo(f *Flow, r source.Run) []string {
	if r.Undo == nil {
		return nil
	}
	text := "z: " + act.Sentence(*r.Undo)
	if builds(*r.Undo) && r.Freed > 0 {
		text += fmt.Sprintf(": rebuilds what was dropped, needs %s of disk, writes go on", look.Bytes(r.Freed))
		if r.UndoS > 0 {
			text += ", about " + span(r.UndoS)
		}
	}
	return p.say(look.Plain, "", text+"; it shows first what it would do")
}

// halfPanels are a run that ended half-way, or with nothing done.
func (f *Flow) halfPanels(r source.Run) (left, right []panel) {
	p, _ := f.pens()
	word := "STOPPED HALF-WAY" + in(r)
	if f.machine.State() == act.Failed {
		word = "NOTHING WAS CHANGED"
	}
	head := p.say(look.Fail, "x", clauses(word, r.Summary))
	head = append(head, p.label("why", look.Plain, r.Error)...)
	for _, s := range r.Steps {
		if s.State == source.StepFailed && s.Text != "" {
			head = append(head, p.say(look.Warn, "!", s.Name+": "+s.Text)...)
		}
	}
	head = append(head, p.say(look.Dim, "", clauses("by "+orUnknown(r.By), "run "+r.ID))...)
	head = append(head, f.another(p)...)
	head = append(head, f.old(p)...)
	left = []panel{{name: "head", lines: head, least: 4}}
	if ways := p.ways(r); len(ways) > 0 {
		left = append(left, panel{name: "ways", title: "ways out", lines: ways, least: len(ways)})
	}
	if len(r.Steps) > 0 {
		_, pr := f.pens()
		right = []panel{pr.steps(r)}
	}
	return left, right
}

// ways are the two ways out of what is half done.
func (p pen) ways(r source.Run) []string {
	var out []string
	left := 0
	for _, s := range r.Steps {
		if s.State != source.StepDone {
			left++
		}
	}
	if r.Finish != nil {
		out = append(out, p.say(look.Accent, "r", fmt.Sprintf("finish it: %s, %d of %d steps are left", act.Sentence(*r.Finish), left, len(r.Steps)))...)
	}
	if r.Restore != nil {
		out = append(out, p.say(look.Accent, "z", "restore what was: "+act.Sentence(*r.Restore))...)
	}
	if len(out) > 0 {
		out = append(out, p.say(look.Dim, "", "each shows first what it would do")...)
	}
	return out
}
