package inspect

import "context"

// XminHolder is a reason why VACUUM may not remove rows that nobody needs, and why a concurrent index build has to wait.
type XminHolder struct {
	Kind    string   `json:"kind"` // session, standby, slot, prepared
	PID     int      `json:"pid,omitempty"`
	Name    string   `json:"name,omitempty"` // of a slot or a prepared transaction
	App     string   `json:"app,omitempty"`  // or the type of a slot, the owner of a prepared transaction
	State   string   `json:"state"`
	XminAge int64    `json:"xmin_age"` // transactions that it holds back
	SinceS  *Seconds `json:"since_s"`  // nil for a slot: it does not tell
	Query   string   `json:"query,omitempty"`
}

// A VACUUM holds nobody back; sessions of other databases do not matter to our tables.
const xminHoldersSQL = `
SELECT /* healthagent:xmin_holders */
       CASE WHEN a.backend_type = 'walsender' THEN 'standby' ELSE 'session' END AS kind,
       a.pid,
       '' AS name,
       coalesce(a.application_name, '') AS app,
       coalesce(a.state, '') AS state,
       age(a.backend_xmin)::int8 AS xmin_age,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS since_s,
       coalesce(a.query, '') AS query
FROM   pg_stat_activity a
WHERE  a.backend_xmin IS NOT NULL
AND    a.pid <> pg_backend_pid()
AND    (a.datname = current_database() OR a.datname IS NULL)
AND    NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
UNION ALL
SELECT 'slot', 0, slot_name::text, slot_type, CASE WHEN active THEN 'active' ELSE 'inactive' END,
       greatest(age(xmin), age(catalog_xmin))::int8, NULL, ''
FROM   pg_replication_slots
WHERE  xmin IS NOT NULL OR catalog_xmin IS NOT NULL
UNION ALL
SELECT 'prepared', 0, gid, owner::text, 'prepared', age(transaction)::int8, extract(epoch FROM clock_timestamp() - prepared)::float8, ''
FROM   pg_prepared_xacts
WHERE  database = current_database()
ORDER  BY xmin_age DESC`

func (s *session) xminHolders(ctx context.Context) ([]XminHolder, error) {
	found, err := list[XminHolder](ctx, s, xminHoldersSQL)
	for k := range found {
		found[k].Query = shown(found[k].Query)
	}
	return found, err
}
