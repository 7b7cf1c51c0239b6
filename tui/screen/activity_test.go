package screen_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func activity(page *source.Activity) *screen.Activity {
	a := screen.NewActivity(frame.Mono())
	a.Show(fixture.Busy(), fixture.Now())
	a.Answer(source.ActivityPath, page, nil)
	return a
}

func TestActivityFrames(t *testing.T) {
	t.Parallel()
	a := activity(fixture.Activity())
	goldens(t, "tree", a)
	press(t, a, keys.Down)
	goldens(t, "blocked", a)
	press(t, a, keys.Open)
	goldens(t, "full", a)
	press(t, a, keys.Back, keys.SortNext)
	goldens(t, "sorted", a)

	page := fixture.Activity()
	page.Work = append(page.Work, source.Work{
		PID: 4210, Kind: "create index", Object: "idx_food_entries_user_name", Phase: "waiting for old snapshots", ElapsedS: 75,
		Blocker: &source.Blocker{PID: 4121, App: "pg_dump"},
	})
	a = activity(page)
	goldens(t, "waiting", a)
	a.Answer(source.ActivityPath, nil, errors.New("the database did not answer in time"))
	goldens(t, "old", a)
	a = screen.NewActivity(frame.Mono())
	a.Show(fixture.DatabaseDown(), fixture.Now())
	a.Answer(source.ActivityPath, nil, &source.UnavailableError{Reason: "PostgreSQL does not answer"})
	goldens(t, "down", a)
}

func TestActivityIsAskedForAgainAndAgain(t *testing.T) {
	t.Parallel()
	if path, every := screen.NewActivity(frame.Mono()).Poll(); path != source.ActivityPath || every != 2*time.Second {
		t.Errorf("%s every %s", path, every)
	}
}

// TestSessionsAreNamedForGood: an act says which session by its start too, and what may not be ended is not asked for.
func TestSessionsAreNamedForGood(t *testing.T) {
	t.Parallel()
	page := fixture.Activity()
	page.Sessions = append(page.Sessions, source.Session{PID: 99, App: "psql", State: "active"})
	a := activity(page)
	drawn(t, a, frame.Size{Width: 120, Height: 40})
	a.Select("4190")
	for key, verb := range map[keys.Action]source.Verb{keys.CancelRun: source.Cancel, keys.EndRun: source.End} {
		i := press(t, a, key)
		if i.Act == nil || i.Act.Verb != verb || i.Act.Object != source.OnSession || i.Act.Name != "4190" || !i.Act.Start.Equal(*page.Sessions[1].Start) {
			t.Errorf("%s asks for %+v", key, i.Act)
		}
	}
	for pid, want := range map[string]string{"4077": "it is the server's own", "4180": "it holds the bot's lock", "99": "may not see when it began"} {
		a.Select(pid)
		if i := press(t, a, keys.EndRun); i.Act != nil || !strings.Contains(i.Say, want) || !strings.Contains(i.Say, "pid "+pid) {
			t.Errorf("K of %s says %q and asks for %+v", pid, i.Say, i.Act)
		}
	}
}

// TestProcessIDOfAnother: a process id that came to another session is not the session that was looked at.
func TestProcessIDOfAnother(t *testing.T) {
	t.Parallel()
	a := activity(fixture.Activity())
	drawn(t, a, frame.Size{Width: 80, Height: 24})
	a.Select("4193")
	press(t, a, keys.Open)
	page := fixture.Activity()
	later := fixture.Now()
	page.Sessions[3].Start = &later
	a.Answer(source.ActivityPath, page, nil)
	if i := press(t, a, keys.EndRun); i.Act != nil || i.Say != "pid 4193 is gone" {
		t.Errorf("%+v %q", i.Act, i.Say)
	}
}

// TestCursorStaysOnItsSession while the sessions change their places every second, and leaves it when it has gone.
func TestCursorStaysOnItsSession(t *testing.T) {
	t.Parallel()
	a := activity(fixture.Activity())
	drawn(t, a, frame.Size{Width: 80, Height: 24})
	a.Select("4204")
	for turn := range 12 {
		page := fixture.Activity()
		n := len(page.Sessions)
		for i := 4; i < n; i++ { // the tree stays in front
			page.Sessions[4+(i-4+turn)%(n-4)] = fixture.Activity().Sessions[i]
		}
		a.Answer(source.ActivityPath, page, nil)
		if i := press(t, a, keys.CancelRun); !strings.HasPrefix(selected(a), "4204 ") || i.Act == nil || i.Act.Name != "4204" {
			t.Fatalf("turn %d: the cursor is on %q, the act is about %+v", turn, selected(a), i.Act)
		}
	}
	page := fixture.Activity()
	page.Sessions = page.Sessions[:4]
	a.Answer(source.ActivityPath, page, nil)
	pid, _, _ := strings.Cut(strings.TrimLeft(selected(a), "├└│ "), " ")
	if i := press(t, a, keys.CancelRun); pid == "4204" || i.Act == nil || i.Act.Name != pid {
		t.Errorf("drawn is %q, the act is about %+v", selected(a), i.Act)
	}
}
