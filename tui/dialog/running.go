package dialog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

func number(n int) string { return strconv.Itoa(n) }

// begun is what is seen between the answer that it has begun and the first word of it.
func (f *Flow) begun() panel {
	p, _ := f.pens()
	out := append([]string{""}, p.say(look.Accent, ">>", "it has begun: "+act.Sentence(f.machine.Act()))...)
	return panel{name: "head", lines: append(out, p.say(look.Dim, "", "the first word of how it goes comes in a moment")...)}
}

// runningPanels are a run at work: how far it is, its steps, whom it waits for, what it has done to the statements.
func (f *Flow) runningPanels(r source.Run) (left, right []panel) {
	pl, pr := f.pens()
	left = []panel{{name: "head", lines: f.runHead(pl, r), least: 3}}
	steps := pr.steps(r)
	if f.small() {
		steps.least = 1 // the one at work is told at the head
	}
	if f.width < wide {
		left = append(left, steps)
	}
	if len(r.Blockers) > 0 {
		left = append(left, f.waits(pl, r))
	}
	if len(r.Effects) > 0 {
		effects := pl.effects(r.Effects, "effect so far", false)
		effects.least = 1
		left = append(left, effects)
	}
	if f.width >= wide {
		right = []panel{steps}
	}
	return left, right
}

// stepAt names the step at work.
func stepAt(r source.Run) string {
	if at := working(r); at > 0 {
		return "step " + number(at)
	}
	return "this step"
}

// finished counts the steps that are behind.
func finished(r source.Run) (n int) {
	for _, s := range r.Steps {
		if s.State == source.StepDone || s.State == source.StepSkipped {
			n++
		}
	}
	return n
}

// working is the number of the step at work, from 1; 0: none.
func working(r source.Run) int {
	return slices.IndexFunc(r.Steps, func(s source.Step) bool { return s.State == source.StepWorking }) + 1
}

func (f *Flow) runHead(p pen, r source.Run) []string {
	done := finished(r)
	bar := widget.Gauge(p.Look, float64(done), float64(len(r.Steps)), min(42, max(0, p.width-30)))
	out := []string{widget.Parts(p.Look, p.width-1, 2,
		widget.Part{Text: ""}, widget.Part{Text: " " + bar, Role: look.Graph, Drop: 2},
		widget.Part{Text: fmt.Sprintf("%d of %d", done, len(r.Steps)), Role: look.Strong}, widget.Part{Text: clock(f.now.Sub(r.Started))})}
	if r.Stopping != "" {
		out = append(out, p.say(look.Warn, "!", "STOPPING "+r.Stopping)...)
	}
	if at := working(r); at > 0 && f.small() {
		out = append(out, p.say(look.Accent, ">>", r.Steps[at-1].Name)...)
	}
	if f.small() && len(r.Blockers) > 0 {
		out = append(out, p.say(look.Warn, "!", "waits for "+blocker(r.Blockers[0]))...)
	}
	out = append(out, p.progress(r)...)
	if l := f.state.Link; l != nil && l.State == source.LinkDirect {
		return append(out, p.say(look.Warn, "!", orText(l.Acts, "it runs in this screen: to close it ends the run"))...)
	}
	return append(out, p.say(look.Dim, "", "runs in the daemon: closing this screen or losing SSH does not stop it")...)
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// clock writes how long something has been running: 00:31.
func clock(d time.Duration) string {
	s := int(max(0, d).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// progress is what the server tells of the step at work, with a bar in phases that tell how much there is.
func (p pen) progress(r source.Run) []string {
	g := r.Progress
	if g == nil {
		return nil
	}
	text := g.Phase
	if at := working(r); at > 0 {
		text = fmt.Sprintf("step %d: %s", at, g.Phase)
	}
	if g.Phases > 1 && g.Number > 0 { // a wait before the first phase, and what has no phases, have no number
		text += fmt.Sprintf(", phase %d of %d", g.Number, g.Phases)
	}
	out := p.say(look.Plain, "", text+" "+span(g.ElapsedS))
	if g.Total > 0 {
		pct := min(max(0, float64(g.Done)/float64(g.Total)*100), 100)
		of := strings.TrimSpace(fmt.Sprintf("%s of %s %s", look.Count(float64(g.Done)), look.Count(float64(g.Total)), g.Unit))
		out = append(out, widget.Parts(p.Look, p.width-1, 2,
			widget.Part{Text: " " + widget.Gauge(p.Look, pct, 100, min(42, max(0, p.width-30))), Role: look.Graph, Drop: 2},
			widget.Part{Text: fmt.Sprintf("%.0f%%", pct)}, widget.Part{Text: of, Role: look.Dim, Drop: 1}))
	}
	return out
}

// steps are all of them. The one at work is in sight unless somebody has scrolled.
func (p pen) steps(r source.Run) panel {
	columns := []column{{least: 16, inner: true}, {right: true, drop: 2}, {right: true, drop: 1}}
	digits := len(number(len(r.Steps)))
	var rows [][]cell
	for i, s := range r.Steps {
		mark, role := stepMark(s.State)
		took := ""
		if s.Seconds > 0 {
			took = span(s.Seconds)
		}
		what, whatRole := outcome(r, s)
		rows = append(rows, []cell{{fmt.Sprintf("%s %*d  %s", mark, digits, i+1, s.Name), role}, {what, whatRole}, {took, look.Plain}})
	}
	out := p.grid("steps", "steps", columns, rows)
	out.least = 3
	out.at = max(0, working(r)-1)
	for i := len(r.Steps) - 1; i >= 0; i-- {
		s := r.Steps[i]
		if s.Text == "" || s.State == source.StepFailed || s.State == source.StepWorking && len(r.Blockers) > 0 {
			continue // told at the head, or below
		}
		out.lines = slices.Insert(out.lines, i+1, p.say(look.Dim, strings.Repeat(" ", 4+digits), s.Text)...)
	}
	return out
}

// outcome is what a step has come to.
func outcome(r source.Run, s source.Step) (string, look.Role) {
	switch {
	case s.State == source.StepWorking && len(r.Blockers) > 0:
		return "waits", look.Warn
	case s.State == source.StepFailed:
		return "failed", look.Fail
	case s.State == source.StepDone && s.Bytes > 0 && builds(r.Act):
		return look.Bytes(s.Bytes), look.Plain
	case s.State == source.StepDone && s.Bytes > 0:
		return look.Bytes(s.Bytes) + " freed", look.Plain
	default:
		return "", look.Plain
	}
}

func stepMark(s source.StepState) (string, look.Role) {
	switch s {
	case source.StepDone:
		return "ok", look.Good
	case source.StepWorking:
		return ">>", look.Accent
	case source.StepFailed:
		return "x ", look.Fail
	case source.StepSkipped:
		return "--", look.Dim
	case source.StepWaiting:
		return "..", look.Dim
	default:
		return "? ", look.Dim
	}
}

// waits is whom the step at work waits for, and what that means.
func (f *Flow) waits(p pen, r source.Run) panel {
	var out []string
	for _, b := range r.Blockers {
		out = append(out, p.say(look.Warn, "!", blocker(b))...)
		if b.Query != "" {
			out = append(out, p.say(look.Plain, "", "  "+b.Query)...)
		}
	}
	out = append(out, p.say(look.Plain, "", f.meanwhile(r))...)
	return panel{name: "waits", title: "what it waits for", lines: out, least: 2}
}

// meanwhile says how the index of the step at work stands while it waits: the server marks it before it waits.
func (f *Flow) meanwhile(r source.Run) string {
	at := working(r)
	if at == 0 || !f.isIndex(r.Steps[at-1].Name) {
		return ""
	}
	name := r.Steps[at-1].Name
	switch r.Act.Verb {
	case source.Rollback, source.Drop:
		return "at this point " + name + " is already INVALID: no statement uses it any more. Cancelling leaves it so until you finish or rebuild it."
	case source.Apply, source.Build, source.Reindex:
		return "writes go on. Cancelling now drops what is built of " + name + "."
	default:
		return ""
	}
}

func (f *Flow) isIndex(name string) bool {
	if strings.HasPrefix(name, "idx_") {
		return true
	}
	return f.state.Indexes != nil && slices.ContainsFunc(f.state.Indexes.List, func(x source.Index) bool { return x.Name == name })
}

// stopping is the question whether to stop, in place.
func (f *Flow) stopping() []string {
	p := pen{f.look, f.width}
	q := f.machine.Question(f.now)
	r := f.machine.Run()
	switch {
	case q.Refused != "":
		return p.say(look.Fail, "x", q.Refused)
	case q.Preview == nil:
		return p.say(look.Dim, "", "looking whether it can be stopped")
	case q.AfterStep:
		return p.say(look.Warn, "!", "stop after "+stepAt(*r)+" of "+number(len(r.Steps))+"? nothing is left half-done")
	default:
		return append(p.say(look.Warn, "!", "cancel "+stepAt(*r)+"? it "+q.Preview.Summary), p.say(look.Plain, "", q.Preview.After)...)
	}
}
