package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
	"healthagent/tui/screen"
)

// questionTime is how long a question does not take an answer: a key may be on its way before it is seen.
const questionTime = 400 * time.Millisecond

// press is told of what Bubble Tea read in one go.
func (m *Model) press(k tea.KeyMsg) tea.Cmd {
	var cmds []tea.Cmd
	for _, one := range split(k) {
		cmds = append(cmds, m.key(one))
	}
	return tea.Batch(cmds...)
}

// key is told of one key.
func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	m.stale = true
	m.message = message{} // it was there to be read, and somebody is here
	d := route(m.mode, k, m.keys)
	switch {
	case d.nothing:
		return nil
	case d.refused != "":
		return m.refused(k, d.refused)
	case d.action != "":
		return m.act(d.action)
	}
	switch d.given {
	case inQuestion:
		return m.answerQuestion(k)
	case inText:
		return m.typed(k)
	case inHelp:
		m.pressHelp(k)
	case inCopy:
		m.pressCopy(k)
	case inDialog:
		return m.pressDialog(k)
	case onScreen:
	}
	return nil
}

// act does what a key means on the screens. What concerns the whole program comes first; the rest is the screen's.
func (m *Model) act(a keys.Action) tea.Cmd {
	switch a {
	case keys.Screen1, keys.Screen2, keys.Screen3, keys.Screen4, keys.Screen5, keys.Screen6, keys.Screen7:
		return m.open(a, "")
	case keys.Interrupt:
		return tea.Interrupt
	case keys.Suspend:
		return tea.Suspend
	case keys.Quit:
		return m.quit()
	case keys.Help:
		m.openHelp()
	case keys.Pause:
		m.pause()
	case keys.Faster:
		m.faster(-1)
	case keys.Slower:
		m.faster(1)
	case keys.Refresh:
		return m.refresh()
	case keys.Undo:
		return m.undo()
	case keys.ShowRun:
		return m.showRun()
	case keys.Back:
		m.back()
	case keys.Filter:
		m.openFilter()
	default:
		return m.screenAct(a)
	}
	return nil
}

func (m *Model) screenAct(a keys.Action) tea.Cmd {
	intent, handled := m.seen().Press(a)
	if handled {
		return m.intend(intent)
	}
	b := m.keys.Of(a)
	switch {
	case a == keys.LogOf:
		return m.open(keys.Screen7, "")
	case a == keys.Copy, a == keys.CopyAll:
		m.say("nothing to copy here")
	case !b.On(m.seen().Name()):
		m.say(b.Help().Key + " (" + b.Short + ") is for " + b.Where)
	}
	return nil
}

// intend does what a screen wants done.
func (m *Model) intend(i screen.Intent) tea.Cmd {
	switch {
	case i.Open != "":
		return m.open(i.Open, i.Subject)
	case i.Act != nil:
		return m.openAct(*i.Act)
	case i.Ask != "":
		return m.askFor(m.at, i.Ask)
	case i.Copy != "":
		return m.copy(i.Copy)
	case i.Say != "":
		m.say(i.Say)
	}
	return nil
}

// open shows another screen, and selects something on it.
func (m *Model) open(a keys.Action, subject string) tea.Cmd {
	to, ok := screenOf(a)
	if !ok {
		return nil
	}
	m.at = to
	s := m.seen()
	s.Resize(m.room())
	s.Show(m.drawn, m.drawnAt)
	if selector, ok := s.(screen.Selector); ok && subject != "" {
		selector.Select(subject)
	}
	m.stale = true
	return m.pollNow()
}

// back closes what is open on top of the screen. It never quits.
func (m *Model) back() {
	s := m.seen()
	if deep, ok := s.(screen.Stepper); ok && deep.Deep() {
		s.Press(keys.Back)
		return
	}
	if filter, ok := s.(screen.Filterer); ok && filter.FilterText() != "" {
		filter.Filter("")
	}
}

// quit closes what is open on top of the screen, and the program when nothing is.
func (m *Model) quit() tea.Cmd {
	if deep, ok := m.seen().(screen.Stepper); ok && deep.Deep() {
		m.seen().Press(keys.Back)
		return nil
	}
	if m.ownRun() {
		m.mode, m.asked = inQuestion, m.now()
		return nil
	}
	return tea.Quit
}

// answerQuestion is told of the key after the question whether to quit although that would cut a run.
func (m *Model) answerQuestion(k tea.KeyMsg) tea.Cmd {
	if m.now().Sub(m.asked) < questionTime {
		return nil // it was on its way before the question was seen
	}
	m.mode = onScreen
	if k.String() == "y" {
		return tea.Quit
	}
	return nil
}

func (m *Model) pause() {
	m.paused = !m.paused
	if !m.paused {
		m.show(m.now())
	}
}

func (m *Model) faster(step int) {
	m.rate = min(max(0, m.rate+step), len(rates())-1)
	m.say("drawn anew every " + rates()[m.rate].String())
}

// refresh has everything read anew, and the way to the daemon tried at once.
func (m *Model) refresh() tea.Cmd {
	m.say("reading everything anew")
	m.polled = m.now()
	return tea.Batch(m.guard.command("refresh", func() tea.Msg {
		m.source.Retry()
		return nil
	}), m.pollNow())
}
