package screen

import (
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// Press tells it what a key means.
func (g *Log) Press(a keys.Action) (Intent, bool) {
	switch a {
	case keys.Copy, keys.CopyAll:
		return g.copied(a == keys.CopyAll), true
	case keys.Back:
		return Intent{}, g.back()
	}
	if g.over != nil {
		return Intent{}, scrollText(g.over, a)
	}
	switch a {
	case keys.Open:
		g.open()
	case keys.Follow:
		g.follow = !g.follow
		g.arrange()
	case keys.LogOf:
		return g.narrow(), true
	case keys.Up, keys.PageUp, keys.HalfUp, keys.First:
		g.follow = false
		return Intent{}, scroll(g.table, a)
	default:
		return Intent{}, scroll(g.table, a)
	}
	return Intent{}, true
}

// back closes the open line, its search first, or ends the filter; false when there is nothing to step back from.
func (g *Log) back() bool {
	switch {
	case g.over != nil && g.over.FilterText() != "":
		g.over.Filter("")
	case g.over != nil:
		g.over = nil
	case g.table.FilterText() != "":
		g.table.Filter("")
	default:
		return false
	}
	g.arrange()
	return true
}

// narrow shows only lines about what the line of the cursor is about.
func (g *Log) narrow() Intent {
	e, ok := g.selected()
	if !ok || e.Subject == "" {
		return Intent{Say: "this line is about nothing in particular"}
	}
	g.Select(e.Subject)
	return Intent{}
}

// open lays the whole of the line of the cursor on top. New lines come below it meanwhile, and the cursor stays.
func (g *Log) open() {
	e, ok := g.selected()
	if !ok {
		return
	}
	g.opened, g.follow = e, false
	g.over = widget.NewText(g.look, true)
	var lines []widget.Line
	for _, f := range fieldsOf(e, g.now.Location()) {
		lines = append(lines, widget.Line{Text: f[0] + strings.Repeat(" ", 9-len(f[0])) + f[1], Role: look.Dim})
	}
	lines = append(lines, widget.Line{})
	_, role := markOfLevel(e.Level)
	g.over.SetLines(append(lines, widget.Lines(role, e.Text)...))
	g.arrange()
}

// fieldsOf are the names and the values of what is known of an event besides its text.
func fieldsOf(e source.Event, zone *time.Location) [][2]string {
	var fields [][2]string
	if !e.Time.IsZero() {
		fields = append(fields, [2]string{"time", e.Time.In(zone).Format("2006-01-02 15:04:05.000 MST")})
	}
	for _, f := range [][2]string{{"level", e.Level}, {"kind", e.Kind}, {"about", e.Subject}} {
		if f[1] != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// copied is the text of the line, or the line with all that is known of it.
func (g *Log) copied(whole bool) Intent {
	e, ok := g.selected()
	switch {
	case !ok:
		return Intent{Say: "there is nothing to copy"}
	case !whole:
		return Intent{Copy: e.Text}
	}
	var parts []string
	if !e.Time.IsZero() {
		parts = append(parts, e.Time.Format(time.RFC3339))
	}
	return Intent{Copy: strings.Join(kept(append(parts, e.Level, e.Kind, e.Subject, e.Text)...), " ")}
}
