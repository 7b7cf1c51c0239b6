package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	superuser  = "postgres"    // bootstrap role of the cluster
	product    = "healthagent" // our role and our database
	statements = "pg_stat_statements"
	pgSocket   = ".s.PGSQL.5432"
)

// Postgres is a handle on a private PostgreSQL. Its methods may be called
// from several goroutines.
type Postgres struct {
	opt   Options
	data  string // absolute
	log   string
	lease *lease
	acct  account
	slog  *slog.Logger

	socket atomic.Pointer[string] // directory of the socket
	child  *child                 // under the control lock; nil when we attached
}

// StartPostgres makes sure that the private PostgreSQL of o.Dir runs and that
// the role and the database healthagent exist, and returns a handle that keeps
// it running until Close. The first start creates the cluster, in the newest
// installed version; later the version of the existing data rules. A server
// that is starting up or recovering is waited for as long as ctx allows.
//
// It listens on a unix socket only, in a directory closed to other users; as
// root it runs as the owner of o.Dir, or as postgres when that is root too.
// Errors: *MissingError when nothing suitable is installed, *StartError with
// the server's last words, and plain ones for directories and rights.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	dir, err := prepareDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	p := &Postgres{opt: o, data: filepath.Join(dir, "postgres"), log: filepath.Join(dir, "postgres.log"), slog: o.logger()}
	if p.acct, err = accountFor(dir, p.data, "postgres"); err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	var unlock func()
	if p.lease, unlock, err = takeLease(ctx, dir, "postgres", p.acct); err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer unlock()
	if err = p.ensure(ctx); err == nil {
		err = p.prepare(ctx)
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		p.lease.closed.Store(true)
		err = errors.Join(err, p.lease.endLocked(ctx, p.stop))
		_ = p.lease.users.Close()
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	return p, nil
}

// prepareDir makes dir and returns its one true name, which every process
// that shares the server finds alike.
func prepareDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no directory given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := makeDir(dir); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// URL names the database healthagent as its owner, for pgx and libpq alike. It
// stays the same over a restart by Ensure.
func (p *Postgres) URL() string { return p.DatabaseURL(product, product) }

// AdminURL names the maintenance database as the superuser.
func (p *Postgres) AdminURL() string { return p.DatabaseURL(superuser, superuser) }

// DatabaseURL names any role and database of this server; neither needs to
// exist yet.
func (p *Postgres) DatabaseURL(role, database string) string {
	q := url.Values{"host": {*p.socket.Load()}, "port": {"5432"}, "user": {role}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: q.Encode()}).String()
}

// PID is the process id of the server, 0 when it does not run.
func (p *Postgres) PID() int {
	pid, _ := p.running()
	return pid
}

// Ensure starts the server again when it is gone and returns when it accepts
// connections. It is cheap when all is well; call it when connections fail.
// After Close it returns ErrClosed.
func (p *Postgres) Ensure(ctx context.Context) error {
	unlock, err := p.lease.lock(ctx)
	if err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	defer unlock()
	if p.lease.closed.Load() {
		return ErrClosed
	}
	if err := p.ensure(ctx); err != nil {
		return fmt.Errorf("private PostgreSQL: %w", err)
	}
	return nil
}

// Close gives up the handle. The last handle on the directory, in any process,
// stops the server: running statements are cancelled, everything committed
// stays. It returns when the server is gone or ctx ends; a second call does
// nothing.
func (p *Postgres) Close(ctx context.Context) error {
	if err := p.lease.end(ctx, p.stop); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

// Stop stops the server whoever uses it, and waits for that as long as ctx
// allows. The handle stays good: Ensure starts the server again.
func (p *Postgres) Stop(ctx context.Context) error {
	unlock, err := p.lease.lock(ctx)
	if err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	defer unlock()
	if err := p.stop(ctx); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

// running is the pid of the cluster's server and the directory of its socket;
// 0 when none runs.
func (p *Postgres) running() (pid int, socket string) {
	pm, ok := readPostmaster(p.data)
	if !ok || !alive(pm.pid, p.data) {
		return 0, ""
	}
	return pm.pid, pm.socket
}

// ensure brings the server up. The caller holds the control lock.
func (p *Postgres) ensure(ctx context.Context) error {
	for {
		pid, socket := p.running()
		if pid == 0 && (p.child == nil || p.child.exited()) {
			if err := p.retryable(); err != nil {
				return err
			}
			if err := p.start(ctx); err != nil {
				return err
			}
			continue
		}
		if socket != "" {
			p.socket.Store(&socket)
			up, err := p.accepts(ctx)
			if up || err != nil {
				return err
			}
		}
		if err := pause(ctx, p.child.wait()); err != nil {
			return fmt.Errorf("wait for the server to accept connections: %w", err)
		}
	}
}

// retryable is nil unless our own server, just gone, said why it cannot start.
// What is left of its killed predecessor goes away by itself, so that is
// tried again.
func (p *Postgres) retryable() error {
	c := p.child
	p.child = nil
	if c == nil {
		return nil
	}
	out := c.output()
	if strings.Contains(out, "ready to accept connections") ||
		strings.Contains(out, "is still in use") || strings.Contains(out, "lock file \"postmaster.pid\" already exists") {
		return nil
	}
	return &StartError{Server: "PostgreSQL", Reason: "it ended while starting", Log: p.log, Tail: out}
}

// start launches the server without waiting for it.
func (p *Postgres) start(ctx context.Context) error {
	if err := pause(ctx, nil); err != nil { // also paces repeated attempts
		return err
	}
	major, err := clusterMajor(p.data)
	if err != nil {
		return p.acct.explain(err, p.data)
	}
	bin, err := findPostgres(ctx, p.opt.BinDir, major)
	if err != nil {
		return err
	}
	if major == 0 {
		p.slog.Info("creating a private PostgreSQL", "dir", p.data, "version", bin.major)
		if err := initCluster(ctx, bin, p.data, p.acct, p.opt.Fast); err != nil {
			return err
		}
	}
	if err := clearStale(p.data); err != nil {
		return err
	}
	dir, err := socketDir(p.data+".sock", pgSocket, p.acct)
	if err != nil {
		return err
	}
	conf, err := renderConf(postgresSettings(p.opt, bin.hasLibrary(ctx, statements)))
	if err != nil {
		return err
	}
	if err := writeOwned(filepath.Join(p.data, confName), conf, p.acct); err != nil {
		return err
	}
	p.child, err = spawn(p.acct, p.data, p.log, filepath.Join(bin.dir, "postgres"),
		"-D", p.data, "-k", dir, "-p", "5432", "-c", "listen_addresses=")
	if err != nil {
		return err
	}
	p.slog.Info("started the private PostgreSQL", "dir", p.data, "version", bin.major, "pid", p.child.pid)
	return nil
}

// accepts tells whether the server lets the superuser in. An error means that
// it never will.
func (p *Postgres) accepts(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, p.AdminURL())
	if err == nil {
		_ = conn.Close(ctx)
		return true, nil
	}
	var pgErr *pgconn.PgError
	switch {
	case !errors.As(err, &pgErr) || pgErr.Code == "57P03": // not there yet, starting, stopping
		return false, nil
	case pgErr.Code == "53300": // full, hence up
		return true, nil
	default:
		return false, fmt.Errorf("the server turns its own superuser away: %w", err)
	}
}

// stop ends the server and waits for it. The caller holds the control lock
// and knows that nobody else uses the server.
func (p *Postgres) stop(ctx context.Context) error {
	pid, socket := p.running()
	if pid == 0 && p.child != nil && !p.child.exited() {
		pid = p.child.pid // it has not come as far as its lock file
	}
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	for alive(pid, p.data) {
		if err := pause(ctx, p.child.wait()); err != nil {
			return fmt.Errorf("wait for process %d to end: %w", pid, err)
		}
	}
	if socket != "" {
		_ = os.Remove(socket) // only when empty, thus ours
	}
	p.slog.Info("stopped the private PostgreSQL", "dir", p.data, "pid", pid)
	return nil
}

// prepare creates our role and database where they are missing. The statement
// statistics go into template1, so that every database has them; without
// their library the product still works.
func (p *Postgres) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.AdminURL())
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "53300" {
		return nil // attached to a server in full use: it was prepared long ago
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var role, database, library bool
	err = conn.QueryRow(ctx, `SELECT
		EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT FROM pg_database WHERE datname = $1),
		position($2 IN current_setting('shared_preload_libraries')) > 0`, product, statements).
		Scan(&role, &database, &library)
	if err != nil {
		return err
	}
	if !role {
		if _, err := conn.Exec(ctx, `CREATE ROLE healthagent LOGIN CREATEDB IN ROLE pg_monitor, pg_signal_backend`); err != nil {
			return fmt.Errorf("create the role: %w", err)
		}
	}
	if database {
		return nil
	}
	if library {
		if err := p.addStatements(ctx); err != nil {
			p.slog.Warn("no statement statistics in the private PostgreSQL", "error", err)
		}
	}
	if _, err := conn.Exec(ctx, `CREATE DATABASE healthagent OWNER healthagent`); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func (p *Postgres) addStatements(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.DatabaseURL(superuser, "template1"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	return err
}
