package migrations_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
)

const upIndexes = `-- healthagent: no-transaction
CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x DESC) WHERE x > 0;
CREATE INDEX CONCURRENTLY "a_Y" ON public.a USING btree (lower(x::text)) INCLUDE (x); -- needs ANALYZE
ANALYZE a;
`

const downIndexes = `-- healthagent: no-transaction
DROP INDEX CONCURRENTLY IF EXISTS a_x;
DROP INDEX CONCURRENTLY "a_Y";
`

// indexed is a table, its indexes, and something newer.
func indexed() fstest.MapFS {
	return files(
		"001_a", "CREATE TABLE a (x int)", "DROP TABLE a",
		"002_indexes", upIndexes, downIndexes,
		"003_b", "CREATE TABLE b (x int)", "DROP TABLE b",
	)
}

// indexes lists what is on table a as "a_x valid".
func indexes(t *testing.T, url string) string {
	t.Helper()
	return value[string](t, url, `
SELECT coalesce(string_agg(c.relname || CASE WHEN indisvalid AND indisready THEN '' ELSE ' INVALID' END, ', ' ORDER BY c.relname), '')
FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'a'::regclass`)
}

func wantIndexes(t *testing.T, url, want string) {
	t.Helper()
	if got := indexes(t, url); got != want {
		t.Errorf("indexes %q, want %q", got, want)
	}
}

func TestIndexOnlyGoesAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	first := schema(t, url)

	if got := versions(down(t, e, "")); got != "002" {
		t.Errorf("down without a version took %q", got)
	}
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
	entries, err := e.Status(t.Context())
	if err != nil || strings.Join(entries[1].Held, " ") != "a_x a_Y" {
		t.Errorf("%v held %q", err, entries[1].Held)
	}
	if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 || len(r.HeldVersions()) != 1 {
		t.Errorf("up after down: %+v", r)
	}
	up(t, e, migrations.UpOptions{Version: "002"})
	if again := schema(t, url); again != first {
		t.Errorf("up, down, up differ:\n%s\n---\n%s", first, again)
	}
	if progress := value[string](t, url, "SELECT statements_done || '/' || statements_total FROM schema_migrations WHERE version = 2"); progress != "3/3" {
		t.Errorf("progress %s", progress)
	}
}

func TestOnlyTransactionalFirst(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	if got := versions(up(t, e, migrations.UpOptions{OnlyTransactional: true})); got != "001 003" {
		t.Errorf("applied %q", got)
	}
	wantStates(t, e, "001 applied, 002 pending, 003 applied")
	if got := versions(up(t, e, migrations.UpOptions{})); got != "002" {
		t.Errorf("then %q", got)
	}
}

func TestIndexesMadeByHandAreTaken(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	psql(t, url, upIndexes)
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	psql(t, url, downIndexes)
	down(t, e, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

func TestInvalidIndexIsRebuilt(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{Version: "001"})
	mustExec(t, url, "INSERT INTO a VALUES (1), (1)")
	if _, err := connect(t, url).Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x DESC) WHERE x > 0"); err == nil {
		t.Fatal("duplicates were accepted")
	}
	wantIndexes(t, url, "a_x INVALID")
	mustExec(t, url, "DELETE FROM a")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
}

func TestFailedBuildLeavesNothing(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, "INSERT INTO a VALUES (77), (77)")
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var se *migrations.StatementError
	if !errors.As(err, &se) || se.Code != "23505" || se.Line != 2 || strings.Contains(err.Error(), "77") {
		t.Fatalf("got %v", err)
	}
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 failed, 003 applied")
	mustExec(t, url, "DELETE FROM a")
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestDifferentIndexStops(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, `CREATE INDEX "a_Y" ON a (x)`)
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var different *migrations.DefinitionError
	if !errors.As(err, &different) || different.Index != "a_Y" ||
		!strings.Contains(different.Found, "(x)") || !strings.Contains(different.Want, "lower((x)::text)) INCLUDE (x)") {
		t.Fatalf("got %v", err)
	}
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	mustExec(t, url, `DROP INDEX "a_Y"`)
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestStrangersIndexIsNoPart(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, "CREATE TABLE c (x int); CREATE UNIQUE INDEX a_x ON c (x DESC) WHERE x > 0")
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var different *migrations.DefinitionError
	if !errors.As(err, &different) {
		t.Errorf("an index of another table was taken: %v", err)
	}
	wantStates(t, e, "001 applied, 002 failed, 003 applied")
}

func TestPartialRollsBack(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, `CREATE TABLE "a_Y" ()`)
	if _, err := e.Up(t.Context(), migrations.UpOptions{}); err == nil {
		t.Fatal("a table's name was taken for an index")
	}
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	mustExec(t, url, `DROP TABLE "a_Y"`)
	down(t, e, "")
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

func TestWhatTheServerRefusesLeavesFailed(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := indexed()
	fsys["002_indexes.sql"] = &fstest.MapFile{Data: []byte("-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x) WHERE now() > 'today'")}
	e := engine(t, url, fsys)
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var se *migrations.StatementError
	if !errors.As(err, &se) || se.Code != "42P17" || se.Line != 2 {
		t.Errorf("got %v", err)
	}
	wantStates(t, e, "001 applied, 002 failed, 003 pending")
}

// building starts Up while a writer holds table a, and returns once the build
// waits for it: the pid of the build, and what ends the wait and the run.
func building(ctx context.Context, t *testing.T, url string, e *migrations.Engine) (pid int, release func(), result func() error) {
	t.Helper()
	writer := connect(t, url)
	tx, err := writer.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(ctx, migrations.UpOptions{})
		done <- err
	}()
	pid = waitingBuild(t, url)
	return pid, func() { _ = tx.Rollback(context.Background()) }, func() error { return <-done }
}

func waitingBuild(t *testing.T, url string) int {
	t.Helper()
	return waiting(t, url, "CREATE%INDEX CONCURRENTLY%")
}

// waiting returns the session whose statement is like that, once it waits for a lock.
// It polls on the server, which sleeps between two looks.
func waiting(t *testing.T, url, statement string) int {
	t.Helper()
	conn := connect(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		var pid int
		err := conn.QueryRow(ctx, `
SELECT a.pid FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.query LIKE $1 AND a.wait_event_type = 'Lock'`, statement).Scan(&pid)
		if err == nil {
			return pid
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT pg_sleep(0.01)"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBuildOutwaitsWriters(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), func(c *migrations.Config) { c.LockTimeout = time.Millisecond })
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	_, release, result := building(t.Context(), t, url, e)
	// Far longer than the lock_timeout of transactional migrations.
	mustExec(t, url, "SELECT pg_sleep(0.1)")
	wantStates(t, e, "001 applied, 002 running, 003 applied")
	release()
	if err := result(); err != nil {
		t.Fatal(err)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

func TestCancelledBackendIsCleanedUp(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	pid, release, result := building(t.Context(), t, url, e)
	mustExec(t, url, "SELECT pg_cancel_backend($1)", pid)
	release() // dropping what is left waits for the writer too
	var se *migrations.StatementError
	if err := result(); !errors.As(err, &se) || se.Code != "57014" {
		t.Errorf("got %v", err)
	}
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 failed, 003 applied")
	up(t, e, migrations.UpOptions{})
}

func TestKilledBackendIsRecovered(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	pid, release, result := building(t.Context(), t, url, e)
	mustExec(t, url, "SELECT pg_terminate_backend($1, 5000)", pid)
	if err := result(); err == nil {
		t.Error("the killed run reports success")
	}
	release()
	wantIndexes(t, url, "a_x INVALID")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestCancelledContextIsRecovered(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), func(c *migrations.Config) { c.Wait = nil })
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	ctx, cancel := context.WithCancel(t.Context())
	_, release, result := building(ctx, t, url, e)
	cancel()
	if err := result(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
}

func TestTwoEnginesBuildOnce(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	realTime := func(c *migrations.Config) { c.Wait = nil }
	up(t, engine(t, url, indexed()), migrations.UpOptions{OnlyTransactional: true})
	first, second := engine(t, url, indexed(), realTime), engine(t, url, indexed(), realTime)
	_, release, result := building(t.Context(), t, url, first)
	var wg sync.WaitGroup
	var steps int
	var err error
	wg.Go(func() {
		var r migrations.Result
		r, err = second.Up(t.Context(), migrations.UpOptions{})
		steps = len(r.Steps)
	})
	// The second must be seen waiting before the first may go on.
	for n := 0; n < 2; {
		n = value[int](t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'healthagent-migrate'")
	}
	release()
	if err := result(); err != nil {
		t.Errorf("first: %v", err)
	}
	wg.Wait()
	if err != nil || steps != 0 {
		t.Errorf("second: %v, %d steps", err, steps)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

func TestForeignBuildIsAwaited(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	waited := make(chan struct{})
	var once sync.Once
	e := engine(t, url, indexed(), func(c *migrations.Config) {
		c.Wait = func(ctx context.Context, _ time.Duration) error { once.Do(func() { close(waited) }); return ctx.Err() }
	})
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	release := writing(t, url)
	byHand := make(chan error, 1)
	hand := connect(t, url)
	go func() {
		_, err := hand.Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x DESC) WHERE x > 0", pgx.QueryExecModeSimpleProtocol)
		byHand <- err
	}()
	waitingBuild(t, url)
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(t.Context(), migrations.UpOptions{})
		done <- err
	}()
	<-waited
	release()
	if err := <-byHand; err != nil {
		t.Errorf("the foreign build: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("up: %v", err)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

// writing keeps an uncommitted row in table a.
func writing(t *testing.T, url string) (release func()) {
	t.Helper()
	tx, err := connect(t, url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

func TestInterruptedRollbackIsNotUndone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	// What a process killed between the two drops leaves.
	mustExec(t, url, "DROP INDEX a_x; UPDATE schema_migrations SET state = 'running', direction = 'down' WHERE version = 2")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	r := up(t, e, migrations.UpOptions{})
	if len(r.Steps) != 0 || len(r.Skipped) != 1 || r.Skipped[0].Reason != migrations.SkipPartial {
		t.Errorf("up: %+v", r)
	}
	wantIndexes(t, url, "a_Y")
	down(t, e, "002")
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

func TestOlderBinaryRollsBackNewerIndexes(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, indexed()), migrations.UpOptions{})
	older := indexed()
	delete(older, "002_indexes.sql")
	delete(older, "rollbacks/002_indexes_rollback.sql")
	down(t, engine(t, url, older), "")
	wantIndexes(t, url, "")
}
