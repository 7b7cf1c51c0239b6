package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// prefix begins the names of our databases; the id of the process follows.
const prefix = "healthagent_bench_"

// farewell is how long the dropping of a database may take, also when the caller's context is over.
const farewell = time.Minute

// Scratch is a database of our own on somebody's server. Drop must be called.
type Scratch struct {
	admin  *pgx.ConnConfig // the database that was named: it is asked to make and drop ours, and nothing else
	config *pgx.ConnConfig
	name   string
	url    string
	keeper *pgx.Conn // as long as it is connected no other process takes our database for a leftover
	pool   *pgxpool.Pool
}

// ErrNoRight is returned when the role of the URL may not create databases.
var ErrNoRight = errors.New("the role may not create databases: ALTER ROLE … CREATEDB lets it")

// Create makes an empty database beside the one that address names, and drops those that killed processes have left there. The pool has
// at most callers connections.
func Create(ctx context.Context, address string, callers int) (*Scratch, error) {
	admin, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database URL cannot be understood") // the driver's error quotes it
	}
	admin.RuntimeParams["application_name"] = "healthagent-bench"
	s := &Scratch{admin: admin}
	conn, err := pgx.ConnectConfig(ctx, admin)
	if err != nil {
		return nil, fmt.Errorf("connect to make a database: %w", err)
	}
	defer closeConn(ctx, conn)
	// One process at a time: between making a database and connecting to it nobody may find it unused.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(0x6862656e6368)); err != nil {
		return nil, fmt.Errorf("wait for another bench to start: %w", err)
	}
	if err := sweep(ctx, conn); err != nil {
		return nil, fmt.Errorf("drop what killed processes left: %w", err)
	}
	if err := s.create(ctx, conn, address, callers); err != nil {
		return nil, errors.Join(err, s.Drop(ctx))
	}
	return s, nil
}

// create makes the database and connects to it.
func (s *Scratch) create(ctx context.Context, conn *pgx.Conn, address string, callers int) error {
	base := prefix + strconv.Itoa(os.Getpid())
	name := base
	for i := 2; ; i++ {
		// template0: what somebody put into template1 is not ours to measure
		_, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE template0")
		if err == nil {
			break
		}
		switch code(err) {
		case "42P04", "23505": // another bench of this process, made before or just now
			name = base + "_" + strconv.Itoa(i)
		case "42501":
			return ErrNoRight
		default:
			return fmt.Errorf("create the database %s: %w", name, err)
		}
	}
	s.name = name
	s.config = s.admin.Copy()
	s.config.Database = name
	var err error
	if s.url, err = withDatabase(address, name); err != nil {
		return err
	}
	if s.keeper, err = s.connect(ctx); err != nil {
		return err
	}
	return s.open(ctx, callers)
}

// open makes the pool as the product's is, with no limit to a statement's time: without indexes it may be long. A query that locks rows
// writes, and in the product is part of a unit of work that is committed once: here nobody waits for the commit of a query alone.
func (s *Scratch) open(ctx context.Context, callers int) error {
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return fmt.Errorf("prepare the pool: %w", err)
	}
	pc.ConnConfig = s.config.Copy()
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pc.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	pc.MaxConns = int32(callers) //nolint:gosec // a pool's size
	if s.pool, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return fmt.Errorf("open the pool: %w", err)
	}
	return nil
}

// Name is the database's.
func (s *Scratch) Name() string { return s.name }

// URL names the database, for the driver.
func (s *Scratch) URL() string { return s.url }

// Drop drops the database with whoever is connected to it. It works when ctx is over, within a minute. A second call does nothing.
func (s *Scratch) Drop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if s.pool != nil {
		s.pool.Close()
		s.pool = nil
	}
	if s.keeper != nil {
		_ = s.keeper.Close(ctx)
		s.keeper = nil
	}
	if s.name == "" {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, s.admin)
	if err != nil {
		return fmt.Errorf("connect to drop %s: %w", s.name, err)
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(s.name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop %s: %w", s.name, err)
	}
	s.name = ""
	return nil
}

const leftoversSQL = `
SELECT d.datname
FROM   pg_database AS d
WHERE  d.datname ~ '^healthagent_bench_[0-9]+(_[0-9]+)?$'
AND    NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
AND    pg_has_role(d.datdba, 'USAGE')`

// sweep drops the databases that nobody is connected to and whose process is gone. A live one has its keeper connected, also when it
// runs on another host, where its number means nothing to us.
func sweep(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, leftoversSQL)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
		pid, err := strconv.Atoi(number)
		if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		// without FORCE: whoever has connected since keeps it
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)); err != nil && code(err) != "55006" {
			return err
		}
	}
	return nil
}

// connect opens a connection of its own, outside the pool.
func (s *Scratch) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.name, err)
	}
	return conn, nil
}

// withDatabase is a URL or keyword string with another database.
func withDatabase(text, name string) (string, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return text + " dbname=" + name, nil // the last one counts
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("the database URL cannot be understood")
	}
	q := u.Query()
	q.Del("dbname")
	u.Path, u.RawPath, u.RawQuery = "/"+name, "", q.Encode()
	return u.String(), nil
}

func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
