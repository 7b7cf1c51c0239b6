package migrations_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"healthagent/migrations"
)

// often makes the watchdog look as soon as it can.
func often(c *migrations.Config) { c.Watch = time.Millisecond }

// next receives events until one matches.
func next(t *testing.T, events <-chan migrations.Event, match func(migrations.Event) bool) migrations.Event {
	t.Helper()
	over := time.After(2 * time.Minute)
	for {
		select {
		case e := <-events:
			if match(e) {
				return e
			}
		case <-over:
			t.Fatal("the event never came")
		}
	}
}

func kind(k migrations.EventKind) func(migrations.Event) bool {
	return func(e migrations.Event) bool { return e.Kind == k }
}

// TestBuildNamesItsBlocker holds open what pg_dump does: a snapshot. The build must
// wait for it however long that takes, say for whom it waits, and finish.
func TestBuildNamesItsBlocker(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), often, func(c *migrations.Config) { c.LockTimeout = time.Millisecond })
	up(t, e, migrations.UpOptions{OnlyTransactional: true})

	dump := connect(t, parameter(t, url, "application_name", "pg_dump of the night"))
	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM b"} {
		if _, err := dump.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	events := make(chan migrations.Event, 1000)
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(t.Context(), migrations.UpOptions{Events: events})
		done <- err
	}()
	blocked := next(t, events, kind(migrations.EventBlocked))
	if len(blocked.Blockers) != 1 || blocked.Blockers[0].PID != int(dump.PgConn().PID()) ||
		blocked.Blockers[0].Application != "pg_dump of the night" || !strings.Contains(blocked.Text, "pg_dump of the night, idle in transaction") {
		t.Errorf("blocked by %+v: %s", blocked.Blockers, blocked.Text)
	}
	if blocked.Version != 2 || blocked.Object != "a_x" || blocked.Statement != 1 || blocked.Statements != 3 || blocked.Direction != "up" {
		t.Errorf("the event is about %+v", blocked)
	}
	if p := blocked.Progress; p == nil || p.Phase != "waiting for old snapshots" || p.Number != 9 || p.Unit != "sessions" || p.Total < 1 {
		t.Errorf("progress %+v", p)
	}
	if _, err := dump.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	next(t, events, kind(migrations.EventDone))
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestDropNamesItsBlocker(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), often)
	up(t, e, migrations.UpOptions{})
	reader := connect(t, url)
	for _, sql := range []string{"BEGIN", "SELECT count(*) FROM a"} {
		if _, err := reader.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	events := make(chan migrations.Event, 1000)
	done := make(chan error, 1)
	go func() {
		_, err := e.Down(t.Context(), migrations.DownOptions{Events: events})
		done <- err
	}()
	blocked := next(t, events, kind(migrations.EventBlocked))
	if blocked.Blockers[0].PID != int(reader.PgConn().PID()) || blocked.Direction != "down" {
		t.Errorf("%+v", blocked)
	}
	if _, err := reader.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

// TestCancelledRollbackIsPartialWithTwoWaysOut stops a rollback while it waits for
// the second of its drops.
func TestCancelledRollbackIsPartialWithTwoWaysOut(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"finish", "restore"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			fsys := indexed()
			fsys["002_indexes.sql"].Data = []byte(upIndexes + "CREATE INDEX CONCURRENTLY b_x ON b (x);")
			fsys["rollbacks/002_indexes_rollback.sql"].Data = []byte("-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY b_x;\nDROP INDEX CONCURRENTLY a_x;\nDROP INDEX CONCURRENTLY \"a_Y\"")
			e := engine(t, url, fsys, often)
			up(t, e, migrations.UpOptions{OnlyTransactional: true})
			up(t, e, migrations.UpOptions{})
			release := writing(t, url)
			ctx, cancel := context.WithCancel(t.Context())
			events := make(chan migrations.Event, 1000)
			done := make(chan error, 1)
			go func() {
				_, err := e.Down(ctx, migrations.DownOptions{Events: events})
				done <- err
			}()
			next(t, events, kind(migrations.EventBlocked))
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			release()
			wantStates(t, e, "001 applied, 002 partial, 003 applied")
			if got := held(t, e); got != "b_x" {
				t.Errorf("held %q", got)
			}
			if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 {
				t.Errorf("a start undid a rollback: %+v", r)
			}
			if way == "finish" {
				down(t, e, "2")
				wantIndexes(t, url, "")
				wantStates(t, e, "001 applied, 002 held, 003 applied")
				return
			}
			up(t, e, migrations.UpOptions{Version: "2"})
			wantIndexes(t, url, "a_Y, a_x")
			wantStates(t, e, "001 applied, 002 applied, 003 applied")
		})
	}
}

// TestCancelledBuildCleansUpBehindItself: without the cancel request the driver
// would close the connection and leave the index invalid until the next start.
func TestCancelledBuildCleansUpBehindItself(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), often)
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	dump := connect(t, url)
	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM b"} {
		if _, err := dump.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	events := make(chan migrations.Event, 1000)
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(ctx, migrations.UpOptions{Events: events})
		done <- err
	}()
	next(t, events, kind(migrations.EventBlocked)) // in its last wait: ready, and paid for by every write
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 failed, 003 applied")
}

// TestNobodyListens: a screen that hangs must not hold up a build.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed(), often)
	if _, err := e.Up(t.Context(), migrations.UpOptions{Events: make(chan migrations.Event)}); err != nil {
		t.Fatal(err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

type rescued struct {
	bytes.Buffer
	closed bool
}

func (r *rescued) Close() error { r.closed = true; return nil }

func TestRowsAreWrittenDownBeforeTheyAreLost(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "INSERT INTO b VALUES (1), (42)")
	files := map[string]*rescued{}
	_, err := e.Down(t.Context(), migrations.DownOptions{Version: "2", Rescue: func(version int, table string) (io.WriteCloser, error) {
		f := &rescued{}
		files[migrations.Label(version)+" "+table] = f
		return f, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := files["002 public.b"]
	if got == nil || !got.closed || !strings.HasSuffix(got.String(), "\n1\n42\n") {
		t.Errorf("rescued %v", files)
	}
}

func TestNothingIsLostWhenItCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	full := errors.New("no space left on device")
	_, err := e.Down(t.Context(), migrations.DownOptions{Version: "3", Rescue: func(int, string) (io.WriteCloser, error) { return nil, full }})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	mustExec(t, url, "SELECT y FROM a")
}

// TestKilledDropIsFinishedOrRestored: a drop that dies while it waits for readers leaves the index invalid, and every write pays for it.
func TestKilledDropIsFinishedOrRestored(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"finish", "restore"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			e := engine(t, url, indexed(), often)
			up(t, e, migrations.UpOptions{})
			reader := connect(t, url)
			for _, sql := range []string{"BEGIN", "SELECT count(*) FROM a"} {
				if _, err := reader.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			events := make(chan migrations.Event, 1000)
			done := make(chan error, 1)
			go func() {
				_, err := e.Down(t.Context(), migrations.DownOptions{Events: events})
				done <- err
			}()
			next(t, events, kind(migrations.EventBlocked))
			mustExec(t, url, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND datname = current_database()`)
			if err := <-done; err == nil {
				t.Error("the killed rollback reports success")
			}
			if _, err := reader.Exec(t.Context(), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			wantStates(t, e, "001 applied, 002 partial, 003 applied")
			wantIndexes(t, url, "a_Y, a_x INVALID")
			if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 {
				t.Errorf("a start undid a rollback: %+v", r)
			}
			if way == "finish" {
				down(t, e, "")
				wantIndexes(t, url, "")
				wantStates(t, e, "001 applied, 002 held, 003 applied")
				return
			}
			up(t, e, migrations.UpOptions{Version: "2"})
			wantIndexes(t, url, "a_Y, a_x")
			wantStates(t, e, "001 applied, 002 applied, 003 applied")
		})
	}
}

// lockedRescue begins a rollback whose rows cannot be written down yet, because a
// reader has their table.
func lockedRescue(ctx context.Context, t *testing.T, timeout time.Duration) (url string, result func() error) {
	t.Helper()
	url = emptyDatabase(t)
	e := engine(t, url, three(), func(c *migrations.Config) { c.LockTimeout = timeout })
	up(t, e, migrations.UpOptions{})
	reader, err := connect(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "SELECT FROM a"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := e.Down(ctx, migrations.DownOptions{Version: "2", Rescue: func(int, string) (io.WriteCloser, error) {
			return nil, errors.New("the reader's lock was not waited for")
		}})
		done <- err
	}()
	return url, func() error { return <-done }
}

// TestACancelInATransactionIsToldAsOne: the server's word for it alone would pass for
// a server that shuts down.
func TestACancelInATransactionIsToldAsOne(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	url, result := lockedRescue(ctx, t, time.Minute)
	waiting(t, url, "LOCK TABLE%")
	cancel()
	if err := result(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestALockThatTheRescueDoesNotGetIsAStatementError(t *testing.T) {
	t.Parallel()
	_, result := lockedRescue(t.Context(), t, time.Millisecond)
	var se *migrations.StatementError
	if err := result(); !errors.As(err, &se) || se.Code != "55P03" || se.Tries != 10 {
		t.Errorf("got %v", err)
	}
}
