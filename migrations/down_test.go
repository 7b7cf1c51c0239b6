package migrations_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"healthagent/migrations"
)

func TestDownTakesNewerFirstAndHolds(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	if got := versions(down(t, e, "2")); got != "003 002" {
		t.Errorf("order %q", got)
	}
	wantStates(t, e, "001 applied, 002 held, 003 held")
	if exists(t, url, "b") {
		t.Error("b is still there")
	}
	r := up(t, e, migrations.UpOptions{})
	if len(r.Steps) != 0 || len(r.HeldVersions()) != 2 {
		t.Errorf("up touched what is held: %+v", r)
	}
	if got := versions(up(t, e, migrations.UpOptions{Version: "002"})); got != "002" {
		t.Errorf("by name: %q", got)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 held")
	up(t, e, migrations.UpOptions{IncludeHeld: true})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestWhatStandsOnHeldIsBlocked(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{Version: "002"})
	down(t, e, "002")
	r := up(t, e, migrations.UpOptions{})
	if len(r.Steps) != 0 || len(r.Skipped) != 2 || r.Skipped[1].Reason != migrations.SkipBlocked {
		t.Errorf("%+v", r)
	}
	_, err := e.Up(t.Context(), migrations.UpOptions{Version: "003"})
	var blocked *migrations.BlockedError
	if !errors.As(err, &blocked) || blocked.Held != 2 {
		t.Errorf("got %v", err)
	}
}

func TestDownWithoutVersion(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), three())
	if _, err := e.Down(t.Context(), migrations.DownOptions{}); !errors.Is(err, migrations.ErrNothingToRollBack) {
		t.Errorf("empty database: %v", err)
	}
	up(t, e, migrations.UpOptions{})
	if _, err := e.Down(t.Context(), migrations.DownOptions{}); !errors.Is(err, migrations.ErrNothingToRollBack) {
		t.Errorf("no index-only one: %v", err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestDownOfWhatIsNotApplied(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), three())
	var not *migrations.NotAppliedError
	if _, err := e.Down(t.Context(), migrations.DownOptions{Version: "2"}); !errors.As(err, &not) || not.State != migrations.Pending {
		t.Errorf("pending: %v", err)
	}
	up(t, e, migrations.UpOptions{})
	down(t, e, "003")
	if _, err := e.Down(t.Context(), migrations.DownOptions{Version: "3"}); !errors.As(err, &not) || not.State != migrations.Held {
		t.Errorf("held: %v", err)
	}
}

func TestDownDryRun(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), three())
	up(t, e, migrations.UpOptions{})
	r, err := e.Down(t.Context(), migrations.DownOptions{Version: "2", DryRun: true})
	if err != nil || versions(r) != "003 002" || r.Steps[1].SQL != "DROP TABLE b" {
		t.Errorf("%v %+v", err, r)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestDownUsesTheStoredRollback(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{})
	down(t, engine(t, url, with("rollbacks/002_b_rollback.sql", "SELECT 'another'")), "2")
	if exists(t, url, "b") {
		t.Error("the binary's rollback ran, not the stored one")
	}
}

func TestIrreversible(t *testing.T) {
	t.Parallel()
	fsys := three()
	fsys["004_gone.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: irreversible: the rows are gone\nDROP TABLE b")}
	e := engine(t, emptyDatabase(t), fsys)
	up(t, e, migrations.UpOptions{})
	_, err := e.Down(t.Context(), migrations.DownOptions{Version: "3"})
	var irreversible *migrations.IrreversibleError
	if !errors.As(err, &irreversible) || irreversible.Version != 4 || irreversible.Reason != "the rows are gone" {
		t.Errorf("got %v", err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied, 004 applied")
}

func TestFailingRollbackLeavesApplied(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, with("rollbacks/002_b_rollback.sql", "DROP TABLE b;\nDROP TABLE nowhere"))
	up(t, e, migrations.UpOptions{})
	r, err := e.Down(t.Context(), migrations.DownOptions{Version: "2"})
	var se *migrations.StatementError
	if !errors.As(err, &se) || se.Line != 2 {
		t.Fatalf("got %v", err)
	}
	if versions(r) != "003" || !exists(t, url, "b") {
		t.Errorf("steps %q", versions(r))
	}
	wantStates(t, e, "001 applied, 002 applied, 003 held")
	entries, err := e.Status(t.Context())
	if err != nil || entries[1].Error == "" || entries[1].AppliedAt == nil {
		t.Errorf("%v %+v", err, entries[1])
	}
}

func TestHeldStaysHeldWhenApplyingFails(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	down(t, e, "003")
	mustExec(t, url, "ALTER TABLE a ADD COLUMN y int")
	if _, err := e.Up(t.Context(), migrations.UpOptions{Version: "003"}); err == nil {
		t.Fatal("it was applied twice")
	}
	wantStates(t, e, "001 applied, 002 applied, 003 held")
}
