package screen

import (
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// page is what one list has of its own. A key is that of a row, which may have gone from the list meanwhile.
type page interface {
	// find is the key of the row that is about a subject, empty when there is none.
	find(subject string) string
	// subject is what the log calls the thing of a row.
	subject(key string) string
	// pane is what stands below the table: text gives way to facts when there is little room, the first facts being the most useful.
	pane(key string) (title string, text, facts []para)
	// full is all that is known of a row; nil when it is not known any more.
	full(key string) (title string, text []para)
	// value is what is copied of a row, empty when there is nothing.
	value(key string) string
}

// list is the frame that the lists share: a line or two about it, the table, a pane with details of the row of the cursor, and a text on
// top of all that. What a person chose (row, order, filter, pane, open text) survives every new state.
type list struct {
	look          *look.Look
	page          page
	table         *widget.Table
	columns       int // of the table
	natural       int // the order that sorting begins with: -1 when the rows come in an order that means something
	sort          int
	width, height int
	noPane        bool
	paneMost      int    // lines of the pane at most
	given         string // the order in which rows come, in words
	factsFirst    bool   // in the pane facts stand above the text
	over          *sheet // nil: nothing lies on top

	s       *source.Snapshot
	now     time.Time
	summary []string // what the first line says, the most useful first
	note    string   // what the second line says before the order
	brief   bool     // the summary is so short that the order has room behind it
	trouble string   // why what is shown is old, or not all of it
	old     bool
	between []string // lines below the table
	none    string   // said when there are no rows
	sought  string   // the subject to select once it is there
}

func newList(l *look.Look, sort int, columns ...widget.Column) list {
	n := list{look: l, table: widget.NewTable(l, columns...), columns: len(columns), natural: min(sort, 0), sort: sort}
	n.table.SortBy(sort)
	n.paneMost, n.given = 14, "as given"
	n.s, n.none = &source.Snapshot{}, "not known yet"
	return n
}

// Resize gives it its room.
func (l *list) Resize(width, height int) {
	l.width, l.height = max(0, width), max(0, height)
	l.refresh()
	l.arrange()
}

// state takes a new state, before its rows are made.
func (l *list) state(s *source.Snapshot, now time.Time) {
	l.s, l.now = s, now
	l.summary, l.note, l.between = nil, "", nil
}

// fill takes the rows of a state. What is old is dim.
func (l *list) fill(rows []widget.Row) {
	if l.old {
		for _, row := range rows {
			for i := range row.Cells {
				row.Cells[i].Role = look.Dim
			}
		}
	}
	l.table.SetRows(rows)
	if l.sought != "" {
		l.Select(l.sought)
	}
	l.arrange()
	l.refresh()
}

// arrange shares the room out.
func (l *list) arrange() {
	l.table.Resize(l.width, l.height-len(l.heads())-l.paneHeight()-len(l.between))
	if l.over != nil {
		l.over.resize(l.width, l.height)
	}
}

// paneHeight is how many lines the pane takes, its title included. It does not depend on what is in it, so that nothing jumps.
func (l *list) paneHeight() int {
	if _, all := l.table.Len(); l.noPane || all == 0 || l.height < 14 {
		return 0
	}
	return min(l.height*2/5, l.paneMost)
}

// key is the row that keys are about: the one of the open text, else the one of the cursor.
func (l *list) key() string {
	if l.over != nil {
		return l.over.key
	}
	return l.table.SelectedKey()
}

// Select moves the cursor to the row of a subject, or does so once there is one.
func (l *list) Select(subject string) {
	l.over, l.sought = nil, subject
	key := l.page.find(subject)
	if key == "" {
		return
	}
	if !l.table.Select(key) {
		l.table.Filter("")
		if !l.table.Select(key) {
			return
		}
	}
	l.sought = ""
}

// Filter shows only rows with the text in them; in an open text it searches.
func (l *list) Filter(text string) {
	if l.over != nil {
		l.over.body.Filter(text)
		return
	}
	l.table.Filter(text)
	l.arrange()
}

// FilterText is what it is filtered by, or what is searched in the open text.
func (l *list) FilterText() string {
	if l.over != nil {
		return l.over.body.FilterText()
	}
	return l.table.FilterText()
}

// Deep reports whether there is something to step back from: an open text, or a filter.
func (l *list) Deep() bool { return l.over != nil || l.table.FilterText() != "" }

// Press does what all lists do.
func (l *list) Press(a keys.Action) (Intent, bool) {
	defer l.arrange()
	switch a {
	case keys.Copy:
		return l.copied(l.value()), true
	case keys.CopyAll:
		return l.copied(l.all()), true
	case keys.LogOf:
		return l.log(), true
	}
	l.sought = ""
	if l.over != nil {
		if a == keys.Back {
			l.back()
			return Intent{}, true
		}
		return Intent{}, scrollText(l.over.body, a)
	}
	return Intent{}, scroll(l.table, a) || l.order(a)
}

func (l *list) order(a keys.Action) bool {
	switch a {
	case keys.SortLeft:
		l.sortStep(-1)
	case keys.SortRight, keys.SortNext:
		l.sortStep(1)
	case keys.Reverse:
		l.table.Reverse()
	case keys.Detail:
		l.noPane = !l.noPane
	case keys.Open:
		l.open()
	case keys.Back:
		if l.table.FilterText() == "" {
			return false
		}
		l.table.Filter("")
	default:
		return false
	}
	return true
}

// back ends the search in the open text, or else closes it.
func (l *list) back() {
	if l.over.body.FilterText() != "" {
		l.over.body.Filter("")
		return
	}
	l.over = nil
}

// sortStep sorts by the column so many further on, and round again; rows that come in an order of their own have that one too.
func (l *list) sortStep(step int) {
	n := l.columns - l.natural
	l.sort = ((l.sort-l.natural+step)%n+n)%n + l.natural
	l.table.SortBy(l.sort)
}

// open lays the text of the row of the cursor on top.
func (l *list) open() {
	key := l.table.SelectedKey()
	if title, text := l.page.full(key); text != nil {
		l.over = newSheet(l.look, key, title, text)
	}
}

// refresh gives the open text what is known now. Of a row that has gone it keeps what was known last, and says so.
func (l *list) refresh() {
	if l.over == nil || l.over.pinned {
		return
	}
	if title, text := l.page.full(l.over.key); text != nil {
		l.over.set(title, text)
		return
	}
	l.over.gone()
}

func (l *list) value() string {
	if l.over != nil && l.over.pinned {
		return l.over.plain()
	}
	return l.page.value(l.key())
}

func (l *list) all() string {
	if l.over != nil {
		return l.over.plain()
	}
	_, text := l.page.full(l.key())
	return plain(text)
}

func (l *list) copied(text string) Intent {
	if text == "" {
		return Intent{Say: "there is nothing to copy"}
	}
	return Intent{Copy: text}
}
