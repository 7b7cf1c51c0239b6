package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/act"
	"healthagent/tui/keys"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// rollback is what R on the list of migrations asks for.
func rollback() source.Act {
	return source.Act{Verb: source.Rollback, Object: source.OnMigration, Name: "017"}
}

// previewing opens the preview of the rollback of 017, and waits until it is there.
func previewing(t *testing.T, options ...option) *stage {
	t.Helper()
	s := newStage(t, fixture.Healthy(), options...)
	s.press("4", "R")
	s.settle()
	if s.m.dialog == nil || s.m.dialog.State() != act.Preview {
		t.Fatalf("no preview:\n%s", s.m.View())
	}
	return s
}

// TestFromTheKeyToTheEnd: R, a look, y; the run is shown as it goes; b leaves it, the header tells of it, r shows it again.
func TestFromTheKeyToTheEnd(t *testing.T) {
	t.Parallel()
	s := previewing(t)
	if view := s.m.View(); !strings.Contains(view, "ROLL BACK 017 ?") || len(s.source.Done()) > 0 {
		t.Errorf("done %v, the dialog is\n%s", s.source.Done(), view)
	}
	s.at = s.at.Add(act.Guard)
	s.press("y")
	s.settle()
	want := []fixture.Done{{Act: rollback(), Token: fixture.PreviewRollback().Token}}
	if got := s.source.Done(); !slices.Equal(got, want) {
		t.Fatalf("done %+v, want %+v", got, want)
	}
	s.show(fixture.WithRun(fixture.RunWorking()))
	if view := s.m.View(); !strings.Contains(view, "ROLLING BACK 017") || strings.Contains(view, ">> 017 3/8  RW") {
		t.Errorf("the run:\n%s", view)
	}
	s.press("b")
	if view := s.m.View(); !strings.Contains(view, "[4 Migrations]") || !strings.Contains(view, ">> 017 3/8  RW") || !strings.Contains(view, "r run") {
		t.Errorf("in the background:\n%s", view)
	}
	for _, key := range []string{"r", "R"} {
		s.press(key)
		if view := s.m.View(); !strings.Contains(view, "ROLLING BACK 017") {
			t.Errorf("%s does not show it:\n%s", key, view)
		}
		s.press("esc")
	}
	s.press("z")
	if !strings.Contains(s.m.message.text, "not done yet") {
		t.Errorf("z says %q", s.m.message.text)
	}
	s.show(fixture.WithRun(fixture.RunDone()))
	s.press("1", "z")
	s.settle()
	if view := s.m.View(); s.m.dialog == nil || s.m.dialog.State() != act.Preview || !strings.Contains(view, "APPLY 017") {
		t.Errorf("z anywhere is the undo:\n%s", view)
	}
	if got := s.source.Done(); len(got) != 1 {
		t.Errorf("done %+v", got)
	}
}

// TestNothingRunsByAccident: a second R, enter, whatever is pasted, and a y that was on its way before the dialog was seen.
func TestNothingRunsByAccident(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	s.press("4")
	s.together("RRyy")
	s.settle()
	s.together("yy")
	s.press("enter", "R", "enter", "z", "R")
	for _, text := range []string{"y", "017", "y\r"} {
		s.paste(text)
	}
	s.at = s.at.Add(act.Guard - time.Millisecond)
	s.press("y")
	s.at = s.at.Add(time.Minute)
	s.press("R", "enter", "R", "enter", " ", "Y", "tab", "v", "v")
	s.paste("y")
	s.settle()
	if got := s.source.Done(); len(got) > 0 || s.m.dialog == nil {
		t.Errorf("done %+v", got)
	}
	s.press("esc")
	if got := s.source.Done(); len(got) > 0 || s.m.dialog != nil {
		t.Errorf("done %+v", got)
	}
}

// TestAnAnswerAfterTheDialogIsClosed is told when it is bad, and changes nothing.
func TestAnAnswerAfterTheDialogIsClosed(t *testing.T) {
	t.Parallel()
	s := previewing(t)
	s.source.Answer("POST "+rollback().Path(), errors.New("the disk is full"))
	release := s.source.Hang()
	s.at = s.at.Add(act.Guard)
	s.press("y")
	s.m.closeDialog() // as by a state that says that the run is over, or a key of a later version
	release()
	s.settle()
	if !s.m.message.failed || !strings.Contains(s.m.message.text, "roll back 017: the disk is full") || s.m.dialog != nil {
		t.Errorf("told %+v", s.m.message)
	}
	if len(s.m.requests) > 2 {
		t.Errorf("%d kinds of requests are kept", len(s.m.requests))
	}
}

// TestAPreviewAfterTheDialogIsClosed is dropped, also when the next dialog is open by then.
func TestAPreviewAfterTheDialogIsClosed(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.WithRun(fixture.RunDone()))
	release := s.source.Hang()
	s.press("4", "R", "esc", "z")
	release()
	s.settle()
	if view := s.m.View(); s.m.dialog == nil || !strings.Contains(view, "APPLY 017") || strings.Contains(view, "ROLL BACK") {
		t.Errorf("the dialog is\n%s", view)
	}
}

// TestReadOnlyReachesNoAct: over every key, on every screen, in every mode, no act is asked for and none previewed; neither is one in any
// of many thousand sequences of keys. The same keys do reach acts for somebody who may.
func TestReadOnlyReachesNoAct(t *testing.T) {
	t.Parallel()
	run := fixture.WithRun(fixture.RunPartial())
	run.You = fixture.ReadOnly().You
	working := fixture.WithRun(fixture.RunWorking())
	working.You = run.You
	for name, c := range map[string]struct {
		state   *source.Snapshot
		pairs   bool
		options []option
	}{
		"of the daemon":       {fixture.ReadOnly(), false, nil},
		"of the daemon, half": {run, false, nil},
		"of the daemon, run":  {working, false, nil},
		"of the screen":       {fixture.WithRun(fixture.RunDone()), true, []option{readOnly}},
		"not known yet":       {&source.Snapshot{}, false, nil},
		"a newer daemon":      {fixture.Upgraded(), false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, c.state, c.options...)
			if acts := everyKey(s, c.pairs); len(acts) > 0 {
				t.Errorf("reached %q", acts)
			}
		})
	}
	t.Run("who may", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, fixture.WithRun(fixture.RunDone()))
		acts := everyKey(s, false)
		for _, verb := range []string{"/rollback", "/apply", "/drop", "/reindex", "/cancel", "/end"} {
			if !slices.ContainsFunc(acts, func(path string) bool { return strings.Contains(path, verb) }) {
				t.Errorf("no key reaches %s: %q", verb, acts)
			}
		}
	})
}

// The key of an act says why there is none, in a line that fits.
func TestAnActThatIsRefusedSaysWhy(t *testing.T) {
	t.Parallel()
	for want, state := range map[string]*source.Snapshot{
		"R: read only: you are not in the group healthagent-admin":              fixture.ReadOnly(),
		"R: you may not open the daemon's socket: who may not look may not act": fixture.Denied(),
		"R: the daemon is newer than this screen: leave it and start it again":  fixture.Upgraded(),
		"R: who you are is not known until the daemon or the database answers":  fixture.Empty(),
	} {
		s := newStage(t, state)
		s.press("R")
		if view := s.m.View(); !strings.Contains(view, want) {
			t.Errorf("does not say %q:\n%s", want, view)
		}
	}
}

// bound are the keys that mean something, on the screens or in a dialog.
func (s *stage) bound(wanted bool) []string {
	if !wanted {
		return nil
	}
	all := []string{"y", "c", "X", "v", "b"}
	for _, b := range s.m.keys.Bindings() {
		if b.Action != keys.Interrupt && b.Action != keys.Suspend {
			all = append(all, b.Keys()...)
		}
	}
	return all
}

// allKeys are all that a terminal sends, but the two that leave the program.
func allKeys() []string {
	var all []string
	for r := ' '; r <= '~'; r++ {
		all = append(all, string(r))
	}
	for _, t := range special() {
		if name := (tea.KeyMsg{Type: t}).String(); name != "ctrl+c" && name != "ctrl+z" {
			all = append(all, name)
		}
	}
	return append(all, "ä", "字")
}

// everyKey presses every key in every mode on every screen, and returns the acts that were asked about or for. With pairs it presses each
// that means something after each other such one too.
func everyKey(s *stage, pairs bool) []string {
	press := func(screen rune, names ...string) {
		s.press(string(screen))
		for _, name := range names {
			s.press(name)
			s.settle()
			s.at = s.at.Add(time.Second) // no key is too quick to be an answer
		}
		s.press("esc", "esc", "esc", "esc")
	}
	for screen := '1'; screen <= '7'; screen++ {
		for _, way := range [][]string{{}, {"/"}, {"?"}, {"p"}, {"enter"}, {"r"}, {"Y", "Y"}, {"e"}} {
			for _, key := range allKeys() {
				press(screen, append(slices.Clone(way), key)...)
			}
		}
		for _, first := range s.bound(pairs) {
			for _, second := range s.bound(pairs) {
				press(screen, first, second)
			}
		}
	}
	s.settle()
	var acts []string
	for _, path := range s.source.Asked() {
		if path != source.ActivityPath && !strings.HasPrefix(path, source.PlanPath("", false)) {
			acts = append(acts, path)
		}
	}
	for _, d := range s.source.Done() {
		acts = append(acts, "POST "+d.Act.Path())
	}
	return acts
}
