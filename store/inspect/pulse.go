package inspect

import (
	"context"
	"time"
)

// Pulse is the few figures of the server that are worth a look every few seconds, in one question. The counters are of this database
// since its statistics began; only their differences tell something.
type Pulse struct {
	Version     string    `json:"version"`
	Started     time.Time `json:"started"`
	Commits     int64     `json:"commits"`
	Rollbacks   int64     `json:"rollbacks"`
	PagesHit    int64     `json:"pages_hit"`
	PagesRead   int64     `json:"pages_read"`
	Used        int       `json:"used"`   // sessions of clients, of all databases
	Usable      int       `json:"usable"` // sessions that are let in
	Waiting     int       `json:"waiting"`
	OldestXactS *Seconds  `json:"oldest_xact_s"` // nil: no transaction
	IdleS       *Seconds  `json:"idle_in_tx_s"`  // the longest idle in a transaction; nil: none is
	IdlePID     int       `json:"idle_in_tx_pid"`
	XIDAge      int64     `json:"xid_age"` // of this database
	Durable     bool      `json:"durable"` // what was committed survives a power cut
}

const pulseSQL = `
SELECT /* healthagent:pulse */
       current_setting('server_version') AS version,
       pg_postmaster_start_time() AS started,
       d.xact_commit AS commits,
       d.xact_rollback AS rollbacks,
       d.blks_hit AS pages_hit,
       d.blks_read AS pages_read,
       a.used, a.waiting, a.oldest_xact_s, a.idle_s, a.idle_pid,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int AS usable,
       age(p.datfrozenxid)::int8 AS xid_age,
       current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean
           AND current_setting('synchronous_commit') <> 'off' AS durable
FROM   pg_stat_database d
JOIN   pg_database p ON p.oid = d.datid
CROSS  JOIN (SELECT count(*) FILTER (WHERE client) AS used,
                    count(*) FILTER (WHERE client AND pid <> pg_backend_pid() AND wait_event_type = 'Lock') AS waiting,
                    extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE client AND pid <> pg_backend_pid()))::float8 AS oldest_xact_s,
                    extract(epoch FROM max(clock_timestamp() - state_change) FILTER (WHERE idle))::float8 AS idle_s,
                    coalesce((array_agg(pid ORDER BY state_change) FILTER (WHERE idle))[1], 0) AS idle_pid
             FROM   pg_stat_activity
             CROSS  JOIN LATERAL (SELECT coalesce(backend_type = 'client backend', usesysid IS NOT NULL) AS client,
                                         coalesce(state LIKE 'idle in transaction%', false) AS idle) c) a
WHERE  d.datname = current_database()`

// Pulse takes the pulse of the server. It is quick.
func (i *Inspector) Pulse(ctx context.Context) (Pulse, error) {
	var found Pulse
	err := i.look(ctx, "take the server's pulse", quick, func(ctx context.Context, s *session) (err error) {
		found, err = one[Pulse](ctx, s, pulseSQL)
		return err
	})
	return found, err
}

// Usage is what grows slowly: how often each index was used, how full the tables are.
type Usage struct {
	Indexes       []IndexUse
	Live, Dead    int64 // rows of all tables
	DatabaseBytes int64
}

// IndexUse is how often an index was used since the server counts.
type IndexUse struct {
	Schema   string
	Name     string
	OID      uint32 // a dropped and rebuilt index has another, and its counters start anew
	Scans    int64
	Hit      int64      // pages found in shared buffers
	Read     int64      // pages that were not
	LastScan *time.Time // nil: never, or a server before 16
}

const indexUseSQL = `
SELECT /* healthagent:index_use */
       schemaname AS schema, indexrelname AS name, indexrelid AS oid, idx_scan AS scans, {{last_idx_scan}} AS last_scan,
       pg_stat_get_blocks_hit(indexrelid) AS hit, pg_stat_get_blocks_fetched(indexrelid) - pg_stat_get_blocks_hit(indexrelid) AS read
FROM   pg_stat_user_indexes
WHERE  schemaname NOT LIKE 'pg\_temp\_%'`

const rowsSQL = `
SELECT /* healthagent:rows */
       coalesce(sum(n_live_tup), 0)::int8 AS live, coalesce(sum(n_dead_tup), 0)::int8 AS dead, pg_database_size(current_database()) AS database_bytes
FROM   pg_stat_user_tables`

// Usage counts what is used, and nothing that is dear. It is quick.
func (i *Inspector) Usage(ctx context.Context) (Usage, error) {
	var found Usage
	err := i.look(ctx, "count what is used", quick, func(ctx context.Context, s *session) (err error) {
		if found, err = one[Usage](ctx, s, rowsSQL); err != nil {
			return err
		}
		last := "last_idx_scan"
		if s.major < 16 {
			last = "NULL::timestamptz"
		}
		found.Indexes, err = list[IndexUse](ctx, s, replace(indexUseSQL, "last_idx_scan", last))
		return err
	})
	return found, err
}
