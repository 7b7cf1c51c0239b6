package dump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// kindKept is between the name of a database and the time at which another took its place.
const (
	kindKept   = "_before_"
	keptLayout = "20060102_150405" // UTC; they sort as they were made
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

// Spare is a database that was kept when another took its place.
type Spare struct {
	Name  string    `json:"name"`
	Bytes int64     `json:"bytes"`
	Since time.Time `json:"since"` // when it gave way
}

const sparesSQL = `
SELECT datname,
       CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(oid) ELSE 0 END
FROM   pg_database
WHERE  starts_with(datname, $1) AND pg_has_role(datdba, 'USAGE')
ORDER  BY datname DESC`

func spares(ctx context.Context, conn *pgx.Conn, name string) ([]Spare, error) {
	rows, err := conn.Query(ctx, sparesSQL, named(name, kindKept))
	if err != nil {
		return nil, fmt.Errorf("list the kept databases: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Spare, err error) {
		err = row.Scan(&s.Name, &s.Bytes)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the kept databases: %w", err)
	}
	ours := []Spare{}
	for _, s := range all {
		stamp := strings.TrimPrefix(s.Name, named(name, kindKept))
		if s.Since, err = time.Parse(keptLayout, stamp[:min(len(stamp), len(keptLayout))]); err == nil {
			ours = append(ours, s)
		}
	}
	return ours, nil
}

// Spares lists the databases that were kept of the one that the URL names, the newest first; none is an empty list. name is the one
// that the URL names.
func Spares(ctx context.Context, address string) (name string, list []Spare, err error) {
	w, err := parseWay(address)
	if err != nil {
		return "", nil, err
	}
	conn, err := w.maintain(ctx)
	if err != nil {
		return "", nil, err
	}
	defer closeConn(ctx, conn)
	list, err = spares(ctx, conn, w.config.Database)
	return w.config.Database, list, err
}

// ErrNoSpare is returned by Undo when no database was kept.
var ErrNoSpare = errors.New("no database was kept that could be put back")

// Undo puts the newest spare back in its place. The database that has the place is kept in its turn, so that a second call takes back
// the first. Errors: ErrNoSpare, *BusyError.
func Undo(ctx context.Context, address string, now time.Time) (back, kept string, err error) {
	w, err := parseWay(address)
	if err != nil {
		return "", "", err
	}
	p, err := openPlace(ctx, w)
	if err != nil {
		return "", "", err
	}
	defer p.close(ctx)
	all, err := spares(ctx, p.conn, p.name)
	if err != nil {
		return "", "", err
	}
	if len(all) == 0 {
		return "", "", ErrNoSpare
	}
	if kept, err = p.keptName(ctx, now); err != nil {
		return "", "", err
	}
	return all[0].Name, kept, p.put(ctx, all[0].Name, kept, nil)
}

// Prune drops these spares of the database that the URL names. Names that are not its spares are refused. It returns those that were
// dropped, also with an error. Errors: *BusyError.
func Prune(ctx context.Context, address string, names []string) (dropped []Spare, err error) {
	w, err := parseWay(address)
	if err != nil {
		return nil, err
	}
	conn, err := w.maintain(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	all, err := spares(ctx, conn, w.config.Database)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(s Spare) bool { return s.Name == name })
		if i < 0 {
			return dropped, fmt.Errorf("%s is no database that was kept of %s", name, w.config.Database)
		}
		_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name))
		if code(err) == "55006" {
			return dropped, errors.Join(busy(ctx, conn, name))
		}
		if err != nil {
			return dropped, fmt.Errorf("drop %s: %w", name, err)
		}
		dropped = append(dropped, all[i])
	}
	return dropped, nil
}
