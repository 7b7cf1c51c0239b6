package tui

import (
	"runtime/debug"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// small reports whether there is little room.
func (m *Model) small() bool { return m.width < 60 || m.height < 14 }

// room is what a screen has of the terminal.
func (m *Model) room() (width, height int) {
	around := 4 // header and tabs above, message and keys below
	switch {
	case m.small():
		around = 2 // header above, message or keys below
	case m.ruled(rulesBoth):
		around += 2
	case m.ruled(ruleAbove):
		around++
	}
	return max(0, m.width), max(0, m.height-around)
}

// The heights from which on there is room for a rule above the screen, and for one below it too.
const (
	ruleAbove = 20
	rulesBoth = 30
)

func (m *Model) ruled(from int) bool { return !m.small() && m.height >= from }

func (m *Model) rule() string { return m.look.Paint(look.Dim, m.look.Rule(m.width)) }

// resize takes the size of the terminal. The screens that are not seen get theirs when they are.
func (m *Model) resize(width, height int) {
	m.width, m.height, m.stale = max(0, width), max(0, height), true
	m.seen().Resize(m.room())
	if m.dialog != nil {
		m.dialog.Resize(m.dialogRoom())
	}
}

// View is the whole frame: as many lines as the terminal has, none wider than it is. It is drawn anew when something has changed only,
// since Bubble Tea asks for it after each message. A fault in it leaves a frame that says so, and the keys work.
func (m *Model) View() string {
	if !m.dirty && !m.stale {
		return m.frame
	}
	m.dirty = false
	m.frame = m.draw()
	return m.frame
}

func (m *Model) draw() (frame string) {
	defer func() {
		if r := recover(); r != nil {
			m.broken = append(m.broken, fault{"the drawing of " + m.seen().Name(), r, debug.Stack()})
			m.stale = false
			frame = m.fit([]string{" this cannot be drawn: a fault in the program", " 1-7 other screens  q quit"})
		}
	}()
	if m.mode == inCopy {
		return m.fit(append(m.pad(m.textView(), m.height-1), m.textFoot()))
	}
	if m.dialog != nil {
		return m.fit(m.overlay())
	}
	lines := m.top()
	width, height := m.room()
	lines = append(lines, m.pad(m.middle(width, height), height)...)
	return m.fit(append(lines, m.bottom()...))
}

// top are the lines above the body.
func (m *Model) top() []string {
	if m.small() {
		return []string{m.smallHeader()}
	}
	lines := []string{m.header()}
	lines = append(lines, m.tabs())
	if m.ruled(ruleAbove) {
		lines = append(lines, m.rule())
	}
	return lines
}

// middle is the body.
func (m *Model) middle(width, height int) []string {
	if m.mode == inHelp {
		return m.helpView(width, height)
	}
	if m.stale {
		m.body, m.stale = m.seen().View(), false
	}
	return strings.Split(m.body, "\n")
}

// bottom are the lines below the body.
func (m *Model) bottom() []string {
	if m.small() {
		if line := m.messageLine(); line != "" {
			return []string{line}
		}
		return []string{m.footer()}
	}
	lines := []string{m.messageLine()}
	if m.ruled(rulesBoth) {
		lines = append(lines, m.rule())
	}
	return append(lines, m.footer())
}

// overlay is a dialog below the header. A message goes where it hides the least: over the rule under the header, or else over the keys.
func (m *Model) overlay() []string {
	lines := append(m.top()[:1:1], strings.Split(m.dialog.View(), "\n")...)
	if line := m.messageLine(); line != "" && m.message.text != "" {
		if m.small() {
			lines[len(lines)-1] = line
		} else {
			lines[1] = line
		}
	}
	return lines
}

// pad makes exactly so many lines.
func (m *Model) pad(lines []string, height int) []string {
	height = max(0, height)
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

// fit makes the frame as large as the terminal, whatever the parts are. What lies to the right of a line is erased by the renderer.
func (m *Model) fit(lines []string) string {
	lines = strings.Split(widget.Fit(m.look, lines, m.width, m.height), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// messageLine is the newest message, or what is being typed, or why there is nothing new.
func (m *Model) messageLine() string {
	switch {
	case m.mode == inQuestion:
		return m.look.Paint(look.Warn, m.look.Clip(" ! a run is under way in this very screen, and ends half-way with it. Quit all the same?", m.width))
	case m.mode == inText:
		return m.inputLine(" /", m.width)
	case m.message.failed:
		return m.look.Paint(look.Fail, m.look.Clip(" x "+m.message.at.Format("15:04:05")+" "+m.message.text, m.width))
	case m.message.text != "":
		return m.look.Clip(" "+m.message.at.Format("15:04:05")+" "+m.message.text, m.width)
	}
	if why := m.trouble(); why != "" {
		return m.look.Paint(look.Warn, m.look.Clip(" ! "+why, m.width))
	}
	return ""
}
