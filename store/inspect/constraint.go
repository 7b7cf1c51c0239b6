package inspect

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ForeignKey is one without an index on its columns: deleting what it references reads the whole table each time.
type ForeignKey struct {
	Table      string   `json:"table"` // as SQL names it
	Name       string   `json:"name"`
	Columns    []string `json:"columns"`
	Referenced string   `json:"referenced"`
	OnDelete   string   `json:"on_delete"`
	Partly     string   `json:"partly,omitempty"` // an index that begins with one of the columns: with few rows for each value it is enough

	OID uint32 `json:"-"` // of the table
}

// Remedy is the index that the foreign key needs.
func (k ForeignKey) Remedy() string {
	var columns []string
	for _, c := range k.Columns {
		columns = append(columns, pgx.Identifier{c}.Sanitize())
	}
	return "CREATE INDEX CONCURRENTLY ON " + k.Table + " (" + strings.Join(columns, ", ") + ")"
}

// A partial index serves when all it leaves out is NULL, which references nothing. Its predicate is not asked for while somebody has
// the table locked.
const missingFKSQL = `
WITH ` + lockedCTE + `
SELECT /* healthagent:missing_fk */
       k.conrelid AS oid,
       k.conrelid::regclass::text AS "table",
       k.conname AS name,
       k.confrelid::regclass::text AS referenced,
       (SELECT array_agg(a.attname::text ORDER BY o)
        FROM   unnest(k.conkey) WITH ORDINALITY u (n, o)
        JOIN   pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n) AS columns,
       CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
                          WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END AS on_delete,
       coalesce((SELECT c.relname
                 FROM   pg_index i
                 JOIN   pg_class c ON c.oid = i.indexrelid
                 JOIN   pg_am am ON am.oid = c.relam AND am.amname = 'btree'
                 WHERE  i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL AND cardinality(k.conkey) > 1
                 AND    i.indkey[0] = ANY (k.conkey)
                 ORDER  BY i.indisprimary DESC, c.relname
                 LIMIT  1), '') AS partly
FROM   pg_constraint k
WHERE  k.contype = 'f' AND k.conparentid = 0
AND    NOT EXISTS (
    SELECT FROM pg_index i
    JOIN   pg_class c ON c.oid = i.indexrelid
    JOIN   pg_am am ON am.oid = c.relam
    WHERE  i.indrelid = k.conrelid AND i.indisvalid AND am.amname IN ('btree', 'hash')
    AND    cardinality(k.conkey) <= i.indnkeyatts
    AND    (i.indkey::int2[])[0:cardinality(k.conkey)-1] @> k.conkey
    AND    CASE WHEN i.indpred IS NULL OR i.indrelid IN (SELECT relation FROM locked) THEN true
                ELSE pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$' END)
ORDER  BY 2, 3`

// NotValid is a constraint that holds for new rows only: old ones were never checked.
type NotValid struct {
	Table string `json:"table"` // as SQL names it
	Name  string `json:"name"`
	Type  string `json:"type"` // foreign key, check or not null
}

// Remedy checks the old rows.
func (n NotValid) Remedy() string {
	return "ALTER TABLE " + n.Table + " VALIDATE CONSTRAINT " + pgx.Identifier{n.Name}.Sanitize()
}

// The constraint's definition is not asked for: it would wait for a locked table.
const notValidSQL = `
SELECT /* healthagent:not_valid */
       conrelid::regclass::text AS "table",
       conname AS name,
       CASE contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' WHEN 'n' THEN 'not null' ELSE contype::text END AS type
FROM   pg_constraint
WHERE  NOT convalidated AND conrelid <> 0
{{enforced}}
ORDER  BY 1, 2`

// notValid leaves out constraints that are not to be enforced, which exist from 18 on.
func (s *session) notValid(ctx context.Context) ([]NotValid, error) {
	enforced := "AND conenforced"
	if s.major < 18 {
		enforced = ""
	}
	return list[NotValid](ctx, s, replace(notValidSQL, "enforced", enforced))
}
