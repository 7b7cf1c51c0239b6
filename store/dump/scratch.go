package dump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Kinds of scratch databases. The kind and the id of the process follow the name of the database beside which they are made.
const (
	kindVerify = "_verify_"
	kindNew    = "_new_"

	scratchMark = "p" // before the number of the process
)

const (
	// makeLock orders those who make, swap and drop databases: between making one and connecting to it nobody may find it unused.
	makeLock = 0x6864756d70 // "hdump"
	// keeping is the name of the session that shows that a scratch database is in use, wherever its process runs.
	keeping = applicationRestore + " keeper"
	// farewell is how long the dropping of a database may take, also when the caller's context is over.
	farewell = time.Minute
)

// ErrNoRight is returned when the role of the URL may not create databases.
var ErrNoRight = errors.New("the role may not create databases, and a dump is always restored into a new one first")

// noRight says how the role gets the right.
func (w way) noRight() error {
	return fmt.Errorf("%w: a superuser lets it with ALTER ROLE %s CREATEDB, and 'healthagent doctor' says how to become one", ErrNoRight, quote(w.config.User))
}

// scratch is a database of our own, empty at first, beside another on its server. drop must be called.
type scratch struct {
	beside way // the database that is named
	way    way // ours; its name is empty once it is gone or has become something else
	keeper *pgx.Conn
}

// createScratch makes an empty database of the kind, in the manner of the one that it is made beside (encoding, locale, tablespace),
// if that exists. What killed processes have left is dropped first.
func createScratch(ctx context.Context, w way, kind string) (*scratch, error) {
	conn, err := w.maintain(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	if err := lock(ctx, conn); err != nil {
		return nil, err
	}
	if _, err := sweep(ctx, conn, w.config.Database); err != nil {
		return nil, fmt.Errorf("drop what killed processes left: %w", err)
	}
	s := &scratch{beside: w}
	if err := s.create(ctx, conn, kind); err != nil {
		return nil, errors.Join(err, s.drop(ctx))
	}
	return s, nil
}

// create makes the database and stays connected to it.
func (s *scratch) create(ctx context.Context, conn *pgx.Conn, kind string) error {
	m, err := mannerOf(ctx, conn, s.beside.config.Database)
	if err != nil {
		return err
	}
	for _, template := range m.templates() {
		if err := s.make(ctx, conn, kind, m.options(template)); err != nil {
			if code(err) == "55006" && template == "template1" { // somebody is connected to it
				continue
			}
			return err
		}
		if s.keeper, err = s.way.connect(ctx, keeping); err != nil {
			return err
		}
		furnished := false
		if err := s.keeper.QueryRow(ctx, furnishedSQL).Scan(&furnished); err != nil {
			return fmt.Errorf("look into the new database: %w", err)
		}
		if !furnished {
			return nil
		}
		if err := s.dropOver(ctx, conn); err != nil { // somebody has put tables into template1
			return err
		}
	}
	return errors.New("no template makes an empty database")
}

// make finds a free name.
func (s *scratch) make(ctx context.Context, conn *pgx.Conn, kind, options string) error {
	tail := kind + scratchMark + strconv.Itoa(os.Getpid())
	for i := 1; ; i++ {
		name := named(s.beside.config.Database, tail)
		if i > 1 {
			name = named(s.beside.config.Database, tail+"_"+strconv.Itoa(i))
		}
		_, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)+options)
		switch code(err) {
		case "42P04", "23505": // another of this process
			continue
		case "42501":
			return s.beside.noRight()
		}
		if err != nil {
			return fmt.Errorf("create the database %s: %w", name, err)
		}
		s.way = s.beside.to(name)
		return nil
	}
}

// furnishedSQL tells whether there is anything in a database but what extensions brought.
const furnishedSQL = `
SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE  n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
               AND    NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i')))
    OR EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
               WHERE  n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
               AND    NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))`

// drop drops the database with whoever is connected to it. It works when ctx is over, within a minute. A second call does nothing.
func (s *scratch) drop(ctx context.Context) error {
	if s.way.config == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	conn, err := s.beside.maintain(ctx)
	if err != nil {
		return fmt.Errorf("connect to drop %s: %w", s.way.config.Database, err)
	}
	defer closeConn(ctx, conn)
	return s.dropOver(ctx, conn)
}

func (s *scratch) dropOver(ctx context.Context, conn *pgx.Conn) error {
	s.leave(ctx)
	name := s.way.config.Database
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop %s: %w", name, err)
	}
	s.way = way{}
	return nil
}

// leave ends the session that keeps the database.
func (s *scratch) leave(ctx context.Context) {
	if s.keeper != nil {
		closeConn(ctx, s.keeper)
		s.keeper = nil
	}
}

const leftoversSQL = `
SELECT d.datname
FROM   pg_database AS d
WHERE  starts_with(d.datname, $1)
AND    pg_has_role(d.datdba, 'USAGE')
AND    NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid AND a.application_name = $2)`

// sweep drops what leftovers finds, and with it the loaders that outlived its process. The names of the dropped are returned, also with an
// error.
func sweep(ctx context.Context, conn *pgx.Conn, beside string) (dropped []string, err error) {
	names, err := leftovers(ctx, conn, beside)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
			return dropped, err
		}
		dropped = append(dropped, name)
	}
	return dropped, nil
}

// leftovers are the scratch databases beside the named one whose process is gone. A live one has its keeper connected, or has makeLock, as
// our caller has. The number in the name says nothing: its process may run on another host, and another one may have got it since, as
// after every boot.
func leftovers(ctx context.Context, conn *pgx.Conn, beside string) (left []string, err error) {
	for _, kind := range []string{kindVerify, kindNew} {
		names, err := texts(ctx, conn, leftoversSQL, named(beside, kind), keeping)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if ours(strings.TrimPrefix(name, named(beside, kind))) { // else it is somebody else's
				left = append(left, name)
			}
		}
	}
	return left, nil
}

// ours tells whether that is how the name of one of ours ends: with the number of a process, and from the second on one of its own. A
// person's healthagent_new_2025 does not.
func ours(tail string) bool {
	numbers, marked := strings.CutPrefix(tail, scratchMark)
	if !marked {
		return false
	}
	for part := range strings.SplitSeq(numbers, "_") {
		if _, err := strconv.ParseUint(part, 10, 64); err != nil {
			return false
		}
	}
	return true
}

// named is a name with a tail, within the 63 bytes that PostgreSQL keeps of it.
func named(base, tail string) string {
	const room = 26 // every tail fits, so that one base is cut in one way
	return strings.ToValidUTF8(base[:min(len(base), 63-room)], "") + tail
}

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// message is what PostgreSQL said, in one line.
func message(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Message
	}
	return err.Error()
}
