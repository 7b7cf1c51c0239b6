package tui

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// TestTheHeaderSaysHowItStands, in every state that there is.
func TestTheHeaderSaysHowItStands(t *testing.T) {
	t.Parallel()
	slow := fixture.Healthy()
	slow.Link.Heard = fixture.Now().Add(-6 * time.Second)
	demo := fixture.Healthy()
	demo.Label = "DEMO, with 4 uncached readers"
	unknown := fixture.Healthy()
	unknown.You = nil
	for _, c := range []struct {
		state *source.Snapshot
		want  string
	}{
		{fixture.Healthy(), " healthagent 1.4.0  vps-1  PG 16.4  Redis 7.2.4   "},
		{fixture.Healthy(), "    RW  LIVE 0.8s  14:02:11"},
		{demo, "  vps-1  DEMO  "},
		{slow, "RW  SLOW 6s    14:02:11"},
		{fixture.ReadOnly(), "RO  LIVE 0.8s  14:02:11"},
		{unknown, "RO  LIVE 0.8s  14:02:11"},
		{fixture.DatabaseDown(), "DB DOWN 42s"},
		{fixture.DaemonDown(), "DAEMON DOWN "},
		{fixture.Direct(), "DIRECT "},
		{fixture.Starting(), "STARTING"},
		{fixture.Denied(), "DENIED"},
		{fixture.Upgraded(), "UPGRADED"},
		{&source.Snapshot{}, "RO  CONNECTING"},
		{fixture.WithRun(fixture.RunWorking()), ">> 017 3/8  RW  LIVE"},
		{fixture.WithRun(fixture.RunDone()), "  RW  LIVE"},
	} {
		s := newStage(t, c.state)
		first, _, _ := strings.Cut(s.m.View(), "\n")
		if !strings.Contains(first, c.want) {
			t.Errorf("%q has no %q", first, c.want)
		}
	}
}

// TestTheHeaderWhereThereIsLittleRoom: rights and link are there to the last, at every width.
func TestTheHeaderWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.WithRun(fixture.RunWorking()))
	for width := 20; width <= 300; width++ {
		for _, height := range []int{12, 24} {
			s.send(tea.WindowSizeMsg{Width: width, Height: height})
			first, _, _ := strings.Cut(s.m.View(), "\n")
			if !strings.Contains(first, "RW  LIVE 0.8s") {
				t.Errorf("%dx%d: %q", width, height, first)
			}
		}
	}
}

// TestTroubleIsExplained: while the state is not live the line for messages says why, and when it is tried again.
func TestTroubleIsExplained(t *testing.T) {
	t.Parallel()
	state := fixture.DaemonDown()
	state.Link.Next = fixture.Now().Add(3 * time.Second)
	s := newStage(t, state)
	s.probed()
	if view := s.m.View(); !strings.Contains(view, " ! "+state.Link.Reason[:40]) || !strings.Contains(view, ", next in 3s)\n") {
		t.Errorf("no reason:\n%s", view)
	}
	s.press("+")
	if view := s.m.View(); strings.Contains(view, state.Link.Reason[:40]) {
		t.Error("a message does not go first")
	}
	s.pass(noteTime)
	if view := s.m.View(); !strings.Contains(view, state.Link.Reason[:40]) {
		t.Error("a note stays for ever")
	}
}

// TestPause freezes what is drawn, and not the way to the daemon.
func TestPause(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	s.press(" ")
	for range 3 {
		s.at = s.at.Add(time.Second)
		s.show(fixture.Healthy())
		s.pass(time.Second)
	}
	if len(p.shown) > 0 {
		t.Errorf("shown %d states while paused", len(p.shown))
	}
	s.show(fixture.DaemonDown())
	if view := s.m.View(); !strings.Contains(view, "PAUSED 14:02:11 DAEMON DOWN") {
		t.Errorf("the header:\n%s", view)
	}
	s.press("2")
	if s.m.drawn.Link.State != source.LinkLive {
		t.Error("another screen is drawn from a newer state")
	}
	s.press("1", " ")
	if len(p.shown) != 2 || p.shown[0] != fixture.Now() || p.shown[1] != s.at {
		t.Errorf("shown at %v", p.shown)
	}
}

// TestRate: what is seen changes as often as was asked for, and the newest state is what is drawn then.
func TestRate(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	count := func(seconds int) int {
		p.shown = nil
		for range seconds {
			s.at = s.at.Add(500 * time.Millisecond)
			s.show(fixture.Healthy())
			s.at = s.at.Add(500 * time.Millisecond)
			s.send(clockMsg{s.m.chain})
		}
		return len(p.shown)
	}
	count(1)
	for _, c := range []struct {
		key  string
		want int
	}{{"", 10}, {"-", 5}, {"-", 2}, {"-", 2}, {"+", 5}, {"+", 10}, {"=", 20}, {"+", 20}} {
		if c.key != "" {
			s.press(c.key)
		}
		if got := count(10); got != c.want {
			t.Errorf("after %q: %d in 10 s, want %d", c.key, got, c.want)
		}
	}
}

// TestNewsDoNotWait: the first state that has anything in it is drawn at once, however soon it comes after one that has not.
func TestNewsDoNotWait(t *testing.T) {
	t.Parallel()
	connecting := &source.Snapshot{Link: &source.Link{State: source.LinkWaiting, Since: fixture.Now()}}
	s := newStage(t, connecting)
	p := s.probed()
	s.show(connecting)
	if len(p.shown) > 0 {
		t.Error("the same is drawn twice")
	}
	s.show(fixture.Healthy())
	s.show(fixture.Healthy())
	s.show(fixture.DaemonDown())
	if len(p.shown) != 2 {
		t.Errorf("drawn %d times", len(p.shown))
	}
}

// TestTicksOfAnOlderClock are dropped: there is one clock.
func TestTicksOfAnOlderClock(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	s.pass(time.Second)
	s.m.View()
	chain := s.m.chain
	s.send(clockMsg{chain - 1})
	if s.m.chain != chain || s.m.dirty {
		t.Error("an old tick goes on")
	}
}

// TestTheFrameIsDrawnOnce: Bubble Tea asks for it after each message.
func TestTheFrameIsDrawnOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	frame := s.m.View()
	p.panicsIn = "view"
	s.m.View()
	s.send(tea.FocusMsg{})
	if s.m.View() != frame || len(s.m.broken) > 0 {
		t.Error("drawn anew without need")
	}
	s.at = s.at.Add(time.Second)
	s.m.paused = true // the clock goes on, what is below it does not
	s.send(clockMsg{s.m.chain})
	if view := s.m.View(); view == frame || len(s.m.broken) > 0 {
		t.Errorf("the screen is drawn for the clock, or the clock stands:\n%s", view)
	}
}
