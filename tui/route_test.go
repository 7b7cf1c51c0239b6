package tui

import (
	"fmt"
	"slices"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
	"healthagent/tui/source/fixture"
)

func TestKeysByMode(t *testing.T) {
	t.Parallel()
	table, bound := keys.New(""), keys.New("read only: no")
	paste := func(text string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: true} }
	for _, c := range []struct {
		mode mode
		key  tea.KeyMsg
		keys *keys.Map
		want decision
	}{
		{onScreen, pressed("j"), table, decision{given: onScreen, action: keys.Down}},
		{onScreen, pressed("R"), table, decision{given: onScreen, action: keys.Rollback}},
		{onScreen, pressed("R"), bound, decision{given: onScreen, refused: "read only: no"}},
		{onScreen, pressed("x"), table, decision{given: onScreen, nothing: true}},
		{onScreen, pressed(" "), table, decision{given: onScreen, action: keys.Pause}},
		{onScreen, paste("R"), table, decision{given: onScreen, nothing: true}},
		{inDialog, pressed("y"), table, decision{given: inDialog}},
		{inDialog, pressed("R"), bound, decision{given: inDialog}},
		{inDialog, paste("y"), table, decision{given: inDialog, nothing: true}},
		{inDialog, paste("017"), table, decision{given: inDialog, nothing: true}},
		{inDialog, pressed("q"), table, decision{given: inDialog}},
		{inText, pressed("R"), table, decision{given: inText}},
		{inText, pressed("1"), table, decision{given: inText}},
		{inText, paste("food"), table, decision{given: inText}},
		{inHelp, pressed("R"), table, decision{given: inHelp}},
		{inCopy, pressed("y"), table, decision{given: inCopy}},
		{inCopy, paste("q"), table, decision{given: inCopy, nothing: true}},
		{inQuestion, pressed("y"), table, decision{given: inQuestion}},
		{inQuestion, paste("y"), table, decision{given: inQuestion, nothing: true}},
	} {
		if got := route(c.mode, c.key, c.keys); got != c.want {
			t.Errorf("%v %q: %+v, want %+v", c.mode, c.key, got, c.want)
		}
	}
	for _, m := range modes() {
		for key, a := range map[string]keys.Action{"ctrl+c": keys.Interrupt, "ctrl+z": keys.Suspend} {
			if got := route(m, pressed(key), bound); got.action != a {
				t.Errorf("%v %s: %+v", m, key, got)
			}
		}
	}
}

func modes() []mode { return []mode{inQuestion, inText, inHelp, inCopy, inDialog, onScreen} }

func TestKeysThatArriveTogether(t *testing.T) {
	t.Parallel()
	letters := func(text string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text)} }
	alt := func(k tea.KeyMsg) tea.KeyMsg { k.Alt = true; return k }
	for _, c := range []struct {
		key  tea.KeyMsg
		want []string
	}{
		{letters("j"), []string{"j"}},
		{letters("jjj"), []string{"j", "j", "j"}},
		{letters("ä字"), []string{"ä", "字"}},
		{alt(letters("q")), []string{"esc", "q"}},
		{alt(pressed("up")), []string{"esc", "up"}},
		{alt(pressed(" ")), []string{"esc", " "}},
		{pressed("enter"), []string{"enter"}},
		{tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("yes"), Paste: true}, []string{"[yes]"}},
	} {
		var got []string
		for _, k := range split(c.key) {
			if k.Alt {
				t.Errorf("%q still has alt", c.key)
			}
			got = append(got, k.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.key, got, c.want)
		}
	}
}

func TestThreeKeysInOneReadAreThreeKeys(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	s.together("jjj")
	if want := []keys.Action{keys.Down, keys.Down, keys.Down}; !slices.Equal(p.pressed, want) {
		t.Errorf("the screen was told %q", p.pressed)
	}
	s.together("/foo")
	if s.m.mode != inText || p.filter != "foo" {
		t.Errorf("mode %v, filter %q", s.m.mode, p.filter)
	}
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("k"), Alt: true}) // esc and k
	if s.m.mode != onScreen || p.filter != "" || p.pressed[len(p.pressed)-1] != keys.Up {
		t.Errorf("mode %v, filter %q, told %q", s.m.mode, p.filter, p.pressed)
	}
}

func TestPasteIsForTextOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	s.paste("jR1")
	if len(p.pressed) > 0 || s.m.mode != onScreen {
		t.Errorf("a paste pressed %q", p.pressed)
	}
	s.press("/")
	s.paste("a\u202eb\x07c\nd")
	if p.filter != "abcd" {
		t.Errorf("filter %q", p.filter)
	}
	s.press("enter")
	if s.m.mode != onScreen || p.filter != "abcd" {
		t.Error("enter keeps a filter")
	}
}

// TestAFilterIsTyped holds what each key does to the line and the list.
func TestAFilterIsTyped(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	s.press("/", "f", "o", "x", "backspace", "o", "q")
	if p.filter != "fooq" || s.m.mode != inText {
		t.Fatalf("filter %q", p.filter)
	}
	if view := s.m.View(); !containsLine(view, " /fooq_") {
		t.Errorf("it is not seen:\n%s", view)
	}
	s.press("enter", "/", "esc")
	if p.filter != "" || s.m.mode != onScreen {
		t.Errorf("esc clears: %q", p.filter)
	}
	s.press("/", "x", "enter", "esc")
	if p.filter != "" {
		t.Errorf("esc on the screen clears: %q", p.filter)
	}
}

// TestQuitting: q steps back first and then quits, esc never does, and a run that would end with this program is asked about.
func TestQuitting(t *testing.T) {
	t.Parallel()
	quits := func(s *stage, name string) bool {
		_, cmd := s.m.Update(pressed(name))
		if cmd == nil {
			return false
		}
		msg := cmd()
		_, quit := msg.(tea.QuitMsg)
		_, interrupt := msg.(tea.InterruptMsg)
		return quit || interrupt
	}
	s := newStage(t, fixture.Healthy())
	if quits(s, "esc") || !quits(s, "ctrl+c") || !quits(s, "q") {
		t.Error("q and ctrl+c quit, esc does not")
	}
	own := fixture.RunWorking()
	own.Here = true
	s = newStage(t, fixture.WithRun(own))
	if quits(s, "q") || s.m.mode != inQuestion {
		t.Error("the run in this program is not asked about")
	}
	if quits(s, "y") {
		t.Error("y counts that was on its way before the question")
	}
	s.at = s.at.Add(questionTime)
	if quits(s, "n") || s.m.mode != onScreen {
		t.Error("another key does not stay")
	}
	quits(s, "q")
	s.at = s.at.Add(questionTime)
	if !quits(s, "y") {
		t.Error("y does not quit")
	}
	if s = newStage(t, fixture.WithRun(fixture.RunWorking())); !quits(s, "q") {
		t.Error("a run in the daemon is nothing to ask about")
	}
}

func containsLine(view, line string) bool {
	for l := range lines(view) {
		if l == line {
			return true
		}
	}
	return false
}

func (m mode) String() string { return fmt.Sprintf("mode %d", int(m)) }
