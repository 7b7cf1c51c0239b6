package inspect

import (
	"context"
	"fmt"
)

// Wraparound says how far a database is on the way to running out of transaction ids, at 100 % of which it stops writing.
type Wraparound struct {
	Database    string  `json:"database"`
	XIDAge      int64   `json:"xid_age"`
	MXIDAge     int64   `json:"mxid_age"`
	PctToWrap   float64 `json:"pct_to_wrap"`          // the worse of both kinds
	PctToForced float64 `json:"pct_to_forced_vacuum"` // from 100 on autovacuum comes even where it is off
	OfThis      bool    `json:"this"`                 // ours
}

const wraparoundSQL = `
SELECT /* healthagent:wraparound */
       datname AS database,
       age(datfrozenxid)::int8 AS xid_age,
       mxid_age(datminmxid)::int8 AS mxid_age,
       round(100.0 * greatest(age(datfrozenxid), mxid_age(datminmxid)) / 2147483648, 2)::float8 AS pct_to_wrap,
       round(greatest(100.0 * age(datfrozenxid) / current_setting('autovacuum_freeze_max_age')::numeric,
                      100.0 * mxid_age(datminmxid) / current_setting('autovacuum_multixact_freeze_max_age')::numeric), 1)::float8 AS pct_to_forced,
       datname = current_database() AS of_this
FROM   pg_database
WHERE  datallowconn
ORDER  BY pct_to_wrap DESC, datname`

// OldTable is a table with old transaction ids in it.
type OldTable struct {
	Table    string `json:"table"` // as SQL names it
	XIDAge   int64  `json:"xid_age"`
	XIDsLeft int64  `json:"xids_left"`
}

const oldestSQL = `
SELECT /* healthagent:wraparound_tables */
       c.oid::regclass::text AS "table",
       greatest(age(c.relfrozenxid), age(t.relfrozenxid))::int8 AS xid_age,
       2147483648 - greatest(age(c.relfrozenxid), age(t.relfrozenxid))::int8 AS xids_left
FROM   pg_class c
LEFT   JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE  c.relkind IN ('r', 'm')
ORDER  BY xid_age DESC, c.oid
LIMIT  10`

// Sequence is a sequence and how much of its numbers, or of its column's, is used up.
type Sequence struct {
	Schema  string  `json:"schema"`
	Name    string  `json:"name"`
	Table   string  `json:"table"` // as SQL names it; empty: nobody owns it
	Column  string  `json:"column"`
	Type    string  `json:"type"` // of the column
	Last    int64   `json:"last"` // 0: never used
	PctUsed float64 `json:"pct_used"`
}

// last_value is hidden from roles that may not use the sequence, and NULL before the first use as well.
const sequencesSQL = `
SELECT /* healthagent:sequences */
       s.schemaname AS schema,
       s.sequencename AS name,
       coalesce(d.refobjid::regclass::text, '') AS "table",
       coalesce(a.attname::text, '') AS "column",
       coalesce(format_type(a.atttypid, NULL), '') AS type,
       coalesce(s.last_value, 0) AS last,
       coalesce(round(100.0 * s.last_value /
           least(s.max_value, CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
                              ELSE 9223372036854775807 END), 2), 0)::float8 AS pct_used,
       has_sequence_privilege(c.oid, 'USAGE, SELECT') AS readable
FROM   pg_sequences s
JOIN   pg_namespace n ON n.nspname = s.schemaname
JOIN   pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename AND c.relkind = 'S'
LEFT   JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
LEFT   JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE  s.schemaname NOT LIKE 'pg\_temp\_%'
ORDER  BY pct_used DESC, s.schemaname, s.sequencename`

func (s *session) sequences(ctx context.Context, v *Server) error {
	rows, err := list[struct {
		Sequence
		Readable bool
	}](ctx, s, sequencesSQL)
	v.Sequences = []Sequence{}
	hidden := 0
	for _, r := range rows {
		if !r.Readable {
			hidden++
			continue
		}
		v.Sequences = append(v.Sequences, r.Sequence)
	}
	if hidden > 0 {
		v.Partial = append(v.Partial, fmt.Sprintf("%d sequences: this role may not read them (GRANT SELECT ON ALL SEQUENCES IN SCHEMA public)", hidden))
	}
	return err
}
