package dump

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// onServer has something done over a connection to another database of the server that the URL names, which it gets as a way.
func onServer[T any](ctx context.Context, address string, do func(context.Context, way, *pgx.Conn) (T, error)) (result T, err error) {
	w, err := parseWay(address)
	if err != nil {
		return result, err
	}
	conn, err := w.maintain(ctx)
	if err != nil {
		return result, err
	}
	defer closeConn(ctx, conn)
	return do(ctx, w, conn)
}

// maintain connects to a database of the server that is not the one that is named, if any lets us in, else to that one.
func (w way) maintain(ctx context.Context) (*pgx.Conn, error) {
	var first error
	for _, name := range []string{"postgres", "template1", w.config.Database} {
		conn, err := w.to(name).connect(ctx, applicationRestore)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		switch code(err) {
		case "3D000", "28000", "42501", "55000": // not there, not let in, no right to connect, closed
		default:
			return nil, first
		}
	}
	return nil, first
}

// lock is held until the connection closes.
func lock(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(makeLock)); err != nil {
		return fmt.Errorf("wait for another process that makes databases: %w", err)
	}
	return nil
}
