package screen

import (
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// sheet is a scrolling text that lies on top of a list: all that is known of a row, or a plan.
type sheet struct {
	look          *look.Look
	key           string // of the row that it is about
	title         string
	text          []para
	body          *widget.Text
	width, height int
	pinned        bool // it is not made anew with each state
}

func newSheet(l *look.Look, key, title string, text []para) *sheet {
	s := &sheet{look: l, key: key, body: widget.NewText(l, true)}
	s.set(title, text)
	return s
}

// set gives it a text. What is seen stays where it is.
func (s *sheet) set(title string, text []para) {
	s.title, s.text = title, text
	s.lay()
}

// gone keeps the text of a row that is not listed any more.
func (s *sheet) gone() {
	const note = "not listed any more"
	if !strings.HasSuffix(s.title, note) {
		s.set(s.title+"  "+note, s.text)
	}
}

func (s *sheet) resize(width, height int) {
	if width != s.width || height != s.height {
		s.width, s.height = width, height
		s.lay()
	}
}

// lay breaks the text itself, since lines that go on are indented. A line has one role.
func (s *sheet) lay() {
	var lines []widget.Line
	for _, p := range s.text {
		for _, line := range breakUp(s.look, p, s.width-2) {
			lines = append(lines, widget.Line{Text: line.label + line.text, Role: p.role})
		}
	}
	s.body.Resize(s.width, s.height-1)
	s.body.SetLines(lines)
}

func (s *sheet) view() string {
	head := s.look.Paint(look.Strong, widget.Titled(s.look, s.title+"  "+s.body.Place(), s.width))
	lines := append([]string{head}, strings.Split(s.body.View(), "\n")...)
	return widget.Fit(s.look, lines, s.width, s.height)
}

// plain is the text as it is copied.
func (s *sheet) plain() string { return plain(s.text) }
