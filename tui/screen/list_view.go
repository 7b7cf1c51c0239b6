package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// View draws it.
func (l *list) View() string {
	if l.over != nil {
		return l.over.view()
	}
	lines := l.heads()
	room := l.height - len(lines) - l.paneHeight() - len(l.between)
	lines = append(lines, l.body(room)...)
	lines = append(lines, l.between...)
	lines = append(lines, l.below(l.paneHeight())...)
	return widget.Fit(l.look, lines, l.width, l.height)
}

// heads are the lines above the table.
func (l *list) heads() []string {
	var lines []string
	order, summary := l.orderText(), l.summary
	if l.old {
		summary = append([]string{"OLD"}, summary...)
	}
	if l.brief || l.height < 12 {
		left := summary
		if l.height >= 12 || l.table.FilterText() != "" {
			left = append(left[:len(left):len(left)], order...)
		}
		lines = append(lines, l.ends(left, l.table.Place()))
	} else {
		lines = append(lines, l.ends(summary, ""), l.ends(order, l.table.Place()))
	}
	if l.trouble != "" {
		lines = append(lines, l.look.Paint(look.Warn, " "+l.look.Clip(l.trouble, l.width-1)))
	}
	return lines
}

func (l *list) orderText() []string {
	var texts []string
	if l.note != "" {
		texts = append(texts, l.note)
	}
	texts = append(texts, "sort "+strings.Replace(l.table.Order(), "as given", l.given, 1))
	if f := l.table.FilterText(); f != "" {
		texts = append(texts, "filter /"+f+"/")
	}
	return texts
}

// ends puts texts at the left end of a line, as far as there is room, and one at the right end.
func (l *list) ends(left []string, right string) string {
	right = " " + right + " "
	room := max(0, l.width-ansi.StringWidth(right))
	return l.look.Left(" "+strings.Join(left, "  "), room) + l.look.Clip(right, l.width)
}

// body is the table, or why it is empty.
func (l *list) body(height int) []string {
	if height <= 0 {
		return nil
	}
	shown, all := l.table.Len()
	if shown > 0 {
		return strings.Split(l.table.View(), "\n")
	}
	why := l.none
	if all > 0 {
		why = fmt.Sprintf("none of %d has %q in it; esc shows them all", all, l.table.FilterText())
	}
	lines := append([]string{""}, lay(l.look, []para{{text: why, role: look.Dim}}, l.width)...)
	return strings.Split(widget.Fit(l.look, lines, l.width, height), "\n")
}

// below is the pane: facts whole, and of the text what there is room for.
func (l *list) below(height int) []string {
	if height <= 0 {
		return nil
	}
	key := l.table.SelectedKey()
	if key == "" {
		return []string{l.look.Rule(l.width)}
	}
	title, text, facts := l.page.pane(key)
	lines := []string{l.look.Paint(look.Strong, widget.Titled(l.look, title, l.width))}
	below := lay(l.look, facts, l.width)
	room := height - 1 - len(below)
	if len(text) > 0 {
		room = max(1, room)
	}
	above := cut(l.look, lay(l.look, text, l.width), room)
	if l.factsFirst {
		above, below = below, above
	}
	lines = append(lines, above...)
	return cut(l.look, append(lines, below...), height)
}

// cut keeps the first lines, and says where lines are missing.
func cut(l *look.Look, lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	if n <= 0 {
		return nil
	}
	lines = lines[:n]
	lines[n-1] = strings.TrimRight(ansi.Strip(lines[n-1]), " ") + " " + l.More
	return lines
}

// sheetHints are the keys of a text that lies on top.
func (l *list) sheetHints(more ...keys.Action) []keys.Action {
	return slices.Concat([]keys.Action{keys.Back}, more, []keys.Action{keys.Down, keys.Filter, keys.Copy, keys.CopyAll, keys.LogOf, keys.NextMatch})
}

// log opens the log of the row that keys are about.
func (l *list) log() Intent {
	key := l.key()
	if key == "" {
		return Intent{Say: "there is nothing here to show the log of"}
	}
	return Intent{Open: keys.Screen7, Subject: l.page.subject(key)}
}
