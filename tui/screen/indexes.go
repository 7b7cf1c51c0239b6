package screen

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// indexesOld is how old the indexes' figures get while all is well: they are read every 30 s.
const indexesOld = 2 * time.Minute

// worthALook is from how much bloat on, in percent, an index is marked, and from which size on: of a small one there is nothing to be
// gained. The daemon advises a rebuild from more on.
const (
	worthALook = 30
	worthBytes = 1 << 20
)

// Indexes lists the indexes, the biggest first, or only those of a kind.
type Indexes struct {
	list
	only keys.Action // unused, invalid, redundant or bloated; empty: all
}

// NewIndexes makes the screen.
func NewIndexes(l *look.Look) *Indexes {
	number := func(title string, width, drop int) widget.Column {
		return widget.Column{Title: title, Width: width, Right: true, Drop: drop, Descending: true}
	}
	used := number("used", 5, 5)
	used.Descending = false
	x := &Indexes{list: newList(
		l, 2,
		widget.Column{Title: "index", Width: 24, Grow: true, Inner: true}, widget.Column{Title: "table", Width: 12, Most: 28, Drop: 8},
		number("size", 6, 1), number("scan/m", 6, 4), number("scans", 7, 12), used, number("hit", 6, 10), number("fetch", 6, 11),
		number("bloat", 5, 6), widget.Column{Title: "from", Width: 4, Drop: 7}, widget.Column{Title: "mark", Width: 4, Drop: 2},
	)}
	x.page, x.paneMost = x, 10
	return x
}

// Name is that of its tab.
func (x *Indexes) Name() string { return "Indexes" }

// Show takes a new state.
func (x *Indexes) Show(s *source.Snapshot, now time.Time) {
	x.state(s, now)
	x.rows()
}

func (x *Indexes) rows() {
	var rows []widget.Row
	if part := x.s.Indexes; part != nil {
		x.judge(&part.Part, indexesOld)
		x.summary = summarize(part.List)
		for i := range part.List {
			if ix := &part.List[i]; x.only == "" || is(ix, x.only) {
				rows = append(rows, x.row(ix))
			}
		}
		if len(rows) == 0 && len(part.List) > 0 {
			x.none = fmt.Sprintf("none of %d is %s; esc shows them all", len(part.List), x.only)
		}
	} else {
		x.judge(nil, 0)
	}
	x.note = "show all"
	if x.only != "" {
		x.note = "show " + string(x.only)
	}
	x.fill(rows)
}

// summarize counts the indexes that are there, and those that are not as they should be.
func summarize(list []source.Index) []string {
	var there int
	var bytes int64
	var unused, invalid, redundant, bloated, held, missing int
	count := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	for i := range list {
		ix := &list[i]
		count(&there, !ix.Held && !ix.Missing)
		count(&held, ix.Held)
		count(&missing, ix.Missing && !ix.Held)
		count(&unused, is(ix, keys.Unused))
		count(&invalid, is(ix, keys.Invalid))
		count(&redundant, is(ix, keys.Redundant))
		count(&bloated, is(ix, keys.Bloated))
		bytes += ix.Bytes
	}
	out := []string{fmt.Sprintf("%d indexes %s", there, look.Bytes(bytes))}
	for _, c := range []struct {
		name   string
		n      int
		always bool
	}{
		{"unused", unused, true},
		{"invalid", invalid, true},
		{"missing", missing, true},
		{"held", held, true},
		{"redundant", redundant, false},
		{"bloated", bloated, false},
	} {
		if c.n > 0 || c.always {
			out = append(out, fmt.Sprintf("%s %d", c.name, c.n))
		}
	}
	return out
}

// is reports whether an index is unused, invalid, redundant or bloated. One that is not there is none of these.
func is(ix *source.Index, what keys.Action) bool {
	if ix.Held || ix.Missing {
		return false
	}
	switch what {
	case keys.Unused:
		return ix.Unused != ""
	case keys.Invalid:
		return !ix.Valid && !ix.Building
	case keys.Redundant:
		return ix.Redundant != ""
	case keys.Bloated:
		return ix.BloatPct != nil && *ix.BloatPct >= worthALook && ix.Bytes >= worthBytes
	default:
		return false
	}
}

// mark is a letter for each thing that is to be known of an index.
func mark(ix *source.Index) (string, look.Role) {
	switch {
	case ix.Held:
		return "H", look.Dim
	case ix.Missing:
		return "M", look.Fail
	case ix.Building:
		return "*", look.Accent
	}
	text, role := "", look.Warn
	if is(ix, keys.Invalid) {
		text, role = "X", look.Fail
	}
	for _, m := range []struct {
		what   keys.Action
		letter string
	}{{keys.Unused, "u"}, {keys.Redundant, "d"}, {keys.Bloated, "b"}} {
		if is(ix, m.what) {
			text += m.letter
		}
	}
	return text, role
}

func (x *Indexes) row(ix *source.Index) widget.Row {
	percent := func(p *float64, decimals int) widget.Cell {
		return widget.Cell{Text: look.Percent(p, decimals), Number: orNaN(p)}
	}
	scans, rate := widget.Cell{Text: look.Unknown, Number: math.NaN()}, widget.Cell{Text: look.Unknown, Number: math.NaN()}
	size := scans
	if !ix.Held && !ix.Missing {
		scans = widget.Cell{Text: look.Count(float64(ix.Scans)), Number: float64(ix.Scans)}
		size = widget.Cell{Text: look.Bytes(ix.Bytes), Number: float64(ix.Bytes)}
	}
	if ix.ScansMin != nil {
		rate = widget.Cell{Text: look.Rate(*ix.ScansMin), Number: *ix.ScansMin}
	}
	used := widget.Cell{Text: look.Seconds(ix.LastUsedS), Number: orNaN(ix.LastUsedS)}
	if ix.Never && ix.LastUsedS == nil {
		used = widget.Cell{Text: "never", Number: math.Inf(1)}
	}
	from := widget.Cell{Text: ix.Migration}
	if from.Text == "" {
		from.Text = look.Unknown
	}
	letters, role := mark(ix)
	return widget.Row{Key: indexKey(ix), Cells: []widget.Cell{
		{Text: oneLine(ix.Name)},
		{Text: oneLine(ix.Table)},
		size, rate, scans, used, percent(ix.HitPct, 1), percent(ix.FetchPct, 1), percent(ix.BloatPct, 0),
		from,
		{Text: letters, Role: role},
	}}
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func indexKey(ix *source.Index) string { return ix.Schema + "." + ix.Name }

// Press says what a key means.
func (x *Indexes) Press(a keys.Action) (Intent, bool) {
	switch a {
	case keys.DropIndex, keys.BuildIt, keys.Fix:
		return x.act(a), true
	case keys.Unused, keys.Invalid, keys.Redundant, keys.Bloated:
		x.over = nil
		if x.only == a {
			a = ""
		}
		x.show(a)
		return Intent{}, true
	case keys.Back:
		if !x.list.Deep() && x.only != "" {
			x.show("")
			return Intent{}, true
		}
	}
	return x.list.Press(a)
}

func (x *Indexes) show(only keys.Action) {
	x.only = only
	x.rows()
}

// Deep reports whether there is something to step back from; to see only indexes of a kind is.
func (x *Indexes) Deep() bool { return x.only != "" || x.list.Deep() }

// Select moves the cursor to an index, of whatever kind it is.
func (x *Indexes) Select(subject string) {
	if x.only != "" {
		x.show("")
	}
	x.list.Select(subject)
}

// Hints are the keys for the foot.
func (x *Indexes) Hints() []keys.Action {
	acts := []keys.Action{keys.DropIndex, keys.BuildIt, keys.Fix}
	if x.over != nil {
		return x.sheetHints(acts...)
	}
	out := []keys.Action{keys.Open, keys.Unused, keys.Invalid, keys.Redundant, keys.Bloated}
	return append(append(out, acts...), keys.SortNext, keys.Filter, keys.Copy, keys.Detail, keys.LogOf)
}

func (x *Indexes) find(subject string) string {
	if ix := x.index(func(ix *source.Index) bool { return ix.Name == subject || indexKey(ix) == subject }); ix != nil {
		return indexKey(ix)
	}
	return ""
}

func (x *Indexes) subject(key string) string {
	if ix := x.at(key); ix != nil {
		return ix.Name
	}
	return key[strings.IndexByte(key, '.')+1:]
}

func (x *Indexes) value(key string) string {
	if ix := x.at(key); ix != nil {
		return ix.Definition
	}
	return ""
}

// at is the index of a row, nil when it is not listed.
func (x *Indexes) at(key string) *source.Index {
	return x.index(func(ix *source.Index) bool { return indexKey(ix) == key })
}

func (x *Indexes) index(which func(*source.Index) bool) *source.Index {
	if x.s.Indexes == nil {
		return nil
	}
	list := x.s.Indexes.List
	if i := slices.IndexFunc(list, func(ix source.Index) bool { return which(&ix) }); i >= 0 {
		return &list[i]
	}
	return nil
}
