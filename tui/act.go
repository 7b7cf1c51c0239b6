package tui

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/act"
	"healthagent/tui/dialog"
	"healthagent/tui/source"
)

// openAct opens the dialog of an act, which asks what it would do. What is under way already is shown instead of being asked for again.
func (m *Model) openAct(a source.Act) tea.Cmd {
	if why := m.keys.ReadOnly(); why != "" {
		m.say(why)
		return nil
	}
	if r, works := m.working(); works && r.Act.Object == a.Object && r.Act.Name == a.Name {
		return m.attach(r)
	}
	flow, effects := dialog.New(m.look, a, m.now())
	return m.openDialog(flow, effects)
}

// attach opens the dialog of a run, whoever began it.
func (m *Model) attach(r source.Run) tea.Cmd {
	return m.openDialog(dialog.Attach(m.look, r, m.now()), nil)
}

func (m *Model) openDialog(flow *dialog.Flow, effects []act.Effect) tea.Cmd {
	flow.ReadOnly(m.keys.ReadOnly())
	flow.Resize(m.dialogRoom())
	m.dialog, m.mode = flow, inDialog
	return tea.Batch(m.carry(flow, effects), m.carry(flow, flow.Show(m.latest, m.now())))
}

// dialogRoom is all below the header: a dialog has its own line of keys.
func (m *Model) dialogRoom() (width, height int) { return m.width, max(0, m.height-1) }

func (m *Model) closeDialog() {
	m.dialog, m.mode, m.stale = nil, onScreen, true
	m.forget(previews)
}

func (m *Model) pressDialog(k tea.KeyMsg) tea.Cmd {
	return m.carry(m.dialog, m.dialog.Press(k.String(), k.Paste, m.now()))
}

// previews is the kind of question that a dialog asks.
const previews = "preview"

// carry does what a dialog wants done, in its order.
func (m *Model) carry(flow *dialog.Flow, effects []act.Effect) tea.Cmd {
	var cmds []tea.Cmd
	for _, e := range effects {
		switch e := e.(type) {
		case act.AskPreview:
			cmds = append(cmds, m.askPreview(flow, e))
		case act.Do:
			cmds = append(cmds, m.do(flow, e))
		case act.Leave:
			m.closeDialog()
			cmds = append(cmds, m.pollNow())
		case act.Copy:
			cmds = append(cmds, m.copy(e.Text))
		case act.OpenScreen:
			m.closeDialog()
			cmds = append(cmds, m.open(e.Screen, e.Subject))
		}
	}
	return tea.Batch(cmds...)
}

func (m *Model) askPreview(flow *dialog.Flow, e act.AskPreview) tea.Cmd {
	if why := m.keys.ReadOnly(); why != "" {
		return m.carry(flow, flow.Previewed(e.Seq, nil, &source.RefusedError{Reason: why}, m.now()))
	}
	return m.ask(previews, e.Act.Path(), previewTime, func(ctx context.Context) (any, error) {
		p := &source.Preview{}
		if err := m.source.Ask(ctx, e.Act.Path(), p); err != nil {
			return nil, err
		}
		return p, nil
	}, func(value any, err error) tea.Cmd {
		p, _ := value.(*source.Preview)
		return m.carry(flow, flow.Previewed(e.Seq, p, err, m.now()))
	})
}

// do asks for an act, once. It is a kind of its own each time: nothing that is asked later puts an end to it, and its answer is told,
// also when the dialog is closed by then.
func (m *Model) do(flow *dialog.Flow, e act.Do) tea.Cmd {
	if why := m.keys.ReadOnly(); why != "" {
		return m.carry(flow, flow.Started(e.Seq, "", &source.RefusedError{Reason: why}, m.now()))
	}
	m.acts++
	kind := fmt.Sprintf("act %d", m.acts)
	return m.ask(kind, e.Act.Path(), doTime, func(ctx context.Context) (any, error) {
		return m.source.Do(ctx, e.Act, e.Token, e.Typed)
	}, func(value any, err error) tea.Cmd {
		delete(m.requests, kind)
		if m.dialog != flow && err != nil {
			m.fail(act.Sentence(e.Act) + ": " + source.Sentence(err))
		}
		id, _ := value.(string)
		return m.carry(flow, flow.Started(e.Seq, id, err, m.now()))
	})
}
