package cli

import (
	"testing"

	"healthagent/migrations"
)

// What can be mended by a command is said with it, in the order in which to run them.
func TestRemedies(t *testing.T) {
	t.Parallel()
	of := func(verdict migrations.Verdict) string {
		return remedies(migrations.Verification{Indexes: []migrations.IndexCheck{
			{Migration: 17, Name: "fine", Verdict: migrations.Chosen}, {Migration: 17, Name: "x", Verdict: verdict},
		}})
	}
	const build = "'healthagent migrate up 017 --index x'"
	for verdict, want := range map[migrations.Verdict]string{
		migrations.Chosen:    "",
		migrations.Unusable:  "",
		migrations.Missing:   ": run " + build,
		migrations.Invalid:   ": run " + build,
		migrations.Different: ": run 'healthagent migrate down 017 --index x' and " + build,
	} {
		if got := of(verdict); got != want {
			t.Errorf("%s: %q, want %q", verdict, got, want)
		}
	}
}
