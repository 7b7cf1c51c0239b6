package dialog_test

import (
	"strings"
	"testing"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/dialog"
	"healthagent/tui/internal/frame"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// stage is a flow whose questions a test answers.
type stage struct {
	*dialog.Flow
	now   time.Time
	asked act.AskPreview
	did   act.Do
}

func (s *stage) take(out []act.Effect) {
	for _, e := range out {
		switch e := e.(type) {
		case act.AskPreview:
			s.asked = e
		case act.Do:
			s.did = e
		}
	}
}

func (s *stage) press(keys ...string) {
	for _, k := range keys {
		s.take(s.Press(k, false, s.now))
	}
}

func (s *stage) answer(p *source.Preview, err error) {
	s.take(s.Previewed(s.asked.Seq, p, err, s.now))
	s.now = s.now.Add(act.Guard)
	s.take(s.Tick(s.now))
}

func (s *stage) show(state *source.Snapshot) { s.take(s.Show(state, s.now)) }

// open is a flow whose preview has come.
func open(l *look.Look, p *source.Preview) *stage {
	s := &stage{now: fixture.Now()}
	f, out := dialog.New(l, p.Act, s.now)
	s.Flow = f
	s.take(out)
	s.show(fixture.Healthy())
	s.answer(p, nil)
	return s
}

// attached is a flow that shows a run.
func attached(l *look.Look, r source.Run) *stage {
	s := &stage{Flow: dialog.Attach(l, r, fixture.Now()), now: fixture.Now()}
	s.show(fixture.WithRun(r))
	return s
}

func cancelling() *source.Preview {
	return &source.Preview{
		Act: source.Act{Verb: source.Cancel, Object: source.OnMigration, Name: "017"}, Token: "stop", Title: "CANCEL STEP 4 OF ROLLING BACK 017 ?",
		Summary: "ends step 4 of 8, idx_reminders_next_execution, at once", After: "what is dropped stays dropped; you finish it or rebuild it",
	}
}

func other() source.Run {
	r := fixture.RunBuilding()
	r.ID, r.Title, r.By, r.Act.Name = "77aa", "APPLYING 018", "uid 1000 (anna)", "018"
	return r
}

// states are flows in every state that is drawn, by the names of their golden files.
func states(l *look.Look) map[string]func() *stage {
	preview := func(p func() *source.Preview) func() *stage { return func() *stage { return open(l, p()) } }
	run := func(r func() source.Run) func() *stage { return func() *stage { return attached(l, r()) } }
	after := func(begin func() *stage, then func(s *stage)) func() *stage {
		return func() *stage {
			s := begin()
			then(s)
			return s
		}
	}
	rollback, working := preview(fixture.PreviewRollback), run(fixture.RunWorking)
	return map[string]func() *stage{
		"preparing": func() *stage {
			f, _ := dialog.New(l, fixture.PreviewRollback().Act, fixture.Now().Add(-1200*time.Millisecond))
			s := &stage{Flow: f, now: fixture.Now()}
			s.show(fixture.Healthy())
			return s
		},
		"preview":          rollback,
		"preview_sql":      after(rollback, func(s *stage) { s.press("v") }),
		"preview_end":      after(rollback, func(s *stage) { s.press("tab", "G") }),
		"preview_no_trial": preview(fixture.PreviewBusy),
		"preview_apply":    preview(fixture.PreviewApply),
		"preview_losing":   preview(fixture.PreviewLosing),
		"preview_index":    preview(fixture.PreviewDropIndex),
		"preview_session":  preview(fixture.PreviewEnd),
		"preview_cancel":   preview(fixture.PreviewCancel),
		"preview_too_quick": func() *stage {
			s := open(l, fixture.PreviewRollback())
			s.now = s.now.Add(-act.Guard)
			s.press("y")
			return s
		},
		"preview_read_only": after(rollback, func(s *stage) { s.show(fixture.ReadOnly()) }),
		"preview_old":       after(rollback, func(s *stage) { s.now = s.now.Add(act.Stale); s.take(s.Tick(s.now)) }),
		"preview_down":      after(rollback, func(s *stage) { s.show(fixture.DaemonDown()) }),
		"preview_direct": func() *stage {
			f, out := dialog.New(l, fixture.PreviewLosing().Act, fixture.Now())
			s := &stage{Flow: f, now: fixture.Now()}
			s.take(out)
			s.show(fixture.Direct())
			s.answer(fixture.PreviewLosing(), nil)
			return s
		},
		"preview_other": after(rollback, func(s *stage) { s.show(fixture.WithRun(other())) }),
		"changed": after(rollback, func(s *stage) {
			s.press("y")
			s.take(s.Started(s.did.Seq, "", &source.ChangedError{What: "the index idx_users_telegram_id_active has changed since the preview"}, s.now))
			s.answer(fixture.PreviewRollback(), nil)
		}),
		"asked_anew": after(rollback, func(s *stage) { s.press("ctrl+r") }),
		"typing":     after(preview(fixture.PreviewLosing), func(s *stage) { s.press("y", "4", "2") }),
		"typing_wrong": after(preview(fixture.PreviewLosing), func(s *stage) {
			s.press("y", "4", "2", "enter")
		}),
		"refused": preview(fixture.PreviewRefused),
		"busy":    preview(fixture.PreviewRunning),
		"no_answer": after(rollback, func(s *stage) {
			s.press("ctrl+r")
			s.answer(nil, &source.UnavailableError{Reason: "the daemon does not answer"})
		}),
		"starting": after(rollback, func(s *stage) { s.press("y") }),
		"begun": after(rollback, func(s *stage) {
			s.press("y")
			s.take(s.Started(s.did.Seq, fixture.RunID, nil, s.now))
		}),
		"running":  working,
		"building": run(fixture.RunBuilding),
		"stop_after": after(working, func(s *stage) {
			s.press("c")
			s.answer(cancelling(), nil)
		}),
		"stop_step": after(working, func(s *stage) {
			s.press("X")
			s.answer(cancelling(), nil)
		}),
		"stopping": run(func() source.Run {
			r := fixture.RunWorking()
			r.Stopping = "after the step at work"
			return r
		}),
		"lost":        after(working, func(s *stage) { s.show(fixture.DaemonDown()) }),
		"done":        run(fixture.RunDone),
		"done_report": after(run(fixture.RunDone), func(s *stage) { s.press("v") }),
		"judged":      run(fixture.RunJudged),
		"partial":     run(fixture.RunPartial),
		"failed":      run(fixture.RunFailed),
		"unknown_run": run(fixture.RunUnknown),
		"unknown_begun": after(rollback, func(s *stage) {
			s.press("y")
			s.take(s.Started(s.did.Seq, "", &source.UnavailableError{Reason: "no answer in time"}, s.now))
		}),
		"unknown_absent": after(rollback, func(s *stage) {
			s.press("y")
			s.take(s.Started(s.did.Seq, "", &source.UnavailableError{Reason: "no answer in time"}, s.now))
			s.show(fixture.DaemonDown())
		}),
	}
}

// body is the room below the header's line.
func body(s frame.Size) frame.Size { return frame.Size{Width: s.Width, Height: s.Height - 1} }

func draw(s *stage, size frame.Size) string {
	s.Resize(size.Width, size.Height)
	return s.View()
}

// TestFrames keeps every state at the three sizes. The first line is the title that the header has.
func TestFrames(t *testing.T) {
	t.Parallel()
	for name, make := range states(frame.Mono()) {
		for _, size := range frame.GoldenSizes() {
			s := make()
			room := body(size)
			view := draw(s, room)
			if frame.Check(t, view, room.Width, room.Height) {
				frame.Golden(t, name+"_"+size.String(), strings.TrimSpace(s.Title())+"\n"+view)
			}
		}
	}
}

// TestPreviewOnOtherTerminals keeps the preview in colours for a light background, in 16 colours and in ASCII.
func TestPreviewOnOtherTerminals(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"light", "16", "ascii"} {
		for _, size := range frame.GoldenSizes() {
			s := open(frame.Looks()[name], fixture.PreviewRollback())
			room := body(size)
			view := draw(s, room)
			if frame.Check(t, view, room.Width, room.Height) {
				frame.Golden(t, "preview_"+name+"_"+size.String(), view)
			}
		}
	}
}

// TestFitsEveryRoom draws every state in every room, at its top and at its end.
func TestFitsEveryRoom(t *testing.T) {
	t.Parallel()
	for name, make := range states(frame.Looks()["dark"]) {
		if !fits(t, name, make()) {
			return
		}
	}
}

func fits(t *testing.T, name string, s *stage) bool {
	t.Helper()
	sizes := append(frame.Sizes(), frame.Size{Width: 1, Height: 2}, frame.Size{Width: 20, Height: 1}, frame.Size{Width: 3, Height: 4}, frame.Size{Width: 0, Height: 9})
	for i, size := range sizes {
		if (i+len(name))%3 != 0 && i < len(frame.Sizes()) {
			continue // each room has its turn with a third of the states
		}
		room := body(size)
		if room.Height == 0 {
			s.Resize(room.Width, room.Height)
			s.View()
			continue
		}
		if problem := frame.Problem(draw(s, room), room.Width, room.Height); problem != "" {
			t.Errorf("%s at %s: %s\n%s", name, room, problem, s.View())
			return false
		}
	}
	for _, size := range []frame.Size{{Width: 20, Height: 5}, {Width: 40, Height: 11}, {Width: 80, Height: 23}, {Width: 120, Height: 39}} {
		s.Resize(size.Width, size.Height)
		for _, key := range []string{"G", "tab", "end", "pgup", "shift+tab", "k"} {
			s.press(key)
			if problem := frame.Problem(s.View(), size.Width, size.Height); problem != "" {
				t.Errorf("%s at %s after %s: %s\n%s", name, size, key, problem, s.View())
				return false
			}
		}
	}
	return true
}

// TestHostileTexts: whatever the texts are, once they have been cleaned at the edge as all texts are, a frame is a frame.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	l := frame.Looks()["dark"]
	for path, p := range fixture.Previews() {
		a := p.Act
		fixture.Poison(p)
		source.Clean(p)
		p.Act, p.Refused = a, ""
		s := open(l, p)
		hostile := fixture.Hostile()
		source.Clean(hostile)
		hostile.Link.State, hostile.Runs = source.LinkLive, nil
		s.show(hostile)
		if !fits(t, path, s) {
			return
		}
		s.press("v")
		if !fits(t, path+" SQL", s) {
			return
		}
	}
	for _, r := range []source.Run{fixture.RunWorking(), fixture.RunBuilding(), fixture.RunDone(), fixture.RunPartial(), fixture.RunFailed(), fixture.RunUnknown()} {
		state, a := r.State, r.Act
		fixture.Poison(&r)
		source.Clean(&r)
		r.State, r.Act = state, a
		for i := range r.Steps {
			r.Steps[i].State = []source.StepState{source.StepDone, source.StepWorking, source.StepFailed, source.StepWaiting}[i%4]
		}
		s := attached(l, r)
		if !fits(t, string(state), s) {
			return
		}
		s.press("v")
		if !fits(t, string(state)+" report", s) {
			return
		}
	}
}

// TestAWaitHasNoPhase: a drop that waits is in none, and "phase 0 of 9" says nothing.
func TestAWaitHasNoPhase(t *testing.T) {
	t.Parallel()
	view := draw(states(frame.Mono())["running"](), body(frame.GoldenSizes()[1]))
	if !strings.Contains(view, "waiting for other sessions 18s") {
		t.Errorf("the wait reads otherwise:\n%s", view)
	}
}
