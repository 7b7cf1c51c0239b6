package widget

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"healthagent/tui/look"
)

// Column is one column of a table.
type Column struct {
	Title string
	Width int  // in columns of the terminal; of one that grows the least
	Grow  bool // takes what is left; one per table
	Most  int  // gets so much once the growing one has plenty; 0: Width
	Right bool // numbers
	Inner bool // what is too long loses its middle
	// Drop says in which order columns go when there is no room: the highest first, 0 never.
	Drop int
	// Descending: the first time that it is sorted by this column the largest comes first.
	Descending bool
}

// Cell is one value: as it is drawn, and as it is sorted. Sort, or Text, is compared when Number is equal. A Number of NaN is not known.
type Cell struct {
	Text   string
	Role   look.Role
	Number float64
	Sort   string // empty: Text
}

// Row is one row. Key names what it is about, for good: by it the cursor stays where it was when the list changes.
type Row struct {
	Key   string
	Cells []Cell
}

// Table is a list with a cursor that stays on its row. It is used by one goroutine.
type Table struct {
	look          *look.Look
	columns       []Column
	width, height int
	bare          bool
	empty         string

	rows    []Row // as given
	shown   []int // indexes into rows: filtered and sorted
	cursor  int   // into shown
	top     int   // first line that is seen
	sort    int   // column; -1: as given
	reverse bool
	filter  string
	key     string // of the row of the cursor; of the last one, when there is none
}

// NewTable makes an empty table that keeps the order of its rows. The first column is never dropped.
func NewTable(l *look.Look, columns ...Column) *Table {
	return &Table{look: l, columns: columns, sort: -1}
}

// Bare leaves the titles out.
func (t *Table) Bare() *Table {
	t.bare = true
	return t
}

// SetEmpty says what stands there while there is no row to show; with a filter it says so by itself.
func (t *Table) SetEmpty(text string) { t.empty = text }

// Resize gives it its room: one line for the titles, the rest for rows. There are no titles when there is but one line.
func (t *Table) Resize(width, height int) {
	t.width, t.height = max(0, width), max(0, height)
	t.scroll()
}

// SetWidth gives a column another width.
func (t *Table) SetWidth(column, width int) { t.columns[column].Width = width }

// SetRows gives it new rows. The cursor stays with its row; when that is gone it stays where it was.
func (t *Table) SetRows(rows []Row) {
	t.rows = rows
	t.arrange()
}

// Selected returns the row of the cursor; false when there is none.
func (t *Table) Selected() (Row, bool) {
	if t.cursor < 0 || t.cursor >= len(t.shown) {
		return Row{}, false
	}
	return t.rows[t.shown[t.cursor]], true
}

// SelectedKey is the key of the row of the cursor, empty when there is none.
func (t *Table) SelectedKey() string {
	row, _ := t.Selected()
	return row.Key
}

// Select moves the cursor to a row, and reports whether it is among those shown.
func (t *Table) Select(key string) bool {
	for i, at := range t.shown {
		if t.rows[at].Key == key {
			t.cursor, t.key = i, key
			t.scroll()
			return true
		}
	}
	return false
}

// Move moves the cursor by lines, and stops at the ends.
func (t *Table) Move(lines int) {
	t.cursor = min(max(0, t.cursor+lines), max(0, len(t.shown)-1))
	t.keep()
	t.scroll()
}

// keep remembers whose row the cursor is on. While there is no row at all the last one is remembered, so that the cursor is on it again
// when a filter that nothing matched is taken away, or what was missing comes back.
func (t *Table) keep() {
	if row, ok := t.Selected(); ok {
		t.key = row.Key
	}
}

// Page is how many rows are seen at once, at least 1.
func (t *Table) Page() int { return max(1, t.height-t.titleLines()) }

func (t *Table) titleLines() int {
	if t.bare || t.height < 2 {
		return 0
	}
	return 1
}

// First moves the cursor to the first row.
func (t *Table) First() { t.Move(-len(t.rows)) }

// Last moves the cursor to the last row.
func (t *Table) Last() { t.Move(len(t.rows)) }

// Filter shows only rows with the text in one of their cells, whatever its case. Empty shows all.
func (t *Table) Filter(text string) {
	t.filter = text
	t.arrange()
}

// FilterText is what it is filtered by.
func (t *Table) FilterText() string { return t.filter }

// SortBy sorts by a column, in the order that this column has at first; -1 keeps the order as given.
func (t *Table) SortBy(column int) {
	t.sort, t.reverse = min(max(-1, column), len(t.columns)-1), false
	t.arrange()
}

// SortStep sorts by the column so many further to the right, and round again.
func (t *Table) SortStep(step int) {
	n := len(t.columns)
	if t.sort < 0 && step < 0 {
		t.sort = 0
	}
	t.SortBy(((t.sort+step)%n + n) % n)
}

// Reverse turns the order round, also that of the rows as given.
func (t *Table) Reverse() {
	t.reverse = !t.reverse
	t.arrange()
}

// Order says by what it is sorted: "p95 desc", or "as given".
func (t *Table) Order() string {
	switch {
	case t.sort < 0 && t.reverse:
		return "as given, reversed"
	case t.sort < 0:
		return "as given"
	}
	order := "asc"
	if t.columns[t.sort].Descending != t.reverse {
		order = "desc"
	}
	return strings.TrimSpace(t.columns[t.sort].Title) + " " + order
}

// Place says where the cursor is: "row 1/4", and with a filter of how many.
func (t *Table) Place() string {
	at := min(t.cursor+1, len(t.shown))
	if t.filter != "" {
		return fmt.Sprintf("row %d/%d of %d", at, len(t.shown), len(t.rows))
	}
	return fmt.Sprintf("row %d/%d", at, len(t.shown))
}

// Len is how many rows are shown, and there are.
func (t *Table) Len() (shown, all int) { return len(t.shown), len(t.rows) }

func (t *Table) arrange() {
	t.shown = t.shown[:0]
	needle := strings.ToLower(t.filter)
	for i, row := range t.rows {
		if needle == "" || matches(row, needle) {
			t.shown = append(t.shown, i)
		}
	}
	switch {
	case t.sort >= 0:
		slices.SortStableFunc(t.shown, t.order)
	case t.reverse:
		slices.Reverse(t.shown)
	}
	t.cursor = min(t.cursor, max(0, len(t.shown)-1))
	if t.key == "" || !t.Select(t.key) {
		t.keep()
		t.scroll()
	}
}

// order compares two rows by the column of the sort. What is not known comes last, whichever way round; equal ones are in the order of
// their keys, so that they do not change places from one state to the next.
func (t *Table) order(a, b int) int {
	x, y := t.cell(a), t.cell(b)
	if none := math.IsNaN(x.Number); none != math.IsNaN(y.Number) {
		if none {
			return 1
		}
		return -1
	}
	order := compare(x, y)
	if t.columns[t.sort].Descending != t.reverse {
		order = -order
	}
	return cmp.Or(order, strings.Compare(t.rows[a].Key, t.rows[b].Key))
}

func (t *Table) cell(row int) Cell {
	if cells := t.rows[row].Cells; t.sort < len(cells) {
		return cells[t.sort]
	}
	return Cell{}
}

func compare(a, b Cell) int {
	return cmp.Or(cmp.Compare(a.Number, b.Number), strings.Compare(cmp.Or(a.Sort, a.Text), cmp.Or(b.Sort, b.Text)))
}

func matches(row Row, needle string) bool {
	return slices.ContainsFunc(row.Cells, func(c Cell) bool { return strings.Contains(strings.ToLower(c.Text), needle) })
}

// scroll keeps the cursor in sight.
func (t *Table) scroll() {
	page := t.Page()
	t.top = min(max(t.top, t.cursor-page+1), t.cursor)
	t.top = max(0, min(t.top, len(t.shown)-page))
}
