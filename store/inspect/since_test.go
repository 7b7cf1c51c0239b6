package inspect_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/inspect"
	"healthagent/test/rig"
)

// Finding 8 of the design: a backend that is killed (out of memory) makes the server throw all counters away, while
// pg_stat_database.stats_reset stays NULL and the postmaster's start does not change. An index used every day would look unused.
func TestAKilledBackendBeginsANewWindow(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	url := super(t, cluster.URL())
	db := connect(t, url)
	for _, sql := range []string{
		`CREATE TABLE busy (id int, a int)`, `CREATE INDEX busy_a ON busy (a)`, `SET enable_seqscan = off`,
		`SELECT FROM busy WHERE a = 1`, `SELECT pg_stat_force_next_flush()`,
		`CHECKPOINT`, // the cluster commits in its own time
	} {
		must(t, exec(t, db, sql))
	}
	started := value[time.Time](t, db, `SELECT pg_postmaster_start_time()`)
	// long after: every index would be judged if the window had begun with the server
	later := 13 * 24 * time.Hour
	i, err := inspect.Open(inspect.Config{URL: url, Now: func() time.Time { return time.Now().Add(later) }})
	must(t, err)
	t.Cleanup(i.Close)
	before, err := i.Indexes(t.Context())
	must(t, err)
	equal(t, "scans", before.Indexes[0].Scans, 1)

	checkpointer := value[time.Time](t, db, checkpointerStart)
	must(t, syscall.Kill(int(db.PgConn().PID()), syscall.SIGKILL))
	db = again(t, url, checkpointer)
	equal(t, "the server's own start", value[time.Time](t, db, `SELECT pg_postmaster_start_time()`).Equal(started), true)
	equal(t, "stats_reset is NULL", value[bool](t, db, `SELECT stats_reset IS NULL FROM pg_stat_database WHERE datname = current_database()`), true)

	after, err := i.Indexes(t.Context()) // and the Inspector has lost its connection too
	must(t, err)
	equal(t, "scans", after.Indexes[0].Scans, 0)
	if !after.Since.After(before.Since) {
		t.Errorf("since %v, and %v after the crash", before.Since, after.Since)
	}
	// the traffic there was after the crash does not make up for the time there was not
	for range 150 {
		must(t, exec(t, db, `SELECT FROM busy`))
	}
	must(t, exec(t, db, `SELECT pg_stat_force_next_flush()`))
	after, err = i.Indexes(t.Context())
	must(t, err)
	equal(t, "judged", after.Judged || after.Indexes[0].Unused, false)
}

const checkpointerStart = `SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'`

// again connects to a server that recovers: its checkpointer is another then.
func again(t *testing.T, url string, checkpointer time.Time) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			var now time.Time
			if err = conn.QueryRow(ctx, checkpointerStart).Scan(&now); err == nil && now.After(checkpointer) {
				return conn
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func value[T any](t *testing.T, conn *pgx.Conn, sql string) (v T) {
	t.Helper()
	must(t, conn.QueryRow(t.Context(), sql).Scan(&v))
	return v
}
