package migrations

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// The migration lock: one per database, told from other advisory locks by its
// first key.
const (
	lockClass  = 0x68616d67
	lockObject = 1
)

// session is one connection of the engine's own, never from a pool: what it sets
// must not leak to others, nor theirs to it.
type session struct {
	conn   *pgx.Conn
	cfg    Config
	engine *Engine
	report *reporter
	stop   <-chan struct{} // closed: no other step begins; nil: never
}

// stopped reports whether it was asked to end after the step at work.
func (s *session) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// cleanupTime bounds what is done after a cancelled run, and how long a cancelled
// statement may take to end.
const cleanupTime = 5 * time.Second

// connect opens a session and settles everything that a role, a database or the
// server's file may have set otherwise. A non-zero client_connection_check_interval
// would cut a concurrent build when the client is gone and leave it invalid.
func (e *Engine) connect(ctx context.Context) (*session, error) {
	c := e.conn.Copy()
	c.RuntimeParams["application_name"] = "healthagent-migrate"
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	// A cancelled context must cancel the statement, not the connection: what an
	// interrupted build leaves is dropped over the same session, under its lock.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cleanupTime}
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to migrate: %w", err)
	}
	s := &session{conn: conn, cfg: e.cfg, engine: e, report: &reporter{now: e.cfg.Now}}
	if err := s.settle(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// settings of a session. transaction_timeout exists from PostgreSQL 17 only.
const settings = `
SET statement_timeout = 0;
SET application_name = 'healthagent-migrate';
SET search_path = public;
SET standard_conforming_strings = on;
SET default_transaction_isolation = 'read committed';
SET default_transaction_read_only = off;
SET idle_in_transaction_session_timeout = 0;
SET idle_session_timeout = 0;
SET client_connection_check_interval = 0;
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET quote_all_identifiers = off;
SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`

func (s *session) settle(ctx context.Context) error {
	version := s.conn.PgConn().ParameterStatus("server_version")
	if major(version) < 15 {
		return &ServerVersionError{Version: version}
	}
	if err := s.conn.PgConn().Exec(ctx, settings).Close(); err != nil {
		return fmt.Errorf("set up the migration session: %w", err)
	}
	return s.setLockTimeout(ctx, s.cfg.LockTimeout)
}

// major returns the leading number of a version such as "15.18 (Debian)" or
// "19beta1", 0 if there is none.
func major(version string) int {
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	n, err := strconv.Atoi(version[:digits])
	if err != nil {
		return 0
	}
	return n
}

// setLockTimeout sets the wait for any one lock; 0 means for ever, which is what
// concurrent index builds need: cut in a wait they leave an invalid index.
func (s *session) setLockTimeout(ctx context.Context, d time.Duration) error {
	text := strconv.FormatInt(d.Milliseconds(), 10)
	if _, err := s.conn.Exec(ctx, `SELECT set_config('lock_timeout', $1, false)`, text); err != nil {
		return fmt.Errorf("set lock_timeout: %w", err)
	}
	return nil
}

// close ends the session. The lock is given back by word, since the server may take
// a while to notice that the connection is gone. It does not wait on a dead server.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// The connection and its locks are gone either way; an error changes nothing.
	_ = s.run(ctx, "SELECT pg_advisory_unlock_all()")
	_ = s.conn.Close(ctx)
}

// lock takes the migration lock by polling. The blocking form would hold a
// snapshot while it waits, and a concurrent index build waits for all snapshots:
// two processes starting together would deadlock.
func (s *session) lock(ctx context.Context) error {
	var waited time.Duration
	pause := 200 * time.Millisecond
	for {
		var got bool
		err := s.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1::int, $2::int)`, lockClass, lockObject).Scan(&got)
		if err != nil {
			return fmt.Errorf("take the migration lock: %w", err)
		}
		if got {
			return nil
		}
		if waited == 0 {
			s.cfg.Logger.InfoContext(ctx, "waiting for another process that migrates", "at_most", s.cfg.LockWait.String())
			s.report.send(Event{Kind: EventLockWait, Text: "waiting for another process that migrates this database"})
		}
		if waited >= s.cfg.LockWait {
			holder, err := s.holder(ctx)
			if err != nil {
				return err
			}
			return &LockedError{Waited: waited, Holder: holder}
		}
		step := min(pause, s.cfg.LockWait-waited)
		if err := s.cfg.Wait(ctx, step); err != nil {
			return fmt.Errorf("wait for the migration lock: %w", err)
		}
		waited += step
		pause = min(pause*3/2, 2*time.Second)
	}
}

const selectHolder = `
SELECT l.pid,
       coalesce(a.application_name, ''),
       a.backend_start
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint = $1::bigint
  AND l.objid::bigint = $2::bigint
  AND l.objsubid = 2
  AND l.granted`

// holder returns who holds the migration lock, nil when nobody does.
func (s *session) holder(ctx context.Context) (*Holder, error) {
	var (
		h     Holder
		since *time.Time
	)
	err := s.conn.QueryRow(ctx, selectHolder, lockClass, lockObject).Scan(&h.PID, &h.Application, &since)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look who holds the migration lock: %w", err)
	}
	if since != nil {
		h.Since = *since
	}
	return &h, nil
}
