package migrations

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says which database to migrate and how. Only URL has no default.
type Config struct {
	// URL names the database in any form that libpq knows. It must lead to the
	// server itself or to a session-mode pooler: the lock belongs to the session.
	URL string
	// Dial opens the connections. Default: in the usual way.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// FS holds the files as Files does, which is the default.
	FS fs.FS
	// Logger gets one line per migration. Default: none.
	Logger *slog.Logger
	// BinaryVersion is written to the ledger.
	BinaryVersion string
	// Now is the clock of the ledger's times. Default: time.Now.
	Now func() time.Time
	// LockWait is how long another migrating process is waited for. Default 30 s;
	// negative means one try.
	LockWait time.Duration
	// LockTimeout bounds one wait for a table lock in transactional migrations,
	// which is tried up to ten times. Default 3 s.
	LockTimeout time.Duration
	// Watch is how often a concurrent build is looked at. Default 500 ms.
	Watch time.Duration
	// Wait pauses between tries; it returns early with the context's error.
	// Default: a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Queries are the product's statements whose plans Verify and Plan try.
	// Default: none, and then no index has a verdict about its use.
	Queries []Query
}

// Engine applies and takes back migrations. It keeps no connection and no state
// between calls and may be used by several goroutines and processes at once: the
// database's advisory lock orders them.
type Engine struct {
	cfg    Config
	conn   *pgx.ConnConfig
	files  []Migration
	osUser string
}

// connectTime bounds the opening of a session, for a URL that says nothing about it.
const connectTime = 10 * time.Second

// New reads and validates the files; it does not connect. Errors are *LoadError,
// *CollisionError, or those of a URL that cannot be parsed.
func New(c Config) (*Engine, error) {
	if c.FS == nil {
		c.FS = Files()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.LockWait == 0 {
		c.LockWait = 30 * time.Second
	}
	if c.LockTimeout <= 0 {
		c.LockTimeout = 3 * time.Second
	}
	if c.Watch <= 0 {
		c.Watch = 500 * time.Millisecond
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	if c.URL == "" {
		return nil, errors.New("migrations: no database URL")
	}
	conn, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("migrations: parse the database URL: %w", err)
	}
	if conn.ConnectTimeout == 0 { // a server that hangs takes a connection and says nothing, for ever
		conn.ConnectTimeout = connectTime
	}
	if c.Dial != nil {
		conn.DialFunc = c.Dial
	}
	files, err := load(c.FS)
	if err != nil {
		return nil, err
	}
	return &Engine{cfg: c, conn: conn, files: files, osUser: osUser()}, nil
}

// Migrations returns what this binary carries, ordered by version. The caller
// must not change the statements.
func (e *Engine) Migrations() []Migration { return append([]Migration(nil), e.files...) }

// file returns the migration of that number, nil when the binary has none.
func (e *Engine) file(version int) *Migration {
	for i := range e.files {
		if e.files[i].Version == version {
			return &e.files[i]
		}
	}
	return nil
}

// osUser names who runs the process, by number when there is no name.
func osUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
