package migrations_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"healthagent/migrations"
)

// TestIfNotExistsHidesAnInvalidIndex: psql reports success and the index stays
// invalid for ever; the engine looks, and builds it.
func TestIfNotExistsHidesAnInvalidIndex(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	fsys := indexed()
	const trap = "-- healthagent: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);\n"
	fsys["002_indexes.sql"] = &fstest.MapFile{Data: []byte(trap)}
	e := engine(t, url, fsys)
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, "INSERT INTO a VALUES (1), (1)")
	if _, err := connect(t, url).Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)"); err == nil {
		t.Fatal("duplicates were accepted")
	}
	mustExec(t, url, "DELETE FROM a")
	psql(t, url, trap)
	wantIndexes(t, url, "a_x INVALID")
	up(t, e, migrations.UpOptions{})
	wantIndexes(t, url, "a_x")
}

// TestTwoFirstStartsDoNotDeadlock: waiting for the lock by the blocking function
// would hold a snapshot that the other's build waits for.
func TestTwoFirstStartsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	realTime := func(c *migrations.Config) { c.Wait = nil }
	var both sync.WaitGroup
	for range 2 {
		e := engine(t, url, nil, realTime)
		both.Go(func() {
			if _, err := e.Up(t.Context(), migrations.UpOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	n := value[int](t, url, `
SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relname LIKE 'idx\_%' AND indisvalid AND indisready`)
	if n != 8 {
		t.Errorf("%d valid indexes", n)
	}
	if failed := value[int](t, url, "SELECT count(*) FROM schema_migrations WHERE state <> 'applied'"); failed != 0 {
		t.Errorf("%d migrations are not applied", failed)
	}
}

// TestLockTimeoutDoesNotCutABuildBehindADump: the lock_timeout that every adviser
// wants also cuts the last wait of a build, for snapshots, and leaves an index that
// is paid for on every write and never read.
func TestLockTimeoutDoesNotCutABuildBehindADump(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), func(c *migrations.Config) { c.LockTimeout = time.Millisecond })
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''10ms''', current_database()); END $$`)
	release := snapshot(t, url, "pg_dump")
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(t.Context(), migrations.UpOptions{})
		done <- err
	}()
	await(t, url, "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase = 'waiting for old snapshots')")
	mustExec(t, url, "SELECT pg_sleep(0.1)") // ten times the timeout
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

// await polls on the server, which sleeps between two looks, until it says true.
func await(t *testing.T, url, sql string) {
	t.Helper()
	conn := connect(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		var so bool
		if err := conn.QueryRow(ctx, sql).Scan(&so); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if so {
			return
		}
		if _, err := conn.Exec(ctx, "SELECT pg_sleep(0.01)"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostClientDoesNotCutABuild: with client_connection_check_interval the server
// would cancel the build of a client that is gone and leave it invalid.
func TestLostClientDoesNotCutABuild(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	direct := engine(t, url, indexed())
	up(t, direct, migrations.UpOptions{OnlyTransactional: true})
	mustExec(t, url, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = ''10ms''', current_database()); END $$`)
	through, cut := proxy(t, url)
	pid, release, result := building(t.Context(), t, url, engine(t, through, indexed()))
	cut()
	if err := result(); err == nil {
		t.Error("the run without a connection reports success")
	}
	mustExec(t, url, "SELECT pg_sleep(0.1)") // ten checks
	if n := value[int](t, url, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", pid); n != 1 {
		t.Error("the server has given up the build")
	}
	release()
	await(t, url, "SELECT EXISTS (SELECT FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relname = 'a_x' AND indisvalid)")
	await(t, url, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'healthagent-migrate')")
	up(t, direct, migrations.UpOptions{})
	wantIndexes(t, url, "a_Y, a_x")
	wantStates(t, direct, "001 applied, 002 applied, 003 applied")
}

// proxy stands between the engine and the server until it is cut.
func proxy(t *testing.T, raw string) (url string, cut func()) {
	t.Helper()
	c, err := pgconn.ParseConfig(raw)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(c.Host, c.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		conns []net.Conn
	)
	cut = func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range conns {
			_ = c.Close()
		}
	}
	t.Cleanup(cut)
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial(network, address)
			if err != nil {
				_ = from.Close()
				return
			}
			mu.Lock()
			conns = append(conns, from, to)
			mu.Unlock()
			go func() { _, _ = io.Copy(to, from) }()
			go func() { _, _ = io.Copy(from, to) }()
		}
	}()
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return parameter(t, parameter(t, parameter(t, raw, "host", host), "port", port), "sslmode", "disable"), cut
}

// TestRefusedBuildLeavesNoCarcass: whatever the server has against an index, nothing
// of it is left that writes would have to pay for.
func TestRefusedBuildLeavesNoCarcass(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ index, code string }{
		"the specification's own predicate": {"a (x) WHERE at > CURRENT_TIMESTAMP - INTERVAL '30 days'", "42P17"},
		"a stable operator":                 {"a (x) WHERE at - interval '1 day' > '2026-01-01 00:00Z'", "42P17"},
		"a stable cast":                     {"a ((at::date))", "42P17"},
		"no such column":                    {"a (nope)", "42703"},
		"no such table":                     {"nowhere (x)", "42P01"},
		"a partitioned table":               {"parted (x)", "0A000"},
		"an unbounded column":               {"a (x) INCLUDE (body)", "54000"},
		"duplicates":                        {"a (twice)", "23505"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			unique := ""
			if tt.code == "23505" {
				unique = "UNIQUE "
			}
			e := engine(t, url, files(
				"001_a", "CREATE TABLE a (x int, twice int, at timestamptz, body text); CREATE TABLE parted (x int) PARTITION BY LIST (x)", "DROP TABLE a, parted",
				"002_indexes", "-- healthagent: no-transaction\nCREATE "+unique+"INDEX CONCURRENTLY i ON "+tt.index, "-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY i",
			))
			up(t, e, migrations.UpOptions{OnlyTransactional: true})
			// Text that no compression shortens, longer than a tuple of an index may be.
			mustExec(t, url, "INSERT INTO a SELECT i, 1, now(), (SELECT string_agg(md5(i * 1000 + j || ''), '') FROM generate_series(1, 200) AS j) FROM generate_series(1, 2) AS i")
			_, err := e.Up(t.Context(), migrations.UpOptions{})
			var se *migrations.StatementError
			if !errors.As(err, &se) || se.Code != tt.code || se.Line != 2 {
				t.Errorf("got %v", err)
			}
			if n := value[int](t, url, "SELECT count(*) FROM pg_class WHERE relname = 'i'"); n != 0 {
				t.Error("something is left of it")
			}
			wantStates(t, e, "001 applied, 002 failed")
		})
	}
}

// TestReadCommittedIdlerDoesNotHoldUpABuild: a session that sits in a transaction
// without a snapshot, and has not touched the table, is nobody to wait for.
func TestReadCommittedIdlerDoesNotHoldUpABuild(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	tx, err := connect(t, url).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM b"); err != nil {
		t.Fatal(err)
	}
	up(t, e, migrations.UpOptions{})
	if text := indexes(t, url); strings.Contains(text, "INVALID") {
		t.Error(text)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestACancelThatLeavesAnInvalidIndexIsPartial: an old snapshot keeps the build from
// ending and its remains from being dropped. They cost every write, so Down must lead
// out as well.
func TestACancelThatLeavesAnInvalidIndexIsPartial(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{OnlyTransactional: true})
	reader, err := connect(t, url).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "SELECT FROM a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := e.Up(ctx, migrations.UpOptions{})
		done <- err
	}()
	waitingBuild(t, url)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	wantIndexes(t, url, "a_x INVALID")
	wantStates(t, e, "001 applied, 002 partial, 003 applied")
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	down(t, e, "2")
	wantIndexes(t, url, "")
	wantStates(t, e, "001 applied, 002 held, 003 applied")
}

// TestSettingsOfADatabaseDoNotChangeWhatIsRead: how dates and names are written is
// asked for, not taken as the server's owner likes them.
func TestSettingsOfADatabaseDoNotChangeWhatIsRead(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"datestyle = 'German'", "quote_all_identifiers = on"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			url := emptyDatabase(t)
			name := value[string](t, url, "SELECT quote_ident(current_database())")
			mustExec(t, url, "ALTER DATABASE "+name+" SET "+setting)
			e := engine(t, url, indexed())
			up(t, e, migrations.UpOptions{})
			wantStates(t, e, "001 applied, 002 applied, 003 applied")
			v, err := e.Verify(t.Context(), migrations.VerifyOptions{})
			if err != nil || !v.OK {
				t.Errorf("verify: %v, %+v", err, v)
			}
		})
	}
}
