package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
)

// hint is one entry of the line at the foot.
type hint struct{ key, text string }

// footer is the last line: the keys that are of use now, as many as fit.
func (m *Model) footer() string {
	switch m.mode {
	case inQuestion:
		return m.hints([]hint{{"y", "quit, the run ends half-way"}, {"any other key", "stay"}}, nil)
	case inText:
		return m.hints([]hint{{"enter", "keep"}, {"esc", "clear"}}, nil)
	case inHelp:
		return m.hints([]hint{{"esc", "close"}, {"letters", "search"}, {"up/down", "scroll"}}, nil)
	case inDialog, inCopy, onScreen:
	}
	var own []hint
	for _, a := range m.seen().Hints() {
		if h, ok := m.hint(a); ok {
			own = append(own, h)
		}
	}
	if _, works := m.working(); works {
		own = append([]hint{{"r", "run"}}, own...)
	}
	leave := "quit"
	if deep, ok := m.seen().(screen.Stepper); ok && deep.Deep() {
		leave = "back"
	}
	return m.hints(own, []hint{{"?", "help"}, {"q", leave}, {"1-7", "screen"}, {"space", "pause"}})
}

// hint is the entry of an action; false for one that has no key, or that its counterpart's entry names too.
func (m *Model) hint(a keys.Action) (hint, bool) {
	switch a {
	case keys.Down:
		return hint{"j/k", "move"}, true
	case keys.SortLeft:
		return hint{"</>", "column"}, true
	case keys.Faster:
		return hint{"+/-", "rate"}, true
	case keys.NextMatch:
		return hint{"n/N", "match"}, true
	case keys.Up, keys.SortRight, keys.Slower, keys.PrevMatch, keys.Help, keys.Quit, keys.Pause:
		return hint{}, false
	}
	b := m.keys.Of(a)
	if b.Action == "" {
		return hint{}, false
	}
	h := hint{b.Help().Key, b.Short}
	if b.Kind == keys.Act && m.keys.ReadOnly() != "" {
		h.text += " (off)"
	}
	return h, true
}

// hints writes entries until the line is full. Of the common ones the first is always there.
func (m *Model) hints(own, common []hint) string {
	var b strings.Builder
	used := 0
	write := func(h hint, room int) bool {
		need := ansi.StringWidth(h.key) + ansi.StringWidth(h.text) + 2
		if used > 0 {
			need++
		}
		if used+need > room {
			return false
		}
		b.WriteString(strings.Repeat(" ", min(1+used, 2)) + m.look.Paint(look.Accent, h.key) + " " + h.text)
		used += need
		return true
	}
	room := m.width
	for i := range min(2, len(common)) {
		room -= len(common[i].key) + len(common[i].text) + 3
	}
	for _, h := range own {
		if !write(h, room) {
			break
		}
	}
	for _, h := range common {
		write(h, m.width)
	}
	return m.look.Clip(b.String(), m.width)
}
