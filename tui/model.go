package tui

import (
	"context"
	"io"
	"runtime/debug"
	"time"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/dialog"
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
)

// Model is the whole program. It is used by Bubble Tea's loop alone; what comes from elsewhere comes as a message.
type Model struct {
	ctx     context.Context // ends with the program
	source  source.Source
	now     func() time.Time
	out     io.Writer // of the terminal, for its clipboard
	environ map[string]string
	version string
	only    string // why nobody may act in this program; empty: who may is the daemon's to say
	look    *look.Look
	guard   *guard
	states  mailbox
	keys    *keys.Map

	width, height int
	screens       []screen.Screen
	at            int // which of them is seen

	latest  *source.Snapshot // that has come; never nil
	drawn   *source.Snapshot // that is seen: an older one while paused, or when it is drawn more seldom; never nil
	drawnAt time.Time
	turn    time.Time // since when the next state waits for its turn; zero: the first is drawn at once
	paused  bool
	rate    int       // index into rates
	polled  time.Time // when the seen screen was last asked for
	chain   int       // of clock ticks

	mode     mode
	input    textinput.Model // of inText
	help     *help           // of inHelp
	text     *copyText       // of inCopy
	dialog   *dialog.Flow    // of inDialog; kept while a text is shown over it
	acts     int             // that were asked for
	asked    time.Time       // of inQuestion: since when
	message  message
	last     copied // what was copied last
	requests map[string]*request
	broken   []fault // faults of View, told with the next message

	frame string
	dirty bool // frame is not what would be drawn now
	body  string
	stale bool // body likewise
}

// rates are how often what is seen may change.
func rates() []time.Duration {
	return []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second}
}

func newModel(ctx context.Context, o Options, g *guard) *Model {
	l := look.New(o.Look)
	m := &Model{
		ctx: ctx, source: o.Source, now: o.Now, out: o.Out, environ: variables(o.Environ), version: o.Version, look: l, guard: g,
		states: newMailbox(), screens: screens(l), rate: 1, mode: onScreen, input: newInput(), requests: map[string]*request{},
		latest: &source.Snapshot{}, drawn: &source.Snapshot{}, dirty: true, stale: true,
	}
	if o.ReadOnly {
		m.only = "read only: this screen was started with --read-only"
	}
	m.keys = keys.New(m.whyNot())
	m.show(m.now())
	m.turn = time.Time{}
	return m
}

// Init arms what keeps the program going: the clock and the mailbox. Nothing is waited for before the first frame.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.tick(), m.wait()) }

// Update changes the model by one message. A fault in it is told and the rest of the program lives on.
func (m *Model) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			cmd = m.guard.report(fault{"update", r, debug.Stack()})
		}
	}()
	cmd = m.update(msg)
	for _, f := range m.broken {
		cmd = tea.Batch(cmd, m.guard.report(f))
	}
	m.broken = nil
	return m, cmd
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	m.dirty = true
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyMsg:
		return m.press(msg)
	case snapshotMsg:
		return tea.Batch(m.wait(), m.took(msg.state))
	case clockMsg:
		return m.ticked(msg)
	case answerMsg:
		m.stale = true
		return m.answered(msg)
	case copiedMsg:
		m.copied(msg)
	case faultMsg:
		m.fail(msg.Error())
	case tea.ResumeMsg:
		return tea.Batch(tea.ClearScreen, tea.WindowSize())
	default:
		m.dirty = false
	}
	return nil
}

// wait is the command that takes the next state.
func (m *Model) wait() tea.Cmd {
	return m.guard.command("state", func() tea.Msg { return m.states.take(m.ctx) })
}

// tick is the command of the one clock.
func (m *Model) tick() tea.Cmd {
	m.chain++
	chain := m.chain
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return clockMsg{chain} })
}

func (m *Model) ticked(c clockMsg) tea.Cmd {
	if c.chain != m.chain {
		m.dirty = false
		return nil
	}
	now := m.now()
	if !m.message.failed && !m.message.at.IsZero() && now.Sub(m.message.at) >= noteTime {
		m.message = message{}
	}
	m.due(now)
	cmds := []tea.Cmd{m.tick(), m.poll(now)}
	if flow := m.dialog; flow != nil {
		cmds = append(cmds, m.carry(flow, flow.Tick(now)))
	}
	return tea.Batch(cmds...)
}

// took takes a new state. What it says of the way to the daemon, and of who asks, counts at once; the rest when it is its turn.
func (m *Model) took(s *source.Snapshot) tea.Cmd {
	if s == nil {
		return nil
	}
	m.latest = s
	if why := m.whyNot(); why != m.keys.ReadOnly() {
		m.keys = keys.New(why)
	}
	now := m.now()
	m.due(now)
	if flow := m.dialog; flow != nil {
		flow.ReadOnly(m.keys.ReadOnly())
		return m.carry(flow, flow.Show(s, now))
	}
	return nil
}

// due draws the newest state when it is its turn.
func (m *Model) due(now time.Time) {
	const slack = 100 * time.Millisecond // states come once a second, and a little early at times
	if m.paused || now.Sub(m.turn) < rates()[m.rate]-slack && !news(m.drawn, m.latest) {
		return
	}
	m.show(now)
}

// news reports whether a state is so different from the one before that it cannot wait for its turn: the first whole one, and those
// that say that the way to the daemon has changed.
func news(old, state *source.Snapshot) bool {
	way := func(s *source.Snapshot) source.LinkState {
		if s.Link == nil {
			return ""
		}
		return s.Link.State
	}
	return way(old) != way(state) || old.History == nil && state.History != nil
}

// show draws the newest state now.
func (m *Model) show(now time.Time) {
	m.drawn, m.drawnAt, m.turn, m.stale = m.latest, now, now, true
	m.seen().Show(m.drawn, m.drawnAt)
}

func (m *Model) seen() screen.Screen { return m.screens[m.at] }

// whyNot is why nobody may act here; empty: they may.
func (m *Model) whyNot() string {
	switch {
	case m.only != "":
		return m.only
	case m.linkState() == source.LinkUpgrade:
		return "the daemon is newer than this screen: leave it and start it again"
	case m.latest.You == nil && m.linkState() == source.LinkDenied:
		return "you may not open the daemon's socket: who may not look may not act"
	case m.latest.You == nil:
		return "who you are is not known until the daemon or the database answers"
	case !m.latest.You.Act:
		return m.latest.You.ReadOnly()
	default:
		return ""
	}
}

// linkState is how the daemon stands; empty before anything is known.
func (m *Model) linkState() source.LinkState {
	if m.latest.Link == nil {
		return ""
	}
	return m.latest.Link.State
}

// say puts a note on the line for messages; an error that nobody has seen yet stays.
func (m *Model) say(text string) {
	if !m.message.failed && text != "" {
		m.message = message{text: text, at: m.now()}
	}
}

// fail puts an error there.
func (m *Model) fail(text string) {
	m.message = message{text: text, at: m.now(), failed: true}
}
