package screen

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
)

// para is a line of a text before it is broken to a width: a label, and what is said under it. Lines that go on begin below the text.
type para struct {
	label string
	text  string
	role  look.Role // of the text; the label is dim
	tree  string    // stands before the lines that go on, in the place of blanks
	hang  int       // lines that go on begin so many columns further to the right
}

// labels makes paras of pairs of a label and a text, whose texts begin in the same column. A pair without a text is left out.
func labels(pairs ...string) []para {
	width := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			width = max(width, ansi.StringWidth(pairs[i])+2)
		}
	}
	var out []para
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		label := pairs[i] + strings.Repeat(" ", width-ansi.StringWidth(pairs[i]))
		out = append(out, para{label: label, text: pairs[i+1]})
	}
	return out
}

// block makes a para of each line of a text, its tabs being four columns.
func block(text string, role look.Role) []para {
	var out []para
	for line := range strings.SplitSeq(strings.Trim(text, "\r\n"), "\n") {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " \r")
		text := strings.TrimLeft(line, " ")
		out = append(out, para{label: line[:len(line)-len(text)], text: text, role: role, hang: 4})
	}
	return out
}

// heading is a para that parts a text.
func heading(text string) para { return para{text: text, role: look.Strong} }

// oneLine is a text with all its blanks and line breaks made single blanks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// lay breaks paras to a width. Each line begins with a blank.
func lay(l *look.Look, paras []para, width int) []string {
	var out []string
	for _, p := range paras {
		for _, line := range breakUp(l, p, width-1) {
			out = append(out, " "+l.Paint(look.Dim, line.label)+l.Paint(line.role, line.text))
		}
	}
	return out
}

// breakUp makes lines of a width of a para. Where the label would leave no room it stands on a line of its own.
func breakUp(l *look.Look, p para, width int) []para {
	var out []para
	label, room := p.label, width-ansi.StringWidth(p.label)
	if label != "" && room < min(12, width) {
		out = append(out, para{label: l.Clip(label, width)})
		label, room = "", width
	}
	next := strings.Repeat(" ", ansi.StringWidth(label))
	if p.tree != "" && next != "" {
		next = l.Left(p.tree, ansi.StringWidth(label))
	}
	first, rest, more := strings.Cut(ansi.Wrap(p.text, max(1, room), " "), "\n")
	out = append(out, para{label: label, text: first, role: p.role})
	if !more {
		return out
	}
	if hang := min(p.hang, room/3); hang > 0 {
		next += strings.Repeat(" ", hang)
		rest, room = strings.TrimLeft(strings.TrimPrefix(p.text, first), " "), room-hang
	}
	for line := range strings.SplitSeq(ansi.Wrap(rest, max(1, room), " "), "\n") {
		out = append(out, para{label: next, text: line, role: p.role})
	}
	return out
}

// plain is a text as it is copied.
func plain(paras []para) string {
	lines := make([]string, len(paras))
	for i, p := range paras {
		lines[i] = strings.TrimRight(p.label+p.text, " ")
	}
	return strings.Join(lines, "\n")
}
