package dialog

import (
	"fmt"

	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// panel is a part of a frame: a title, and lines of which some may have to be scrolled to.
type panel struct {
	name  string   // by which it is focused
	title string   // a rule with this in it; empty: no rule
	notes []note   // further words in the rule
	lines []string // coloured, not wider than the room
	least int      // lines that are seen even where it is tight
	at    int      // the line that is in sight as long as nobody has scrolled
}

// note is a word in a rule that stands above its column.
type note struct {
	at   int // the column after its end
	text string
}

// placed is a panel with its room.
type placed struct {
	panel
	height int // of the lines
	top    int // the first one that is seen
}

func (p panel) head() int {
	if p.title == "" {
		return 0
	}
	return 1
}

func (p placed) cut() bool { return p.height < len(p.lines) }

// place says which lines are seen: "3-6/8".
func (p placed) place() string {
	return fmt.Sprintf("%d-%d/%d", min(p.top+1, len(p.lines)), min(p.top+p.height, len(p.lines)), len(p.lines))
}

// stack puts panels below each other in height lines. Where there is no room for all of them the first one has what it wants, then the others have line
// by line in turn; where there is not even room for the least of each, all become one.
func (p pen) stack(panels []panel, height int, tops map[string]int) []placed {
	least := 0
	for i := range panels {
		panels[i].least = min(len(panels[i].lines), max(1, panels[i].least))
		least += panels[i].least + panels[i].head()
	}
	if least > height && len(panels) > 1 {
		panels = []panel{p.joined(panels)}
	}
	out := make([]placed, len(panels))
	left := height
	for i, one := range panels {
		out[i].panel = one
		left -= one.head()
	}
	for i := range out {
		out[i].height = max(0, min(out[i].least, left))
		left -= out[i].height
	}
	grow(out[:min(1, len(out))], &left)
	grow(out, &left)
	for i := range out {
		top, scrolled := tops[out[i].name]
		if !scrolled {
			top = out[i].at - out[i].height/2
		}
		out[i].top = max(0, min(top, len(out[i].lines)-out[i].height))
	}
	return out
}

// grow gives lines that are left to the panels that want them, one each in turn.
func grow(panels []placed, left *int) {
	for given := true; given; {
		given = false
		for i := range panels {
			if *left > 0 && panels[i].cut() {
				panels[i].height++
				*left--
				given = true
			}
		}
	}
}

// joined is all panels as one.
func (p pen) joined(panels []panel) panel {
	out := panel{name: "all"}
	for i, one := range panels {
		if one.title != "" && i > 0 {
			out.lines = append(out.lines, p.Paint(look.Dim, widget.Titled(p.Look, one.title, p.width)))
		}
		out.lines = append(out.lines, one.lines...)
	}
	return out
}

// drawn are the lines of a stack, exactly height of them.
func (p pen) drawn(stack []placed, focus string, height int) []string {
	lines := make([]string, 0, height)
	for _, one := range stack {
		if one.title != "" {
			lines = append(lines, p.ruled(one, one.name == focus))
		}
		lines = append(lines, one.lines[one.top:one.top+one.height]...)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

// ruled is the rule above a panel. The one that scrolls has a > in it.
func (p pen) ruled(one placed, focused bool) string {
	text := one.title
	if one.cut() {
		text += " " + one.place()
	}
	rule := widget.Titled(p.Look, text, p.width)
	for _, n := range one.notes {
		word := " " + n.text + " "
		from := n.at - len(n.text) - 1
		if from > len([]rune(text))+3 {
			rule = over(rule, word, from)
		}
	}
	if focused {
		rule = over(rule, ">", 0)
	}
	return p.Paint(look.Dim, rule)
}

// over puts a text over the columns of a line from one on. Both are of characters of one column.
func over(line, text string, from int) string {
	runes := []rune(line)
	if from < 0 || from+len(text) > len(runes) {
		return line
	}
	return string(runes[:from]) + text + string(runes[from+len(text):])
}
