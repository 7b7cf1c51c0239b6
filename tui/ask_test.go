package tui

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// TestAnswersThatAreNoLongerWanted: of two questions of a kind the second starts when the first has ended, and only its answer counts.
func TestAnswersThatAreNoLongerWanted(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	var got []any
	started := make(chan string, 3)
	question := func(name string) tea.Cmd {
		return s.m.ask("test", name, time.Minute, func(ctx context.Context) (any, error) {
			started <- name
			if name == "first" {
				<-ctx.Done()
			}
			return name, ctx.Err()
		}, func(value any, err error) tea.Cmd {
			got = append(got, value, err)
			return nil
		})
	}
	s.begin(question("first"))
	if name := <-started; name != "first" {
		t.Fatal(name)
	}
	s.begin(question("second"))
	s.begin(question("third"))
	s.settle()
	if close(started); len(started) != 1 || <-started != "third" {
		t.Error("the second was asked though a third came before its turn")
	}
	if !slices.Equal(got, []any{"third", error(nil)}) {
		t.Errorf("answers %v", got)
	}
	s.begin(s.m.ask("test", "", time.Minute, func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
		func(any, error) tea.Cmd { t.Error("a forgotten question was answered"); return nil }))
	s.m.forget("test")
	s.settle()
}

// TestAQuestionHasADeadline, and is over with it.
func TestAQuestionHasADeadline(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	var got error
	s.begin(s.m.ask("test", "", time.Nanosecond, func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
		func(_ any, err error) tea.Cmd { got = err; return nil }))
	s.settle()
	if !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", got)
	}
}

// TestUpdateNeverWaits: with a source that answers nothing every key is taken and every frame drawn. Were one of them to wait, the test
// would not end.
func TestUpdateNeverWaits(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Busy())
	release := s.source.Hang()
	defer release()
	p := s.probed()
	p.path = source.ActivityPath
	p.intents[keys.Explain] = screen.Intent{Ask: source.PlanPath("get_food_entries", false)}
	p.intents[keys.Rollback] = screen.Intent{Act: &source.Act{Verb: source.Rollback, Object: source.OnMigration, Name: "017"}}
	before := s.updates
	for _, b := range s.m.keys.Bindings() {
		for _, k := range b.Keys() {
			s.press(k)
			s.m.View()
			s.press("esc", "esc")
			s.pass(time.Second)
			s.m.View()
		}
	}
	if s.updates == before || len(p.answers) > 0 {
		t.Errorf("%d updates, answers %q", s.updates-before, p.answers)
	}
}

// TestPolling: what a screen wants asked again and again is asked while it is seen, one question at a time.
func TestPolling(t *testing.T) {
	t.Parallel()
	s := newStage(t, fixture.Healthy())
	p := s.probed()
	p.path = source.ActivityPath
	asked := func() int { return len(s.source.Asked()) }
	s.pass(time.Second)
	s.settle()
	if n := asked(); n != 1 || !slices.Equal(p.answers, []string{source.ActivityPath}) {
		t.Fatalf("asked %d times, answers %q", n, p.answers)
	}
	s.pass(time.Second)
	s.settle()
	if n := asked(); n != 1 {
		t.Errorf("asked %d times after one second of two", n)
	}
	release := s.source.Hang()
	for range 5 {
		s.pass(2 * time.Second)
	}
	release()
	s.settle()
	if n := asked(); n != 2 {
		t.Errorf("asked %d times while one question was open", n)
	}
	s.press(" ")
	s.pass(10 * time.Second)
	if s.settle(); asked() != 2 {
		t.Error("asked while paused")
	}
	s.press(" ", "2")
	s.pass(10 * time.Second)
	if s.settle(); asked() != 2 {
		t.Errorf("asked for a screen that is not seen: %q", s.source.Asked())
	}
	s.press("1")
	if s.settle(); asked() != 3 {
		t.Error("not asked at once for a screen that is seen again")
	}
}
