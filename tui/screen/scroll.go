package screen

import (
	"healthagent/tui/keys"
	"healthagent/tui/widget"
)

// scroller is a table or a text.
type scroller interface {
	Move(lines int)
	Page() int
	First()
	Last()
}

// scroll moves a cursor or a text; false for what is no movement.
func scroll(s scroller, a keys.Action) bool {
	switch a {
	case keys.Up:
		s.Move(-1)
	case keys.Down:
		s.Move(1)
	case keys.PageUp:
		s.Move(-s.Page())
	case keys.PageDown:
		s.Move(s.Page())
	case keys.HalfUp:
		s.Move(-max(1, s.Page()/2))
	case keys.HalfDown:
		s.Move(max(1, s.Page()/2))
	case keys.First:
		s.First()
	case keys.Last:
		s.Last()
	default:
		return false
	}
	return true
}

// scrollText scrolls a text and goes from match to match; false for what does neither.
func scrollText(t *widget.Text, a keys.Action) bool {
	switch a {
	case keys.NextMatch:
		t.Next(1)
	case keys.PrevMatch:
		t.Next(-1)
	default:
		return scroll(t, a)
	}
	return true
}
