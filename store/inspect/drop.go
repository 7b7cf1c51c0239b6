package inspect

import "context"

// Drop is a DROP INDEX CONCURRENTLY under way: the server has no view of its progress, and all it does for long is to wait.
type Drop struct {
	PID       int      `json:"pid"`
	Table     string   `json:"table"`
	Index     string   `json:"index"`
	Wait      string   `json:"wait"`
	ElapsedS  Seconds  `json:"elapsed_s"`
	Blocker   *Blocker `json:"blocker"`
	BlockedBy []int    `json:"blocked_by,omitempty"`
}

// Which index it is is told by the lock that it holds, or waits for, and not by its text.
const dropsSQL = `
SELECT /* healthagent:index_drops */ DISTINCT ON (a.pid)
       a.pid,
       coalesce(t.relname::text, '') AS "table",
       coalesce(c.relname::text, '') AS index,
       coalesce(a.wait_event_type || ':' || a.wait_event, '') AS wait,
       coalesce(extract(epoch FROM clock_timestamp() - a.query_start), 0)::float8 AS elapsed_s,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) END AS blocked_by
FROM   pg_stat_activity a
LEFT   JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'relation' AND l.database = a.datid
LEFT   JOIN pg_class c ON c.oid = l.relation AND c.relkind = 'i'
LEFT   JOIN pg_index i ON i.indexrelid = c.oid
LEFT   JOIN pg_class t ON t.oid = i.indrelid
WHERE  a.datname = current_database()
AND    a.state = 'active'
AND    a.pid <> pg_backend_pid()
AND    a.query ~* '^\s*DROP\s+INDEX\s.*CONCURRENTLY'
ORDER  BY a.pid, c.oid IS NULL, i.indisvalid`

func (s *session) drops(ctx context.Context) ([]Drop, error) {
	return list[Drop](ctx, s, dropsSQL)
}

const blockersSQL = `
SELECT /* healthagent:blockers */
       pid,
       coalesce(application_name, '') AS app,
       coalesce(usename, '')::text AS "user",
       coalesce(state, '') AS state,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS xact_s,
       coalesce(backend_type, '') AS kind,
       coalesce(query, '') AS query
FROM   pg_stat_activity
WHERE  pid = ANY ($1::int[])`

// blockers looks up who the sessions are.
func (s *session) blockers(ctx context.Context, pids []int) (map[int]Blocker, error) {
	if len(pids) == 0 {
		return nil, nil
	}
	rows, err := list[struct {
		Blocker
		Kind string
	}](ctx, s, blockersSQL, pids)
	found := make(map[int]Blocker, len(rows))
	for _, r := range rows {
		r.Query = shownOf(r.Kind, r.Query)
		found[r.PID] = r.Blocker
	}
	return found, err
}

// first is the first of the sessions that is still there; of one that nobody knows, such as a prepared transaction, the number.
func first(who map[int]Blocker, pids []int) *Blocker {
	for _, pid := range pids {
		if b, found := who[pid]; found {
			return &b
		}
	}
	if len(pids) > 0 {
		return &Blocker{PID: pids[0]}
	}
	return nil
}
