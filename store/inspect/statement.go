package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoStatements means that the server keeps no statistics of statements. The error that wraps it says how to have them.
var ErrNoStatements = errors.New("no statistics of statements")

// Statements are the most expensive statements of this database, and what the server keeps of all of them.
type Statements struct {
	Statements []Statement   `json:"statements"` // by total time, the longest first
	Info       StatementInfo `json:"info"`
	Partial    []string      `json:"partial,omitempty"`
}

// Statement is one statement, whatever its values, of one role.
type Statement struct {
	Name        string     `json:"name"`  // from its comment; Unnamed without one
	Query       string     `json:"query"` // without values; the first words only of what the server does not normalise
	QueryID     int64      `json:"query_id"`
	Role        string     `json:"role"`
	Calls       int64      `json:"calls"`
	TotalMS     float64    `json:"total_ms"`
	MeanMS      float64    `json:"mean_ms"`
	MaxMS       float64    `json:"max_ms"`
	StddevMS    float64    `json:"stddev_ms"`
	Pct         float64    `json:"pct"` // of the time of all statements of the database
	Rows        int64      `json:"rows"`
	RowsPerCall float64    `json:"rows_per_call"`
	SharedHit   int64      `json:"shared_hit"`
	SharedRead  int64      `json:"shared_read"`
	HitPct      *float64   `json:"hit_pct"` // nil: it touched no page
	TempWritten int64      `json:"temp_written"`
	WALBytes    int64      `json:"wal_bytes"`
	ReadMS      float64    `json:"read_ms"` // 0 unless track_io_timing is on
	WriteMS     float64    `json:"write_ms"`
	Since       *time.Time `json:"since,omitempty"` // when it was first seen; nil: not known before version 1.11 of the extension
}

// StatementInfo says how far the statistics can be trusted.
type StatementInfo struct {
	Entries        int64      `json:"entries"`
	MaxEntries     int64      `json:"max_entries"`
	Evictions      int64      `json:"evictions"` // times that the least used entries were thrown out since StatsReset
	StatsReset     *time.Time `json:"stats_reset"`
	Track          string     `json:"track"`
	TrackIOTiming  bool       `json:"track_io_timing"`
	ComputeQueryID string     `json:"compute_query_id"`
	Version        string     `json:"version"` // of the extension
}

const statementsExtensionSQL = `
SELECT /* healthagent:statements_extension */
       n.nspname AS schema,
       e.extversion AS version,
       array(SELECT a.attname::text
             FROM   pg_attribute a
             WHERE  a.attrelid = to_regclass(format('%I.pg_stat_statements', n.nspname)) AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM   pg_extension e
JOIN   pg_namespace n ON n.oid = e.extnamespace
WHERE  e.extname = 'pg_stat_statements'`

type statementsExtension struct {
	Schema  string
	Version string
	Columns []string
}

// Our own statements are left out, here and in the share of the time.
const statementsSQL = `
SELECT /* healthagent:statements */
       s.query,
       s.queryid AS query_id,
       coalesce(r.rolname, '') AS role,
       s.calls,
       s.total_exec_time AS total_ms,
       s.mean_exec_time AS mean_ms,
       s.max_exec_time AS max_ms,
       s.stddev_exec_time AS stddev_ms,
       coalesce(100 * s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0), 0) AS pct,
       s.rows,
       coalesce(s.rows::float8 / nullif(s.calls, 0), 0) AS rows_per_call,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read,
       100.0::float8 * s.shared_blks_hit / nullif(s.shared_blks_hit + s.shared_blks_read, 0) AS hit_pct,
       s.temp_blks_written AS temp_written,
       s.wal_bytes::int8 AS wal_bytes,
       s.{{read}} AS read_ms,
       s.{{write}} AS write_ms,
       {{since}} AS since
FROM   {{schema}}.pg_stat_statements s
LEFT   JOIN pg_roles r ON r.oid = s.userid
WHERE  s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
AND    s.queryid IS NOT NULL
AND    s.query NOT LIKE '%/* healthagent:%'
ORDER  BY s.total_exec_time DESC
LIMIT  $1`

// Without pg_read_all_stats the query of others has neither id nor text.
const statementsInfoSQL = `
SELECT /* healthagent:statements_info */
       i.dealloc AS evictions,
       i.stats_reset,
       count(*) AS entries,
       count(*) FILTER (WHERE s.queryid IS NULL) AS hidden,
       coalesce(current_setting('pg_stat_statements.max', true), '0')::int8 AS max_entries,
       coalesce(current_setting('pg_stat_statements.track', true), '') AS track,
       current_setting('track_io_timing')::boolean AS track_io_timing,
       current_setting('compute_query_id') AS compute_query_id
FROM   {{schema}}.pg_stat_statements_info i
LEFT   JOIN {{schema}}.pg_stat_statements(false) s ON true
GROUP  BY i.dealloc, i.stats_reset`

// Statements returns the most expensive statements, at most limit. Without the extension the error is ErrNoStatements.
func (i *Inspector) Statements(ctx context.Context, limit int) (Statements, error) {
	var found Statements
	err := i.look(ctx, "look at the statements", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = s.statements(ctx, limit)
		return err
	})
	return found, err
}

func (s *session) statements(ctx context.Context, limit int) (found Statements, err error) {
	e, err := one[statementsExtension](ctx, s, statementsExtensionSQL)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, fmt.Errorf("%w: CREATE EXTENSION pg_stat_statements in this database, as a superuser "+
			"(and shared_preload_libraries = 'pg_stat_statements', which takes a restart)", ErrNoStatements)
	}
	if err != nil {
		return found, err
	}
	info, err := one[struct {
		StatementInfo
		Hidden int64
	}](ctx, s, replace(statementsInfoSQL, "schema", pgx.Identifier{e.Schema}.Sanitize()))
	if code(err) == "55000" {
		return found, fmt.Errorf("%w: set shared_preload_libraries = 'pg_stat_statements' and restart the server: %w", ErrNoStatements, err)
	}
	if err != nil {
		return found, err
	}
	found.Info = info.StatementInfo
	found.Info.Version = e.Version
	if info.Hidden > 0 {
		found.Partial = append(found.Partial, s.needsMonitor(fmt.Sprintf("%d statements of other roles", info.Hidden)))
	}
	found.Statements, err = list[Statement](ctx, s, e.query(), limit)
	for k, st := range found.Statements {
		found.Statements[k] = st.shown()
	}
	return found, err
}

// query picks the columns by what the view has: it follows the version of the extension, which stays old after an upgrade of the
// server until somebody updates it.
func (e statementsExtension) query() string {
	read, write, since := "shared_blk_read_time", "shared_blk_write_time", "s.stats_since"
	if !slices.Contains(e.Columns, read) {
		read, write = "blk_read_time", "blk_write_time"
	}
	if !slices.Contains(e.Columns, "stats_since") {
		since = "NULL::timestamptz"
	}
	sql := replace(statementsSQL, "schema", pgx.Identifier{e.Schema}.Sanitize())
	return replace(replace(replace(sql, "read", read), "write", write), "since", since)
}

// shown takes out of the text what may not be seen.
func (st Statement) shown() Statement {
	text := st.Query
	st.Name = queryName(text)
	if st.Query = keywords(text, 3); normalised(text) {
		st.Query = brief(scrub(text), 200)
	}
	return st
}
