package dialog

import (
	"strings"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/widget"
)

// wide is the width from which on there are two columns.
const wide = 120

// between is the columns between two panels.
const between = 3

// frame is what of a flow is on the screen.
type frame struct {
	left, right []placed // right is empty where there is one column
	pl, pr      pen
	height      int // of both
	above       bool
	prompt      []string // what is asked or has to be said; else there is a rule
	keys        bool     // there is a line of keys
}

// View draws it: exactly as many lines as it has, of exactly its width.
func (f *Flow) View() string {
	fr := f.frame()
	focus := f.focused(fr)
	lines := fr.pl.drawn(fr.left, focus.name, fr.height)
	if len(fr.right) > 0 {
		lines = widget.Beside(f.look, lines, fr.pr.drawn(fr.right, focus.name, fr.height), fr.pl.width, f.width)
	}
	if fr.above {
		lines = append([]string{f.look.Paint(look.Dim, f.look.Rule(f.width))}, lines...)
	}
	return widget.Fit(f.look, append(lines, f.foot(fr, focus)...), f.width, f.height)
}

// frame puts the panels of the state into the room.
func (f *Flow) frame() frame {
	fr := frame{height: f.height, above: f.height >= 14, keys: f.height >= 3}
	fr.pl, fr.pr = f.pens()
	fr.prompt = f.prompt()
	fr.prompt = fr.prompt[:min(len(fr.prompt), f.height/3)]
	if fr.keys {
		fr.height--
	}
	if fr.above {
		fr.height--
	}
	fr.height = max(0, fr.height-max(len(fr.prompt), f.footRule()))
	left, right := f.panels()
	if f.full {
		fr.pl = pen{f.look, f.width}
		left, right = []panel{f.whole()}, nil
	}
	if len(right) > 0 && f.width >= wide {
		fr.right = fr.pr.stack(right, fr.height, f.tops)
	} else {
		fr.pl = pen{f.look, f.width}
		left = append(left, right...)
	}
	fr.left = fr.pl.stack(left, fr.height, f.tops)
	return fr
}

// footRule is the lines of the rule above the keys, where nothing has to be said.
func (f *Flow) footRule() int {
	if f.height >= 6 {
		return 1
	}
	return 0
}

// foot is what stands below the panels. A panel without a title of its own has its place told there.
func (f *Flow) foot(fr frame, focus placed) []string {
	lines := fr.prompt
	if len(lines) == 0 && f.footRule() > 0 {
		text := ""
		if focus.name != "" && focus.title == "" {
			text = focus.place() + " j/k"
		}
		lines = append(lines, f.look.Paint(look.Dim, widget.Titled(f.look, text, f.width)))
	}
	if fr.keys {
		lines = append(lines, f.keysLine(f.scrolling(fr)))
	}
	return lines
}

// scrolling is how many panels have lines that are not seen.
func (f *Flow) scrolling(fr frame) (n int) {
	for _, p := range fr.all() {
		if p.cut() {
			n++
		}
	}
	return n
}

func (fr frame) all() []placed { return append(append([]placed(nil), fr.left...), fr.right...) }

// pens are those of the two columns; both are the same where there is one.
func (f *Flow) pens() (left, right pen) {
	if f.width < wide {
		return pen{f.look, f.width}, pen{f.look, f.width}
	}
	w := f.width*2/5 - between
	return pen{f.look, w}, pen{f.look, f.width - w - between}
}

// panels are those of the state. What is in the second list stands at the right where there are two columns.
func (f *Flow) panels() (left, right []panel) {
	r := f.machine.Run()
	switch f.machine.State() {
	case act.Preparing:
		if f.machine.Preview() == nil {
			return []panel{f.asking()}, nil
		}
		return f.previewPanels()
	case act.Preview, act.Typing, act.Starting:
		return f.previewPanels()
	case act.Refused:
		return f.refusedPanels()
	case act.Running, act.Stopping:
		if r == nil {
			return []panel{f.begun()}, nil
		}
		return f.runningPanels(*r)
	case act.Done:
		return f.donePanels(*r)
	case act.Partial, act.Failed:
		return f.halfPanels(*r)
	case act.Unknown:
		return f.unknownPanels()
	default:
		return nil, nil
	}
}

// prompt is the question in place, what was typed, or what there is to say of the last key.
func (f *Flow) prompt() []string {
	p := pen{f.look, f.width}
	m := &f.machine
	var lines []string
	switch m.State() {
	case act.Typing:
		lines = p.typing(m.Preview().Confirm, m.Typed())
	case act.Stopping:
		lines = f.stopping()
	case act.Preparing:
		if m.Preview() != nil {
			lines = p.say(look.Warn, "!", "looking again at what it would do; what is shown is old and cannot be confirmed")
		}
	case act.Starting:
		lines = p.say(look.Accent, ">>", "asked for; the answer comes in a moment")
	default:
		if why, anew := m.Hindrance(f.now); why != "" {
			if anew {
				why += ": y looks again and asks again"
			}
			lines = p.say(look.Warn, "!", why)
		}
	}
	if note := m.Note(); note != "" && !contains(lines, note) {
		lines = append(lines, p.say(look.Warn, "!", note)...)
	}
	return lines
}

func contains(lines []string, text string) bool {
	return strings.Contains(strings.Join(lines, "\n"), text)
}

// typing is the line in which the number is typed.
func (p pen) typing(want, typed string) []string {
	head := "to do it, type " + want + " and enter: "
	return []string{p.Clip(" "+p.Paint(look.Warn, "!")+" "+head+p.Paint(look.Strong, typed+"_"), p.width)}
}
