package inspect

import "context"

// Index a does nothing that b does not do: the same columns, classes, collations and order (or all reversed) at its beginning, what
// it includes is in b, its predicate is b's or b has none, and no constraint or replica identity stands on it.
const redundantSQL = `
WITH ` + lockedCTE + `, ix AS (
    SELECT i.indexrelid, i.indrelid, i.indisunique, i.indisreplident, i.indisexclusion,
           i.indnkeyatts AS nk, c.relam, am.amname,
           (i.indkey::int2[])[0:i.indnkeyatts-1]            AS keys,
           (i.indkey::int2[])[i.indnkeyatts:i.indnatts-1]   AS incl,
           (i.indkey::int2[])[0:i.indnatts-1]               AS allcols,
           (i.indclass::oid[])[0:i.indnkeyatts-1]           AS opc,
           (i.indcollation::oid[])[0:i.indnkeyatts-1]       AS coll,
           (i.indoption::int2[])[0:i.indnkeyatts-1]         AS opt,
           coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS exprs,
           coalesce(pg_get_expr(i.indpred, i.indrelid), '')  AS pred,
           i.indimmediate, i.indnullsnotdistinct,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) AS is_con
    FROM   pg_index i
    JOIN   pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    JOIN   pg_am am ON am.oid = c.relam
    JOIN   pg_namespace n ON n.oid = c.relnamespace
    WHERE  i.indisvalid
    AND    i.indrelid NOT IN (SELECT relation FROM locked)
    AND    i.indexrelid NOT IN (SELECT relation FROM locked)
    AND    n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
    AND    NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
)
SELECT /* healthagent:index_redundant */
       a.indexrelid AS oid,
       b.indexrelid AS covered_by,
       CASE WHEN a.pred <> b.pred THEN 'partial copy of a full index'
            WHEN a.nk < b.nk THEN 'prefix'
            WHEN a.incl <> b.incl THEN 'same keys, other adds INCLUDE'
            ELSE 'duplicate' END AS kind
FROM   ix a
JOIN   ix b ON a.indrelid = b.indrelid AND a.indexrelid <> b.indexrelid AND a.relam = b.relam
AND    (a.nk = b.nk OR (a.nk < b.nk AND a.amname = 'btree'))
AND    a.keys = b.keys[1:a.nk] AND a.opc = b.opc[1:a.nk] AND a.coll = b.coll[1:a.nk]
AND    (a.opt = b.opt[1:a.nk]
        OR a.amname = 'btree'
        AND a.opt = ARRAY(SELECT (o # 3)::int2 FROM unnest(b.opt[1:a.nk]) WITH ORDINALITY u(o, n) ORDER BY n))
AND    a.exprs = b.exprs AND (a.pred = b.pred OR b.pred = '')
AND    a.incl <@ b.allcols
AND    NOT a.is_con AND NOT a.indisreplident AND NOT a.indisexclusion
AND    (NOT a.indisunique
        OR b.indisunique AND b.indimmediate AND a.nk = b.nk AND b.pred = '' AND (b.indnullsnotdistinct OR NOT a.indnullsnotdistinct))
AND    NOT (a.nk = b.nk AND a.pred = b.pred AND a.incl = b.incl
            AND a.indisunique = b.indisunique AND a.indimmediate = b.indimmediate AND a.indnullsnotdistinct = b.indnullsnotdistinct
            AND NOT b.is_con AND a.indexrelid < b.indexrelid)
ORDER  BY b.is_con DESC, a.indexrelid DESC, b.indexrelid`

type redundantIndex struct {
	OID       uint32
	CoveredBy uint32
	Kind      string
}

// redundant marks each index with one that replaces it. Of indexes that replace each other one stays unmarked, so that all that are
// marked may go.
func redundant(ctx context.Context, s *session, x *Indexes) error {
	found, err := list[redundantIndex](ctx, s, redundantSQL)
	if err != nil {
		return err
	}
	by := make(map[uint32]uint32)
	for _, f := range found {
		ix, other := x.find(f.OID), x.find(f.CoveredBy)
		if ix == nil || other == nil || ix.RedundantWith != "" || leads(by, f.CoveredBy, f.OID) {
			continue
		}
		by[f.OID] = f.CoveredBy
		ix.RedundantWith, ix.RedundantKind = other.Name, f.Kind
	}
	return nil
}

// leads tells whether the chain of replacements from one index ends up at another.
func leads(by map[uint32]uint32, from, to uint32) bool {
	for from != 0 {
		if from == to {
			return true
		}
		from = by[from]
	}
	return false
}
