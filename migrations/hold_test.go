package migrations_test

import (
	"errors"
	"testing"

	"healthagent/migrations"
)

func TestHeldPendingIsLeftAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	if err := e.Hold(t.Context(), "002"); err != nil {
		t.Fatal(err)
	}
	if err := e.Hold(t.Context(), "2"); err != nil {
		t.Errorf("holding twice: %v", err)
	}
	r := up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 held, 003 applied")
	if len(r.HeldVersions()) != 1 || held(t, e) != "a_x a_Y" {
		t.Errorf("%+v, held %q", r, held(t, e))
	}
	wantIndexes(t, url, "")
	if err := e.Release(t.Context(), "002"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 pending, 003 applied")
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestReleaseAfterDown(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	down(t, e, "002")
	if err := e.Release(t.Context(), "002"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 pending, 003 applied")
	wantIndexes(t, url, "") // it only marks
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
}

func TestReleaseOfOneIndex(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	downOne(t, e, "a_x")
	if err := e.Release(t.Context(), "002"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestWhatCannotBeHeldOrReleased(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed())
	up(t, e, migrations.UpOptions{})
	var not *migrations.NotHoldableError
	if err := e.Hold(t.Context(), "002"); !errors.As(err, &not) {
		t.Errorf("hold of an applied one: %v", err)
	}
	if err := e.Release(t.Context(), "002"); !errors.Is(err, migrations.ErrNothingHeld) {
		t.Errorf("release of an applied one: %v", err)
	}
	var missing *migrations.NoSuchVersionError
	if err := e.Hold(t.Context(), "009"); !errors.As(err, &missing) {
		t.Errorf("hold of an unknown one: %v", err)
	}
	if err := e.Release(t.Context(), "009"); !errors.As(err, &missing) {
		t.Errorf("release of an unknown one: %v", err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestHoldOfPartialHoldsTheRest(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	upOne(t, e, "a_Y")
	if err := e.Hold(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	if got := held(t, e); got != "a_x" {
		t.Errorf("held %q", got)
	}
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y")
}

// TestHoldOfPartialLooksAtWhatIsThere: a process died in a build that its server
// finished. The index is there, so it is not held, and can be taken back.
func TestHoldOfPartialLooksAtWhatIsThere(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	upOne(t, e, "a_x")
	mustExec(t, url, `UPDATE schema_migrations SET state = 'running', objects = jsonb_set(objects, '{0,state}', '"building"') WHERE version = 2`)
	if err := e.Hold(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	if got := held(t, e); got != "a_Y" {
		t.Errorf("held %q", got)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	down(t, e, "2")
	wantIndexes(t, url, "")
}

// TestHoldOfPartialWithAnInvalidIndexCanBeTakenBack: what is left costs every write,
// so it must not be called gone.
func TestHoldOfPartialWithAnInvalidIndexCanBeTakenBack(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	invalidIndex(t, url)
	mustExec(t, url, "DELETE FROM a")
	upOne(t, e, "a_Y")
	mustExec(t, url, `UPDATE schema_migrations SET state = 'running', objects = jsonb_set(objects, '{0,state}', '"building"') WHERE version = 2`)
	if err := e.Hold(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	if got := held(t, e); got != "" {
		t.Errorf("held %q", got)
	}
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x INVALID") // held: left alone
	down(t, e, "2")
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

func invalidIndex(t *testing.T, url string) {
	t.Helper()
	mustExec(t, url, "INSERT INTO a VALUES (1), (1)")
	if _, err := connect(t, url).Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x DESC) WHERE x > 0"); err == nil {
		t.Fatal("duplicates were accepted")
	}
	wantIndexes(t, url, "a_x INVALID")
}

func TestReleaseOfARollbackThatWasCut(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, `UPDATE schema_migrations SET state = 'running', direction = 'down', objects = jsonb_set(objects, '{0,state}', '"dropping"') WHERE version = 2`)
	if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 {
		t.Errorf("up took the rollback back: %+v", r)
	}
	if err := e.Release(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	wantIndexes(t, url, "a_Y, a_x")
}

// TestAnIndexOfAnotherIsNeverCalledOurs: somebody's own index under one of the names
// is neither applied nor in the way of a hold, and no rollback drops it.
func TestAnIndexOfAnotherIsNeverCalledOurs(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, "CREATE INDEX a_x ON a (x)")
	var different *migrations.DefinitionError
	if _, err := e.Up(t.Context(), migrations.UpOptions{}); !errors.As(err, &different) {
		t.Fatalf("got %v", err)
	}
	if err := e.Hold(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 held, 003 applied")
	if got := held(t, e); got != "a_x a_Y" {
		t.Errorf("held %q", got)
	}
	downOne(t, e, "a_x")
	upOne(t, e, "a_Y")
	down(t, e, "2")
	wantIndexes(t, url, "a_x")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}
