package tui

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source/fixture"
)

// TestCopying: the sequence is one that the way to the terminal lets through.
func TestCopying(t *testing.T) {
	t.Parallel()
	const text = "idx_food_entries_user_name"
	plain := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
	inTmux := "\x1bPtmux;" + strings.ReplaceAll(plain, "\x1b", "\x1b\x1b") + "\x1b\\"
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{[]string{"TERM=xterm-256color"}, plain},
		{[]string{"TERM=tmux-256color", "TMUX=/tmp/tmux-0/default,1,0"}, plain + inTmux},
		{[]string{"TERM=screen"}, "\x1bP" + plain + "\x1b\\"},
	} {
		s := newStage(t, fixture.Healthy(), func(o *Options) { o.Environ = c.environ })
		s.probed().intents[keys.Copy] = screen.Intent{Copy: text}
		s.press("y")
		s.next()
		if got := s.out.String(); got != c.want {
			t.Errorf("%q: %q", c.environ, got)
		}
		if !strings.Contains(s.m.View(), "26 bytes sent") {
			t.Errorf("it is not told:\n%s", s.m.View())
		}
	}
}

// TestCopyingThatCannotArrive: the text is shown bare instead, and every byte of it can be scrolled to.
func TestCopyingThatCannotArrive(t *testing.T) {
	t.Parallel()
	shown := func(s *stage, line string) {
		t.Helper()
		if !containsLine(s.m.View(), line) || s.out.String() != "" {
			t.Errorf("no %q:\n%s", line, s.m.View())
		}
	}
	s := newStage(t, fixture.Healthy(), func(o *Options) { o.Environ = []string{"TERM=linux"} })
	p := s.probed()
	p.intents[keys.CopyAll] = screen.Intent{Copy: "first\n\tsecond"}
	s.press("Y")
	shown(s, "first")
	shown(s, "    second")
	s.press("esc")
	if s.m.mode != onScreen || s.m.message.failed {
		t.Errorf("mode %v, %+v", s.m.mode, s.m.message)
	}
	s = newStage(t, fixture.Healthy())
	p = s.probed()
	p.intents[keys.CopyAll] = screen.Intent{Copy: strings.Repeat("row\n", 20_000) + "last\n"}
	s.press("Y")
	shown(s, "row")
	s.press("end")
	shown(s, "last")
	s.press("g", "down", "pgdown", "q")
	if s.m.mode != onScreen {
		t.Error("q does not step back")
	}
}

// TestCopyingTwice: who copies the same again has not got it.
func TestCopyingTwice(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	s.probed().intents[keys.Copy] = screen.Intent{Copy: "once"}
	s.press("y")
	s.next()
	s.press("y")
	if !containsLine(s.m.View(), "once") || s.m.mode != inCopy {
		t.Errorf("it is not shown:\n%s", s.m.View())
	}
	s.press("esc", "y")
	s.next()
	s.at = s.at.Add(againTime)
	s.press("y")
	s.next()
	if s.m.mode != onScreen {
		t.Error("a copy long after the first is taken for a second try")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestCopyingIntoNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	s.m.out = brokenPipe{}
	s.probed().intents[keys.Copy] = screen.Intent{Copy: "text"}
	s.press("y")
	s.next()
	if !strings.Contains(s.m.View(), " x 14:02:11 not copied: broken pipe") {
		t.Errorf("it is not told:\n%s", s.m.View())
	}
	s.press("x")
	if strings.Contains(s.m.View(), "not copied") {
		t.Error("it stays after a key")
	}
}
