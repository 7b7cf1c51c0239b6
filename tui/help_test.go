package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// TestHelpListsWhatWorks: on each screen exactly the keys that work there come first, those that this person may not use with the reason,
// and the rest behind.
func TestHelpListsWhatWorks(t *testing.T) {
	t.Parallel()
	for _, state := range []*source.Snapshot{fixture.Healthy(), fixture.ReadOnly()} {
		for i := range 7 {
			s := newStage(t, state)
			s.press(string(rune('1'+i)), "?")
			part, seen := "", map[string]string{}
			for _, line := range s.m.helpLines() {
				if !strings.HasPrefix(line.text, "  ") {
					part = line.text
					continue
				}
				seen[line.text] = part
			}
			for _, b := range s.m.keys.Bindings() {
				text := "  " + s.m.look.Left(b.Help().Key, 10) + "  " + b.Help().Desc
				want := " Keys on every screen"
				switch {
				case !b.On(s.m.seen().Name()):
					text, want = text+" ("+b.Where+")", " On other screens"
				case b.Kind == keys.Act && !state.You.Act:
					want = " Off: read only: " + state.You.Why
				case b.Where != "all":
					want = " Keys on " + s.m.seen().Name()
				}
				if seen[text] != want {
					t.Errorf("screen %d: %q is under %q, want %q", i+1, text, seen[text], want)
				}
				delete(seen, text)
			}
			if len(seen) > 0 {
				t.Errorf("screen %d: there is more: %q", i+1, seen)
			}
		}
	}
}

// TestHelpIsSearched by typing, scrolls where there is little room, and closes without having done anything.
func TestHelpIsSearched(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	s.send(tea.WindowSizeMsg{Width: 40, Height: 12})
	s.press("?")
	s.together("roll")
	if view := s.m.View(); !strings.Contains(view, "R           roll back") || strings.Contains(view, "Queries") {
		t.Errorf("searched:\n%s", view)
	}
	s.press("esc")
	for range 100 {
		s.press("down")
	}
	if view := s.m.View(); !strings.Contains(view, "K           end the session") {
		t.Errorf("the end is not reached:\n%s", view)
	}
	s.press("home", "end", "pgup", "pgdown", "up", "ctrl+u", "ctrl+d")
	s.together("zzz")
	if view := s.m.View(); !strings.Contains(view, "no key does that") {
		t.Errorf("nothing was found:\n%s", view)
	}
	s.press("esc", "esc")
	if s.m.mode != onScreen || len(p.pressed) > 0 {
		t.Errorf("mode %v, the screen was told %q", s.m.mode, p.pressed)
	}
	for _, closing := range []string{"q", "?", "f1", "enter"} {
		if s.press("?", closing); s.m.mode != onScreen {
			t.Errorf("%q does not close it", closing)
		}
	}
}

// TestKeysAreWhereTheTableSays: each screen knows exactly the keys that the table names for it.
func TestKeysAreWhereTheTableSays(t *testing.T) {
	t.Parallel()
	for i := range 7 {
		for _, b := range keys.New("").Bindings() {
			if rootsOwn(b.Action) {
				continue
			}
			s := newStage(t, fixture.Busy())
			s.press(string(rune('1' + i)))
			s.settle()
			seen := s.m.seen()
			if b.Action == keys.NextMatch || b.Action == keys.PrevMatch {
				seen.Press(keys.Open) // they are for texts
			}
			if _, known := seen.Press(b.Action); known != b.On(seen.Name()) {
				t.Errorf("%s: %s is known: %v; the table says %q", seen.Name(), b.Action, known, b.Where)
			}
		}
		s := newStage(t, fixture.Busy())
		s.press(string(rune('1' + i)))
		if _, known := s.m.seen().(screen.Filterer); known != s.m.keys.Of(keys.Filter).On(s.m.seen().Name()) {
			t.Errorf("%s can be filtered: %v", s.m.seen().Name(), known)
		}
	}
}

// rootsOwn reports whether an action concerns the whole program, so that no screen is told of it.
func rootsOwn(a keys.Action) bool {
	switch a {
	case keys.Screen1, keys.Screen2, keys.Screen3, keys.Screen4, keys.Screen5, keys.Screen6, keys.Screen7, keys.Interrupt, keys.Suspend,
		keys.Quit, keys.Help, keys.Pause, keys.Faster, keys.Slower, keys.Refresh, keys.Undo, keys.ShowRun, keys.Back, keys.Filter:
		return true
	default:
		return false
	}
}
