package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrHeld is returned by Lead when another process leads.
var ErrHeld = errors.New("another process holds the bot's lock")

// errLost is why the context of Lead's work ended, when it was not its caller who ended it.
var errLost = errors.New("the bot's lock was lost")

// leaderClass tells the bot's advisory lock from others' in the same database.
const leaderClass = 0x68_65_61_67 // "heag"

const tryLeadSQL = `
SELECT /* try_lead */ pg_try_advisory_lock($1, ($2 % 2147483648)::int)`

const leaderSQL = `
SELECT /* get_leader */ a.pid, a.application_name, a.backend_start
FROM   pg_locks AS l
JOIN   pg_stat_activity AS a ON a.pid = l.pid
WHERE  l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objid = ($2::bigint % 2147483648)::oid AND l.granted
AND    l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// What the triggers of users and reminders tell.
const (
	listenUsersSQL     = `LISTEN /* listen_users */ healthagent_users`
	listenRemindersSQL = `LISTEN /* listen_reminders */ healthagent_reminders`
)

// Lead holds the lock by which one process alone polls and works for a bot, on a connection of its own, for as long as work runs.
// It returns ErrHeld at once when another process has it. work's context ends when the connection, and with it the lock, is lost;
// work must have ended all that it started before it returns.
//
// On the same connection it hears of changes that others make: a person's changed row is dropped from the cache, and
// remindersChanged is called when reminders were added or moved.
func (s *Store) Lead(ctx context.Context, botID int64, remindersChanged func(), work func(context.Context) error) error {
	conn, err := s.leaderConn(ctx)
	if err != nil {
		return err
	}
	defer closeSoon(conn)
	var got bool
	if err := conn.QueryRow(ctx, tryLeadSQL, leaderClass, botID).Scan(&got); err != nil {
		return fmt.Errorf("try the bot's lock: %w", err)
	}
	if !got {
		return fmt.Errorf("%w%s", ErrHeld, leader(ctx, conn, botID))
	}
	for _, sql := range []string{listenUsersSQL, listenRemindersSQL} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("listen for changes: %w", err)
		}
	}
	s.cache.distrust() // changes made while nobody listened

	ctx, cancel := context.WithCancelCause(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		cancel(fmt.Errorf("%w: %w", errLost, s.hear(ctx, conn, remindersChanged)))
	}()
	defer func() { // whatever work does, nobody uses the connection any more when it is closed
		cancel(nil)
		<-heard
	}()
	err = work(ctx)
	if lost := context.Cause(ctx); errors.Is(lost, errLost) {
		return errors.Join(err, lost)
	}
	return err
}

// leader says who has the lock, as far as that can be seen.
func leader(ctx context.Context, conn *pgx.Conn, botID int64) string {
	var pid int
	var app string
	var since time.Time
	if err := conn.QueryRow(ctx, leaderSQL, leaderClass, botID).Scan(&pid, &app, &since); err != nil {
		return ""
	}
	return fmt.Sprintf(" (backend %d, %s, connected since %s)", pid, app, since.UTC().Format(time.RFC3339))
}

// hear handles notifications until the connection breaks or ctx ends; it returns the reason.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn, remindersChanged func()) error {
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		switch n.Channel {
		case "healthagent_reminders":
			remindersChanged()
		case "healthagent_users":
			if id, err := strconv.ParseInt(n.Payload, 10, 64); err == nil {
				s.forgetUser(ctx, id)
			}
		}
	}
}

func (s *Store) leaderConn(ctx context.Context) (*pgx.Conn, error) {
	cfg := s.pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] += " leader"
	cfg.RuntimeParams["idle_session_timeout"] = "0"
	cfg.Tracer = nil
	cfg.OnNotification = nil
	// a server that vanished without a word must not leave a leader behind that believes in its lock
	cfg.RuntimeParams["tcp_keepalives_idle"] = "15"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		var parse *pgconn.ParseConfigError
		if errors.As(err, &parse) {
			return nil, errors.New("connect: DATABASE_URL cannot be used")
		}
		return nil, fmt.Errorf("connect for the bot's lock: %w", err)
	}
	return conn, nil
}

func closeSoon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	_ = conn.Close(ctx) // closing ends the lock either way: the server sees the connection go
}
