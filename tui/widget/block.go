package widget

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
)

func textWidth(s string) int { return ansi.StringWidth(s) }

// Fit makes exactly height lines of width columns of the given ones: what is too much is cut, what is missing is blank.
func Fit(l *look.Look, lines []string, width, height int) string {
	out := make([]string, 0, max(0, height))
	for _, line := range lines {
		if len(out) >= height {
			break
		}
		out = append(out, l.Left(line, width))
	}
	for len(out) < height {
		out = append(out, strings.Repeat(" ", max(0, width)))
	}
	return strings.Join(out, "\n")
}

// Titled is a rule with a title in it: "─ watch ─────".
func Titled(l *look.Look, title string, width int) string {
	if title == "" {
		return l.Rule(width)
	}
	title = look.OneLine(title)
	return l.Left(l.Horizontal+" "+title+" "+l.Rule(width-textWidth(title)-3), width)
}

// Beside puts two blocks of lines next to each other: the left one leftWidth columns wide, the right one what is left of width, a line
// between them. There are as many lines as the longer one has.
func Beside(l *look.Look, left, right []string, leftWidth, width int) []string {
	leftWidth = min(max(0, leftWidth), max(0, width))
	between := l.Clip(" "+l.Vertical+" ", width-leftWidth)
	rest := width - leftWidth - textWidth(between)
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return ""
	}
	out := make([]string, max(len(left), len(right)))
	for i := range out {
		out[i] = l.Left(at(left, i), leftWidth) + between + l.Left(at(right, i), rest)
	}
	return out
}

// Banner says in the widest way what is wrong: a title in the role's colour, lines below it, wrapped, and a rule. It has never more than
// height lines; the last ones go first, the title last.
func Banner(l *look.Look, r look.Role, title string, lines []string, width, height int) []string {
	if height <= 0 {
		return nil
	}
	out := []string{l.Paint(r, l.Clip(" "+title, width))}
	const indent = 3
	for _, line := range lines {
		for _, part := range wrapped(look.OneLine(line), width-indent) {
			if len(out) < height-1 {
				out = append(out, l.Clip(strings.Repeat(" ", indent)+part, width))
			}
		}
	}
	if len(out) < height {
		out = append(out, l.Rule(width))
	}
	return out
}

// wrapped breaks a line at its blanks, or where it must.
func wrapped(line string, width int) []string {
	if textWidth(line) <= width {
		return []string{line}
	}
	return strings.Split(ansi.Wrap(line, max(1, width), ""), "\n")
}

// Part is one piece of a line.
type Part struct {
	Text string
	Role look.Role
	// Drop says in which order pieces go when there is no room: the highest first, of equal ones the last; 0 never.
	Drop int
}

// Parts joins pieces with a gap of blanks, and leaves pieces out until the line fits. Empty ones are left out in any case; what does not
// fit without them is cut.
func Parts(l *look.Look, width, gap int, parts ...Part) string {
	keep := slices.Clone(parts)
	for PartsWidth(gap, keep...) > width {
		worst := -1
		for i, p := range keep {
			if p.Text != "" && p.Drop > 0 && (worst < 0 || p.Drop >= keep[worst].Drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		keep[worst].Text = ""
	}
	var b strings.Builder
	for _, p := range keep {
		if p.Text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(l.Paint(p.Role, look.OneLine(p.Text)))
	}
	return l.Clip(b.String(), width)
}

// PartsWidth is how wide pieces are with gaps between them, when none is left out.
func PartsWidth(gap int, parts ...Part) int {
	n := 0
	for _, p := range parts {
		if p.Text != "" {
			n += textWidth(look.OneLine(p.Text)) + gap
		}
	}
	return max(0, n-gap)
}
