package screen_test

import (
	"strings"
	"testing"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func indexes(s *source.Snapshot) *screen.Indexes {
	x := screen.NewIndexes(frame.Mono())
	x.Show(s, fixture.Now())
	return x
}

func TestIndexesFrames(t *testing.T) {
	t.Parallel()
	x := indexes(fixture.Busy())
	goldens(t, "busy", x)
	x.Select("idx_user_gamification_xp_desc_ccnew")
	goldens(t, "invalid", x)
	press(t, x, keys.Unused)
	goldens(t, "unused", x)
	press(t, x, keys.Open)
	goldens(t, "full", x)
	goldens(t, "held", indexes(fixture.RolledBack()))
	goldens(t, "old", indexes(fixture.DatabaseDown()))
}

func TestIndexesOfAKind(t *testing.T) {
	t.Parallel()
	x := indexes(fixture.Busy())
	drawn(t, x, frame.Size{Width: 80, Height: 24})
	press(t, x, keys.Invalid)
	if got := selected(x); !x.Deep() || !strings.HasPrefix(got, "idx_user_gamificati…esc_ccnew") {
		t.Errorf("i shows %q", got)
	}
	press(t, x, keys.Redundant)
	if view := x.View(); !strings.Contains(view, "is redundant; esc shows them all") {
		t.Error(view)
	}
	press(t, x, keys.Back)
	if selected(x) == "" || x.Deep() {
		t.Error("esc does not show them all")
	}
	press(t, x, keys.Unused, keys.Unused)
	if x.Deep() {
		t.Error("u twice is not all")
	}
	press(t, x, keys.Unused)
	x.Select("idx_users_telegram_id_active")
	if got := selected(x); !strings.HasPrefix(got, "idx_users_telegram_id_act") {
		t.Errorf("what is selected is hidden: %q", got)
	}
}

// TestActsOnIndexes: what a key asks for, of whom, and what it says instead.
func TestActsOnIndexes(t *testing.T) {
	t.Parallel()
	index := func(x source.Index) source.Index {
		x.Schema = "public"
		return x
	}
	s := &source.Snapshot{Indexes: &source.Indexes{List: []source.Index{
		index(source.Index{Name: "valid", Valid: true}), index(source.Index{Name: "key", Valid: true, Constraint: true}),
		index(source.Index{Name: "held", Held: true, Missing: true, Migration: "017"}),
		index(source.Index{Name: "missing", Missing: true, Migration: "017"}),
		index(source.Index{Name: "half", Migration: "017"}), index(source.Index{Name: "broken"}),
		index(source.Index{Name: "a_ccnew"}), index(source.Index{Name: "a_ccold12"}), index(source.Index{Name: "at_work", Building: true}),
	}}}
	x := indexes(s)
	for _, c := range []struct {
		name string
		key  keys.Action
		want string
	}{
		{"valid", keys.DropIndex, "drop"},
		{"valid", keys.BuildIt, "reindex"},
		{"valid", keys.Fix, "is valid: there is nothing to fix"},
		{"key", keys.DropIndex, "stands behind a constraint"},
		{"key", keys.BuildIt, "reindex"},
		{"held", keys.DropIndex, "is held"},
		{"held", keys.BuildIt, "build"},
		{"held", keys.Fix, "is held"},
		{"missing", keys.DropIndex, "is not there"},
		{"missing", keys.BuildIt, "build"},
		{"missing", keys.Fix, "B builds it"},
		{"half", keys.DropIndex, "drop"},
		{"half", keys.BuildIt, "build"},
		{"half", keys.Fix, "build"},
		{"broken", keys.Fix, "reindex"},
		{"broken", keys.BuildIt, "reindex"},
		{"a_ccnew", keys.Fix, "drop"},
		{"a_ccold12", keys.Fix, "drop"},
		{"at_work", keys.Fix, "is being built"},
		{"at_work", keys.DropIndex, "is being built"},
		{"at_work", keys.BuildIt, "is being built"},
	} {
		x.Select(c.name)
		i := press(t, x, c.key)
		switch {
		case i.Act == nil && (i.Say == "" || !strings.Contains(i.Say, c.want) || !strings.HasPrefix(i.Say, c.name+" ")):
			t.Errorf("%s of %s says %q", c.key, c.name, i.Say)
		case i.Act != nil && (string(i.Act.Verb) != c.want || i.Act.Object != source.OnIndex || i.Act.Name != c.name):
			t.Errorf("%s of %s asks for %+v", c.key, c.name, i.Act)
		}
	}
}

// TestActOnWhatIsDrawn: when the row of the cursor has gone, an act is about the row that is drawn under it, never the one that was.
func TestActOnWhatIsDrawn(t *testing.T) {
	t.Parallel()
	x := indexes(fixture.Healthy())
	drawn(t, x, frame.Size{Width: 120, Height: 40})
	x.Select("idx_food_entries_user_name")
	s := fixture.Healthy()
	s.Indexes.List = append(s.Indexes.List[:2:2], s.Indexes.List[3:]...)
	x.Show(s, fixture.Now())
	name, _, _ := strings.Cut(selected(x), " ")
	if name == "idx_food_entries_user_name" || name == "" {
		t.Fatalf("the cursor is on %q", name)
	}
	if i := press(t, x, keys.BuildIt); i.Act == nil || i.Act.Name != name {
		t.Errorf("drawn is %s, the act is about %+v", name, i.Act)
	}
	x.Filter("reminders")
	name, _, _ = strings.Cut(selected(x), " ")
	if i := press(t, x, keys.BuildIt); i.Act == nil || i.Act.Name != name {
		t.Errorf("filtered, drawn is %s, the act is about %+v", name, i.Act)
	}
	x.Filter("nothing like it")
	if i := press(t, x, keys.DropIndex); i.Act != nil || i.Say == "" {
		t.Errorf("nothing is drawn, and the act is about %+v", i.Act)
	}
}

// TestActOnAnOpenText is about the index of that text, though the cursor's row has gone from under it.
func TestActOnAnOpenText(t *testing.T) {
	t.Parallel()
	x := indexes(fixture.Busy())
	drawn(t, x, frame.Size{Width: 80, Height: 24})
	x.Select("idx_user_gamification_xp_desc_ccnew")
	press(t, x, keys.Open)
	x.Show(fixture.Healthy(), fixture.Now())
	if i := press(t, x, keys.Fix); i.Act != nil || i.Say != "idx_user_gamification_xp_desc_ccnew is not listed any more" {
		t.Errorf("%+v %q", i.Act, i.Say)
	}
	x.Show(fixture.Busy(), fixture.Now())
	if i := press(t, x, keys.Fix); i.Act == nil || i.Act.Verb != source.Drop || i.Act.Name != "idx_user_gamification_xp_desc_ccnew" {
		t.Errorf("%+v %q", i.Act, i.Say)
	}
}
