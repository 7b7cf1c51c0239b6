package inspect

import (
	"context"
	"time"
)

// Database is what the server counted for this database since StatsReset; nil there means since it was made, or since a crash.
type Database struct {
	Name             string     `json:"name"`
	Bytes            int64      `json:"bytes"`
	Backends         int        `json:"backends"`
	Commits          int64      `json:"commits"`
	Rollbacks        int64      `json:"rollbacks"`
	Deadlocks        int64      `json:"deadlocks"`
	Conflicts        int64      `json:"conflicts"`
	TempFiles        int64      `json:"temp_files"`
	TempBytes        int64      `json:"temp_bytes"`
	Sessions         int64      `json:"sessions"`
	Abandoned        int64      `json:"sessions_abandoned"` // the client went away
	Fatal            int64      `json:"sessions_fatal"`
	Killed           int64      `json:"sessions_killed"`
	StatsReset       *time.Time `json:"stats_reset"`
	Checksums        bool       `json:"checksums"`         // pages carry them
	ChecksumFailures int64      `json:"checksum_failures"` // of all databases: the disk gave back something else
}

const databaseSQL = `
SELECT /* healthagent:database */
       d.datname AS name,
       pg_database_size(d.oid) AS bytes,
       s.numbackends AS backends,
       s.xact_commit AS commits,
       s.xact_rollback AS rollbacks,
       s.deadlocks,
       s.conflicts,
       s.temp_files,
       s.temp_bytes,
       s.sessions,
       s.sessions_abandoned AS abandoned,
       s.sessions_fatal AS fatal,
       s.sessions_killed AS killed,
       s.stats_reset,
       current_setting('data_checksums')::boolean AS checksums,
       coalesce((SELECT sum(checksum_failures) FROM pg_stat_database), 0)::int8 AS checksum_failures
FROM   pg_database d
JOIN   pg_stat_database s ON s.datid = d.oid
WHERE  d.datname = current_database()`

// Hits are the shares of pages that were found in shared buffers; nil: nothing was read.
type Hits struct {
	IndexPct    *float64 `json:"index_pct"`
	HeapPct     *float64 `json:"heap_pct"`
	DatabasePct *float64 `json:"database_pct"`
}

const hitsSQL = `
SELECT /* healthagent:hits */
       (SELECT round(100.0 * sum(idx_blks_hit) / nullif(sum(idx_blks_hit + idx_blks_read), 0), 2)::float8 FROM pg_statio_user_indexes) AS index_pct,
       (SELECT round(100.0 * sum(heap_blks_hit) / nullif(sum(heap_blks_hit + heap_blks_read), 0), 2)::float8 FROM pg_statio_user_tables) AS heap_pct,
       (SELECT round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2)::float8
        FROM   pg_stat_database WHERE datname = current_database()) AS database_pct`

// Checkpoints are those of the whole server since StatsReset. Requested ones that outnumber the timed ones mean that max_wal_size is
// too small for the writes.
type Checkpoints struct {
	Timed      int64      `json:"timed"`
	Requested  int64      `json:"requested"`
	Buffers    int64      `json:"buffers"` // pages written
	WriteMS    float64    `json:"write_ms"`
	SyncMS     float64    `json:"sync_ms"`
	StatsReset *time.Time `json:"stats_reset"`
}

const checkpointerSQL = `
SELECT /* healthagent:checkpoints */
       num_timed AS timed,
       num_requested AS requested,
       buffers_written AS buffers,
       write_time AS write_ms,
       sync_time AS sync_ms,
       stats_reset
FROM   pg_stat_checkpointer`

// Before 17 there is no such view.
const bgwriterSQL = `
SELECT /* healthagent:checkpoints */
       checkpoints_timed AS timed,
       checkpoints_req AS requested,
       buffers_checkpoint AS buffers,
       checkpoint_write_time AS write_ms,
       checkpoint_sync_time AS sync_ms,
       stats_reset
FROM   pg_stat_bgwriter`

func (s *session) checkpoints(ctx context.Context) (Checkpoints, error) {
	if s.major < 17 {
		return one[Checkpoints](ctx, s, bgwriterSQL)
	}
	return one[Checkpoints](ctx, s, checkpointerSQL)
}

// Slot is a replication slot. One that nobody reads from keeps log files until the disk is full.
type Slot struct {
	Name          string `json:"name"`
	Type          string `json:"type"`
	Active        bool   `json:"active"`
	WALStatus     string `json:"wal_status"`
	RetainedBytes int64  `json:"retained_bytes"` // log kept for it
}

const slotsSQL = `
SELECT /* healthagent:slots */
       slot_name::text AS name,
       slot_type AS type,
       active,
       coalesce(wal_status, '') AS wal_status,
       coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn), 0)::int8 AS retained_bytes
FROM   pg_replication_slots
ORDER  BY retained_bytes DESC`
