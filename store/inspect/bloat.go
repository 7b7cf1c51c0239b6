package inspect

import (
	"context"
	"fmt"
	"math"
)

// What the estimate is made from: pages and rows as VACUUM or ANALYZE last counted them, and the width of each column. pg_stats shows
// only tables that the role may read.
const bloatSQL = `
SELECT /* healthagent:index_bloat */
       i.indexrelid AS oid,
       c.relpages AS pages,
       c.reltuples::float8 AS tuples,
       coalesce(u.n_dead_tup, 0)::float8 AS dead,
       current_setting('block_size')::int AS block,
       coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int, 90) AS fill,
       i.indpred IS NOT NULL AS partial,
       has_table_privilege(t.oid, 'SELECT') AS readable,
       x.lengths, x.aligns, x.widths, x.nulls
FROM   pg_index i
JOIN   pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpages > 8 AND c.reltuples >= 0
JOIN   pg_class t ON t.oid = i.indrelid
JOIN   pg_am a ON a.oid = c.relam AND a.amname = 'btree'
JOIN   pg_namespace n ON n.oid = c.relnamespace
LEFT   JOIN pg_stat_user_tables u ON u.relid = i.indrelid
CROSS  JOIN LATERAL (
    SELECT array_agg(ia.attlen::int ORDER BY ia.attnum) AS lengths,
           array_agg(ia.attalign::text ORDER BY ia.attnum) AS aligns,
           array_agg(coalesce(s.avg_width, -1) ORDER BY ia.attnum) AS widths,
           array_agg(coalesce(s.null_frac, 0)::float8 ORDER BY ia.attnum) AS nulls
    FROM   pg_attribute ia
    LEFT   JOIN pg_attribute ta ON ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND ta.attnum > 0
    LEFT   JOIN pg_stats s ON s.schemaname = n.nspname
           AND s.tablename = CASE WHEN ta.attname IS NULL THEN c.relname ELSE t.relname END
           AND s.attname = coalesce(ta.attname, ia.attname)
           AND NOT s.inherited
    WHERE  ia.attrelid = i.indexrelid AND ia.attnum > 0) x
WHERE  i.indisvalid
AND    n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`

type bloatStats struct {
	OID      uint32
	Pages    int64
	Tuples   float64
	Dead     float64
	Block    float64
	Fill     float64
	Partial  bool
	Readable bool
	Lengths  []int    // of each column, -1: it varies
	Aligns   []string // c, s, i or d
	Widths   []int    // on average over the table, -1: unknown
	Nulls    []float64
}

// bloat estimates how much of each btree is empty.
func bloat(ctx context.Context, s *session, x *Indexes) error {
	found, err := list[bloatStats](ctx, s, bloatSQL)
	if err != nil {
		return err
	}
	hidden := 0
	for _, f := range found {
		ix := x.find(f.OID)
		if ix == nil {
			continue
		}
		need, ok := f.pages()
		if !ok && !f.Readable {
			hidden++
		}
		if !ok {
			continue
		}
		spare := max(float64(f.Pages)-need, 0)
		percent := round1(100 * spare / float64(f.Pages))
		ix.BloatPct, ix.BloatBytes = &percent, int64(spare*f.Block)
	}
	if hidden > 0 {
		x.Partial = append(x.Partial, fmt.Sprintf("bloat of %d indexes: this role may not read their tables, which hides the width of the columns "+
			"(GRANT SELECT on them, or ask for the exact figure of each)", hidden))
	}
	return nil
}

// pages is what the index would need if it were built now; false when that cannot be told. Where in doubt it is too much, so that
// the bloat is too little: rows that are dead but not vacuumed count (all of the table's, for a partial index too), and that duplicates share a tuple does not.
func (b bloatStats) pages() (float64, bool) {
	width, ok := b.tuple()
	if !ok {
		return 0, false
	}
	const header, special, pointer = 24, 16, 4
	room := (b.Block - header - special) * b.Fill / 100
	// Each page repeats a key as its bound, and ends before a tuple that does not fit.
	perPage := max((room-width)/(width+pointer)-0.5, 1)
	return 2 + math.Ceil((b.Tuples+b.Dead)/perPage), true
}

// tuple is the average size of an index tuple. The values of a partial index are not those of the whole table: there only columns of
// a fixed width can be judged.
func (b bloatStats) tuple() (float64, bool) {
	header, width, exact := 8.0, 0.0, true
	for k, length := range b.Lengths {
		align := map[string]float64{"s": 2, "i": 4, "d": 8}[b.Aligns[k]]
		null := b.Nulls[k]
		switch {
		case length < 0 && (b.Partial || b.Widths[k] < 0):
			return 0, false
		case length < 0:
			width += (1 - null) * float64(b.Widths[k])
			exact = false
		default:
			if b.Partial || b.Widths[k] < 0 {
				null = 0
			}
			if align > 0 && exact {
				width = math.Ceil(width/align) * align
			} else if align > 0 {
				width += (align - 1) / 2
			}
			width += (1 - null) * float64(length)
		}
		if null > 0 {
			header, exact = 16, false // with its bitmap of nulls
		}
	}
	padded := math.Ceil(width/8) * 8
	if !exact {
		padded = max(padded, width+4)
	}
	return header + padded, true
}
