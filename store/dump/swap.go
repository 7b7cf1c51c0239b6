package dump

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// kindKept is between the name of a database and the time at which another took its place.
const (
	kindKept   = "_before_"
	keptLayout = "20060102_150405" // UTC; they sort as they were made
)

// place is one database of a server and what stands in for it.
type place struct {
	way  way
	name string
	conn *pgx.Conn // to another database
}

// openPlace connects and takes the lock of those who make, swap and drop databases. close must be called.
func openPlace(ctx context.Context, w way) (place, error) {
	conn, err := w.maintain(ctx)
	if err != nil {
		return place{}, err
	}
	if conn.Config().Database == w.config.Database {
		closeConn(ctx, conn)
		return place{}, fmt.Errorf("a database cannot be renamed from within: let the role connect to the database postgres (GRANT CONNECT ON DATABASE postgres TO %s)", quote(w.config.User))
	}
	if err := lock(ctx, conn); err != nil {
		closeConn(ctx, conn)
		return place{}, err
	}
	return place{way: w, name: w.config.Database, conn: conn}, nil
}

func (p place) close(ctx context.Context) { closeConn(ctx, p.conn) }

func (p place) exists(ctx context.Context, name string) (bool, error) {
	there := false
	if err := p.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return false, fmt.Errorf("look for the database %s: %w", name, err)
	}
	return there, nil
}

// put gives the database called fresh the name of the place, and the one that has it, if any, the name kept. Both happen or neither, at
// one moment: whatever dies, under the name is always one whole database. PostgreSQL itself lets nobody connect to a database that is
// being renamed and refuses when somebody is connected already. carry, which may be nil, is part of the same transaction.
func (p place) put(ctx context.Context, fresh, kept string, carry func(context.Context, pgx.Tx) error) error {
	there, err := p.exists(ctx, p.name)
	if err != nil {
		return err
	}
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after the commit it does nothing
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '10s'; SET LOCAL synchronous_commit = on`); err != nil {
		return fmt.Errorf("set up the swap: %w", err)
	}
	if there {
		if carry != nil {
			if err := carry(ctx, tx); err != nil {
				return err
			}
		}
		if err := p.rename(ctx, tx, p.name, kept); err != nil {
			return err
		}
	}
	if err := p.rename(ctx, tx, fresh, p.name); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return p.settle(ctx, fresh, err)
	}
	return nil
}

// ErrUnsure is returned when the server was lost at the very moment of a swap: one of the two databases has the name, and which one is
// not known here.
var ErrUnsure = errors.New("the server was lost while the databases were swapped: whether they are is not known, 'healthagent restore --prune --dry-run' lists what was kept")

// settle finds out what came of a commit whose answer was lost.
func (p place) settle(ctx context.Context, fresh string, lost error) error {
	conn, err := p.way.maintain(ctx)
	if err != nil {
		return errors.Join(ErrUnsure, lost)
	}
	defer closeConn(ctx, conn)
	again := place{way: p.way, name: p.name, conn: conn}
	if there, err := again.exists(ctx, fresh); err != nil {
		return errors.Join(ErrUnsure, lost)
	} else if there {
		return fmt.Errorf("commit: %w", lost)
	}
	return nil
}

func (p place) rename(ctx context.Context, tx pgx.Tx, from, to string) error {
	_, err := tx.Exec(ctx, "ALTER DATABASE "+quote(from)+" RENAME TO "+quote(to))
	switch code(err) {
	case "55006":
		// the transaction is over: look again outside it
		_ = tx.Rollback(ctx)
		if busy := busy(ctx, p.conn, from); busy != nil {
			return busy
		}
		return &BusyError{Database: from}
	case "42501":
		return fmt.Errorf("the role %s may not rename the database %s: it must own it and have CREATEDB", p.way.config.User, from)
	}
	if err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	return nil
}

// keptName is a free name for the database that gives way. It sorts behind those that were kept before, also in the same second, and when
// the clock was set back meanwhile: what an undo puts back is always what gave way last.
func (p place) keptName(ctx context.Context, now time.Time) (string, error) {
	kept, err := spares(ctx, p.conn, p.name)
	if err != nil {
		return "", err
	}
	if len(kept) > 0 && !now.Truncate(time.Second).After(kept[0].Since) {
		now = kept[0].Since.Add(time.Second)
	}
	for i := 1; ; i++ {
		name := named(p.name, kindKept+now.UTC().Format(keptLayout))
		if i > 1 {
			name += fmt.Sprintf("_%d", i)
		}
		if there, err := p.exists(ctx, name); err != nil || !there {
			return name, err
		}
	}
}
