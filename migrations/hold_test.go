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
