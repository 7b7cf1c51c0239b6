package app

import (
	"strings"
	"testing"
	"time"

	"healthagent/app/admin"
	"healthagent/migrations"
	"healthagent/tui/source"
)

// TestTheWordsOnIndexesFollowTheLedger: what people do to them after the daemon has built them is said, and nothing that is no more.
func TestTheWordsOnIndexesFollowTheLedger(t *testing.T) {
	t.Parallel()
	ledger := func(state migrations.State, held ...string) []source.Migration {
		return []source.Migration{
			{Version: "017", Class: string(migrations.IndexOnly), State: string(state), Held: held},
			{Version: "016", Class: string(migrations.LosesRows), State: string(migrations.Applied)},
		}
	}
	var w indexWork
	w.see(ledger(migrations.Held))
	if got := w.judge().Text; got != "no index is being built" {
		t.Errorf("before anything was begun: %s", got)
	}
	w.say(admin.OK, "building idx_x", nil)
	w.see(ledger(migrations.Running))
	if got := w.judge().Text; got != "building idx_x" {
		t.Errorf("while they are built: %s", got)
	}
	w.over.Store(true)
	for _, tt := range []struct {
		list []source.Migration
		text string
	}{
		{ledger(migrations.Applied), "the indexes of the migrations are there"},
		{ledger(migrations.Held), "migration 017 is held and left alone"},
		{ledger(migrations.Applied), "the indexes of the migrations are there"},
		{ledger(migrations.Applied, "a", "b"), "of migration 017 2 indexes are held"},
		{ledger(migrations.Applied, "a"), "of migration 017 1 index is held"},
		{ledger(migrations.Partial), "migration 017 is partial and left alone"},
		{ledger(migrations.Pending), "migration 017 is pending"},
		{ledger(migrations.Running), "migration 017 is running"},
	} {
		w.see(tt.list)
		if got := w.judge(); got.Text != tt.text || got.Verdict != admin.OK {
			t.Errorf("%s: %s, want %s", got.Verdict, got.Text, tt.text)
		}
	}
	now := time.Now()
	w.say(admin.Warn, "the building of indexes was cancelled", &now)
	w.see(ledger(migrations.Partial))
	if got := w.judge(); got.Verdict != admin.Warn || !strings.Contains(got.Text, "cancelled") {
		t.Errorf("the warning has gone, and what it warns of has not: %+v", got)
	}
	w.see(ledger(migrations.Applied)) // by somebody
	if got := w.judge(); got.Verdict != admin.OK || got.Since != nil {
		t.Errorf("it warns of what is there: %+v", got)
	}
}
