package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
	"healthagent/tui/look"
)

// help is the list of keys over a screen. What is typed searches it.
type help struct {
	under mode // what is shown again when it closes
	top   int
}

// helpLine is one line of it.
type helpLine struct {
	role look.Role
	text string
}

func (m *Model) openHelp() {
	m.help = &help{under: m.mode}
	m.input.SetValue("")
	m.mode = inHelp
}

func (m *Model) pressHelp(k tea.KeyMsg) {
	_, height := m.room()
	switch k.String() {
	case "esc":
		if m.input.Value() == "" {
			m.closeHelp()
		}
		m.input.SetValue("")
	case "?", "f1", "enter":
		m.closeHelp()
	case "q":
		if m.input.Value() == "" {
			m.closeHelp()
			return
		}
		m.edit(k)
	case "up":
		m.help.top--
	case "down":
		m.help.top++
	case "pgup", "ctrl+u":
		m.help.top -= max(1, height-2)
	case "pgdown", "ctrl+d":
		m.help.top += max(1, height-2)
	case "home":
		m.help.top = 0
	case "end":
		m.help.top = len(m.helpLines())
	default:
		m.edit(k)
		m.help.top = 0
	}
}

func (m *Model) closeHelp() { m.mode, m.help = m.help.under, nil }

// helpLines are what works on the seen screen, what would but for this person's rights, and what works elsewhere.
func (m *Model) helpLines() []helpLine {
	var here, everywhere, off, elsewhere []helpLine
	on := m.seen().Name()
	for _, b := range m.keys.Bindings() {
		if !found(b, m.input.Value()) {
			continue
		}
		line := helpLine{text: "  " + m.look.Left(b.Help().Key, 10) + "  " + b.Help().Desc}
		switch {
		case !b.On(on):
			line.role = look.Dim
			line.text += " (" + b.Where + ")"
			elsewhere = append(elsewhere, line)
		case !b.Enabled():
			line.role = look.Dim
			off = append(off, line)
		case b.Where == "all":
			everywhere = append(everywhere, line)
		default:
			here = append(here, line)
		}
	}
	lines := section("Keys on "+on, here)
	lines = append(lines, section("Keys on every screen", everywhere)...)
	lines = append(lines, section("Off: "+m.keys.ReadOnly(), off)...)
	lines = append(lines, section("On other screens", elsewhere)...)
	if len(lines) == 0 {
		lines = []helpLine{{look.Dim, " no key does that"}}
	}
	return lines
}

// found reports whether a key is what is searched for: by the key itself, or by what it does.
func found(b keys.Binding, text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return text == "" || strings.Contains(strings.ToLower(b.Help().Desc+" "+string(b.Action)+" "+b.Where), text) ||
		strings.ToLower(b.Help().Key) == text
}

func section(title string, lines []helpLine) []helpLine {
	if len(lines) == 0 {
		return nil
	}
	return append([]helpLine{{look.Strong, " " + title}}, lines...)
}

// helpView draws it in this room, with the line that is typed in on top.
func (m *Model) helpView(width, height int) []string {
	lines := m.helpLines()
	room := max(1, height-1)
	m.help.top = min(max(0, m.help.top), max(0, len(lines)-room))
	drawn := []string{m.inputLine(" search: ", width)}
	for _, line := range lines[m.help.top:min(len(lines), m.help.top+room)] {
		drawn = append(drawn, m.look.Paint(line.role, m.look.Clip(line.text, width)))
	}
	return drawn
}
