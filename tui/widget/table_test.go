package widget_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/internal/frame"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

func newTable(columns ...widget.Column) *widget.Table {
	if len(columns) == 0 {
		columns = []widget.Column{{Title: "name", Width: 10, Grow: true}, {Title: "p95", Width: 6, Right: true, Descending: true}}
	}
	table := widget.NewTable(frame.Mono(), columns...)
	table.Resize(30, 4)
	return table
}

func row(name string, n float64) widget.Row {
	return widget.Row{Key: name, Cells: []widget.Cell{{Text: name}, {Text: look.MS(n), Number: n}}}
}

// shown are the names in the order of the rows, one page as high as all of them.
func shown(table *widget.Table) string {
	var names []string
	for _, line := range strings.Split(table.View(), "\n")[1:] {
		if fields := strings.Fields(strings.TrimPrefix(line, ">")); len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	return strings.Join(names, " ")
}

func TestTheCursorStaysWithItsRow(t *testing.T) {
	t.Parallel()
	table := newTable()
	table.SetRows([]widget.Row{row("a", 1), row("b", 2), row("c", 3), row("d", 4), row("e", 5)})
	table.SortBy(1)
	table.Select("c")
	table.SetRows([]widget.Row{row("e", 1), row("d", 9), row("c", 100), row("b", 2), row("a", 0)})
	if got := table.SelectedKey(); got != "c" {
		t.Errorf("the cursor is on %q", got)
	}
	if view := table.View(); !strings.Contains(view, "\n> c") {
		t.Errorf("the cursor is not seen:\n%s", view)
	}
}

func TestTheCursorAfterWhatMayHappen(t *testing.T) {
	t.Parallel()
	rows := []widget.Row{row("a", 1), row("b", 2), row("c", 3)}
	for name, c := range map[string]struct {
		do   func(*widget.Table)
		want string
	}{
		"its row is gone: the next one":    {func(t *widget.Table) { t.SetRows([]widget.Row{rows[0], rows[2]}) }, "c"},
		"the last row is gone":             {func(t *widget.Table) { t.Last(); t.SetRows(rows[:2]) }, "b"},
		"all are gone":                     {func(t *widget.Table) { t.SetRows(nil) }, ""},
		"all were gone and are back":       {func(t *widget.Table) { t.SetRows(nil); t.SetRows(rows) }, "b"},
		"gone, and back after others":      {func(t *widget.Table) { t.SetRows(rows[:1]); t.SetRows(rows) }, "a"},
		"reversed":                         {func(t *widget.Table) { t.Reverse() }, "b"},
		"sorted":                           {func(t *widget.Table) { t.SortBy(1) }, "b"},
		"a filter that it matches":         {func(t *widget.Table) { t.Filter("B") }, "b"},
		"a filter that it does not match":  {func(t *widget.Table) { t.Filter("c") }, "c"},
		"a filter that nothing matches":    {func(t *widget.Table) { t.Filter("zzz") }, ""},
		"that filter is taken away":        {func(t *widget.Table) { t.Filter("zzz"); t.Filter("") }, "b"},
		"moved below the end":              {func(t *widget.Table) { t.Move(99) }, "c"},
		"moved above the start":            {func(t *widget.Table) { t.Move(-99) }, "a"},
		"one that is not there is chosen":  {func(t *widget.Table) { t.Select("zzz") }, "b"},
		"the room is gone and there again": {func(t *widget.Table) { t.Resize(0, 0); t.Resize(30, 9) }, "b"},
	} {
		table := newTable()
		table.SetRows(rows)
		table.Select("b")
		c.do(table)
		if got := table.SelectedKey(); got != c.want {
			t.Errorf("%s: the cursor is on %q, not %q", name, got, c.want)
		}
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	table := newTable()
	table.Resize(30, 9)
	table.SetRows([]widget.Row{row("d", 2), row("b", math.NaN()), row("c", 9), row("a", 2)})
	for _, c := range []struct {
		do          func()
		want, order string
	}{
		{func() {}, "d b c a", "as given"},
		{table.Reverse, "a c b d", "as given, reversed"},
		{func() { table.SortBy(1) }, "c a d b", "p95 desc"}, // the unknown one last, equal ones by name
		{table.Reverse, "a d c b", "p95 asc"},
		{func() { table.SortStep(1) }, "a b c d", "name asc"}, // round again
		{func() { table.SortStep(-1) }, "c a d b", "p95 desc"},
		{func() { table.SortBy(-1) }, "d b c a", "as given"},
		{func() { table.SortStep(-1) }, "c a d b", "p95 desc"},
		{func() { table.SortBy(99) }, "c a d b", "p95 desc"},
	} {
		c.do()
		if got := shown(table); got != c.want || table.Order() != c.order {
			t.Errorf("%q by %q, not %q by %q", got, table.Order(), c.want, c.order)
		}
	}
}

func TestFilterAndPlace(t *testing.T) {
	t.Parallel()
	table := newTable()
	table.Resize(30, 9)
	if got := table.Place(); got != "row 0/0" {
		t.Errorf("nowhere is %q", got)
	}
	table.SetEmpty("no statements yet")
	if view := table.View(); !strings.Contains(view, "no statements yet") {
		t.Errorf("it does not say that it is empty:\n%s", view)
	}
	table.SetRows([]widget.Row{row("get_food", 1.5), row("get_user", 2), row("put_food", 3)})
	table.Filter("FOOD")
	table.Last()
	if got, place := shown(table), table.Place(); got != "get_food put_food" || place != "row 2/2 of 3" {
		t.Errorf("%q at %q", got, place)
	}
	table.Filter("1.5") // any cell
	if n, all := table.Len(); n != 1 || all != 3 || table.FilterText() != "1.5" {
		t.Errorf("%d of %d match %q", n, all, table.FilterText())
	}
	table.Filter("zzz")
	if view := table.View(); !strings.Contains(view, "nothing matches zzz") {
		t.Errorf("it does not say that nothing matches:\n%s", view)
	}
}

// Once the column that grows has plenty, what was cut beside it is shown whole.
func TestOthersGetWhatTheGrowingColumnDoesNotNeed(t *testing.T) {
	t.Parallel()
	table := newTable(
		widget.Column{Title: "name", Width: 10, Grow: true}, widget.Column{Title: "table", Width: 6, Most: 20},
		widget.Column{Title: "of", Width: 8, Inner: true},
	)
	table.SetRows([]widget.Row{{Key: "a", Cells: []widget.Cell{{Text: "a"}, {Text: "conversation_history"}, {Text: "b"}}}})
	for width, want := range map[int]string{28: "conve…", 52: "conve…", 58: "conversatio…", 66: "conversation_history", 200: "conversation_history"} {
		table.Resize(width, 4)
		view := table.View()
		frame.Check(t, view, width, 4)
		if fields := strings.Fields(strings.Split(view, "\n")[1]); fields[2] != want {
			t.Errorf("%d columns:\n%s", width, view)
		}
	}
}

// A key is seen by nobody: a row of the log must not be found by the number that it has there.
func TestAFilterFindsWhatIsSeen(t *testing.T) {
	t.Parallel()
	table := newTable()
	table.SetRows([]widget.Row{{Key: "1017", Cells: []widget.Cell{{Text: "a"}}}, {Key: "7", Cells: []widget.Cell{{Text: "017"}}}})
	table.Filter("017")
	if got := shown(table); got != "017" {
		t.Errorf("017 finds %q", got)
	}
}

func TestColumnsGoWhenThereIsNoRoom(t *testing.T) {
	t.Parallel()
	table := newTable(
		widget.Column{Title: "name", Width: 6, Grow: true},
		widget.Column{Title: "calls", Width: 5, Right: true, Drop: 1},
		widget.Column{Title: "plan", Width: 4, Drop: 3},
		widget.Column{Title: "spark", Width: 8, Drop: 2},
	)
	table.SetRows([]widget.Row{{Key: "a", Cells: []widget.Cell{{Text: "a"}, {Text: "1"}, {Text: "seq"}, {Text: "____"}}}})
	for width, want := range map[int]string{
		40: "  name               calls plan spark", 28: "  name   calls plan spark", 27: "+ name       calls spark", 23: "+ name   calls spark",
		22: "+ name           calls", 14: "+ name   calls", 13: "+ name", 8: "+ name", 5: "+ na…", 1: "…", 0: "",
	} {
		table.Resize(width, 2)
		title, _, _ := strings.Cut(table.View(), "\n")
		if got := strings.TrimRight(title, " "); got != want {
			t.Errorf("%d: %q, not %q", width, got, want)
		}
	}
}

// Whatever is in it and whatever is done to it, a table fills its room exactly and its cursor is seen.
func TestTablesFitTheirRoom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := random(seed)
		columns := make([]widget.Column, 1+r.IntN(7))
		for i := range columns {
			columns[i] = widget.Column{Title: text(r), Width: r.IntN(20), Right: r.IntN(2) == 0, Drop: r.IntN(5), Descending: r.IntN(2) == 0}
		}
		columns[r.IntN(len(columns))].Grow = r.IntN(4) > 0
		table := widget.NewTable(anyLook(r), columns...)
		if r.IntN(4) == 0 {
			table.Bare()
		}
		for range 12 {
			disturb(r, table)
			w, h := anySize(r)
			table.Resize(w, h)
			view := table.View()
			checked(t, view, w, h)
			if _, ok := table.Selected(); ok && w > 1 && h > 0 && !strings.Contains("\n"+ansi.Strip(view), "\n>") {
				t.Fatalf("the cursor is not seen in %dx%d:\n%s", w, h, view)
			}
		}
	}
}

func disturb(r interface{ IntN(int) int }, table *widget.Table) {
	rr := random(uint64(r.IntN(1 << 30)))
	switch r.IntN(6) {
	case 0:
		table.SortStep(r.IntN(3) - 1)
	case 1:
		table.Reverse()
	case 2:
		table.Filter(words()[r.IntN(len(words()))])
	case 3:
		table.Move(r.IntN(200) - 100)
	default:
		rows := make([]widget.Row, r.IntN(150))
		for i := range rows {
			rows[i].Key = fmt.Sprint(r.IntN(200))
			for range r.IntN(9) {
				rows[i].Cells = append(rows[i].Cells, widget.Cell{Text: text(rr), Role: look.Role(r.IntN(10)), Number: float64(r.IntN(5))})
			}
		}
		table.SetRows(slices.CompactFunc(rows, func(a, b widget.Row) bool { return a.Key == b.Key }))
	}
}

// A full screen of 80x24.
func BenchmarkTableView(b *testing.B) {
	table := widget.NewTable(frame.Looks()["dark"], widget.Column{Title: "query", Width: 20, Grow: true}, widget.Column{Title: "calls", Width: 6, Right: true},
		widget.Column{Title: "mean", Width: 6, Right: true}, widget.Column{Title: "p95", Width: 6, Right: true}, widget.Column{Title: "15m", Width: 10}, widget.Column{Title: "plan", Width: 6})
	rows := make([]widget.Row, 40)
	for i := range rows {
		rows[i] = widget.Row{Key: fmt.Sprint(i), Cells: []widget.Cell{
			{Text: "get_conversation_history"}, {Text: "84.0"}, {Text: "0.9"}, {Text: "181.0", Role: look.Warn}, {Text: "▁▂▃▄▅▆▇█▁▂", Role: look.Graph}, {Text: "! seq", Role: look.Warn},
		}}
	}
	table.SetRows(rows)
	table.Resize(80, 24)
	b.ReportAllocs()
	for b.Loop() {
		_ = table.View()
	}
}
