package inspect

import (
	"context"
	"time"
)

// Sessions open for longer than this are called long.
const longTransaction = time.Minute

// Activity is what the sessions of this database do at this moment.
type Activity struct {
	Sessions []Session    `json:"sessions"` // the oldest transaction first; ours is not among them
	Blocking []Blocking   `json:"blocking"` // the tree of who waits for whom, in the order to draw it
	Holders  []XminHolder `json:"holders"`  // who keeps VACUUM and index builds waiting, the worst first
	Partial  []string     `json:"partial,omitempty"`
}

// Session is one connection. No text of a statement is in it, since that may hold what a person wrote.
type Session struct {
	PID          int        `json:"pid"`
	BackendStart *time.Time `json:"backend_start"` // with PID it names a session for good; nil when it may not be seen
	Kind         string     `json:"kind"`          // client backend, autovacuum worker, …
	App          string     `json:"app"`
	User         string     `json:"user"`
	State        string     `json:"state"`    // active, idle, idle in transaction, …; empty when it may not be seen
	Wait         string     `json:"wait"`     // Lock:relation, Client:ClientRead, …; empty: it does not wait
	XactS        *Seconds   `json:"xact_s"`   // age of its transaction; nil: none
	QueryS       *Seconds   `json:"query_s"`  // since its last statement began
	StateS       *Seconds   `json:"state_s"`  // since its state changed
	XminAge      *int64     `json:"xmin_age"` // transactions since the snapshot it holds; nil: none
	Query        string     `json:"query"`    // name or first keyword of its last statement
	Long         bool       `json:"long"`     // its transaction is older than a minute
	IdleInTx     bool       `json:"idle_in_tx"`

	BlockedBy []int    `json:"blocked_by,omitempty"` // process ids; 0 is a prepared transaction
	Object    string   `json:"object,omitempty"`     // of the lock it waits for: a table, or the kind of lock
	Wants     string   `json:"wants,omitempty"`      // the lock's mode
	WaitS     *Seconds `json:"wait_s,omitempty"`     // how long it has waited for the lock
}

// The texts of autovacuum are the server's own; those of sessions are reduced to a name before anybody sees them. Who waits is asked
// of pg_locks, which everybody may read: pg_blocking_pids is dear and only asked for those.
const activitySQL = `
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT ON (l.pid) l.pid,
           coalesce(c.relname::text, l.locktype) AS object,
           l.mode,
           l.waitstart
    FROM   pg_locks l
    LEFT   JOIN pg_class c ON c.oid = l.relation AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    WHERE  NOT l.granted
    ORDER  BY l.pid
)
SELECT /* healthagent:activity */
       a.pid,
       a.backend_start,
       coalesce(a.backend_type, '') AS kind,
       coalesce(a.application_name, '') AS app,
       coalesce(a.usename, '')::text AS "user",
       coalesce(a.state, '') AS state,
       CASE WHEN a.state <> 'idle' AND a.wait_event IS NOT NULL THEN a.wait_event_type || ':' || a.wait_event ELSE '' END AS wait,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS xact_s,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_s,
       extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS state_s,
       age(a.backend_xmin)::int8 AS xmin_age,
       coalesce(a.query, '') AS query,
       coalesce(a.state LIKE 'idle in transaction%', false) AS idle_in_tx,
       CASE WHEN w.pid IS NOT NULL THEN pg_blocking_pids(a.pid) END AS blocked_by,
       coalesce(w.object, '') AS object,
       coalesce(w.mode, '') AS wants,
       extract(epoch FROM clock_timestamp() - w.waitstart)::float8 AS wait_s
FROM   pg_stat_activity a
LEFT   JOIN waiting w ON w.pid = a.pid
WHERE  a.datname = current_database()
AND    a.pid <> pg_backend_pid()
ORDER  BY a.xact_start NULLS LAST, a.backend_start`

// Activity looks at the sessions. It is quick, and right at this moment only.
func (i *Inspector) Activity(ctx context.Context) (Activity, error) {
	var found Activity
	err := i.look(ctx, "look at the sessions", quick, func(ctx context.Context, s *session) (err error) {
		if found.Sessions, err = s.sessions(ctx); err != nil {
			return err
		}
		found.Blocking = tree(found.Sessions)
		if found.Holders, err = s.xminHolders(ctx); err != nil {
			return err
		}
		if !s.monitor {
			found.Partial = append(found.Partial, s.needsMonitor("what sessions of other roles do"))
		}
		return nil
	})
	return found, err
}

func (s *session) sessions(ctx context.Context) ([]Session, error) {
	found, err := list[Session](ctx, s, activitySQL)
	for k := range found {
		a := &found[k]
		a.Query = shownOf(a.Kind, a.Query)
		a.Long = a.XactS != nil && a.XactS.Duration() >= longTransaction
	}
	return found, err
}

// shownOf is shown for a kind of session: the texts of autovacuum are not people's.
func shownOf(kind, query string) string {
	if kind == "autovacuum worker" {
		return query
	}
	return shown(query)
}
