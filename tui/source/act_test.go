package source_test

import (
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func TestActsComeBackFromTheirPaths(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 18, 10, 2, 11, 123456000, time.FixedZone("", 3600))
	for _, a := range []source.Act{
		{Verb: source.Rollback, Object: source.OnMigration, Name: "017"},
		{Verb: source.Drop, Object: source.OnIndex, Name: "a/b?c=d e%20#\x00é"},
		{Verb: source.End, Object: source.OnSession, Name: "4188", Start: &start},
		fixture.PreviewCancel().Act,
	} {
		back, err := source.ParseAct(a.Path())
		if err != nil || back.Verb != a.Verb || back.Object != a.Object || back.Name != a.Name {
			t.Errorf("%s is %+v: %v", a.Path(), back, err)
		}
		if (a.Start == nil) != (back.Start == nil) || a.Start != nil && !a.Start.Equal(*back.Start) {
			t.Errorf("%s: %v and not %v", a.Path(), back.Start, a.Start)
		}
	}
	for _, path := range []string{"", "/v1/activity", "/v1/plans/x", "/v2/indexes/x/drop", "/v1/sessions/1/end?backend_start=noon", "/v1/indexes/%zz/drop", "\x7f"} {
		if a, err := source.ParseAct(path); err == nil {
			t.Errorf("%q is %+v", path, a)
		}
	}
}
