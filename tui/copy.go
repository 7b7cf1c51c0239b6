package tui

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// copyLimit is how long a sequence for the clipboard may be: terminals drop longer ones, xterm from 75,000 bytes on.
const copyLimit = 74_000

// againTime is within what the same copy a second time means that the first did not arrive.
const againTime = 10 * time.Second

// copied is what was copied last.
type copied struct {
	text string
	at   time.Time
}

// copyText is a text shown bare, so that it can be marked with the mouse.
type copyText struct {
	under mode
	lines []string
	why   string
	top   int
}

// copy puts a text into the clipboard of the terminal that the operator sits at. Whether it arrives nobody tells: the same copy again
// shows the text itself, and so does one that cannot arrive.
func (m *Model) copy(text string) tea.Cmd {
	now := m.now()
	again := m.last.text == text && now.Sub(m.last.at) < againTime
	m.last = copied{text, now}
	switch {
	case text == "":
		m.say("nothing to copy here")
		return nil
	case again:
		m.showText(text, "to be marked with the mouse")
		return nil
	case base64.StdEncoding.EncodedLen(len(text)) > copyLimit:
		m.showText(text, "too long for the terminal's clipboard")
		return nil
	case !hasClipboard(m.environ["TERM"]):
		m.showText(text, "this terminal has no clipboard")
		return nil
	}
	sequence := clipboard(text, m.environ)
	return m.guard.command("copy", func() tea.Msg {
		// one write, which the operating system keeps apart from those of frames
		_, err := io.WriteString(m.out, sequence)
		return copiedMsg{len(text), err}
	})
}

// hasClipboard is false for terminals that are known to have none.
func hasClipboard(term string) bool {
	return term != "" && term != "dumb" && term != "linux" && !strings.HasPrefix(term, "vt")
}

// clipboard is the sequence. Inside tmux it is written in two ways, of which tmux takes the one that its settings allow.
func clipboard(text string, environ map[string]string) string {
	plain := osc52.New(text)
	switch {
	case environ["TMUX"] != "":
		return plain.String() + plain.Tmux().String()
	case strings.HasPrefix(environ["TERM"], "screen"):
		return plain.Screen().String()
	default:
		return plain.String()
	}
}

func (m *Model) copied(c copiedMsg) {
	if c.err != nil {
		m.fail("not copied: " + c.err.Error())
		return
	}
	m.say(fmt.Sprintf("%d bytes sent to the terminal's clipboard; once more shows them", c.bytes))
}

func (m *Model) showText(text, why string) {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(text, "\n"), "\t", "    "), "\n")
	m.text = &copyText{under: m.mode, lines: lines, why: why}
	m.mode = inCopy
}

func (m *Model) pressCopy(k tea.KeyMsg) {
	page := max(1, m.height-1)
	switch k.String() {
	case "up", "k":
		m.text.top--
	case "down", "j":
		m.text.top++
	case "pgup", "ctrl+u":
		m.text.top -= page
	case "pgdown", "ctrl+d", " ":
		m.text.top += page
	case "home", "g":
		m.text.top = 0
	case "end", "G":
		m.text.top = 1 << 30
	case "esc", "q", "enter":
		m.mode, m.text = m.text.under, nil
		m.last = copied{}
	}
}

// textView draws the text over the whole screen, without anything beside it.
func (m *Model) textView() []string {
	var rows []string
	for _, line := range m.text.lines {
		rows = append(rows, strings.Split(ansi.Hardwrap(line, max(1, m.width), true), "\n")...)
	}
	page := max(0, m.height-1)
	m.text.top = min(max(0, m.text.top), max(0, len(rows)-page))
	rows = rows[m.text.top:]
	return rows[:min(len(rows), page)]
}

// textFoot says what the bare text is, and how to leave it.
func (m *Model) textFoot() string {
	return m.look.Clip(fmt.Sprintf(" %s  %d lines  up/down scroll  esc back", m.text.why, len(m.text.lines)), m.width)
}
