package migrations_test

import (
	"strings"
	"testing"

	"healthagent/migrations"
)

// TestAFailedMigrationMayBeMendedInItsFile: nothing of it is there, so its file may
// be edited, and what the new text makes is what counts.
func TestAFailedMigrationMayBeMendedInItsFile(t *testing.T) {
	t.Parallel()
	for name, apply := range map[string]migrations.UpOptions{"whole": {}, "one index": {Index: "a_y"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			const bad = "-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_wrong ON a (nothing)"
			const good = "-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_y ON a (x)"
			const drop = "-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS "
			e := engine(t, url, files("001_a", "CREATE TABLE a (x int)", "DROP TABLE a", "002_i", bad, drop+"a_wrong"))
			if _, err := e.Up(t.Context(), migrations.UpOptions{}); err == nil {
				t.Fatal("no error")
			}
			wantStates(t, e, "001 applied, 002 failed")
			e = engine(t, url, files("001_a", "CREATE TABLE a (x int)", "DROP TABLE a", "002_i", good, drop+"a_y"))
			up(t, e, apply)
			wantStates(t, e, "001 applied, 002 applied")
			wantIndexes(t, url, "a_y")
			if err := e.Check(t.Context()); err != nil {
				t.Error(err)
			}
			down(t, e, "2")
			wantIndexes(t, url, "")
		})
	}
}

func TestAHeldMigrationMayBeMendedInItsFile(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	down(t, e, "2")
	edited := indexed()
	edited["002_indexes.sql"].Data = []byte(strings.ReplaceAll(upIndexes, "a_x", "a_z"))
	edited["rollbacks/002_indexes_rollback.sql"].Data = []byte(strings.ReplaceAll(downIndexes, "a_x", "a_z"))
	e = engine(t, url, edited)
	up(t, e, migrations.UpOptions{Version: "2"})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	wantIndexes(t, url, "a_Y, a_z")
	if got := held(t, e); got != "" {
		t.Errorf("held %q", got)
	}
}
