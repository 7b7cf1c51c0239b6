package act_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/keys"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func (w *world) expect(t *testing.T, s act.State, done int) {
	t.Helper()
	if w.State() != s || len(w.done) != done {
		t.Fatalf("%s and %d done, not %s and %d: %q %q", w.State(), len(w.done), s, done, w.Reason(), w.Note())
	}
}

func TestFromTheKeyToTheUndo(t *testing.T) {
	t.Parallel()
	w := at(t, act.Preview)
	w.press("R", "enter", " ", "A", "z")
	w.expect(t, act.Preview, 0)
	w.press("y")
	w.expect(t, act.Starting, 1)
	if d := w.done[0]; d.Token != fixture.Token || d.Typed != "" || d.Act.Path() != "/v1/migrations/017/rollback" {
		t.Errorf("%+v", d)
	}
	w.started(fixture.RunID, nil)
	w.expect(t, act.Running, 1) // nobody has told of it yet
	w.runs(source.LinkLive, fixture.RunWorking())
	w.press("enter")
	if want := []act.Effect{act.OpenScreen{Screen: keys.Screen5, Subject: "4188"}}; !reflect.DeepEqual(w.out, want) {
		t.Errorf("enter: %v", w.out)
	}
	w.runs(source.LinkLive, fixture.RunDone())
	w.expect(t, act.Done, 1)
	w.press("z")
	w.expect(t, act.Preparing, 1)
	if w.asked.Act.Verb != source.Apply {
		t.Errorf("the undo is %+v", w.asked.Act)
	}
	w.previewed(fixture.PreviewApply(), nil)
	w.press("z", "z")
	w.later(act.Guard)
	w.press("z", "esc")
	w.expect(t, act.Done, 1) // back at the watch
	w.press("z")
	w.previewed(fixture.PreviewApply(), nil)
	w.later(act.Guard)
	w.press("y")
	w.expect(t, act.Starting, 2)
}

func TestWhatWasPressedBeforeItWasSeenIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := at(t, act.Preparing)
	w.press("y", "y")
	w.previewed(fixture.PreviewRollback(), nil)
	w.press("y")
	w.later(act.Guard - time.Millisecond)
	w.press("y")
	w.expect(t, act.Preview, 0)
	if w.Note() == "" {
		t.Error("nothing says why")
	}
	w.take(w.Press("y", true, w.now.Add(time.Second)))
	w.expect(t, act.Preview, 0)
	w.later(time.Millisecond)
	w.press("y")
	w.expect(t, act.Starting, 1)
}

func TestTypedConfirmation(t *testing.T) {
	t.Parallel()
	w := at(t, act.Preparing)
	w.previewed(typed(), nil)
	w.later(act.Guard)
	w.press("0", "1", "7", "enter")
	w.expect(t, act.Preview, 0)
	w.press("y", "enter")
	w.expect(t, act.Typing, 0)
	w.take(w.Press("017", true, w.now))
	w.press("0", "1", "enter")
	w.expect(t, act.Typing, 0)
	if !strings.HasSuffix(w.Note(), ": 7") {
		t.Errorf("what is missing: %q", w.Note())
	}
	w.press("q", "7", "enter")
	w.expect(t, act.Typing, 0)
	if w.Typed() != "01q7" || !strings.Contains(w.Note(), "017") {
		t.Errorf("%q %q", w.Typed(), w.Note())
	}
	w.press("backspace", "backspace", "7", "7", "enter")
	w.expect(t, act.Typing, 0)
	w.press("ctrl+u", "0", "1", "7", "y")
	w.expect(t, act.Typing, 0)
	w.press("backspace", "enter")
	w.expect(t, act.Starting, 1)
	if d := w.done[0]; d.Typed != "017" {
		t.Errorf("%+v", d)
	}
}

func TestChangedSinceThePreview(t *testing.T) {
	t.Parallel()
	w := at(t, act.Starting)
	w.started("", &source.ChangedError{What: "an index is gone"})
	w.expect(t, act.Preparing, 1)
	if w.Preview() == nil || w.Changed() != "an index is gone" {
		t.Errorf("what was shown is gone, or what has changed: %q", w.Changed())
	}
	w.press("y")
	p := fixture.PreviewRollback()
	p.Token = "another"
	w.previewed(p, nil)
	w.press("y")
	w.expect(t, act.Preview, 1)
	w.later(act.Guard)
	w.press("y")
	w.expect(t, act.Starting, 2)
	if w.done[1].Token != "another" {
		t.Errorf("%+v", w.done)
	}
}

func TestOldPreviewIsAskedAnew(t *testing.T) {
	t.Parallel()
	for _, s := range []act.State{act.Preview, act.Typing} {
		w := at(t, s)
		w.later(act.Stale)
		w.press(map[act.State]string{act.Preview: "y", act.Typing: "enter"}[s])
		w.expect(t, act.Preparing, 0)
		w.previewed(fixture.PreviewRollback(), nil)
		w.later(act.Guard)
		w.press("y")
		w.expect(t, act.Starting, 1)
	}
}

func TestNotKnownWhetherItBegan(t *testing.T) {
	t.Parallel()
	lost := func() *world {
		w := at(t, act.Preview)
		old := fixture.RunDone()
		old.ID = "old"
		w.runs(source.LinkLive, old)
		w.press("y")
		w.started("", &source.UnavailableError{Reason: "no answer"})
		w.expect(t, act.Unknown, 1)
		w.runs(source.LinkDown, old)
		w.press("y", "enter", "z", "r", "ctrl+r")
		w.runs(source.LinkLive, old)
		w.expect(t, act.Unknown, 1) // the old one is not it, and nothing is sent again
		return w
	}
	w := lost()
	w.runs(source.LinkLive, fixture.RunWorking())
	w.expect(t, act.Running, 1)
	w = lost()
	w.press("ctrl+r")
	w.expect(t, act.Preparing, 1)
	w = lost()
	w.started(fixture.RunID, nil) // the answer came after all
	w.expect(t, act.Running, 1)
}

func TestDaemonDiesAndIsBack(t *testing.T) {
	t.Parallel()
	for _, end := range []source.Run{fixture.RunWorking(), fixture.RunDone(), fixture.RunPartial(), fixture.RunFailed()} {
		w := at(t, act.Running)
		w.runs(source.LinkDown, fixture.RunWorking())
		w.expect(t, act.Unknown, 1)
		if !w.Lost() {
			t.Error("it does not say that what is shown is old")
		}
		w.runs(source.LinkDirect, fixture.RunWorking()) // the database knows nothing of the daemon's run
		w.expect(t, act.Unknown, 1)
		w.runs(source.LinkLive, end)
		if w.Lost() || w.Run().State != end.State || w.State() == act.Unknown {
			t.Errorf("%s: %s", end.State, w.State())
		}
	}
	w := at(t, act.Running)
	w.runs(source.LinkDown)
	w.runs(source.LinkLive, fixture.RunUnknown())
	w.expect(t, act.Unknown, 1)
	w.press("r")
	w.expect(t, act.Preparing, 1)
}

func TestLateAnswersAreNobodys(t *testing.T) {
	t.Parallel()
	w := at(t, act.Partial)
	w.press("r")
	first := w.asked
	w.press("esc", "r")
	w.take(w.Previewed(first.Seq, fixture.PreviewRollback(), nil, w.now))
	w.expect(t, act.Preparing, 1)
	w.previewed(fixture.PreviewRollback(), nil)
	w.expect(t, act.Preview, 1)
	w = at(t, act.Starting)
	old := w.did
	w.started("", &source.ChangedError{What: "an index is gone"})
	w.previewed(fixture.PreviewRollback(), nil)
	w.later(act.Guard)
	w.press("y")
	w.take(w.Started(old.Seq, "another", nil, w.now))
	w.expect(t, act.Starting, 2)
}

func TestAnswerAboutSomethingElse(t *testing.T) {
	t.Parallel()
	w := at(t, act.Preparing)
	w.previewed(fixture.PreviewApply(), nil)
	w.later(act.Guard)
	w.press("y")
	w.expect(t, act.Refused, 0)
	w = at(t, act.Running)
	w.press("X")
	w.previewed(fixture.PreviewRollback(), nil)
	w.later(act.Guard)
	w.press("y")
	w.expect(t, act.Stopping, 1)
}

func TestStopping(t *testing.T) {
	t.Parallel()
	for key, after := range map[string]bool{"c": true, "X": false} {
		w := at(t, act.Running)
		w.press(key)
		w.expect(t, act.Stopping, 1)
		w.press("y", key, "enter")
		w.previewed(cancelling(), nil)
		w.press("y", key, "enter")
		w.expect(t, act.Stopping, 1)
		w.later(act.Guard)
		w.press("esc")
		w.expect(t, act.Running, 1)
		w.press(key)
		w.previewed(cancelling(), nil)
		w.later(act.Guard)
		w.press("y")
		w.expect(t, act.Running, 2)
		if d := w.done[1]; d.Act.AfterStep != after || d.Act.Path() != "/v1/migrations/017/cancel" || d.Token != "stop" {
			t.Errorf("%+v", d)
		}
		w.press(key)
		w.expect(t, act.Running, 2)
		w.started("", nil)
		w.runs(source.LinkLive, fixture.RunPartial())
		w.expect(t, act.Partial, 2)
		for way, verb := range map[string]source.Verb{"r": source.Rollback, "z": source.Apply} {
			w.press(way)
			if w.asked.Act.Verb != verb {
				t.Errorf("%s asks for %s", way, w.asked.Act.Verb)
			}
			w.press("esc")
			w.expect(t, act.Partial, 2)
		}
	}
}

func TestAnothersRun(t *testing.T) {
	t.Parallel()
	w := at(t, act.Preview)
	w.runs(source.LinkLive, foreign())
	w.press("y")
	w.expect(t, act.Preview, 0)
	w.runs(source.LinkLive)
	w.expect(t, act.Preparing, 0) // what it has changed is not known
	w = at(t, act.Preview)
	w.runs(source.LinkLive, foreign())
	w.press("enter")
	w.expect(t, act.Running, 0)
	if w.Act().Name != "016" {
		t.Errorf("%+v", w.Act())
	}
	w = at(t, act.Preview)
	w.runs(source.LinkLive, fixture.RunWorking()) // the same, begun by somebody else
	w.expect(t, act.Running, 0)
	w = at(t, act.Refused)
	w.press("enter") // busy
	w.expect(t, act.Running, 0)
	w.take(w.Tick(w.now.Add(time.Minute)))
	w.expect(t, act.Unknown, 0)
	w = &world{Machine: &act.Machine{}, now: fixture.Now()}
	w.runs(source.LinkLive, foreign())
	w.take(w.Open(fixture.PreviewEnd().Act, w.now))
	w.previewed(fixture.PreviewEnd(), nil)
	w.later(act.Guard)
	w.press("y") // whoever waits for a session may have it ended
	w.expect(t, act.Starting, 1)
}

func TestReadOnlyAsksForNothing(t *testing.T) {
	t.Parallel()
	for _, s := range act.States() {
		w := at(t, s)
		w.ReadOnly("you may only look")
		before := len(w.done)
		for _, e := range pressed() {
			w.out = nil
			if strings.HasSuffix(e.name, "read only") {
				e.tell(w)
			}
			if _, asks := first(w.out).(act.AskPreview); asks || len(w.done) != before {
				t.Fatalf("%s, %s: %v", s, e.name, w.out)
			}
		}
	}
}

func first(out []act.Effect) act.Effect {
	if len(out) == 0 {
		return nil
	}
	return out[0]
}

// TestNothingIsDoneUnseen tells a machine anything in any order. Each preview has a token of its own: none is ever used twice, or before
// it has been shown for as long as it takes to see it, and what had to be typed was.
func TestNothingIsDoneUnseen(t *testing.T) {
	t.Parallel()
	events := slices.DeleteFunc(append(pressed(), told()...), func(e event) bool { return strings.HasPrefix(e.name, "previewed") })
	done := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // the same every time
		w := &world{Machine: &act.Machine{}, now: fixture.Now()}
		shown := map[string]time.Time{} // since when, by token
		confirm := map[string]string{}
		used := map[string]bool{}
		for i := range 300 {
			w.later(time.Duration(r.IntN(500)) * time.Millisecond)
			w.out = nil
			before := w.State()
			switch n := r.IntN(10); {
			case n < 3:
				p := []*source.Preview{fixture.PreviewRollback(), typed(), cancelling(), fixture.PreviewRefused()}[r.IntN(4)]
				p.Act = w.asked.Act
				if p.Token != "" {
					p.Token = fmt.Sprintf("%d-%d", seed, i)
				}
				w.previewed(p, nil)
				if before == act.Preparing || before == act.Stopping {
					shown[p.Token], confirm[p.Token] = w.now, p.Confirm
				}
			case n < 4 && before == act.Typing:
				w.press(strings.Split("0 1 7 enter", " ")...)
			case n < 7:
				w.press([]string{"y", "y", "y", "enter", "0", "c", "X", "z", "r", "ctrl+r"}[r.IntN(10)])
			case n < 8:
				w.take([]func() []act.Effect{
					func() []act.Effect { return w.Open(rollback(), w.now) },
					func() []act.Effect { return w.Attach(fixture.RunWorking(), w.now) },
					func() []act.Effect { return w.Attach(fixture.RunPartial(), w.now) },
				}[r.IntN(3)]())
			default:
				e := events[r.IntN(len(events))]
				if e.setup != nil && !strings.Contains(e.name, "read only") && !strings.Contains(e.name, "text to type") {
					e.setup(w)
				}
				e.tell(w)
			}
			for _, out := range w.out {
				d, is := out.(act.Do)
				if !is {
					continue
				}
				done++
				at, seen := shown[d.Token]
				if !seen || w.now.Sub(at) < act.Guard || used[d.Token] || d.Act.Verb != source.Cancel && confirm[d.Token] != d.Typed {
					t.Fatalf("seed %d, event %d: %+v shown %v at %s, now %s, used %v", seed, i, d, seen, at, w.now, used[d.Token])
				}
				used[d.Token] = true
			}
		}
	}
	if done < 200 {
		t.Errorf("only %d acts: that proves little", done)
	}
	t.Logf("%d acts", done)
}
