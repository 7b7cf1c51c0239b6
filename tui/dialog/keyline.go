package dialog

import (
	"cmp"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// hint is a key and what it does now, in a word where there is little room; the highest drop goes first when there is none.
type hint struct {
	key, text string
	drop      int
	short     string
}

// keysLine is the last line: the keys that do something in this state.
func (f *Flow) keysLine(scrolling int) string {
	hints := f.hints()
	scroll := hint{"j/k", "scroll", 5, ""}
	if scrolling > 1 {
		scroll = hint{"tab", "section", 4, ""}
	}
	if scrolling > 0 && len(hints) > 1 {
		hints = append(hints[:len(hints)-1:len(hints)-1], scroll, hints[len(hints)-1])
	}
	gap := 3
	if f.width < narrow {
		gap = 2
	}
	var parts []widget.Part
	for _, h := range hints {
		if f.width < narrow {
			h.text = cmp.Or(h.short, h.text)
		}
		if h.text != "" {
			parts = append(parts, widget.Part{Text: h.key + " " + h.text, Role: look.Accent, Drop: h.drop})
		}
	}
	return f.look.Clip(" "+widget.Parts(f.look, f.width-1, gap, parts...), f.width)
}

func (f *Flow) hints() []hint {
	if f.full {
		return []hint{{"Y", "copy", 2, ""}, {"v", "back", 0, ""}}
	}
	m := &f.machine
	r := m.Run()
	switch m.State() {
	case act.Preparing:
		return []hint{{"esc", "leave, nothing ran", 0, ""}}
	case act.Preview:
		return f.previewHints()
	case act.Refused:
		return f.refusedHints()
	case act.Typing:
		return []hint{{"enter", doText(m.Act()), 0, ""}, {"esc", "back", 0, ""}}
	case act.Running:
		return f.runningHints()
	case act.Stopping:
		q := m.Question(f.now)
		yes := hint{"y", "stop it", 0, ""}
		if q.Refused != "" || q.Preview == nil {
			yes.text = ""
		}
		return []hint{yes, {"esc", "let it run", 0, ""}}
	case act.Done, act.Partial, act.Failed, act.Unknown:
		return f.overHints(r)
	default:
		return nil
	}
}

func (f *Flow) previewHints() []hint {
	m := &f.machine
	yes := hint{"y", doText(m.Act()), 0, ""}
	if m.Preview().Confirm != "" {
		yes.text, yes.short = "go on, then type "+m.Preview().Confirm, "go on"
	}
	switch why, anew := m.Hindrance(f.now); {
	case anew:
		yes.text = "look again"
	case why != "":
		yes.text = ""
	}
	return []hint{
		yes, f.otherHint(), {"v", f.sqlHint(), 3, ""}, {"Y", "copy", 5, ""}, {"ctrl+r", "look again", 6, ""}, {"esc", "leave, nothing ran", 0, "leave"},
	}
}

func (f *Flow) sqlHint() string {
	switch {
	case f.wholeText() == "":
		return ""
	case f.machine.Run() != nil && f.machine.State() != act.Preview && f.machine.State() != act.Refused:
		return "report"
	default:
		return "SQL"
	}
}

// otherHint shows the run of somebody else.
func (f *Flow) otherHint() hint {
	if f.machine.Other() != nil {
		return hint{"enter", "show the other run", 1, "that run"}
	}
	return hint{}
}

// doText is what y does.
func doText(a source.Act) string {
	words := map[source.Verb]string{
		source.Rollback: "roll back now", source.Apply: "apply now", source.Hold: "hold it", source.Release: "release it", source.Drop: "drop it now",
		source.Build: "build it now", source.Reindex: "rebuild it now", source.End: "end it now", source.Cancel: "cancel it now",
	}
	if text := words[a.Verb]; text != "" {
		return text
	}
	return "do it now"
}

func (f *Flow) refusedHints() []hint {
	m := &f.machine
	busy := f.otherHint()
	if p := m.Preview(); busy.key == "" && p != nil && p.Busy != "" {
		busy = hint{"enter", "show the run at work", 1, "that run"}
	}
	return []hint{busy, {"ctrl+r", "look again", 2, ""}, {"v", f.sqlHint(), 3, ""}, {"esc", "leave", 0, ""}}
}

func (f *Flow) runningHints() []hint {
	r := f.machine.Run()
	if r == nil {
		return []hint{{"b", "background", 0, "leave"}}
	}
	hints := []hint{}
	if r.Act.Object != source.OnSession {
		hints = append(hints, hint{"c", "stop after this step", 1, "stop"}, hint{"X", "cancel " + stepAt(*r), 1, "cancel"})
		if r.Stopping != "" {
			hints = hints[1:]
		}
	}
	if len(r.Blockers) > 0 {
		hints = append(hints, hint{"enter", "see pid " + number(r.Blockers[0].PID), 2, "pid " + number(r.Blockers[0].PID)})
	}
	return append(hints, hint{"v", f.sqlHint(), 4, ""}, hint{"b", "background", 0, "leave"})
}

func (f *Flow) overHints(r *source.Run) []hint {
	m := &f.machine
	hints := []hint{f.otherHint()}
	if r != nil && !m.Lost() {
		switch {
		case m.State() == act.Done && r.Undo != nil:
			hints = append(hints, hint{"z", "undo (" + act.Sentence(*r.Undo) + ")", 1, ""})
		case m.State() != act.Done && r.Finish != nil:
			hints = append(hints, hint{"r", "finish", 0, ""})
		}
		if m.State() != act.Done && r.Restore != nil {
			hints = append(hints, hint{"z", "restore", 0, ""})
		}
	}
	if m.State() == act.Failed || m.State() == act.Unknown {
		hints = append(hints, hint{"ctrl+r", "look again", 3, ""})
	}
	if m.State() != act.Done && m.Other() == nil {
		hints = append(hints, hint{"enter", "see " + ledger(m.Act().Object), 4, ""})
	}
	if r != nil {
		hints = append(hints, hint{"v", f.sqlHint(), 5, ""}, hint{"Y", "copy", 6, ""})
	}
	return append(hints, hint{"esc", "back", 0, ""})
}

// ledger is the screen that tells how things stand.
func ledger(o source.Object) string {
	switch o {
	case source.OnIndex:
		return "Indexes"
	case source.OnSession:
		return "Activity"
	case source.OnMigration:
		return "Migrations"
	default:
		return "the log"
	}
}
