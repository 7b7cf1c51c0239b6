package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"healthagent/tui/internal/frame"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// states are all that there are, by name.
func states() map[string]*source.Snapshot {
	return map[string]*source.Snapshot{
		"healthy": fixture.Healthy(), "busy": fixture.Busy(), "database down": fixture.DatabaseDown(), "redis down": fixture.RedisDown(),
		"daemon down": fixture.DaemonDown(), "direct": fixture.Direct(), "starting": fixture.Starting(), "read only": fixture.ReadOnly(),
		"denied": fixture.Denied(), "upgraded": fixture.Upgraded(), "empty": fixture.Empty(), "nothing": {}, "hostile": fixture.Hostile(),
		"rolled back": fixture.RolledBack(), "working": fixture.WithRun(fixture.RunWorking()), "building": fixture.WithRun(fixture.RunBuilding()),
		"done": fixture.WithRun(fixture.RunDone()), "judged": fixture.WithRun(fixture.RunJudged()), "partial": fixture.WithRun(fixture.RunPartial()),
		"failed": fixture.WithRun(fixture.RunFailed()), "unknown": fixture.WithRun(fixture.RunUnknown()),
	}
}

// every is how few of the sizes are tried with each of the frames: over all of them each size has its turn with each screen.
const every = 53

// TestFramesFitTheTerminal: every screen, and what opens on it, in every state and over all the sizes.
func TestFramesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, source.Clean(state))
			sizes, turn := frame.Sizes(), 0
			for screen := '1'; screen <= '7'; screen++ {
				for _, way := range [][]string{{}, {"?"}, {"/"}, {"enter"}, {"R"}, {"r"}, {"D"}, {"Y", "Y"}} {
					s.press(string(screen))
					s.press(way...)
					s.settle()
					turn++
					for i := turn % every; i < len(sizes); i += every {
						size := sizes[i]
						s.send(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
						s.fits(fmt.Sprintf("%c %v", screen, way))
					}
					s.press("esc", "esc", "esc", "esc")
				}
			}
		})
	}
}

func (s *stage) fits(what string) {
	s.t.Helper()
	view := s.m.View()
	if problem := frame.Problem(view, s.m.width, s.m.height); problem != "" {
		s.t.Fatalf("%s at %dx%d: %s\n%s", what, s.m.width, s.m.height, problem, view)
	}
	if len(s.m.broken) > 0 || strings.Contains(s.m.message.text, "fault in") {
		s.t.Fatalf("%s at %dx%d: %v %s\n%s", what, s.m.width, s.m.height, s.m.message, s.m.broken[0].reason, s.m.broken[0].stack)
	}
}

// TestAStorm of sizes, keys, states and ticks breaks nothing. The seed is in the name of what fails.
func TestAStorm(t *testing.T) {
	t.Parallel()
	looks := []look.Options{{Profile: termenv.Ascii}, {Profile: termenv.ANSI256}, {Profile: termenv.ANSI, Light: true}, {Profile: termenv.Ascii, ASCII: true}}
	keys := allKeys()
	var all []*source.Snapshot
	for _, state := range states() {
		all = append(all, source.Clean(state))
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			s := newStage(t, all[0], func(o *Options) { o.Look = looks[seed%4] })
			var pressed []string
			for range 500 {
				switch random.IntN(8) {
				case 0:
					s.send(tea.WindowSizeMsg{Width: 20 + random.IntN(281), Height: 5 + random.IntN(96)})
				case 1:
					s.show(all[random.IntN(len(all))])
				case 2:
					s.pass(time.Duration(random.IntN(2000)) * time.Millisecond)
				case 3:
					s.settle()
				default:
					k := keys[random.IntN(len(keys))]
					pressed = append(pressed, k)
					s.press(k)
				}
				s.fits(fmt.Sprintf("%q", pressed[max(0, len(pressed)-20):]))
			}
		})
	}
}

// TestGolden keeps whole frames as they were looked at.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state *source.Snapshot
		keys  []string
	}{
		"overview": {fixture.Busy(), nil}, "queries": {fixture.Busy(), []string{"2"}}, "indexes": {fixture.Busy(), []string{"3"}},
		"migrations": {fixture.Healthy(), []string{"4"}}, "activity": {fixture.Busy(), []string{"5"}}, "cache": {fixture.Healthy(), []string{"6"}},
		"log": {fixture.Busy(), []string{"7"}}, "help": {fixture.ReadOnly(), []string{"4", "?"}}, "filter": {fixture.Healthy(), []string{"2", "/", "f", "o", "o"}},
		"preview": {fixture.Healthy(), []string{"4", "R"}}, "refused": {fixture.ReadOnly(), []string{"4", "R"}},
		"running": {fixture.WithRun(fixture.RunWorking()), []string{"r"}}, "background": {fixture.WithRun(fixture.RunWorking()), []string{"4"}},
		"down": {fixture.DaemonDown(), nil}, "nothing": {&source.Snapshot{}, nil},
	} {
		for _, size := range frame.GoldenSizes() {
			s := newStage(t, c.state)
			s.send(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
			for _, k := range c.keys {
				s.press(k)
				s.settle()
			}
			s.fits(name)
			frame.Golden(t, name+"_"+size.String(), s.m.View())
		}
	}
}

// TestGoldenOnOtherTerminals keeps what is around a screen, and under a dialog, as other terminals have it.
func TestGoldenOnOtherTerminals(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]look.Options{
		"dark": {Profile: termenv.ANSI256, Dark: true}, "light": {Profile: termenv.ANSI256, Light: true}, "16": {Profile: termenv.ANSI},
		"ascii": {Profile: termenv.Ascii, ASCII: true},
	} {
		s := newStage(t, fixture.WithRun(fixture.RunWorking()), func(all *Options) { all.Look = o })
		s.press("2", "/", "f")
		s.fits(name)
		frame.Golden(t, "typing_"+name, s.m.View())
		s.press("esc", "r")
		s.fits(name)
		frame.Golden(t, "running_"+name, s.m.View())
	}
}
