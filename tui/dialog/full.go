package dialog

import (
	"strings"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// wholeText is what v shows: the SQL of a preview, the report of a run; empty when there is none.
func (f *Flow) wholeText() string {
	m := &f.machine
	switch m.State() {
	case act.Preview, act.Refused:
		if p := m.Preview(); p != nil {
			return p.SQL
		}
	case act.Running, act.Done, act.Partial, act.Failed, act.Unknown:
		if r := m.Run(); r != nil {
			return act.ReportText(*r)
		}
	}
	return ""
}

// whole is that text as the only panel.
func (f *Flow) whole() panel {
	out := panel{name: "full", title: "SQL"}
	text := widget.SQL(f.wholeText())
	if s := f.machine.State(); s != act.Preview && s != act.Refused {
		out.title, text = "report", widget.Lines(look.Plain, f.wholeText())
	}
	p := pen{f.look, f.width}
	for _, line := range text {
		indent := len(line.Text) - len(strings.TrimLeft(line.Text, " "))
		for i, part := range wrap(line.Text, p.width-2) {
			if i > 0 && indent < p.width/2 {
				part = strings.Repeat(" ", indent+2) + part
			}
			out.lines = append(out.lines, p.Clip(" "+part, p.width))
		}
	}
	return out
}
