package inspect

import "context"

// Vacuum is a VACUUM under way.
type Vacuum struct {
	PID            int      `json:"pid"`
	Table          string   `json:"table"`
	Phase          string   `json:"phase"`
	BlocksTotal    int64    `json:"blocks_total"`
	BlocksScanned  int64    `json:"blocks_scanned"`
	BlocksVacuumed int64    `json:"blocks_vacuumed"`
	Pct            *float64 `json:"pct"` // of the table that is scanned
	IndexPasses    int64    `json:"index_passes"`
	DeadItems      int64    `json:"dead_items"`    // collected in this pass
	IndexesDone    int64    `json:"indexes_done"`  // in this pass; 0 before PostgreSQL 17
	IndexesTotal   int64    `json:"indexes_total"` // 0 before PostgreSQL 17
	Auto           bool     `json:"auto"`
	AntiWraparound bool     `json:"anti_wraparound"` // it does not give way to others
	ElapsedS       Seconds  `json:"elapsed_s"`
}

const vacuumsSQL = `
SELECT /* healthagent:vacuums */
       p.pid,
       coalesce(t.relname::text, '') AS "table",
       p.phase,
       p.heap_blks_total AS blocks_total,
       p.heap_blks_scanned AS blocks_scanned,
       p.heap_blks_vacuumed AS blocks_vacuumed,
       round(100.0 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0), 1)::float8 AS pct,
       p.index_vacuum_count AS index_passes,
       {{vac}},
       coalesce(a.query LIKE 'autovacuum:%', false) AS auto,
       coalesce(a.query LIKE 'autovacuum:%(to prevent wraparound)', false) AS anti_wraparound,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 AS elapsed_s
FROM   pg_stat_progress_vacuum p
JOIN   pg_stat_activity a ON a.pid = p.pid
LEFT   JOIN pg_class t ON t.oid = p.relid
WHERE  p.datname = current_database() AND p.phase IS NOT NULL
ORDER  BY p.pid`

func (s *session) vacuums(ctx context.Context) ([]Vacuum, error) {
	vac := "p.num_dead_item_ids AS dead_items, p.indexes_processed AS indexes_done, p.indexes_total"
	if s.major < 17 {
		vac = "p.num_dead_tuples AS dead_items, 0::int8 AS indexes_done, 0::int8 AS indexes_total"
	}
	return list[Vacuum](ctx, s, replace(vacuumsSQL, "vac", vac))
}
