package dialog

import "healthagent/tui/act"

// focused is the panel that scrolls: the one that was chosen, or else the first one that has to. Its name is empty when none has to.
func (f *Flow) focused(fr frame) placed {
	var first placed
	for _, p := range fr.all() {
		switch {
		case !p.cut():
		case p.name == f.focus:
			return p
		case first.name == "":
			first = p
		}
	}
	return first
}

// local does what a key means for what is seen only; false when it means nothing here.
func (f *Flow) local(key string) bool {
	typing := f.machine.State() == act.Typing
	if len(key) == 1 && typing || key == "ctrl+u" && typing {
		return false
	}
	switch key {
	case "tab":
		f.next(1)
	case "shift+tab":
		f.next(-1)
	case "j", "down":
		f.scroll(1)
	case "k", "up":
		f.scroll(-1)
	case "ctrl+d":
		f.scroll(f.page() / 2)
	case "ctrl+u":
		f.scroll(-f.page() / 2)
	case "pgdown":
		f.scroll(f.page())
	case "pgup":
		f.scroll(-f.page())
	case "g", "home":
		f.scroll(-1 << 20)
	case "G", "end":
		f.scroll(1 << 20)
	case "v":
		f.full = !f.full && f.wholeText() != ""
	case "esc", "q", "enter", "y":
		if !f.full {
			return false
		}
		f.full = key == "y" // an answer is not given to what is not seen
	default:
		return false
	}
	return true
}

func (f *Flow) page() int { return max(2, f.focused(f.frame()).height) }

func (f *Flow) scroll(lines int) {
	p := f.focused(f.frame())
	if p.name != "" {
		f.tops[p.name] = max(0, min(p.top+lines, len(p.lines)-p.height))
	}
}

// next chooses another of the panels that scroll.
func (f *Flow) next(step int) {
	fr := f.frame()
	var names []string
	at := 0
	for _, p := range fr.all() {
		if p.cut() {
			if p.name == f.focused(fr).name {
				at = len(names)
			}
			names = append(names, p.name)
		}
	}
	if n := len(names); n > 0 {
		f.focus = names[(at+step+n)%n]
	}
}
