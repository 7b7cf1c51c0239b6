package tui

import (
	"context"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// stage is the program without Bubble Tea around it: a test gives it messages and runs its commands.
type stage struct {
	t       *testing.T
	m       *Model
	source  *fixture.Source
	at      time.Time
	out     *output
	trace   string
	came    chan tea.Msg // from commands
	updates int
}

// output is what is written to the terminal beside the frames.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// option changes how the program is started.
type option func(*Options)

func readOnly(o *Options) { o.ReadOnly = true }

// newStage starts the program on a terminal of 80 columns and 24 lines, where it has drawn this state.
func newStage(t *testing.T, state *source.Snapshot, options ...option) *stage {
	t.Helper()
	s := &stage{
		t: t, source: fixture.New(state), at: fixture.Now(), out: &output{},
		trace: filepath.Join(t.TempDir(), "state", "faults.log"), came: make(chan tea.Msg),
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	o := Options{
		Source: s.source, Look: look.Options{Profile: termenv.Ascii}, Version: "1.4.0", Environ: []string{"TERM=xterm-256color"},
		Now: func() time.Time { return s.at },
	}
	for _, set := range options {
		set(&o)
	}
	s.m = newModel(ctx, o, &guard{traces: []string{s.trace}, now: o.Now})
	s.m.out = s.out
	s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	s.show(state)
	return s
}

// show sends a state.
func (s *stage) show(state *source.Snapshot) { s.send(snapshotMsg{state}) }

// send gives the program one message and begins what it asks for.
func (s *stage) send(msg tea.Msg) {
	s.updates++
	_, cmd := s.m.Update(msg)
	s.begin(cmd)
}

func (s *stage) begin(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	ctx := s.t.Context()
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, one := range msg {
				s.begin(one)
			}
		case snapshotMsg, clockMsg: // states and time come from the test
		default:
			select {
			case s.came <- msg:
			case <-ctx.Done():
			}
		}
	}()
}

// patience is how long a test waits for what must happen. Nothing is decided by it but that a test has failed.
const patience = 2 * time.Minute

// next waits for a message from a command, and gives it to the program.
func (s *stage) next() tea.Msg {
	s.t.Helper()
	select {
	case msg := <-s.came:
		switch msg.(type) {
		case tea.QuitMsg, tea.InterruptMsg, tea.SuspendMsg:
		default:
			s.send(msg)
		}
		return msg
	case <-time.After(patience):
		s.t.Fatal("nothing came")
		return nil
	}
}

// settle waits until every request is answered.
func (s *stage) settle() {
	s.t.Helper()
	for {
		busy := false
		for _, r := range s.m.requests {
			busy = busy || r.busy
		}
		if !busy {
			return
		}
		s.next()
	}
}

// pass lets time pass, with a tick of the clock at its end.
func (s *stage) pass(d time.Duration) {
	s.at = s.at.Add(d)
	s.send(clockMsg{s.m.chain})
}

// press presses keys by their names, one after the other.
func (s *stage) press(names ...string) {
	for _, name := range names {
		s.send(pressed(name))
	}
}

// together presses letters so quickly that they arrive as one.
func (s *stage) together(letters string) {
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(letters)})
}

func (s *stage) paste(text string) {
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true})
}

// pressed is the message of a key that is named as Bubble Tea names it.
func pressed(name string) tea.KeyMsg {
	if name == " " {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(name)}
	}
	for _, t := range special() {
		if k := (tea.KeyMsg{Type: t}); k.String() == name {
			return k
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func special() []tea.KeyType {
	return []tea.KeyType{
		tea.KeyEnter, tea.KeyEsc, tea.KeyTab, tea.KeyShiftTab, tea.KeyUp, tea.KeyDown, tea.KeyLeft, tea.KeyRight, tea.KeyHome, tea.KeyEnd,
		tea.KeyPgUp, tea.KeyPgDown, tea.KeyBackspace, tea.KeyDelete, tea.KeyF1, tea.KeyCtrlC, tea.KeyCtrlD, tea.KeyCtrlU, tea.KeyCtrlR,
		tea.KeyCtrlZ, tea.KeyCtrlW, tea.KeyCtrlA, tea.KeyCtrlE, tea.KeyCtrlK,
	}
}

// probe is a screen that remembers what it was told, and does what a test wants.
type probe struct {
	name     string
	pressed  []keys.Action
	shown    []time.Time
	filter   string
	answers  []string
	intents  map[keys.Action]screen.Intent
	path     string
	panicsIn string
	w, h     int
}

func (p *probe) Name() string    { return p.name }
func (p *probe) Resize(w, h int) { p.w, p.h = w, h }

func (p *probe) Show(_ *source.Snapshot, now time.Time) {
	p.fault("show")
	p.shown = append(p.shown, now)
}

func (p *probe) Press(a keys.Action) (screen.Intent, bool) {
	p.fault("press")
	p.pressed = append(p.pressed, a)
	i, known := p.intents[a]
	return i, known
}

func (p *probe) View() string {
	p.fault("view")
	return p.name
}

func (p *probe) Hints() []keys.Action          { return []keys.Action{keys.Open} }
func (p *probe) Filter(text string)            { p.filter = text }
func (p *probe) FilterText() string            { return p.filter }
func (p *probe) Poll() (string, time.Duration) { return p.path, 2 * time.Second }
func (p *probe) Answer(path string, _ any, err error) {
	if err != nil {
		path += ": " + source.Sentence(err)
	}
	p.answers = append(p.answers, path)
}

func (p *probe) fault(where string) {
	if p.panicsIn == where {
		panic("a fault in " + where)
	}
}

// probed puts a probe in the place of the seen screen.
func (s *stage) probed() *probe {
	p := &probe{name: "Overview", intents: map[keys.Action]screen.Intent{}}
	s.m.screens[s.m.at] = p
	s.m.stale = true
	return p
}

// lines are those of a frame.
func lines(view string) iter.Seq[string] { return strings.SplitSeq(view, "\n") }
