// Package look is how things are drawn: roles instead of colours, a set of glyphs for what the terminal can show, and how figures are
// written. A Look is made once for a terminal; nothing here makes a style while a frame is drawn.
package look

import (
	"io"
	"strings"

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
	Light   bool            // its background is known to be light
	Dark    bool            // or dark; with neither the colours are those that can be read on both
	ASCII   bool            // it shows ASCII only
}

// Look draws. It is not altered after New and may be used concurrently.
type Look struct {
	Glyphs
	inks [roles]ink
}

// ink is what switches a role's colour on, and off again. It is made once, because a style that is rendered for each text costs more than
// all the rest of a frame.
type ink struct{ on, off string }

// New makes a Look.
func New(o Options) *Look {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(o.Profile)
	l := &Look{Glyphs: blocks()}
	if o.ASCII {
		l.Glyphs = ascii()
	}
	for role, style := range styles(r.NewStyle(), paletteOf(o)) {
		const sample = "x"
		on, off, _ := strings.Cut(style.Render(sample), sample)
		l.inks[role] = ink{on, off}
	}
	return l
}

// palette is the colours, by their numbers in the terminal's own palette (0 to 15), which its owner can read.
type palette struct{ accent, good, warn, fail, graph string }

// paletteOf takes the bright colours on a dark background and the others on a light one. On one that is not known, bright blue, magenta
// and red and the plain green are the ones that stand out from black and from white in all common terminals: yellow and cyan vanish on
// white, plain blue on black.
func paletteOf(o Options) palette {
	switch {
	case o.Light:
		return palette{accent: "4", good: "2", warn: "5", fail: "1", graph: "4"}
	case o.Dark:
		return palette{accent: "14", good: "10", warn: "11", fail: "9", graph: "14"}
	default:
		return palette{accent: "12", good: "2", warn: "13", fail: "9", graph: "12"}
	}
}

// styles gives each role its style. Dim is faint and not gray: a gray out of the palette is the background itself in some of them
// (Solarized has it as colour 8), while faint is made of the text's own colour, and where a terminal has no faint it is plain text.
func styles(plain lipgloss.Style, p palette) [roles]lipgloss.Style {
	colour := func(c string) lipgloss.Style { return plain.Foreground(lipgloss.Color(c)) }
	return [roles]lipgloss.Style{
		Plain:    plain,
		Dim:      plain.Faint(true),
		Strong:   plain.Bold(true),
		Accent:   colour(p.accent),
		Good:     colour(p.good),
		Warn:     colour(p.warn).Bold(true),
		Fail:     colour(p.fail).Bold(true),
		Graph:    colour(p.graph),
		Selected: plain.Reverse(true),
		Inverse:  plain.Reverse(true).Bold(true),
	}
}

// Paint gives the text its role's colour. The text must be one line without control sequences; its width does not change.
func (l *Look) Paint(r Role, text string) string {
	if text == "" || r < 0 || r >= roles {
		return text
	}
	return l.inks[r].on + text + l.inks[r].off
}
