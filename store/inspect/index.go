package inspect

import (
	"context"
	"time"
)

// Indexes are the indexes of all tables of the database, those of the system and the parents of partitioned ones aside.
type Indexes struct {
	// Since is when the server began to count: counters start anew when it crashes and when somebody resets them, and this is the
	// latest of these moments that can have happened.
	Since   time.Time `json:"since"`
	WindowS Seconds   `json:"window_s"` // from Since until now
	Judged  bool      `json:"judged"`   // the window is long enough to call an index unused
	Indexes []Index   `json:"indexes"`
	Partial []string  `json:"partial,omitempty"` // what is missing, and what to do about it
}

// Index is one index: what it is, what it costs, what it gave since Indexes.Since.
type Index struct {
	Schema     string `json:"schema"`
	Table      string `json:"table"`
	Name       string `json:"name"`
	Migration  string `json:"migration"` // which one owns it; for the caller to fill
	Method     string `json:"method"`
	Definition string `json:"definition"` // empty while somebody has the table locked
	Bytes      int64  `json:"bytes"`

	Scans    int64      `json:"scans"`
	TupRead  int64      `json:"tup_read"`
	TupFetch int64      `json:"tup_fetch"`
	LastScan *time.Time `json:"last_scan"`         // nil: never, or a server before 16
	HitPct   *float64   `json:"hit_pct,omitempty"` // found in shared buffers; nil: too few reads to tell
	// HeapFetchPct is how often an index with INCLUDE had to look into the table; nil for others and for one that was not read.
	HeapFetchPct *float64 `json:"heap_fetch_pct,omitempty"`

	Valid    bool   `json:"valid"`
	Ready    bool   `json:"ready"` // maintained on every write
	Building bool   `json:"building"`
	Leftover bool   `json:"leftover"`        // what a failed REINDEX CONCURRENTLY left
	State    string `json:"state,omitempty"` // in words, of one that is not valid

	Unique          bool `json:"unique"`
	Primary         bool `json:"primary"`
	Constraint      bool `json:"constraint"`       // a constraint stands on it
	ServesFK        bool `json:"serves_fk"`        // the only one that answers the checks of a foreign key
	Exclusion       bool `json:"exclusion"`        // of an exclusion constraint: it cannot be rebuilt concurrently
	ReplicaIdentity bool `json:"replica_identity"` // logical replication stands on it
	Clustered       bool `json:"clustered"`        // the table was put in its order
	Partition       bool `json:"partition"`        // part of a partitioned index
	Expression      bool `json:"expression"`       // the planner also takes statistics from it

	Unused       bool   `json:"unused"`
	UnusedReason string `json:"unused_reason,omitempty"` // why it is called unused
	NotJudged    string `json:"not_judged,omitempty"`    // why it is not judged at all

	RedundantWith string `json:"redundant_with"` // the index that does all that this one does; empty: none
	RedundantKind string `json:"redundant_kind,omitempty"`

	// BloatPct is an estimate that may be too low, never much too high; nil when there is none.
	BloatPct   *float64 `json:"bloat_pct"`
	BloatBytes int64    `json:"bloat_bytes,omitempty"`

	OID        uint32 `json:"-"`
	TableReads int64  `json:"-"` // scans of its table, by whatever way
	Writes     int64  `json:"-"` // rows written into its table
}

// Seconds is a span of time.
type Seconds float64

// Duration is the span as Go counts it.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

func (s Seconds) String() string { return s.Duration().Round(time.Millisecond).String() }

// The system's own counters are the only ones whose start a crash moves; those of the database tell when somebody reset them.
const sinceSQL = `
SELECT /* healthagent:since */ greatest(
           (SELECT stats_reset FROM pg_stat_bgwriter),
           (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()))`

const indexUsageSQL = `
WITH ` + lockedCTE + `
SELECT /* healthagent:index_usage */
       s.indexrelid AS oid,
       s.schemaname AS schema,
       s.relname AS "table",
       s.indexrelname AS name,
       am.amname AS method,
       CASE WHEN s.indexrelid IN (SELECT relation FROM locked) THEN c.relpages * current_setting('block_size')::bigint
            ELSE coalesce(pg_relation_size(s.indexrelid), 0) END AS bytes,
       CASE WHEN s.relid IN (SELECT relation FROM locked) OR s.indexrelid IN (SELECT relation FROM locked) THEN ''
            ELSE coalesce(pg_get_indexdef(s.indexrelid), '') END AS definition,
       s.idx_scan AS scans,
       s.idx_tup_read AS tup_read,
       s.idx_tup_fetch AS tup_fetch,
       {{last_idx_scan}} AS last_scan,
       CASE WHEN io.idx_blks_hit + io.idx_blks_read > 1000
            THEN round(100.0 * io.idx_blks_hit / (io.idx_blks_hit + io.idx_blks_read), 2)::float8 END AS hit_pct,
       CASE WHEN i.indnatts > i.indnkeyatts AND s.idx_tup_read > 0
            THEN round(100.0 * s.idx_tup_fetch / s.idx_tup_read, 1)::float8 END AS heap_fetch_pct,
       i.indisvalid AND i.indislive AS valid,
       i.indisready AS ready,
       i.indisunique OR i.indisexclusion AS "unique",
       i.indisprimary AS "primary",
       i.indisexclusion AS exclusion,
       i.indisreplident OR i.indisprimary AND t.relreplident = 'd' AS replica_identity,
       i.indisclustered AS clustered,
       i.indexprs IS NOT NULL AS expression,
       c.relispartition AS partition,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = s.indexrelid) AS "constraint",
       EXISTS (SELECT FROM pg_constraint k
               WHERE  k.contype = 'f' AND k.conrelid = i.indrelid
               AND    i.indisvalid AND i.indpred IS NULL AND am.amname IN ('btree', 'hash')
               AND    cardinality(k.conkey) <= i.indnkeyatts
               AND    (i.indkey::int2[])[0:cardinality(k.conkey)-1] @> k.conkey
               AND    NOT EXISTS (SELECT FROM pg_index o
                                  JOIN   pg_class oc ON oc.oid = o.indexrelid
                                  JOIN   pg_am oa ON oa.oid = oc.relam
                                  WHERE  o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
                                  AND    o.indisvalid AND o.indpred IS NULL AND oa.amname IN ('btree', 'hash')
                                  AND    cardinality(k.conkey) <= o.indnkeyatts
                                  AND    (o.indkey::int2[])[0:cardinality(k.conkey)-1] @> k.conkey)) AS serves_fk,
       coalesce(u.seq_scan, 0) + coalesce(u.idx_scan, 0) AS table_reads,
       coalesce(u.n_tup_ins + u.n_tup_upd, 0) AS writes
FROM   pg_stat_user_indexes s
JOIN   pg_index i ON i.indexrelid = s.indexrelid
JOIN   pg_class c ON c.oid = s.indexrelid
JOIN   pg_class t ON t.oid = i.indrelid
JOIN   pg_am am ON am.oid = c.relam
JOIN   pg_statio_user_indexes io ON io.indexrelid = s.indexrelid
JOIN   pg_stat_user_tables u ON u.relid = s.relid
WHERE  s.schemaname NOT LIKE 'pg\_temp\_%' -- migrations try indexes on temporary copies
ORDER  BY s.schemaname, s.relname, s.indexrelname`

// Indexes reads all indexes. It fails only when the first of its queries does; what the others could not find out is in Partial.
func (i *Inspector) Indexes(ctx context.Context) (Indexes, error) {
	var found Indexes
	err := i.look(ctx, "look at the indexes", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = i.indexes(ctx, s)
		return err
	})
	return found, err
}

func (i *Inspector) indexes(ctx context.Context, s *session) (Indexes, error) {
	var found Indexes
	err := s.tx.QueryRow(ctx, sinceSQL).Scan(&found.Since)
	if err != nil {
		return found, err
	}
	last := "s.last_idx_scan"
	if s.major < 16 {
		last = "NULL::timestamptz"
	}
	found.Indexes, err = list[Index](ctx, s, replace(indexUsageSQL, "last_idx_scan", last))
	if err != nil {
		return found, err
	}
	for _, more := range []struct {
		what string
		work func(context.Context, *session, *Indexes) error
	}{
		{"indexes that are not valid", invalid},
		{"redundant indexes", redundant},
		{"bloat", bloat},
	} {
		err := s.part(ctx, func() error { return more.work(ctx, s, &found) })
		switch {
		case err != nil && (ctx.Err() != nil || s.conn.IsClosed()):
			return found, err
		case err != nil:
			found.Partial = append(found.Partial, more.what+": "+err.Error())
		}
	}
	now := i.now()
	found.judge(now, i.firstSeen(now, found.Indexes))
	return found, nil
}

// find is the index of that oid, nil when there is none.
func (x *Indexes) find(oid uint32) *Index {
	for k := range x.Indexes {
		if x.Indexes[k].OID == oid {
			return &x.Indexes[k]
		}
	}
	return nil
}
