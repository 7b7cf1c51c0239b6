package migrations_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
)

func TestStatusBeforeAnything(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	wantStates(t, e, "001 pending, 002 pending, 003 pending")
	if exists(t, url, "public.schema_migrations") {
		t.Error("status made the ledger")
	}
	if err := e.Check(t.Context()); err != nil {
		t.Errorf("check of an empty database: %v", err)
	}
}

func TestUpIsRecorded(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	r := up(t, e, migrations.UpOptions{})
	if got := versions(r); got != "001 002 003" {
		t.Errorf("steps %q", got)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	got := value[string](t, url, `
SELECT concat_ws(' ', version, name, class, additive, state, statements_done, statements_total, length(checksum_up),
                 down_sql, up_sql LIKE 'CREATE TABLE b%', binary_version, os_user <> '', applied_at IS NOT NULL)
FROM schema_migrations WHERE version = 2`)
	if want := "2 b loses-rows t applied 2 2 64 DROP TABLE b t test t t"; got != want {
		t.Errorf("ledger row:\n got %s\nwant %s", got, want)
	}
	if again := up(t, e, migrations.UpOptions{}); len(again.Steps)+len(again.Skipped) != 0 {
		t.Errorf("the second up did %+v", again)
	}
}

func TestStatusJSON(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), three())
	entries, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(entries[1])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":"002","name":"b","state":"pending","class":"loses-rows","held":[],"duration_ms":0,"statements_done":0,"statements_total":2}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestUpByNameBringsWhatItStandsOn(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), three())
	if got := versions(up(t, e, migrations.UpOptions{Version: "2"})); got != "001 002" {
		t.Errorf("up 2 applied %q", got)
	}
	r := up(t, e, migrations.UpOptions{Version: "001"})
	if len(r.Steps) != 0 || len(r.Skipped) != 1 || r.Skipped[0].Reason != migrations.SkipApplied {
		t.Errorf("up of an applied one: %+v", r)
	}
}

func TestUpDryRun(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	r := up(t, e, migrations.UpOptions{DryRun: true})
	if versions(r) != "001 002 003" || !r.DryRun || r.Steps[0].SQL != "CREATE TABLE a (x int)" {
		t.Errorf("dry run: %+v", r)
	}
	if exists(t, url, "a") || exists(t, url, "schema_migrations") {
		t.Error("the dry run did something")
	}
}

func TestTwoEnginesApplyOnce(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := three()
	fsys["004_count.sql"] = &fstest.MapFile{Data: []byte("INSERT INTO b VALUES (1)")}
	fsys["rollbacks/004_count_rollback.sql"] = &fstest.MapFile{Data: []byte("DELETE FROM b")}
	realTime := func(c *migrations.Config) { c.Wait = nil }
	const engines = 6
	var (
		wg    sync.WaitGroup
		steps [engines]int
		errs  [engines]error
	)
	for i := range engines {
		e := engine(t, url, fsys, realTime)
		wg.Go(func() {
			r, err := e.Up(t.Context(), migrations.UpOptions{})
			steps[i], errs[i] = len(r.Steps), err
		})
	}
	wg.Wait()
	total := 0
	for i := range engines {
		if errs[i] != nil {
			t.Errorf("engine %d: %v", i, errs[i])
		}
		total += steps[i]
	}
	if total != 4 {
		t.Errorf("%d steps in all, want 4", total)
	}
	if n := value[int](t, url, "SELECT count(*) FROM b"); n != 1 {
		t.Errorf("the insert ran %d times", n)
	}
}

func TestLockedNamesTheHolder(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	other := connect(t, parameter(t, url, "application_name", "other"))
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock(x'68616d67'::int, 1)"); err != nil {
		t.Fatal(err)
	}
	waits := 0
	e := engine(t, url, three(), func(c *migrations.Config) {
		c.LockWait = 10 * time.Second
		c.Wait = func(context.Context, time.Duration) error { waits++; return nil }
	})
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var locked *migrations.LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got %v", err)
	}
	if h := locked.Holder; h == nil || h.PID != int(other.PgConn().PID()) || h.Application != "other" || h.Since.IsZero() {
		t.Errorf("holder %+v", locked.Holder)
	}
	if waits < 5 {
		t.Errorf("polled %d times in 10 s", waits)
	}
	wantStates(t, e, "001 pending, 002 pending, 003 pending")
}

func TestNothingToDoNeedsNoLock(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three(), func(c *migrations.Config) { c.LockWait = -1 })
	up(t, e, migrations.UpOptions{})
	other := connect(t, url)
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock(x'68616d67'::int, 1)"); err != nil {
		t.Fatal(err)
	}
	up(t, e, migrations.UpOptions{})
}

func TestFailingFileRollsBackWhole(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := three()
	fsys["002_b.sql"] = &fstest.MapFile{Data: []byte("-- é\nCREATE TABLE b (x int);\n\nINSERT INTO b\nSELECT 1 / 0;\n")}
	e := engine(t, url, fsys)
	r, err := e.Up(t.Context(), migrations.UpOptions{})
	var se *migrations.StatementError
	if !errors.As(err, &se) {
		t.Fatalf("got %v", err)
	}
	if se.File != "002_b.sql" || se.Line != 4 || se.Statement != "INSERT INTO b" || se.Code != "22012" {
		t.Errorf("%+v", se)
	}
	if versions(r) != "001" || exists(t, url, "b") {
		t.Errorf("steps %q, b exists %v", versions(r), exists(t, url, "b"))
	}
	wantStates(t, e, "001 applied, 002 failed, 003 pending")
	entries, err := e.Status(t.Context())
	if err != nil || !strings.Contains(entries[1].Error, "002_b.sql:4") {
		t.Errorf("status: %v %+v", err, entries)
	}
	// The edited file is no drift: nothing of it was ever applied.
	mended := engine(t, url, three())
	if got := versions(up(t, mended, migrations.UpOptions{})); got != "002 003" {
		t.Errorf("the next up applied %q", got)
	}
	if entries, err = mended.Status(t.Context()); err != nil || entries[1].Error != "" {
		t.Errorf("the reason stayed: %v %+v", err, entries[1])
	}
}

func TestSyntaxErrorHasItsLine(t *testing.T) {
	t.Parallel()
	fsys := files("001_a", "-- ünïcode ✓\nCREATE TABLE a (x int);\nCREATE TABLE b (\n    x int,\n    y nonsense\n);", "DROP TABLE a")
	_, err := engine(t, emptyDatabase(t), fsys).Up(t.Context(), migrations.UpOptions{})
	var se *migrations.StatementError
	if !errors.As(err, &se) || se.Line != 5 || se.Statement != "CREATE TABLE b (" || se.Code != "42704" {
		t.Errorf("got %v", err)
	}
}

func TestErrorsHoldNoData(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	mustExec(t, url, "CREATE TABLE said (x text); INSERT INTO said VALUES ('my secret')")
	fsys := files("001_a", "ALTER TABLE said ALTER x TYPE int USING x::int", "SELECT 1")
	e := engine(t, url, fsys)
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if stored := value[string](t, url, "SELECT error FROM schema_migrations"); stored == "" || strings.Contains(stored, "secret") {
		t.Errorf("ledger: %s", stored)
	}
}

// blocking holds a table against DDL until the returned function is called.
func blocking(t *testing.T, url, table string) (release func()) {
	t.Helper()
	conn := connect(t, url)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE "+pgx.Identifier{table}.Sanitize()+" IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestLockTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{Version: "002"})
	release := blocking(t, url, "a")
	var pauses []time.Duration
	e := engine(t, url, three(), func(c *migrations.Config) {
		c.LockTimeout = 20 * time.Millisecond
		c.Wait = func(_ context.Context, d time.Duration) error {
			if pauses = append(pauses, d); len(pauses) == 3 {
				release()
			}
			return nil
		}
	})
	up(t, e, migrations.UpOptions{})
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	if len(pauses) != 3 || pauses[0] < 250*time.Millisecond || pauses[2] < time.Second {
		t.Errorf("pauses %v", pauses)
	}
}

func TestLockTimeoutGivesUp(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{Version: "002"})
	release := blocking(t, url, "a")
	defer release()
	e := engine(t, url, three(), func(c *migrations.Config) { c.LockTimeout = 5 * time.Millisecond })
	_, err := e.Up(t.Context(), migrations.UpOptions{})
	var se *migrations.StatementError
	if !errors.As(err, &se) || se.Code != "55P03" || se.Tries != 10 {
		t.Fatalf("got %v", err)
	}
	wantStates(t, e, "001 applied, 002 applied, 003 failed")
}

func TestInterruptedTransactionIsRetried(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{Version: "002"})
	// What a process killed in the middle of 002 leaves.
	mustExec(t, url, "UPDATE schema_migrations SET state = 'running', applied_at = NULL WHERE version = 2; DROP TABLE b")
	wantStates(t, e, "001 applied, 002 failed, 003 pending")
	if got := versions(up(t, e, migrations.UpOptions{})); got != "002 003" {
		t.Errorf("recovered %q", got)
	}
	// And in the middle of its rollback.
	mustExec(t, url, "UPDATE schema_migrations SET state = 'running', direction = 'down' WHERE version = 3")
	wantStates(t, e, "001 applied, 002 applied, 003 applied")
	down(t, e, "003")
	wantStates(t, e, "001 applied, 002 applied, 003 held")
}

func TestRunningIsShownWhileTheLockIsHeld(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, three())
	up(t, e, migrations.UpOptions{})
	other := connect(t, url)
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock(x'68616d67'::int, 1)"); err != nil {
		t.Fatal(err)
	}
	mustExec(t, url, "UPDATE schema_migrations SET state = 'running' WHERE version = 3")
	wantStates(t, e, "001 applied, 002 applied, 003 running")
}

func TestCancelledUpLeavesNothing(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	up(t, engine(t, url, three()), migrations.UpOptions{Version: "002"})
	release := blocking(t, url, "a")
	ctx, cancel := context.WithCancel(t.Context())
	e := engine(t, url, three(), func(c *migrations.Config) {
		c.LockTimeout = 5 * time.Millisecond
		c.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	})
	if _, err := e.Up(ctx, migrations.UpOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	wantStates(t, e, "001 applied, 002 applied, 003 failed")
	up(t, engine(t, url, three()), migrations.UpOptions{})
}

// TestSessionIgnoresDefaults sets what a role or database may be configured to.
func TestSessionIgnoresDefaults(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	mustExec(t, url, `DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''50ms''', current_database());
    EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
    EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''serializable''', current_database());
    EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database());
    EXECUTE format('ALTER DATABASE %I SET search_path = elsewhere', current_database());
END $$`)
	fsys := files("001_a", `
CREATE TABLE a AS
SELECT name, setting FROM pg_settings
WHERE name IN ('application_name', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
               'client_connection_check_interval', 'search_path', 'standard_conforming_strings');
SELECT pg_sleep(0.06)`, "DROP TABLE a")
	e := engine(t, url, fsys)
	up(t, e, migrations.UpOptions{})
	got := value[string](t, parameter(t, url, "statement_timeout", "0"),
		"SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM public.a")
	want := "application_name=healthagent-migrate client_connection_check_interval=0 idle_in_transaction_session_timeout=0 " +
		"lock_timeout=3000 search_path=public standard_conforming_strings=on statement_timeout=0"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestForeignLedgerIsLeftAlone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	mustExec(t, url, "CREATE TABLE schema_migrations (version bigint, dirty boolean)")
	e := engine(t, url, three())
	if _, err := e.Status(t.Context()); !errors.Is(err, migrations.ErrForeignLedger) {
		t.Errorf("status: %v", err)
	}
	if _, err := e.Up(t.Context(), migrations.UpOptions{}); !errors.Is(err, migrations.ErrForeignLedger) {
		t.Errorf("up: %v", err)
	}
}

// TestUpOfANameMendsWhatIsGone: a rollback that psql ran is not in the ledger. A start leaves it at that; whoever names the
// migration wants its indexes.
func TestUpOfANameMendsWhatIsGone(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, scenario())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "DROP INDEX a_x")
	if r := up(t, e, migrations.UpOptions{}); len(r.Steps) != 0 {
		t.Errorf("%+v", r)
	}
	wantIndexes(t, url, "")
	if r := up(t, e, migrations.UpOptions{Version: "2", DryRun: true}); len(r.Steps) != 1 {
		t.Errorf("%+v", r)
	}
	up(t, e, migrations.UpOptions{Version: "2"})
	wantIndexes(t, url, "a_x")
	wantStates(t, e, "001 applied, 002 applied")
	if r := up(t, e, migrations.UpOptions{Version: "2"}); len(r.Steps) != 0 {
		t.Errorf("%+v", r)
	}
}
