package widget

import (
	"strings"

	"healthagent/tui/look"
)

// View draws the titles and the rows. The cursor is a > in the first column, whatever colours there are; a + there before the
// titles says that columns were dropped.
func (t *Table) View() string {
	if t.height == 0 {
		return ""
	}
	columns, dropped := t.fitting()
	lines := make([]string, 0, t.height)
	if t.titleLines() > 0 {
		lines = append(lines, t.look.Paint(look.Dim, t.look.Left(t.titles(columns, dropped), t.width)))
	}
	if len(t.shown) == 0 && len(lines) < t.height {
		lines = append(lines, t.look.Paint(look.Dim, t.look.Left("  "+t.nothing(), t.width)))
	}
	for i := t.top; i < len(t.shown) && len(lines) < t.height; i++ {
		lines = append(lines, t.line(columns, t.rows[t.shown[i]], i == t.cursor))
	}
	for len(lines) < t.height {
		lines = append(lines, strings.Repeat(" ", t.width))
	}
	return strings.Join(lines, "\n")
}

// nothing is what stands there when there is no row.
func (t *Table) nothing() string {
	if t.filter != "" && len(t.rows) > 0 {
		return "nothing matches " + t.filter
	}
	return t.empty
}

// placed is a column and its width.
type placed struct {
	at, width int
}

// margin is the cursor's column and a space.
const margin = 2

// fitting drops columns until the rest has room, and gives the growing one what is left.
func (t *Table) fitting() (columns []placed, dropped bool) {
	keep := make([]bool, len(t.columns))
	for i := range keep {
		keep[i] = true
	}
	for t.need(keep) > t.width {
		worst := -1
		for i, c := range t.columns {
			if i > 0 && keep[i] && c.Drop > 0 && (worst < 0 || c.Drop >= t.columns[worst].Drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		keep[worst], dropped = false, true
	}
	left := t.width - t.need(keep)
	spare := left - plenty
	for i, c := range t.columns {
		if !keep[i] {
			continue
		}
		width := c.Width
		if more := min(c.Most-c.Width, spare); !c.Grow && more > 0 {
			width, spare, left = width+more, spare-more, left-more
		}
		columns = append(columns, placed{i, width})
	}
	for i, p := range columns {
		if t.columns[p.at].Grow {
			columns[i].width = max(1, p.width+left)
		}
	}
	return columns, dropped
}

// plenty is how much more than its least the growing column gets before others get more.
const plenty = 24

func (t *Table) need(keep []bool) int {
	need := margin
	for i, c := range t.columns {
		if keep[i] {
			need += c.Width + 1
		}
	}
	return need - 1
}

func (t *Table) titles(columns []placed, dropped bool) string {
	var b strings.Builder
	mark := "  "
	if dropped {
		mark = "+ "
	}
	b.WriteString(mark)
	for i, p := range columns {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.place(t.columns[p.at], t.columns[p.at].Title, p.width))
	}
	return b.String()
}

func (t *Table) line(columns []placed, row Row, selected bool) string {
	var b strings.Builder
	mark := "  "
	if selected {
		mark = "> "
	}
	b.WriteString(mark)
	for i, p := range columns {
		if i > 0 {
			b.WriteByte(' ')
		}
		var c Cell
		if p.at < len(row.Cells) {
			c = row.Cells[p.at]
		}
		text := t.place(t.columns[p.at], c.Text, p.width)
		if !selected {
			text = t.look.Paint(c.Role, text)
		}
		b.WriteString(text)
	}
	text := t.look.Left(b.String(), t.width)
	if selected {
		return t.look.Paint(look.Selected, text)
	}
	return text
}

func (t *Table) place(c Column, text string, width int) string {
	if c.Inner {
		text = t.look.Inner(text, width)
	}
	if c.Right {
		return t.look.Right(text, width)
	}
	return t.look.Left(text, width)
}
