package dialog

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
)

// pen writes lines of a width.
type pen struct {
	*look.Look
	width int
}

// labels are as wide as the widest and a blank.
const labelled = 8

// narrow is the width below which little is said and first things come first, roomy the one from which on there is a column of labels.
const (
	narrow = 60
	roomy  = 44
)

// wrap breaks a text into lines of at most width columns.
func wrap(text string, width int) []string {
	if width <= 0 {
		return nil
	}
	lines := strings.Split(ansi.Wrap(look.OneLine(text), width, ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// say writes a text in a role, with a mark in front of its first line and blanks in front of the others. A mark is one or two letters.
func (p pen) say(r look.Role, mark, text string) []string {
	if text == "" {
		return nil
	}
	margin := strings.Repeat(" ", ansi.StringWidth(mark)+2)
	if mark == "" {
		margin = " "
	}
	var out []string
	for i, line := range wrap(text, p.width-len(margin)-1) {
		head := margin
		if i == 0 && mark != "" {
			head = " " + p.Paint(r, mark) + " "
		}
		out = append(out, head+p.Paint(r, line))
	}
	return out
}

// label writes a text behind its label, and below it where there is little room. An empty one is not written.
func (p pen) label(label string, r look.Role, text string) []string {
	if text == "" {
		return nil
	}
	if p.width < roomy {
		return p.say(r, "", strings.TrimSpace(label+" "+text))
	}
	var out []string
	for i, line := range wrap(text, p.width-labelled-1) {
		head := " " + p.Paint(look.Dim, p.Left(label, labelled-1))
		if i > 0 {
			head = strings.Repeat(" ", labelled)
		}
		out = append(out, head+p.Paint(r, line))
	}
	return out
}

// piece is a text of one role in a running line.
type piece struct {
	text string
	role look.Role
}

// flow writes pieces one after the other behind a label, and goes on below where they do not fit. A piece is not broken but for want of room.
func (p pen) flow(label string, pieces ...piece) []string {
	margin := labelled
	if p.width < roomy || label == "" {
		margin, label = 1, ""
	}
	const gap = 3
	var out []string
	line, at := "", 0
	end := func() {
		if line == "" {
			return
		}
		head := strings.Repeat(" ", margin)
		if len(out) == 0 && label != "" {
			head = " " + p.Paint(look.Dim, p.Left(label, margin-1))
		}
		out = append(out, head+line)
		line, at = "", 0
	}
	for _, one := range pieces {
		text := look.OneLine(one.text)
		wide := ansi.StringWidth(text)
		if wide == 0 {
			continue
		}
		if at > 0 && margin+at+gap+wide > p.width-1 {
			end()
		}
		for _, part := range wrap(text, p.width-margin-1) {
			if at > 0 {
				if wide > p.width-margin-1 {
					end()
				} else {
					line, at = line+strings.Repeat(" ", gap), at+gap
				}
			}
			line, at = line+p.Paint(one.role, part), at+ansi.StringWidth(part)
		}
	}
	end()
	return out
}
