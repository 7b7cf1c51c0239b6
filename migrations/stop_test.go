package migrations_test

import (
	"errors"
	"testing"

	"healthagent/migrations"
)

// TestStopAfterTheStepAtWork asks a rollback to stop while its first drop waits for a writer: that drop is done, and no other begins.
func TestStopAfterTheStepAtWork(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"finish", "restore"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			e := engine(t, url, indexed(), often)
			up(t, e, migrations.UpOptions{})
			release := writing(t, url)
			events, stop, done := make(chan migrations.Event, 1000), make(chan struct{}), make(chan error, 1)
			go func() {
				_, err := e.Down(t.Context(), migrations.DownOptions{Events: events, Stop: stop})
				done <- err
			}()
			next(t, events, kind(migrations.EventBlocked))
			close(stop)
			release()
			if err := <-done; !errors.Is(err, migrations.ErrStopped) {
				t.Errorf("got %v", err)
			}
			wantIndexes(t, url, "a_Y")
			wantStates(t, e, "001 applied, 002 partial, 003 applied")
			if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 {
				t.Errorf("a start undid a rollback: %+v", r)
			}
			if way == "finish" {
				down(t, e, "2")
				wantStates(t, e, "001 applied, 002 held, 003 applied")
				return
			}
			up(t, e, migrations.UpOptions{Version: "2"})
			wantIndexes(t, url, "a_Y, a_x")
			wantStates(t, e, "001 applied, 002 applied, 003 applied")
		})
	}
}

func TestStoppedBuildKeepsWhatIsBuilt(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), often)
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	release := writing(t, url)
	events, stop, done := make(chan migrations.Event, 1000), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := e.Up(t.Context(), migrations.UpOptions{Events: events, Stop: stop})
		done <- err
	}()
	next(t, events, kind(migrations.EventBlocked))
	close(stop)
	release()
	if err := <-done; !errors.Is(err, migrations.ErrStopped) {
		t.Errorf("got %v", err)
	}
	wantIndexes(t, url, "a_x")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

// TestStoppedBeforeItBegins: each migration that is one transaction is one step.
func TestStoppedBeforeItBegins(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed())
	stop := make(chan struct{})
	close(stop)
	if r, err := e.Up(t.Context(), migrations.UpOptions{Stop: stop}); !errors.Is(err, migrations.ErrStopped) || len(r.Steps) != 0 {
		t.Errorf("up: %+v %v", r, err)
	}
	up(t, e, migrations.UpOptions{})
	if r, err := e.Down(t.Context(), migrations.DownOptions{Version: "1", Stop: stop}); !errors.Is(err, migrations.ErrStopped) || len(r.Steps) != 0 {
		t.Errorf("down: %+v %v", r, err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

// TestPlanOfADirection: of a partial migration both ways are shown, and of one index its own.
func TestPlanOfADirection(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	downOne(t, e, "a_x")
	mustExec(t, url, "UPDATE schema_migrations SET state = 'partial', direction = 'down' WHERE version = 2")
	for _, direction := range []string{"up", "down"} {
		p, err := e.Plan(t.Context(), migrations.PlanOptions{Version: "2", Direction: direction})
		if err != nil || len(p) != 1 || p[0].Direction != direction {
			t.Errorf("%s: %v %+v", direction, err, p)
		}
	}
	for direction, sql := range map[string]string{
		"up":   "-- healthagent: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x DESC) WHERE x > 0;\n",
		"down": "-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS \"public\".\"a_x\";\n",
	} {
		p, err := e.Plan(t.Context(), migrations.PlanOptions{Index: "a_x", Direction: direction})
		if err != nil || len(p) != 1 || p[0].SQL != sql || len(p[0].Objects) != 1 || p[0].Coverage != "1/1" {
			t.Errorf("%s: %v %+v", direction, err, p)
		}
	}
	var missing *migrations.NoSuchVersionError
	if _, err := e.Plan(t.Context(), migrations.PlanOptions{Version: "9", Direction: "down"}); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	var not *migrations.NotAppliedError
	mustExec(t, url, "DELETE FROM schema_migrations WHERE version = 3")
	if _, err := e.Plan(t.Context(), migrations.PlanOptions{Version: "3", Direction: "down"}); !errors.As(err, &not) {
		t.Errorf("got %v", err)
	}
}

func TestHolderIsTold(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	if h, err := e.Holder(t.Context()); err != nil || h != nil {
		t.Errorf("%+v %v", h, err)
	}
	other := connect(t, parameter(t, url, "application_name", "somebody"))
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock(1751215463, 1)"); err != nil { // lockClass
		t.Fatal(err)
	}
	if h, err := e.Holder(t.Context()); err != nil || h == nil || h.Application != "somebody" {
		t.Errorf("%+v %v", h, err)
	}
}

func TestLeftoverIsDroppedAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "INSERT INTO a VALUES (1), (2)")
	mustExec(t, url, "DROP INDEX a_x")
	mustExec(t, url, "CREATE INDEX a_x_ccnew ON a (x)")
	var missing *migrations.NoSuchIndexError
	if err := e.DropLeftover(t.Context(), "a_x_ccnew", nil); !errors.As(err, &missing) {
		t.Errorf("a valid one: %v", err)
	}
	mustExec(t, url, "DROP INDEX a_x_ccnew; INSERT INTO a VALUES (1)")
	if _, err := connect(t, url).Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x_ccnew ON a (x)"); err == nil {
		t.Fatal("duplicates were accepted")
	}
	wantIndexes(t, url, "a_Y, a_x_ccnew INVALID")
	if err := e.DropLeftover(t.Context(), "a_x_ccnew", nil); err != nil {
		t.Error(err)
	}
	wantIndexes(t, url, "a_Y")
	if err := e.DropLeftover(t.Context(), "a_Y", nil); !errors.As(err, &missing) {
		t.Errorf("one in use: %v", err)
	}
}
