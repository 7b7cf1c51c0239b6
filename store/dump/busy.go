package dump

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Session is somebody who is connected to a database.
type Session struct {
	PID         int
	Database    string
	Application string
	User        string
	Client      string // address; empty on a socket
}

// BusyError says who keeps a database from being swapped or dropped.
type BusyError struct {
	Database string
	Sessions []Session
	Prepared int // transactions that were prepared and neither committed nor rolled back
}

func (e *BusyError) Error() string {
	who := make([]string, 0, len(e.Sessions)+1)
	for _, s := range e.Sessions {
		text := fmt.Sprintf("session %d", s.PID)
		for _, part := range []string{s.Application, s.User, s.Client} {
			if part != "" {
				text += " " + part
			}
		}
		who = append(who, text)
	}
	if e.Prepared > 0 {
		who = append(who, fmt.Sprintf("%d prepared transactions", e.Prepared))
	}
	if len(who) == 0 {
		who = append(who, "somebody who is not seen")
	}
	return "the database " + e.Database + " is in use: " + strings.Join(who, ", ")
}

// Autovacuum ends by itself when a database is renamed or dropped.
const sessionsSQL = `
SELECT a.pid,
       a.datname::text,
       coalesce(a.application_name, ''),
       coalesce(a.usename::text, ''),
       coalesce(host(a.client_addr), '')
FROM   pg_stat_activity AS a
WHERE  a.datname = $1 AND a.pid <> pg_backend_pid() AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
ORDER  BY a.backend_start`

// busy is nil when nobody is connected to the database.
func busy(ctx context.Context, q querier, name string) error {
	rows, err := q.Query(ctx, sessionsSQL, name)
	if err != nil {
		return fmt.Errorf("look who is connected to %s: %w", name, err)
	}
	e := &BusyError{Database: name}
	if e.Sessions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Session]); err != nil {
		return fmt.Errorf("look who is connected to %s: %w", name, err)
	}
	if err := q.QueryRow(ctx, `SELECT count(*) FROM pg_prepared_xacts WHERE database = $1`, name).Scan(&e.Prepared); err != nil {
		return fmt.Errorf("look for prepared transactions in %s: %w", name, err)
	}
	if len(e.Sessions) == 0 && e.Prepared == 0 {
		return nil
	}
	return e
}

// Users are the sessions in a database of a server that do not end by themselves, ourselves aside. The errors are those of the server.
func Users(ctx context.Context, address, name string) ([]Session, error) {
	return onServer(ctx, address, func(ctx context.Context, _ way, conn *pgx.Conn) ([]Session, error) {
		return staying(ctx, conn, name)
	})
}

// staying are the sessions in a database that do not end by themselves: one whose client has just left is seen for a moment longer, and
// PostgreSQL itself waits for such a one when it renames.
func staying(ctx context.Context, conn *pgx.Conn, name string) ([]Session, error) {
	const patience = 20
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for try := 1; ; try++ {
		err := busy(ctx, conn, name)
		var others *BusyError
		if !errors.As(err, &others) {
			return nil, err
		}
		if try == patience {
			return others.Sessions, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}
