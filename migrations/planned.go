package migrations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// PlannedObject is one thing that a migration makes, as it stands in the database.
type PlannedObject struct {
	Kind              ObjectKind `json:"kind"`
	Name              string     `json:"name"`  // empty for an index that the server names
	Table             string     `json:"table"` // of an index, a trigger, a column or a constraint
	Exists            bool       `json:"exists"`
	Valid             bool       `json:"valid"`               // false for a broken index and a constraint that was never validated
	Bytes             int64      `json:"bytes"`               // of a table with its indexes
	Rows              int64      `json:"rows"`                // an estimate
	Scans             int64      `json:"scans"`               // since the statistics were reset
	LastScan          *time.Time `json:"last_scan,omitempty"` // known from PostgreSQL 16 on
	CoveredByRollback bool       `json:"covered_by_rollback"`
}

// RowsLost is what a step destroys for good.
type RowsLost struct {
	Table  string `json:"table"`
	Column string `json:"column,omitempty"` // empty: the whole table
	Rows   int64  `json:"rows"`             // of a column: those with a value
	Exact  bool   `json:"exact"`            // false when counting took too long and this is the statistics' guess
}

// last_seq_scan and last_idx_scan come with PostgreSQL 16.
const selectRelation = `
SELECT coalesce(i.indisvalid AND i.indisready, true),
       CASE WHEN c.relkind IN ('r', 'p', 'm') THEN pg_total_relation_size(c.oid) ELSE pg_relation_size(c.oid) END,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE coalesce(t.n_live_tup, 0) END,
       coalesce(x.idx_scan, coalesce(t.seq_scan, 0) + coalesce(t.idx_scan, 0)),
       greatest((to_jsonb(x) ->> 'last_idx_scan')::timestamptz,
                (to_jsonb(t) ->> 'last_idx_scan')::timestamptz,
                (to_jsonb(t) ->> 'last_seq_scan')::timestamptz)
FROM   pg_class AS c
LEFT   JOIN pg_index AS i ON i.indexrelid = c.oid
LEFT   JOIN pg_stat_all_tables AS t ON t.relid = c.oid
LEFT   JOIN pg_stat_all_indexes AS x ON x.indexrelid = c.oid
WHERE  c.oid = to_regclass($1::text)`

const selectOther = `
SELECT CASE $1::text
       WHEN 'function'   THEN EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                                      WHERE n.nspname = $2::text AND p.proname = $3::text)
       WHEN 'type'       THEN to_regtype(format('%I.%I', $2::text, $3::text)) IS NOT NULL
       WHEN 'trigger'    THEN EXISTS (SELECT FROM pg_trigger WHERE tgname = $3::text AND tgrelid = r.oid)
       WHEN 'column'     THEN EXISTS (SELECT FROM pg_attribute WHERE attname = $3::text AND attrelid = r.oid AND NOT attisdropped)
       WHEN 'constraint' THEN EXISTS (SELECT FROM pg_constraint WHERE conname = $3::text AND conrelid = r.oid)
       ELSE false END,
       NOT EXISTS (SELECT FROM pg_constraint WHERE conname = $3::text AND conrelid = r.oid AND NOT convalidated)
FROM   to_regclass(nullif($4::text, '')) AS r (oid)`

// lookAt fills in what the catalog knows of an object.
func (s *session) lookAt(ctx context.Context, id objectID) (PlannedObject, error) {
	o := PlannedObject{Kind: id.kind, Name: id.name, Table: id.table}
	if id.name == "" {
		return o, nil
	}
	var err error
	switch id.kind {
	case TableObject, IndexObject, ViewObject, SequenceObject:
		name := pgx.Identifier{schemaOr(id.schema), id.name}.Sanitize()
		err = s.conn.QueryRow(ctx, selectRelation, name).Scan(&o.Valid, &o.Bytes, &o.Rows, &o.Scans, &o.LastScan)
		if o.Exists = err == nil; errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
	default:
		table := ""
		if id.table != "" {
			table = pgx.Identifier{schemaOr(id.schema), id.table}.Sanitize()
		}
		err = s.conn.QueryRow(ctx, selectOther, string(id.kind), schemaOr(id.schema), id.name, table).Scan(&o.Exists, &o.Valid)
		o.Valid = o.Valid && o.Exists
	}
	if err != nil {
		return o, fmt.Errorf("look at the %s %s: %w", id.kind, id.name, err)
	}
	return o, nil
}

// rowsLost counts what a script destroys: the values of the columns that it drops,
// and the rows of the tables that it drops, empties or changes.
func (s *session) rowsLost(ctx context.Context, script Script) ([]RowsLost, error) {
	out := []RowsLost{}
	for _, n := range lossesOf(script) {
		lost := RowsLost{Table: n.table, Column: n.column, Exact: true}
		there, err := s.lookAt(ctx, objectID{kind: TableObject, schema: n.schema, name: n.table})
		if err != nil {
			return nil, err
		}
		if !there.Exists {
			continue
		}
		counted := "*"
		if n.column != "" {
			counted = pgx.Identifier{n.column}.Sanitize()
		}
		err = s.conn.QueryRow(ctx, "SELECT count("+counted+") FROM "+n.sanitized()).Scan(&lost.Rows)
		switch {
		case tookTooLong(err):
			lost.Rows, lost.Exact = there.Rows, false
		case refused(err): // the column is not there
			continue
		case err != nil:
			return nil, fmt.Errorf("count the rows of %s: %w", n, err)
		}
		out = append(out, lost)
	}
	return out, nil
}

// lossOf is a table, or a column of one, that a script destroys.
type lossOf struct {
	tableName
	column string // empty: the rows
}

// lossesOf names what a script destroys, each once, in its order.
func lossesOf(script Script) []lossOf {
	var out []lossOf
	for _, st := range script.Statements {
		var columns []string
		_, dropped := effects(st)
		for _, o := range dropped {
			if o.kind == ColumnObject {
				columns = append(columns, o.name)
			}
		}
		if columns == nil && (!st.starts("ALTER", "TABLE") || st.has("TYPE") || st.has("CASCADE")) {
			columns = []string{""}
		}
		for _, n := range loses(st) {
			for _, c := range columns {
				if l := (lossOf{n, c}); !slices.Contains(out, l) {
					out = append(out, l)
				}
			}
		}
	}
	return out
}

// tookTooLong reports whether the server gave up waiting or working.
func tookTooLong(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "57014" || pg.Code == "55P03")
}
