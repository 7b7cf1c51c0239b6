// Package look is how things are drawn: roles instead of colours, a set of glyphs for what the terminal can show, and how figures are
// written. A Look is made once for a terminal; nothing here makes a style while a frame is drawn.
package look

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Role is what a text is, from which its colour follows. No role says anything by its colour alone: there is always a letter or a word.
type Role int

// The roles.
const (
	Plain    Role = iota
	Dim           // labels, what is old
	Strong        // titles
	Accent        // what can be chosen, names of keys
	Good          // ok
	Warn          // !
	Fail          // x
	Graph         // bars and sparklines
	Selected      // the row of the cursor
	Inverse       // the chosen tab, the title of a dialog
	roles
)

// Options is what is known of the terminal.
type Options struct {
	Profile termenv.Profile // which colours it has; termenv.Ascii: none, and no attributes either
	Light   bool            // its background is light
	ASCII   bool            // it shows ASCII only
}

// Look draws. It is not altered after New and may be used concurrently.
type Look struct {
	Glyphs
	styles [roles]lipgloss.Style
	mono   bool
}

// New makes a Look. Colours are of the terminal's own palette (ANSI 0 to 15), which its owner can read on their background.
func New(o Options) *Look {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(o.Profile)
	r.SetHasDarkBackground(!o.Light)
	l := &Look{Glyphs: blocks(), mono: o.Profile == termenv.Ascii}
	if o.ASCII {
		l.Glyphs = ascii()
	}
	plain := r.NewStyle()
	for role := range l.styles {
		l.styles[role] = plain
	}
	bright := func(dark, light string) lipgloss.TerminalColor {
		if o.Light {
			return lipgloss.Color(light)
		}
		return lipgloss.Color(dark)
	}
	l.styles[Dim] = plain.Faint(true)
	l.styles[Strong] = plain.Bold(true)
	l.styles[Accent] = plain.Foreground(bright("14", "4"))
	l.styles[Good] = plain.Foreground(bright("10", "2"))
	l.styles[Warn] = plain.Foreground(bright("11", "5")).Bold(true)
	l.styles[Fail] = plain.Foreground(bright("9", "1")).Bold(true)
	l.styles[Graph] = plain.Foreground(bright("14", "6"))
	l.styles[Selected] = plain.Reverse(true)
	l.styles[Inverse] = plain.Reverse(true).Bold(true)
	return l
}

// Paint gives the text its role's colour. The text must be one line without control sequences; its width does not change.
func (l *Look) Paint(r Role, text string) string {
	if l.mono || r == Plain || text == "" {
		return text
	}
	return l.styles[r].Render(text)
}
