package look

import "strings"

// Glyphs are the characters that are drawn with. Each is one column wide.
type Glyphs struct {
	Full, Empty  string   // of a gauge
	Levels       []string // of a sparkline, the lowest first
	Eighths      []string // of a bar's last column, the thinnest first
	Gap          string   // of a sparkline, where nobody looked
	Horizontal   string
	Vertical     string
	Branch, Last string // of a tree: another one follows, none does
	More         string // a text that was cut ends so
	Arrow        string
	Dot          string
}

func blocks() Glyphs {
	return Glyphs{
		Full: "█", Empty: "░", Levels: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		Eighths: []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"}, Gap: "·",
		Horizontal: "─", Vertical: "│",
		Branch: "├", Last: "└", More: "…", Arrow: "→", Dot: "·",
	}
}

func ascii() Glyphs {
	return Glyphs{
		Full: "#", Empty: ".", Levels: []string{"_", ".", ":", "-", "=", "+", "*", "#"},
		Eighths: []string{"#"}, Gap: " ",
		Horizontal: "-", Vertical: "|",
		Branch: "|", Last: "`", More: "~", Arrow: ">", Dot: ".",
	}
}

// Rule is a horizontal line of a width.
func (g Glyphs) Rule(width int) string { return strings.Repeat(g.Horizontal, max(0, width)) }
