package dialog

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
)

// column is a column of a grid.
type column struct {
	title string
	right bool
	inner bool // what is too long loses its middle: names differ at their ends
	least int  // columns; 0: as wide as its widest cell
	drop  int  // the highest goes first when there is no room; 0: it stays
}

// cell is a text with its role.
type cell = piece

// gap is the blanks between two columns, margin those in front of the first one, where a mark may stand.
const (
	gap    = 2
	margin = 1
)

// grid makes a panel of rows. Its titles are in the panel's rule. The first column is cut where there is no room, the last one after it.
func (p pen) grid(name, title string, columns []column, rows [][]cell) panel {
	widths := p.widths(columns, rows)
	out := panel{name: name, title: title}
	at := margin
	for i, c := range columns {
		if widths[i] == 0 {
			continue
		}
		end := at + widths[i]
		if c.title != "" && i > 0 {
			n := note{at: at + len(c.title), text: c.title}
			if c.right {
				n.at = end
			}
			out.notes = append(out.notes, n)
		}
		at = end + gap
	}
	for _, row := range rows {
		out.lines = append(out.lines, p.row(columns, widths, row))
	}
	return out
}

func (p pen) row(columns []column, widths []int, row []cell) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", margin))
	first := true
	for i, c := range columns {
		if widths[i] == 0 || i >= len(row) {
			continue
		}
		if !first {
			b.WriteString(strings.Repeat(" ", gap))
		}
		first = false
		text := row[i].text
		if c.inner {
			text = p.Inner(text, widths[i])
		}
		if c.right {
			text = p.Right(text, widths[i])
		} else {
			text = p.Left(text, widths[i])
		}
		b.WriteString(p.Paint(row[i].role, text))
	}
	return p.Clip(b.String(), p.width)
}

// widths are what the columns get: what they want, or else less for the last and for the first, or nothing for those that can be spared.
func (p pen) widths(columns []column, rows [][]cell) []int {
	wanted := wants(columns, rows)
	last := len(columns) - 1
	for {
		got := append([]int(nil), wanted...)
		if last > 0 && columns[last].least > 0 {
			got[last] -= shrink(got[last], columns[last].least, p.over(got))
		}
		got[0] -= shrink(got[0], max(1, columns[0].least), p.over(got))
		if p.over(got) <= 0 {
			return got
		}
		if !spare(columns, wanted) {
			got[0] -= shrink(got[0], 1, p.over(got))
			return got
		}
	}
}

// wants are how wide the columns would be. One of which nothing is known is left out.
func wants(columns []column, rows [][]cell) []int {
	out := make([]int, len(columns))
	for i, c := range columns {
		known := false
		for _, row := range rows {
			if i < len(row) {
				out[i] = max(out[i], ansi.StringWidth(look.OneLine(row[i].text)))
				known = known || row[i].text != "" && row[i].text != look.Unknown
			}
		}
		switch {
		case i > 0 && !known:
			out[i] = 0
		case i > 0:
			out[i] = max(out[i], len(c.title))
		}
	}
	return out
}

// shrink is how much can be taken of a width, of what has to be.
func shrink(width, least, over int) int { return max(0, min(over, width-least)) }

// over is by how much the columns are too wide together.
func (p pen) over(widths []int) int {
	total := margin
	for _, w := range widths {
		if w > 0 {
			total += w + gap
		}
	}
	return total - gap + margin - p.width
}

// spare lets the column go that can be spared first; false when there is none.
func spare(columns []column, widths []int) bool {
	worst := -1
	for i, c := range columns {
		if c.drop > 0 && widths[i] > 0 && (worst < 0 || c.drop >= columns[worst].drop) {
			worst = i
		}
	}
	if worst < 0 {
		return false
	}
	widths[worst] = 0
	return true
}
