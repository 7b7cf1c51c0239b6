package screen_test

import (
	"errors"
	"strings"
	"testing"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func queries(s *source.Snapshot) *screen.Queries {
	q := screen.NewQueries(frame.Mono())
	q.Show(s, fixture.Now())
	return q
}

func TestQueriesFrames(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Busy())
	goldens(t, "busy", q)
	q.Filter("food")
	press(t, q, keys.Down)
	goldens(t, "filtered", q)
	q.Filter("")
	press(t, q, keys.Open)
	goldens(t, "full", q)
	goldens(t, "old", queries(fixture.DatabaseDown()))
	goldens(t, "empty", queries(fixture.Empty()))
	ascii := screen.NewQueries(frame.Looks()["ascii"])
	ascii.Show(fixture.Busy(), fixture.Now())
	goldens(t, "ascii", ascii)
}

func TestPlanFrames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"get_food_entries", "get_conversation_history"} {
		q := queries(fixture.Busy())
		q.Select(name)
		path := press(t, q, keys.Explain).Ask
		if path != source.PlanPath(name, false) {
			t.Fatalf("asks for %q", path)
		}
		q.Answer(path, fixture.Plan(name), nil)
		goldens(t, name, q)
	}
}

func TestPlanThatCannotBeHad(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Busy())
	path := press(t, q, keys.Explain).Ask
	q.Answer(path, nil, &source.UnavailableError{Reason: "PostgreSQL does not answer", Err: errors.New("dial")})
	view := drawn(t, q, frame.Size{Width: 80, Height: 24})
	if !strings.Contains(view, "PostgreSQL does not answer") || !strings.Contains(view, "e tries again") {
		t.Error(view)
	}
	if again := press(t, q, keys.Explain).Ask; again != path {
		t.Errorf("e asks for %q", again)
	}
	q.Answer(path, fixture.Plan("get_food_entries"), nil)
	if view := q.View(); !strings.Contains(view, "Seq Scan on food_entries") {
		t.Error(view)
	}
}

// TestSmallTableRaisesNoAlarm: a statement that does without its index on a small table looks as well as it is, on every page of the screen.
func TestSmallTableRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	for _, small := range []bool{false, true} {
		s := fixture.Busy() // get_food_entries reads its table through
		for i := range s.Statements.List {
			if st := &s.Statements.List[i]; st.Name == "get_food_entries" {
				st.Small, st.Worse = small, ""
			}
		}
		q := queries(s)
		drawn(t, q, frame.Size{Width: 120, Height: 40})
		q.Select("get_food_entries")
		list := q.View()
		press(t, q, keys.Open)
		full := q.View()
		plan := fixture.Plan("get_food_entries")
		plan.Small = small
		q.Answer(press(t, q, keys.Explain).Ask, plan, nil)
		for page, view := range map[string]string{"list": selected(q) + list[strings.LastIndex(list, "get_food_entries"):], "full": full, "plan": q.View()} {
			if alarm := strings.Contains(view, "! "); alarm == small {
				t.Errorf("%s, small %v:\n%s", page, small, view)
			}
		}
	}
}

// TestPlanThatComesTooLate: an answer reaches only the one who waits for it.
func TestPlanThatComesTooLate(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Busy())
	late := press(t, q, keys.Explain).Ask
	press(t, q, keys.Back)
	q.Answer(late, fixture.Plan("get_food_entries"), nil)
	if q.Deep() {
		t.Error("the plan opens itself")
	}
	q.Select("get_active_user")
	press(t, q, keys.Explain)
	q.Answer(late, fixture.Plan("get_food_entries"), nil)
	if view := q.View(); strings.Contains(view, "food_entries") {
		t.Errorf("it shows another's plan:\n%s", view)
	}
}

func TestCopyOfAQuery(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Busy())
	q.Select("get_food_entries")
	if got := press(t, q, keys.Copy).Copy; !strings.HasPrefix(got, "SELECT /* get_food_entries */") {
		t.Errorf("y copies %q", got)
	}
	if got := press(t, q, keys.CopyAll).Copy; !strings.Contains(got, "calls/min") || !strings.Contains(got, "FROM   food_entries") {
		t.Errorf("Y copies %q", got)
	}
	path := press(t, q, keys.Explain).Ask
	q.Answer(path, fixture.Plan("get_food_entries"), nil)
	if got := press(t, q, keys.Copy).Copy; !strings.Contains(got, "Seq Scan on food_entries") {
		t.Errorf("y copies of a plan %q", got)
	}
	if i := press(t, q, keys.LogOf); i.Open != keys.Screen7 || i.Subject != "get_food_entries" {
		t.Errorf("l opens %+v", i)
	}
}

// TestCursorStaysWhileTheListIsSortedAnew is row 6 of the acceptance list.
func TestCursorStaysWhileTheListIsSortedAnew(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Healthy())
	drawn(t, q, frame.Size{Width: 80, Height: 24})
	q.Select("get_food_entries")
	for second := range 30 {
		s := fixture.Healthy()
		for i := range s.Statements.List {
			s.Statements.List[i].TimePct = float64((i*7 + second*11) % 23)
		}
		q.Show(s, fixture.Now())
		if !strings.HasPrefix(selected(q), "get_food_entries ") {
			t.Fatalf("second %d: the cursor is on %q", second, selected(q))
		}
		if got := press(t, q, keys.Copy).Copy; !strings.Contains(got, "/* get_food_entries */") {
			t.Fatalf("second %d: y copies %q", second, got)
		}
	}
}

// TestSubjectThatComesLater is selected once it is there, and a filter does not hide it.
func TestSubjectThatComesLater(t *testing.T) {
	t.Parallel()
	q := queries(fixture.Empty())
	q.Filter("nothing like it")
	q.Select("get_leaderboard")
	q.Show(fixture.Busy(), fixture.Now())
	drawn(t, q, frame.Size{Width: 80, Height: 24})
	if !strings.HasPrefix(selected(q), "get_leaderboard ") {
		t.Errorf("the cursor is on %q", selected(q))
	}
}
