package migrations_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"healthagent/migrations"
)

func upOne(t *testing.T, e *migrations.Engine, index string) {
	t.Helper()
	if _, err := e.Up(t.Context(), migrations.UpOptions{Version: "2", Index: index}); err != nil {
		t.Fatal(err)
	}
}

func downOne(t *testing.T, e *migrations.Engine, index string) {
	t.Helper()
	if _, err := e.Down(t.Context(), migrations.DownOptions{Index: index}); err != nil {
		t.Fatal(err)
	}
}

// held is what status says is held of migration 002.
func held(t *testing.T, e *migrations.Engine) string {
	t.Helper()
	entries, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(entries[1].Held, " ")
}

func TestOneIndexIsDroppedAndHeldAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	first := schema(t, url)
	downOne(t, e, "a_x")
	wantIndexes(t, url, "a_Y")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	if got := held(t, e); got != "a_x" {
		t.Errorf("held %q", got)
	}

	r := up(t, e, migrations.UpOptions{})
	if len(r.Steps) != 0 || len(r.Skipped) != 1 || r.Skipped[0].Reason != migrations.SkipHeld || strings.Join(r.Skipped[0].Indexes, " ") != "a_x" {
		t.Errorf("up: %+v", r)
	}
	wantIndexes(t, url, "a_Y")
	if err := e.Check(t.Context()); err != nil {
		t.Errorf("a held index keeps the daemon from starting: %v", err)
	}

	upOne(t, e, "a_x")
	wantIndexes(t, url, "a_Y, a_x")
	if got := held(t, e); got != "" {
		t.Errorf("held %q after it was built", got)
	}
	if again := schema(t, url); again != first {
		t.Errorf("drop and build of one index differ:\n%s\n---\n%s", first, again)
	}
}

func TestAllIndexesDroppedOneByOneAreAHeldMigration(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	downOne(t, e, "a_x")
	downOne(t, e, "a_Y")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
	upOne(t, e, "a_Y")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	wantIndexes(t, url, "a_Y")
	up(t, e, migrations.UpOptions{Version: "2"})
	wantIndexes(t, url, "a_Y, a_x")
}

func TestOneIndexOfAPendingMigration(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	upOne(t, e, "a_Y")
	wantIndexes(t, url, "a_Y")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestRollbackAfterOneIndexWasDropped(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	downOne(t, e, "a_x")
	down(t, e, "2")
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

func TestUnknownIndexIsRefused(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed())
	up(t, e, migrations.UpOptions{})
	var missing *migrations.NoSuchIndexError
	_, err := e.Down(t.Context(), migrations.DownOptions{Version: "2", Index: "a_pkey"})
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "it makes a_x, a_Y") {
		t.Errorf("got %v", err)
	}
	if _, err = e.Up(t.Context(), migrations.UpOptions{Index: "a_pkey"}); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	var version *migrations.NoSuchVersionError
	if _, err = e.Down(t.Context(), migrations.DownOptions{Version: "9", Index: "a_x"}); !errors.As(err, &version) {
		t.Errorf("got %v", err)
	}
}

func TestOneIndexDryRunDoesNothing(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	r, err := e.Down(t.Context(), migrations.DownOptions{Index: "a_x", DryRun: true})
	if err != nil || len(r.Steps) != 1 || r.Steps[0].Index != "a_x" || !strings.HasPrefix(r.Steps[0].SQL, "DROP INDEX CONCURRENTLY") {
		t.Errorf("%v %+v", err, r)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

func TestMissingIndexIsBuiltByName(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "DROP INDEX a_x") // somebody did, past the ledger
	upOne(t, e, "a_x")
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestOlderBinaryDropsOneNewerIndex(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, indexed()), migrations.UpOptions{})
	older := indexed()
	delete(older, "002_indexes.sql")
	delete(older, "rollbacks/002_indexes_rollback.sql")
	downOne(t, engine(t, url, older), "a_x")
	wantIndexes(t, url, "a_Y")
}

func TestOneIndexDroppedBeforeTheOthersAreBuiltIsHeldAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	downOne(t, e, "a_x")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	if got := held(t, e); got != "a_x" {
		t.Errorf("held %q", got)
	}
}

func TestHowLongABuildTakesOutlivesTheDrop(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	took := func() time.Duration {
		t.Helper()
		entries, err := e.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return entries[1].BuildTime()
	}
	built := took()
	if built <= 0 {
		t.Fatalf("built in %s", built)
	}
	downOne(t, e, "a_x")
	if got := took(); got != built {
		t.Errorf("%s after one was dropped, %s before", got, built)
	}
	down(t, e, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
	if got := took(); got != built {
		t.Errorf("%s after the rollback, %s before", got, built)
	}
	psql(t, url, upIndexes)
	upOne(t, e, "a_x")
	if got := took(); got != built {
		t.Errorf("%s after one was found there, %s before", got, built)
	}
}
