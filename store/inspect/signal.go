package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Signal is what is done to a session.
type Signal string

// The signals, the gentle one first.
const (
	Look            Signal = "look"   // nothing
	CancelStatement Signal = "cancel" // the statement at work ends with an error, the session goes on
	EndSession      Signal = "end"    // its transaction is taken back and its connection closed
)

// Target is the session that a signal was meant for.
type Target struct {
	App     string `json:"app"`
	User    string `json:"user"`
	State   string `json:"state"`
	Protect string `json:"protect,omitempty"` // why it gets no signal; empty: it may
	Sent    bool   `json:"sent"`
}

// ErrNoSession means that no session has that process id and that start: it has ended, and the number may be another's by now.
var ErrNoSession = errors.New("session is gone")

// One statement looks and acts, so that nobody can take the process id over in between. What we may not do is found out and said
// before it is tried; the server checks it once more.
const signalSQL = `
WITH me AS MATERIALIZED (
    SELECT oid, rolsuper, pg_has_role(oid, 'pg_signal_backend', 'USAGE') AS signals
    FROM   pg_roles
    WHERE  rolname = current_user
), target AS MATERIALIZED (
    SELECT a.pid,
           coalesce(a.application_name, '') AS app,
           coalesce(a.usename, '')::text AS "user",
           coalesce(a.state, '') AS state,
           CASE WHEN a.application_name = ANY ($3::text[]) THEN 'ours'
                WHEN a.usesysid IS NULL AND NOT me.rolsuper THEN 'server'
                WHEN r.rolsuper AND NOT me.rolsuper THEN 'superuser'
                WHEN NOT me.rolsuper AND NOT me.signals AND NOT pg_has_role(me.oid, a.usesysid, 'USAGE') THEN 'other'
                WHEN a.backend_start IS NULL THEN 'hidden'
                ELSE '' END AS protect
    FROM   pg_stat_activity AS a
    CROSS  JOIN me
    LEFT   JOIN pg_roles AS r ON r.oid = a.usesysid
    WHERE  a.pid = $1
    AND    (a.backend_start = $2 OR a.backend_start IS NULL)
)
SELECT /* healthagent:signal */ app, "user", state, protect,
       CASE WHEN protect <> '' THEN false
            WHEN $4::text = 'cancel' THEN pg_cancel_backend(pid)
            WHEN $4::text = 'end' THEN pg_terminate_backend(pid)
            ELSE false END AS sent
FROM   target`

// guarded are the applications whose sessions are the operator's own eyes and hands: they are stopped in their own way.
func guarded() []string {
	return []string{"healthagent-monitor", "healthagent-migrate", "healthagent-watch", "healthagent-stats", leader}
}

// leader is the session in which the daemon holds the bot's lock and hears of reminders.
const leader = "healthagent leader"

// Signal cancels what a session does or ends it, when it is still the one that began at start, and tells whose it is. A session with a
// reason not to is left alone, and Target.Protect says why; that is no error. Errors: ErrNoSession. It uses a connection of its own.
func (i *Inspector) Signal(ctx context.Context, pid int, start time.Time, what Signal) (Target, error) {
	var found Target
	err := i.alone(ctx, what.text(pid), unhasty, pgx.ReadOnly, func(ctx context.Context, s *session) error {
		own := guarded()
		if mine := i.conf.RuntimeParams["application_name"]; !slices.Contains(own, mine) {
			own = append(own, mine)
		}
		var err error
		found, err = one[Target](ctx, s, signalSQL, pid, start, own, string(what))
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		found.Protect = s.protection(found)
		return err
	})
	return found, err
}

func (w Signal) text(pid int) string {
	verb := map[Signal]string{CancelStatement: "cancel the statement of session ", EndSession: "end session "}[w]
	if verb == "" {
		verb = "look at session "
	}
	return verb + strconv.Itoa(pid)
}

// protection says in a sentence why a session is left alone.
func (s *session) protection(t Target) string {
	switch t.Protect {
	case "ours":
		if t.App == leader {
			return "the daemon holds the bot's lock in it: ending it stops the bot until it has the lock again"
		}
		return "it is this program's own (" + t.App + "): a migration is cancelled as a run, and the monitor is how you see this"
	case "server":
		return "it is a process of the server itself, which only a superuser may signal"
	case "superuser":
		return "it is a superuser's (" + t.User + "), which only a superuser may signal"
	case "other":
		return fmt.Sprintf("it is of the role %s, and only a member of pg_signal_backend may signal other roles (GRANT pg_signal_backend TO %s)",
			t.User, pgx.Identifier{s.role}.Sanitize())
	case "hidden":
		return s.needsMonitor("when it began, without which it may be another by now")
	default:
		return ""
	}
}
