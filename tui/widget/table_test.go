package widget_test

import (
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"healthagent/tui/look"
	"healthagent/tui/widget"
)

func TestTheCursorStaysWithItsRow(t *testing.T) {
	t.Parallel()
	table := widget.NewTable(look.New(look.Options{Profile: termenv.Ascii}),
		widget.Column{Title: "name", Width: 10, Grow: true}, widget.Column{Title: "p95", Width: 6, Right: true, Descending: true})
	table.Resize(30, 4)
	row := func(name string, n float64) widget.Row {
		return widget.Row{Key: name, Cells: []widget.Cell{{Text: name}, {Text: look.MS(n), Number: n}}}
	}
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
