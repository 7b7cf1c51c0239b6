package screen_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// listScreen is what all four lists are.
type listScreen interface {
	screen.Screen
	screen.Filterer
	screen.Selector
	screen.Stepper
}

func lists(l *look.Look) []listScreen {
	return []listScreen{screen.NewQueries(l), screen.NewIndexes(l), screen.NewMigrations(l), screen.NewActivity(l)}
}

func states() map[string]func() *source.Snapshot {
	return map[string]func() *source.Snapshot{
		"healthy": fixture.Healthy, "busy": fixture.Busy, "database down": fixture.DatabaseDown, "daemon down": fixture.DaemonDown,
		"redis down": fixture.RedisDown, "starting": fixture.Starting, "direct": fixture.Direct, "rolled back": fixture.RolledBack,
		"empty": fixture.Empty, "nothing": func() *source.Snapshot { return &source.Snapshot{} },
		"hostile": func() *source.Snapshot { return source.Clean(fixture.Hostile()) },
	}
}

// feed shows a state to a screen, and answers what it asks for again and again as it would be in that state.
func feed(s screen.Screen, state *source.Snapshot) {
	s.Show(state, fixture.Now())
	p, ok := s.(screen.Poller)
	if !ok {
		return
	}
	path, _ := p.Poll()
	answer := s.(screen.Answerer).Answer
	switch {
	case state.Postgres != nil && state.Postgres.Down != "":
		answer(path, nil, errors.New("PostgreSQL does not answer"))
	case state.Link != nil && state.Link.State == source.LinkDown:
		answer(path, nil, errors.New("the daemon does not answer"))
	case state.Postgres != nil:
		sessions := fixture.Activity()
		if state.Host != fixture.Host {
			fixture.Poison(sessions)
			source.Clean(sessions)
		}
		if state.Indexes.List == nil {
			sessions.Sessions = nil
		}
		answer(path, sessions, nil)
	}
}

// drawn resizes a screen to the body of a terminal's size and draws it.
func drawn(t *testing.T, s screen.Screen, size frame.Size) string {
	t.Helper()
	body := size.Body()
	s.Resize(body.Width, body.Height)
	view := s.View()
	frame.Check(t, view, body.Width, body.Height)
	return view
}

func press(t *testing.T, s screen.Screen, actions ...keys.Action) screen.Intent {
	t.Helper()
	var i screen.Intent
	for _, a := range actions {
		var handled bool
		if i, handled = s.Press(a); !handled {
			t.Errorf("%s is not handled", a)
		}
	}
	return i
}

// goldens keeps a frame for each size.
func goldens(t *testing.T, name string, s screen.Screen) {
	t.Helper()
	for _, size := range frame.GoldenSizes() {
		frame.Golden(t, name+"_"+size.String(), drawn(t, s, size))
	}
}

// selected is the row of the cursor as it is drawn.
func selected(s screen.Screen) string {
	for line := range strings.SplitSeq(s.View(), "\n") {
		if strings.HasPrefix(line, "> ") {
			return strings.TrimSpace(line[2:])
		}
	}
	return ""
}

func TestListsFitEverySize(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		for which, l := range frame.Looks() {
			if which != "dark" && which != "ascii" {
				continue // they differ in their colours only
			}
			for _, s := range lists(l) {
				t.Run(fmt.Sprint(s.Name(), " ", name, " ", which), func(t *testing.T) {
					t.Parallel()
					sizes := frame.GoldenSizes()
					if name == "hostile" || name == "busy" || name == "nothing" {
						sizes = frame.Sizes()
					}
					fits(t, s, state(), sizes)
				})
			}
		}
	}
}

// fits draws a screen in all sizes: as it is, filtered, sorted, with a text on top, and after what it has asked for failed.
func fits(t *testing.T, s listScreen, state *source.Snapshot, sizes []frame.Size) {
	t.Helper()
	all := func() {
		for _, size := range sizes {
			s.Resize(size.Width, size.Height)
			if !frame.Check(t, s.View(), size.Width, size.Height) {
				t.FailNow()
			}
		}
	}
	all()
	feed(s, state)
	all()
	press(t, s, keys.SortRight, keys.Reverse, keys.Last, keys.Detail)
	s.Filter("e")
	all()
	press(t, s, keys.Detail, keys.Open)
	all()
	i, _ := s.Press(keys.Explain)
	all()
	if a, ok := s.(screen.Answerer); ok && i.Ask != "" { // what is drawn of a plan is as hostile as the state
		a.Answer(i.Ask, nil, errors.New("the database\ndoes not answer"))
		all()
		i, _ = s.Press(keys.Explain)
		plan := fixture.Plan("get_food_entries")
		if state.Host != fixture.Host {
			fixture.Poison(plan)
			source.Clean(plan)
		}
		a.Answer(i.Ask, plan, nil)
		all()
	}
}

// TestListsOnEveryTerminal keeps what each kind of terminal is shown.
func TestListsOnEveryTerminal(t *testing.T) {
	t.Parallel()
	for which, l := range frame.Looks() {
		for _, s := range lists(l) {
			feed(s, fixture.Busy())
			frame.Golden(t, s.Name()+"_"+which, drawn(t, s, frame.Size{Width: 80, Height: 24}))
		}
	}
}

func TestPartsThatAreMissing(t *testing.T) {
	t.Parallel()
	for want, state := range map[string]*source.Snapshot{
		"not known yet":                         fixture.Empty(),
		"not known: the daemon does not answer": {Link: &source.Link{State: source.LinkDown}},
		"not known while the daemon is down":    {Link: &source.Link{State: source.LinkDirect}},
	} {
		for _, s := range lists(frame.Mono()) {
			feed(s, state)
			if view := drawn(t, s, frame.Size{Width: 80, Height: 24}); !strings.Contains(view, want) {
				t.Errorf("%s does not say %q:\n%s", s.Name(), want, view)
			}
		}
	}
}

func TestOldPartsSaySo(t *testing.T) {
	t.Parallel()
	for _, s := range lists(frame.Mono()) {
		feed(s, fixture.Healthy())
		if view := drawn(t, s, frame.Size{Width: 80, Height: 24}); strings.Contains(view, "OLD") {
			t.Errorf("%s says OLD of what is new:\n%s", s.Name(), view)
		}
		for why, state := range map[string]*source.Snapshot{
			"PostgreSQL does not answer": fixture.DatabaseDown(), "the daemon does not answer": fixture.DaemonDown(),
		} {
			feed(s, state)
			if view := drawn(t, s, frame.Size{Width: 80, Height: 24}); !strings.Contains(view, "OLD") || !strings.Contains(view, why) {
				t.Errorf("%s does not say that it is old, since %q:\n%s", s.Name(), why, view)
			}
		}
		feed(s, fixture.Healthy())
		s.Show(fixture.Healthy(), fixture.Now().Add(time.Hour))
		if view := drawn(t, s, frame.Size{Width: 80, Height: 24}); !strings.Contains(view, "nothing newer has come") {
			t.Errorf("%s does not say that nothing newer has come:\n%s", s.Name(), view)
		}
	}
}

// TestOpenTextSurvives: what somebody reads stays where it is, and stays when its row has gone.
func TestOpenTextSurvives(t *testing.T) {
	t.Parallel()
	for _, s := range lists(frame.Mono()) {
		feed(s, fixture.Healthy())
		drawn(t, s, frame.Size{Width: 80, Height: 12})
		press(t, s, keys.Open)
		if !s.Deep() {
			t.Fatalf("%s opens nothing", s.Name())
		}
		press(t, s, keys.Down, keys.Down)
		before := s.View()
		feed(s, fixture.Healthy())
		if s.View() != before {
			t.Errorf("%s does not stay:\n%s\n%s", s.Name(), before, s.View())
		}
		gone := fixture.Healthy()
		gone.Statements.List, gone.Indexes.List, gone.Migrations.List = nil, nil, nil
		feed(s, gone)
		if view := s.View(); !strings.Contains(view, "not listed any more") || ansi.Strip(view) == "" {
			t.Errorf("%s does not say that the row has gone:\n%s", s.Name(), view)
		}
		press(t, s, keys.Back)
		if s.Deep() {
			t.Errorf("%s does not close", s.Name())
		}
		if _, handled := s.Press(keys.Back); handled {
			t.Errorf("%s steps back from the top", s.Name())
		}
	}
}

func TestBackEndsTheFilter(t *testing.T) {
	t.Parallel()
	for _, s := range lists(frame.Mono()) {
		feed(s, fixture.Healthy())
		s.Filter("no such row")
		if view := drawn(t, s, frame.Size{Width: 80, Height: 24}); !s.Deep() || !strings.Contains(view, `has "no such row" in it`) {
			t.Errorf("%s:\n%s", s.Name(), view)
		}
		press(t, s, keys.Back)
		if s.Deep() || s.FilterText() != "" || selected(s) == "" {
			t.Errorf("%s keeps its filter %q", s.Name(), s.FilterText())
		}
	}
}
