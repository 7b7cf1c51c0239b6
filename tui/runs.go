package tui

import (
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/source"
)

// working is the run that is under way; false when there is none.
func (m *Model) working() (source.Run, bool) {
	for _, r := range m.latest.Runs {
		if !r.Over() {
			return r, true
		}
	}
	return source.Run{}, false
}

// ownRun reports whether a run is under way inside this very program, which ends with it.
func (m *Model) ownRun() bool {
	return slices.ContainsFunc(m.latest.Runs, func(r source.Run) bool { return r.Here && !r.Over() })
}

// announced is how the header tells of a run that is under way while no dialog shows it: ">> 017 3/8"; empty for none.
func (m *Model) announced() string {
	r, works := m.working()
	if !works || m.dialog != nil && m.dialog.RunID() == r.ID {
		return ""
	}
	done := 0
	for _, s := range r.Steps {
		if s.State == source.StepDone || s.State == source.StepSkipped {
			done++
		}
	}
	return fmt.Sprintf(">> %s %d/%d", r.Act.Name, done, len(r.Steps))
}

// showRun opens the run that is under way, or else the last one that ended. To look at it nobody needs a right.
func (m *Model) showRun() tea.Cmd {
	if r, works := m.working(); works {
		return m.attach(r)
	}
	if len(m.latest.Runs) > 0 {
		return m.attach(m.latest.Runs[0])
	}
	m.say("nothing was done since the daemon started, and nothing is being done")
	return nil
}

// undo asks for the preview of what takes the newest run back that can be taken back.
func (m *Model) undo() tea.Cmd {
	if r, works := m.working(); works {
		m.say(r.Act.Name + " is not done yet: r shows it")
		return nil
	}
	for _, r := range m.latest.Runs {
		if r.Undo != nil {
			return m.openAct(*r.Undo)
		}
	}
	if len(m.latest.Runs) == 0 {
		m.say("nothing to undo: nothing was done since the daemon started")
		return nil
	}
	m.say("nothing to undo: " + m.latest.Runs[0].Act.Name + " cannot be taken back from here")
	return nil
}

// refused says why a key does nothing for this person.
func (m *Model) refused(k tea.KeyMsg, why string) tea.Cmd {
	m.say(k.String() + ": " + why)
	return nil
}
