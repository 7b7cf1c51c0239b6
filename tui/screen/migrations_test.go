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

func migrations(s *source.Snapshot) *screen.Migrations {
	m := screen.NewMigrations(frame.Mono())
	m.Show(s, fixture.Now())
	return m
}

// halfWay is a rollback of 017 that was cancelled, with a pending and a failed migration above.
func halfWay() *source.Snapshot {
	s := fixture.Healthy()
	m := &s.Migrations.List[0]
	m.State, m.Done, m.Held = "partial", 5, m.Objects[5:]
	s.Migrations.List = append([]source.Migration{
		{Version: "019", Name: "weights", State: "pending", Class: "rebuildable", Back: "yes", Total: 1, Up: "CREATE TABLE weights ();", Objects: []string{"weights"}, Down: "DROP TABLE weights;"},
		{Version: "018", Name: "habits", State: "failed", Class: "loses-rows", Back: "no", Total: 2, Error: "relation \"habits\" already exists", Up: "CREATE TABLE habits ();", Objects: []string{"habits"}},
	}, s.Migrations.List...)
	s.Migrations.Lock = "pid 4188 healthagent migrate"
	s.Migrations.Auto = false
	return s
}

func TestMigrationsFrames(t *testing.T) {
	t.Parallel()
	m := migrations(fixture.Healthy())
	goldens(t, "applied", m)
	press(t, m, keys.NextPane)
	goldens(t, "down", m)
	press(t, m, keys.Open)
	goldens(t, "full", m)
	m = migrations(halfWay())
	m.Select("17")
	goldens(t, "partial", m)
	goldens(t, "held", migrations(fixture.RolledBack()))
	goldens(t, "old", migrations(fixture.DatabaseDown()))
}

// TestActsOnMigrations: what a key asks for, of which one, and what it says instead.
func TestActsOnMigrations(t *testing.T) {
	t.Parallel()
	s := &source.Snapshot{Migrations: &source.Migrations{List: []source.Migration{
		{Version: "020", State: "applied", Unknown: true, Down: "x"},
		{Version: "019", State: "pending", Down: "x"},
		{Version: "018", State: "failed", Down: "x"},
		{Version: "017", State: "applied", Down: "x"},
		{Version: "016", State: "partial", Down: "x"},
		{Version: "015", State: "held", Down: "x"},
		{Version: "014", State: "running", Down: "x"},
		{Version: "013", State: "applied"},
	}}}
	m := migrations(s)
	for _, c := range []struct {
		version string
		key     keys.Action
		want    string
	}{
		{"020", keys.Rollback, "has no file of it"},
		{"020", keys.Apply, "has no file of it"},
		{"019", keys.Rollback, "is not applied"},
		{"019", keys.Apply, "apply"},
		{"018", keys.Rollback, "is not applied"},
		{"018", keys.Apply, "apply"},
		{"017", keys.Rollback, "rollback"},
		{"017", keys.Apply, "is applied already"},
		{"016", keys.Rollback, "rollback"},
		{"016", keys.Apply, "apply"},
		{"015", keys.Rollback, "is not applied"},
		{"015", keys.Apply, "apply"},
		{"014", keys.Rollback, "rollback"},
		{"014", keys.Apply, "apply"},
		{"013", keys.Rollback, "there is no way back"},
	} {
		m.Select(strings.TrimPrefix(c.version, "0"))
		i := press(t, m, c.key)
		switch {
		case i.Act == nil && (!strings.Contains(i.Say, c.want) || !strings.HasPrefix(i.Say, c.version+" ")):
			t.Errorf("%s of %s says %q", c.key, c.version, i.Say)
		case i.Act != nil && (string(i.Act.Verb) != c.want || i.Act.Object != source.OnMigration || i.Act.Name != c.version):
			t.Errorf("%s of %s asks for %+v", c.key, c.version, i.Act)
		}
	}
}

// TestSQLOfAMigration: tab shows the other way, and what is shown is copied.
func TestSQLOfAMigration(t *testing.T) {
	t.Parallel()
	m := migrations(fixture.Healthy())
	view := drawn(t, m, frame.Size{Width: 80, Height: 24})
	if !strings.Contains(view, "[up]") || !strings.Contains(view, "makes 8 indexes, 112MB; down names 8 of them") || !strings.Contains(view, "CREATE INDEX") {
		t.Error(view)
	}
	if got := press(t, m, keys.Copy).Copy; !strings.Contains(got, "CREATE INDEX CONCURRENTLY") {
		t.Errorf("y copies %q", got)
	}
	press(t, m, keys.NextPane)
	if view := m.View(); !strings.Contains(view, "[down]") || !strings.Contains(view, "DROP INDEX") {
		t.Error(view)
	}
	if got := press(t, m, keys.Copy).Copy; !strings.Contains(got, "DROP INDEX CONCURRENTLY") {
		t.Errorf("y copies %q", got)
	}
	s := fixture.Healthy()
	s.Migrations.List[0].Down = "DROP INDEX idx_conversation_history_user_timestamp_covering;"
	m.Show(s, fixture.Now())
	if view := m.View(); !strings.Contains(view, "down names 1 of them") {
		t.Errorf("a name counts within a longer one:\n%s", view)
	}
}
