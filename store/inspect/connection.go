package inspect

import "context"

// Connections says how many sessions the server has, and how many it lets in.
type Connections struct {
	Max        int      `json:"max"`
	Reserved   int      `json:"reserved"` // for superusers and pg_use_reserved_connections
	Usable     int      `json:"usable"`   // Max without Reserved
	Used       int      `json:"used"`     // sessions of clients, of all databases
	PctUsed    float64  `json:"pct_used"` // of Usable
	Active     int      `json:"active"`
	Idle       int      `json:"idle"`
	IdleInTx   int      `json:"idle_in_tx"`
	Waiting    int      `json:"waiting"`       // for a lock
	OldestS    *Seconds `json:"oldest_xact_s"` // age of the oldest transaction
	IdleInTxS  *Seconds `json:"idle_in_tx_s"`  // the longest idle in a transaction
	Apps       []App    `json:"apps"`          // the most sessions first
	InDatabase int      `json:"in_database"`   // sessions of this database
	Partial    []string `json:"partial,omitempty"`
}

// App is the sessions of one application and role in one state.
type App struct {
	App      string   `json:"app"`
	User     string   `json:"user"`
	State    string   `json:"state"`
	Count    int      `json:"count"`
	LongestS *Seconds `json:"longest_s"` // in that state
}

// The backend's type is hidden where the session is; only clients have a role then.
const connectionsSQL = `
SELECT /* healthagent:connections */
       current_setting('max_connections')::int AS max,
       current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
       count(*) FILTER (WHERE client) AS used,
       count(*) FILTER (WHERE client AND datname = current_database()) AS in_database,
       count(*) FILTER (WHERE other AND state = 'active') AS active,
       count(*) FILTER (WHERE other AND state = 'idle') AS idle,
       count(*) FILTER (WHERE other AND state LIKE 'idle in transaction%') AS idle_in_tx,
       count(*) FILTER (WHERE other AND wait_event_type = 'Lock') AS waiting,
       extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE other))::float8 AS oldest_s,
       extract(epoch FROM max(clock_timestamp() - state_change) FILTER (WHERE other AND state LIKE 'idle in transaction%'))::float8 AS idle_in_tx_s
FROM   pg_stat_activity a
CROSS  JOIN LATERAL (SELECT coalesce(backend_type = 'client backend', usesysid IS NOT NULL) AS client) c
CROSS  JOIN LATERAL (SELECT client AND pid <> pg_backend_pid() AS other) o`

const appsSQL = `
SELECT /* healthagent:apps */
       coalesce(application_name, '') AS app,
       coalesce(usename, '')::text AS "user",
       coalesce(state, '') AS state,
       count(*) AS count,
       extract(epoch FROM max(clock_timestamp() - state_change))::float8 AS longest_s
FROM   pg_stat_activity
WHERE  coalesce(backend_type = 'client backend', usesysid IS NOT NULL) AND pid <> pg_backend_pid()
GROUP  BY 1, 2, 3
ORDER  BY count(*) DESC, 1, 2, 3`

// Connections counts the sessions of the server. This one is used too; what sessions do is said of the others. It is quick.
func (i *Inspector) Connections(ctx context.Context) (Connections, error) {
	var found Connections
	err := i.look(ctx, "count the connections", quick, func(ctx context.Context, s *session) (err error) {
		if found, err = one[Connections](ctx, s, connectionsSQL); err != nil {
			return err
		}
		found.Usable = found.Max - found.Reserved
		if found.Usable > 0 {
			found.PctUsed = round1(100 * float64(found.Used) / float64(found.Usable))
		}
		if !s.monitor {
			found.Partial = append(found.Partial, s.needsMonitor("the state of sessions of other roles"))
		}
		found.Apps, err = list[App](ctx, s, appsSQL)
		return err
	})
	return found, err
}
