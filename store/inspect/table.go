package inspect

import (
	"context"
	"time"
)

// Tables are the tables of the database, the biggest first, those of the system and partitioned parents aside.
type Tables struct {
	Since   time.Time `json:"since"` // when the server began to count
	Tables  []Table   `json:"tables"`
	Partial []string  `json:"partial,omitempty"`
}

// Table is one table: its size, its traffic, and how well it is looked after.
type Table struct {
	Schema     string `json:"schema"`
	Name       string `json:"name"`
	HeapBytes  int64  `json:"heap_bytes"`
	IndexBytes int64  `json:"index_bytes"`
	ToastBytes int64  `json:"toast_bytes"`
	TotalBytes int64  `json:"total_bytes"`
	EstRows    int64  `json:"est_rows"` // as the planner believes

	Live        int64      `json:"live"`
	Dead        int64      `json:"dead"`
	SeqScans    int64      `json:"seq_scans"`
	SeqRows     int64      `json:"seq_rows"` // read by sequential scans
	IdxScans    int64      `json:"idx_scans"`
	LastSeqScan *time.Time `json:"last_seq_scan,omitempty"` // nil: never, or a server before 16
	Inserted    int64      `json:"inserted"`
	Updated     int64      `json:"updated"`
	Deleted     int64      `json:"deleted"`
	HotPct      *float64   `json:"hot_pct"`      // of updates that left the indexes alone; nil: no updates
	HeapHitPct  *float64   `json:"heap_hit_pct"` // found in shared buffers; nil: nothing was read
	SeqHeavy    bool       `json:"seq_heavy"`    // big, and often read from end to end

	LastVacuum        *time.Time `json:"last_vacuum"`
	LastAutovacuum    *time.Time `json:"last_autovacuum"`
	LastAnalyze       *time.Time `json:"last_analyze"`
	LastAutoanalyze   *time.Time `json:"last_autoanalyze"`
	ModSinceAnalyze   int64      `json:"mod_since_analyze"`
	InsSinceVacuum    int64      `json:"ins_since_vacuum"`
	StaleStatistics   bool       `json:"stale_statistics"` // over 1000 rows, and never analyzed or a fifth of them changed since
	AllVisiblePct     *float64   `json:"all_visible_pct"`  // as of the last VACUUM or ANALYZE; nil: empty
	DeadThreshold     int64      `json:"dead_threshold"`   // dead rows from which autovacuum comes
	InsertThreshold   int64      `json:"insert_threshold"` // inserted rows from which it comes; -1: never for those
	AutovacuumEnabled bool       `json:"autovacuum_enabled"`
	XIDAge            int64      `json:"xid_age"`

	NoPrimaryKey bool         `json:"no_primary_key"`
	MissingFK    []ForeignKey `json:"missing_fk,omitempty"` // foreign keys that no index serves

	OID uint32 `json:"-"`
}

// Sizes are summed here, part by part, since the server's own sums would wait for whoever has one of the parts locked.
const tablesSQL = `
WITH ` + lockedCTE + `, size AS MATERIALIZED (
    SELECT c.oid,
           CASE WHEN c.oid IN (SELECT relation FROM locked) THEN c.relpages * current_setting('block_size')::int8
                ELSE coalesce(pg_relation_size(c.oid) + pg_relation_size(c.oid, 'fsm') + pg_relation_size(c.oid, 'vm'), 0) END AS bytes
    FROM   pg_class c
    WHERE  c.relkind IN ('r', 'm', 'i', 't')
    AND    c.oid >= 16384
), o AS (
    SELECT c.oid, c.reltuples, c.relpages, c.relallvisible, {{relallfrozen}} AS relallfrozen,
           (SELECT bytes FROM size WHERE oid = c.oid) AS heap_bytes,
           coalesce((SELECT sum(z.bytes) FROM pg_index i JOIN size z ON z.oid = i.indexrelid WHERE i.indrelid = c.oid), 0)::int8 AS index_bytes,
           coalesce((SELECT sum(z.bytes) FROM size z
                     WHERE  z.oid = c.reltoastrelid
                     OR     z.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = c.reltoastrelid)), 0)::int8 AS toast_bytes,
           greatest(age(c.relfrozenxid), age(t.relfrozenxid))::int8 AS xid_age,
           (SELECT jsonb_object_agg(split_part(x, '=', 1), split_part(x, '=', 2)) FROM unnest(c.reloptions) x) AS ro
    FROM   pg_class c
    LEFT   JOIN pg_class t ON t.oid = c.reltoastrelid
    WHERE  c.relkind IN ('r', 'm')
)
SELECT /* healthagent:tables */
       s.relid AS oid,
       s.schemaname AS schema,
       s.relname AS name,
       o.heap_bytes,
       o.index_bytes,
       o.toast_bytes,
       o.heap_bytes + o.index_bytes + o.toast_bytes AS total_bytes,
       greatest(o.reltuples, 0)::int8 AS est_rows,
       s.n_live_tup AS live,
       s.n_dead_tup AS dead,
       s.seq_scan AS seq_scans,
       s.seq_tup_read AS seq_rows,
       coalesce(s.idx_scan, 0) AS idx_scans,
       {{last_seq_scan}} AS last_seq_scan,
       s.n_tup_ins AS inserted,
       s.n_tup_upd AS updated,
       s.n_tup_del AS deleted,
       round(100.0 * s.n_tup_hot_upd / nullif(s.n_tup_upd, 0), 1)::float8 AS hot_pct,
       round(100.0 * io.heap_blks_hit / nullif(io.heap_blks_hit + io.heap_blks_read, 0), 2)::float8 AS heap_hit_pct,
       s.seq_scan > 50 AND s.n_live_tup > 10000 AND s.seq_tup_read / nullif(s.seq_scan, 0) > 5000 AS seq_heavy,
       s.last_vacuum,
       s.last_autovacuum,
       s.last_analyze,
       s.last_autoanalyze,
       s.n_mod_since_analyze AS mod_since_analyze,
       s.n_ins_since_vacuum AS ins_since_vacuum,
       s.n_live_tup > 1000 AND (greatest(s.last_analyze, s.last_autoanalyze) IS NULL OR s.n_mod_since_analyze > 0.2 * s.n_live_tup) AS stale_statistics,
       round(100.0 * o.relallvisible / nullif(o.relpages, 0), 1)::float8 AS all_visible_pct,
       least(coalesce((ro->>'autovacuum_vacuum_threshold')::float8, current_setting('autovacuum_vacuum_threshold')::float8)
             + coalesce((ro->>'autovacuum_vacuum_scale_factor')::float8, current_setting('autovacuum_vacuum_scale_factor')::float8)
               * greatest(o.reltuples, 0),
             nullif(coalesce((ro->>'autovacuum_vacuum_max_threshold')::float8, current_setting('autovacuum_vacuum_max_threshold', true)::float8), -1))::int8 AS dead_threshold,
       CASE WHEN coalesce((ro->>'autovacuum_vacuum_insert_threshold')::float8, current_setting('autovacuum_vacuum_insert_threshold')::float8) < 0 THEN -1
            ELSE coalesce((ro->>'autovacuum_vacuum_insert_threshold')::float8, current_setting('autovacuum_vacuum_insert_threshold')::float8)
                 + coalesce((ro->>'autovacuum_vacuum_insert_scale_factor')::float8, current_setting('autovacuum_vacuum_insert_scale_factor')::float8)
                   * greatest(o.reltuples, 0) {{unfrozen}} END::int8 AS insert_threshold,
       coalesce((ro->>'autovacuum_enabled')::boolean, true) AS autovacuum_enabled,
       o.xid_age,
       NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = s.relid AND i.indisprimary) AS no_primary_key
FROM   pg_stat_user_tables s
JOIN   o ON o.oid = s.relid
JOIN   pg_statio_user_tables io ON io.relid = s.relid
WHERE  s.schemaname NOT LIKE 'pg\_temp\_%'
ORDER  BY total_bytes DESC, s.schemaname, s.relname`

// Tables looks at all tables.
func (i *Inspector) Tables(ctx context.Context) (Tables, error) {
	var found Tables
	err := i.look(ctx, "look at the tables", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = s.tables(ctx)
		return err
	})
	return found, err
}

func (s *session) tables(ctx context.Context) (found Tables, err error) {
	if err := s.tx.QueryRow(ctx, sinceSQL).Scan(&found.Since); err != nil {
		return found, err
	}
	lastSeq, frozen, unfrozen := "s.last_seq_scan", "c.relallfrozen", "* greatest(1 - o.relallfrozen::float8 / nullif(o.relpages, 0), 0)"
	if s.major < 16 {
		lastSeq = "NULL::timestamptz"
	}
	if s.major < 18 {
		frozen, unfrozen = "0", ""
	}
	sql := replace(replace(replace(tablesSQL, "last_seq_scan", lastSeq), "relallfrozen", frozen), "unfrozen", unfrozen)
	if found.Tables, err = list[Table](ctx, s, sql); err != nil {
		return found, err
	}
	keys, err := list[ForeignKey](ctx, s, missingFKSQL)
	if err != nil {
		return found, err
	}
	for k := range found.Tables {
		for _, key := range keys {
			if key.OID == found.Tables[k].OID {
				found.Tables[k].MissingFK = append(found.Tables[k].MissingFK, key)
			}
		}
	}
	return found, nil
}
