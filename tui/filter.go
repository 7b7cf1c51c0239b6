package tui

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
	"healthagent/tui/screen"
)

// newInput is the one line in which text is typed. It is drawn here: the library's own styles know nothing of our roles.
func newInput() textinput.Model {
	in := textinput.New()
	in.Prompt, in.CharLimit = "", 200
	in.Cursor.SetMode(cursor.CursorStatic)
	in.Focus()
	return in
}

// openFilter begins to type a filter or a search, with what it is at present.
func (m *Model) openFilter() {
	filter, ok := m.seen().(screen.Filterer)
	if !ok {
		m.say("there is nothing to filter here")
		return
	}
	m.input.SetValue(filter.FilterText())
	m.input.CursorEnd()
	m.mode = inText
}

// typed is told of a key while text is typed. The list follows each of them.
func (m *Model) typed(k tea.KeyMsg) tea.Cmd {
	filter, ok := m.seen().(screen.Filterer)
	if !ok {
		m.mode = onScreen
		return nil
	}
	switch k.Type {
	case tea.KeyEnter:
		m.mode = onScreen
	case tea.KeyEsc:
		m.mode = onScreen
		filter.Filter("")
	default:
		m.edit(k)
		filter.Filter(m.input.Value())
	}
	return nil
}

// edit gives a key to the line. Its commands are for a cursor that blinks, and for a clipboard that is the server's.
func (m *Model) edit(k tea.KeyMsg) {
	k.Runes = []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(k.Runes)))
	m.input, _ = m.input.Update(k)
}

// inputLine is the line that is typed in, with its cursor.
func (m *Model) inputLine(prompt string, width int) string {
	value, at := []rune(m.input.Value()), m.input.Position()
	under := " "
	after := ""
	if at < len(value) {
		under, after = string(value[at]), string(value[at+1:])
	}
	before := prompt + string(value[:min(at, len(value))])
	if long := ansi.StringWidth(before) - (width - 3); long > 0 { // the end is what is being typed
		before = ansi.TruncateLeft(before, long, "")
	}
	if m.look.Paint(look.Inverse, under) == under { // without attributes the cursor must be a character
		under = "_" + strings.TrimSpace(under)
	}
	return m.look.Clip(before+m.look.Paint(look.Inverse, under)+after, width)
}
