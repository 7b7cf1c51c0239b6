package inspect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// session is one connection, and what decides which form of a query it gets.
type session struct {
	conn  *pgx.Conn
	tx    pgx.Tx // the one of the collector at work
	major int    // of the server: 15, 16, …
	role  string
	// sees the sessions, statements and settings of others: a superuser, or pg_monitor
	monitor bool

	prepared map[string]prepared // what GenericPlans has prepared on it, by text
}

// settle fixes what a URL, a role, a database or the server's file may have set otherwise.
func settle(c *pgx.ConnConfig, application string) {
	if c.ConnectTimeout == 0 || c.ConnectTimeout > connectTime {
		c.ConnectTimeout = connectTime
	}
	for name, value := range map[string]string{
		"application_name":                    application,
		"timezone":                            "UTC",
		"search_path":                         "public",
		"default_transaction_read_only":       "on",
		"default_transaction_isolation":       "read committed",
		"statement_timeout":                   "30s",
		"lock_timeout":                        "200ms", // never queue in front of somebody's DDL
		"idle_in_transaction_session_timeout": "10s",
		"idle_session_timeout":                "0",
		"client_min_messages":                 "warning",
		"standard_conforming_strings":         "on",
		"stats_fetch_consistency":             "cache",
	} {
		c.RuntimeParams[name] = value
	}
	// When a context ends the server is asked to cancel, and the connection stays whole. A server that does not answer loses it.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
}

const aboutSQL = `
SELECT /* healthagent:about */ current_user::text,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AND pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')`

func connect(ctx context.Context, conf *pgx.ConnConfig) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, conf.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect to inspect: %w", err)
	}
	s := &session{conn: conn, major: major(conn.PgConn().ParameterStatus("server_version"))}
	if err := conn.QueryRow(ctx, aboutSQL).Scan(&s.role, &s.monitor); err != nil {
		s.close()
		return nil, fmt.Errorf("look at the server: %w", err)
	}
	return s, nil
}

// major is the leading number of a version such as "15.18 (Debian)" or "19beta1", 0 if there is none.
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

// within runs work in a transaction that is rolled back whatever happens. The budget holds for all its statements together, and
// the server ends each of them by itself should we be gone.
func (s *session) within(ctx context.Context, budget time.Duration, mode pgx.TxAccessMode, work func(context.Context, *session) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, budget, &BudgetError{Budget: budget})
	defer cancel()
	tx, err := s.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: mode})
	if err != nil {
		return ended(ctx, err, budget)
	}
	s.tx = tx
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = tx.Rollback(end) // a connection that cannot do this is closed by it
		s.tx = nil
	}()
	if _, err := tx.Exec(ctx, `SELECT /* healthagent:budget */ set_config('statement_timeout', $1, true)`, strconv.FormatInt(budget.Milliseconds(), 10)); err != nil {
		return ended(ctx, err, budget)
	}
	return ended(ctx, work(ctx, s), budget)
}

// BudgetError means that a collector was stopped since it took longer than it may: the server is busy, or has very many objects.
type BudgetError struct{ Budget time.Duration }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the server did not answer within %v", e.Budget)
}

// ended says why a statement was cut, if it was.
func ended(ctx context.Context, err error, budget time.Duration) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case code(err) == "57014": // the server counted the time itself
		return fmt.Errorf("%w: %w", &BudgetError{Budget: budget}, err)
	case code(err) == "55P03": // it came after our look at the locks
		return fmt.Errorf("another session just locked a table exclusively, ask again: %w", err)
	default:
		return err
	}
}

// code is the SQLSTATE of a server's error, "" for any other.
func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx) // gone either way
}

// list runs a query and reads its columns into the fields of the same names.
func list[T any](ctx context.Context, s *session, sql string, args ...any) ([]T, error) {
	rows, err := s.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
}

// one is list for a query that yields one row.
func one[T any](ctx context.Context, s *session, sql string, args ...any) (T, error) {
	rows, err := s.tx.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[T])
}

// part runs queries whose failure must not fail the collector: the transaction goes on after it.
func (s *session) part(ctx context.Context, work func() error) error {
	outer := s.tx
	inner, err := outer.Begin(ctx)
	if err != nil {
		return err
	}
	s.tx = inner
	err = work()
	s.tx = outer
	if err == nil {
		err = inner.Commit(ctx)
	}
	if err != nil {
		return errors.Join(err, inner.Rollback(ctx))
	}
	return nil
}

// needsMonitor is what a result says that lacks what only pg_monitor may see.
func (s *session) needsMonitor(what string) string {
	return fmt.Sprintf("%s: only a member of pg_monitor sees this (GRANT pg_monitor TO %s)", what, pgx.Identifier{s.role}.Sanitize())
}

// replace fills in a part of a query that depends on the server.
func replace(sql, placeholder, with string) string {
	return strings.ReplaceAll(sql, "{{"+placeholder+"}}", with)
}

func round1(v float64) float64 { return math.Round(10*v) / 10 }

// lockedCTE is what some session has, or waits to have, for itself alone: whoever asks for its size or definition waits for that
// session, and the operator wants to look just then.
const lockedCTE = `locked AS MATERIALIZED (
    SELECT relation
    FROM   pg_locks
    WHERE  mode = 'AccessExclusiveLock'
    AND    locktype = 'relation'
    AND    database = (SELECT oid FROM pg_database WHERE datname = current_database())
)`
