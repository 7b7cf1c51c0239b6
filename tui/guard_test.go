package tui

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/source/fixture"
)

// told waits for the fault to be told, and holds that its trace is in the file.
func (s *stage) told(what string) {
	s.t.Helper()
	if _, is := s.next().(faultMsg); !is {
		s.t.Fatalf("%s: something else came", what)
	}
	if !s.m.message.failed || !strings.Contains(s.m.message.text, s.trace) || !strings.Contains(s.m.View(), "fault in") {
		s.t.Errorf("%s: %+v\n%s", what, s.m.message, s.m.View())
	}
	trace, err := os.ReadFile(s.trace)
	if err != nil || !strings.Contains(string(trace), what) || !strings.Contains(string(trace), "stage_test.go") {
		s.t.Errorf("%s: trace %q, %v", what, trace, err)
	}
	if info, err := os.Stat(s.trace); err != nil || info.Mode().Perm() != 0o600 {
		s.t.Errorf("the trace can be read by others: %v, %v", info, err)
	}
}

// TestFaultsInAScreen: wherever a screen panics, the program lives on and says where the trace is.
func TestFaultsInAScreen(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"press", "show", "view"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fixture.Healthy())
			p := s.probed()
			p.panicsIn = where
			switch where {
			case "press":
				s.press("j")
			case "show":
				s.pass(time.Second)
			case "view":
				if view := s.m.View(); !strings.Contains(view, "cannot be drawn") {
					t.Errorf("the frame is\n%s", view)
				}
				s.send(clockMsg{s.m.chain})
			}
			s.told("a fault in " + where)
			s.press("2")
			if view := s.m.View(); !strings.Contains(view, "[2 Queries]") {
				t.Errorf("the program does not go on:\n%s", view)
			}
		})
	}
}

// TestFaultsInCommands: one that panics is told, and a request that does is answered.
func TestFaultsInCommands(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	s.begin(s.m.guard.command("test", func() tea.Msg { (&probe{panicsIn: "here"}).fault("here"); return nil }))
	s.told("a fault in here")
	var got error
	s.begin(s.m.ask("test", "", time.Minute, func(context.Context) (any, error) {
		(&probe{panicsIn: "a question"}).fault("a question")
		return nil, nil
	},
		func(_ any, err error) tea.Cmd { got = err; return nil }))
	s.settle()
	if got == nil || !strings.Contains(got.Error(), s.trace) {
		t.Errorf("the question was answered with %v", got)
	}
}

// TestFaultsInGoroutines: they are told, and the work is begun anew until it is done.
func TestFaultsInGoroutines(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	times := 0
	ended := s.m.guard.goroutine(t.Context(), "test", func(msg tea.Msg) { s.came <- msg }, func() {
		if times++; times == 1 {
			(&probe{panicsIn: "the first time"}).fault("the first time")
		}
	})
	s.told("a fault in the first time")
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if times != 2 {
		t.Errorf("begun %d times", times)
	}
}

// TestNoTrace: a fault is told also where its trace cannot be written, and no other's file is followed.
func TestNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Symlink(dir+"/elsewhere", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	g := &guard{traces: []string{"/proc/nowhere/log", dir + "/link"}, now: time.Now}
	if got := g.write(fault{what: "test"}); got.where != "its trace could not be written" {
		t.Errorf("it is said to be %q", got.where)
	}
	g.traces = append(g.traces, dir+"/log")
	if got := g.write(fault{what: "test"}); got.where != "its trace is in "+dir+"/log" {
		t.Errorf("it is said to be %q", got.where)
	}
}

// TestTheEndIsCut: when putting the terminal back hangs, the process ends all the same; when all ends well, it is not cut.
func TestTheEndIsCut(t *testing.T) {
	t.Parallel()
	left, hang := make(chan struct{}), make(chan struct{})
	e := &exit{restore: func() { <-hang }, leave: func() { close(left); <-hang }}
	e.watched(nil, tea.KeyMsg{})
	if e.timer != nil {
		t.Error("a key is the end")
	}
	e.watched(nil, tea.QuitMsg{})
	select {
	case <-left:
	case <-time.After(patience):
		t.Fatal("it hangs")
	}
	ended := &exit{restore: func() { t.Error("put back twice") }, leave: func() { t.Error("cut") }}
	ended.begin()
	ended.done()
	ended.cut()
	ended.begin()
	if ended.timer.Stop() {
		t.Error("the end is still watched after it")
	}
}
