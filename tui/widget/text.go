package widget

import (
	"fmt"
	"strings"

	"healthagent/tui/look"
)

// Line is one line of a text. It has no line break in it, and no colours of its own.
type Line struct {
	Text string
	Role look.Role
}

// Lines makes lines of a text with line breaks, all of one role.
func Lines(r look.Role, text string) []Line {
	parts := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines := make([]Line, len(parts))
	for i, p := range parts {
		lines[i] = Line{Text: strings.ReplaceAll(p, "\t", "    "), Role: r}
	}
	return lines
}

// Text is a text that scrolls, can be searched and can follow its end. It is used by one goroutine.
type Text struct {
	look          *look.Look
	wrap          bool
	width, height int

	lines  []Line
	rows   []textRow // lines as they are drawn: wrapped, or one each
	top    int       // first row that is seen
	follow bool
	needle string
	hits   []int // rows with the needle in them
	hit    int   // into hits: the one that was gone to
}

// textRow is one drawn row: a part of a line.
type textRow struct {
	Line
	hit bool
}

// NewText makes an empty text. A line that is too long is wrapped, or else cut.
func NewText(l *look.Look, wrap bool) *Text { return &Text{look: l, wrap: wrap} }

// Resize gives it its room. The row at the top stays in sight.
func (t *Text) Resize(width, height int) {
	width, height = max(0, width), max(0, height)
	changed := width != t.width
	share := 0.0
	if len(t.rows) > 0 {
		share = float64(t.top) / float64(len(t.rows))
	}
	t.width, t.height = width, height
	if changed {
		t.layout()
		t.top = int(share * float64(len(t.rows)))
	}
	t.scroll()
}

// SetLines gives it a new text. It stays where it was, or at the end when it follows.
func (t *Text) SetLines(lines []Line) {
	t.lines = lines
	t.layout()
	t.scroll()
}

// Move scrolls by rows, and stops at the ends. To scroll up ends the following, to reach the end by scrolling does not begin it.
func (t *Text) Move(rows int) {
	if rows < 0 {
		t.follow = false
	}
	t.top += rows
	t.scroll()
}

// Page is how many rows are seen at once, at least 1.
func (t *Text) Page() int { return max(1, t.height) }

// First scrolls to the start.
func (t *Text) First() { t.Move(-len(t.rows) - 1) }

// Last scrolls to the end.
func (t *Text) Last() { t.Move(len(t.rows)) }

// Follow keeps the end in sight when lines are added.
func (t *Text) Follow(on bool) {
	t.follow = on
	t.scroll()
}

// Following reports whether the end is kept in sight.
func (t *Text) Following() bool { return t.follow }

// Filter searches for a text, whatever its case, and goes to the first place from what is seen on. Empty ends the search.
func (t *Text) Filter(needle string) {
	t.needle = needle
	t.find()
	t.hit = 0
	for i, row := range t.hits {
		if row >= t.top {
			t.hit = i
			break
		}
	}
	t.goTo()
}

// FilterText is what is searched for.
func (t *Text) FilterText() string { return t.needle }

// Next goes to the next place, or with -1 to the one before, and round again.
func (t *Text) Next(step int) {
	if n := len(t.hits); n > 0 {
		t.hit = ((t.hit+step)%n + n) % n
		t.goTo()
	}
}

// Place says what is seen, and which place of how many: "5-24/80", "5-24/80  match 2/7".
func (t *Text) Place() string {
	last := min(t.top+t.height, len(t.rows))
	place := fmt.Sprintf("%d-%d/%d", min(t.top+1, last), last, len(t.rows))
	switch {
	case t.needle == "":
		return place
	case len(t.hits) == 0:
		return place + "  no match"
	default:
		return fmt.Sprintf("%s  match %d/%d", place, t.hit+1, len(t.hits))
	}
}

func (t *Text) goTo() {
	if len(t.hits) == 0 {
		return
	}
	t.follow = false
	row := t.hits[t.hit]
	if row < t.top || row >= t.top+t.Page() {
		t.top = row - t.Page()/3
	}
	t.scroll()
}

// layout makes rows of the lines.
func (t *Text) layout() {
	t.rows = t.rows[:0]
	room := max(1, t.width-margin)
	for _, line := range t.lines {
		if !t.wrap {
			t.rows = append(t.rows, textRow{Line: line})
			continue
		}
		for _, part := range wrapped(line.Text, room) {
			t.rows = append(t.rows, textRow{Line: Line{part, line.Role}})
		}
	}
	t.find()
}

// find looks for the needle in all rows.
func (t *Text) find() {
	t.hits = t.hits[:0]
	needle := strings.ToLower(t.needle)
	for i := range t.rows {
		t.rows[i].hit = needle != "" && strings.Contains(strings.ToLower(t.rows[i].Text), needle)
		if t.rows[i].hit {
			t.hits = append(t.hits, i)
		}
	}
	t.hit = min(t.hit, max(0, len(t.hits)-1))
}

func (t *Text) scroll() {
	end := max(0, len(t.rows)-t.height)
	t.top = min(max(0, t.top), end)
	if t.follow {
		t.top = end
	}
}

// View draws what is seen. A row with what is searched for has a * in the first column, the one that was gone to a >.
func (t *Text) View() string {
	lines := make([]string, 0, t.height)
	for i := t.top; i < len(t.rows) && len(lines) < t.height; i++ {
		lines = append(lines, t.row(i))
	}
	return Fit(t.look, lines, t.width, t.height)
}

func (t *Text) row(i int) string {
	row := t.rows[i]
	if !row.hit {
		return "  " + t.look.Paint(row.Role, t.look.Clip(row.Text, t.width-margin))
	}
	mark := "* "
	if t.hits[t.hit] == i {
		mark = "> "
	}
	return mark + t.marked(t.look.Clip(row.Text, t.width-margin), row.Role)
}

// marked paints the places with the needle in them in reverse.
func (t *Text) marked(text string, r look.Role) string {
	lower, needle := strings.ToLower(text), strings.ToLower(t.needle)
	if len(lower) != len(text) { // a letter whose small one is longer: the places are not the same
		return t.look.Paint(r, text)
	}
	var b strings.Builder
	for {
		at := strings.Index(lower, needle)
		if at < 0 {
			b.WriteString(t.look.Paint(r, text))
			return b.String()
		}
		end := at + len(needle)
		b.WriteString(t.look.Paint(r, text[:at]))
		b.WriteString(t.look.Paint(look.Inverse, text[at:end]))
		text, lower = text[end:], lower[end:]
	}
}
