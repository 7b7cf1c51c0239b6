package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Bloat is what reading a whole btree showed.
type Bloat struct {
	Schema        string  `json:"schema"`
	Index         string  `json:"index"`
	Bytes         int64   `json:"bytes"`
	LeafDensity   float64 `json:"leaf_density"`  // how full its pages are, in percent
	Fragmentation float64 `json:"fragmentation"` // leaves out of order, in percent
	EmptyPages    int64   `json:"empty_pages"`
	DeletedPages  int64   `json:"deleted_pages"`
	BloatPct      float64 `json:"bloat_pct"` // what a rebuild would save
	BloatBytes    int64   `json:"bloat_bytes"`
}

// Errors of what a server lacks. Each says what to do.
var (
	ErrNoStatTuple = errors.New("the extension pgstattuple is not installed: CREATE EXTENSION pgstattuple (as a superuser; it comes with postgresql-contrib)")
	ErrNoIndex     = errors.New("no such btree index")
)

const findIndexSQL = `
SELECT /* healthagent:find_index */ c.oid
FROM   pg_class c
JOIN   pg_am a ON a.oid = c.relam AND a.amname = 'btree'
WHERE  c.oid = to_regclass($1) AND c.relkind = 'i'`

const statTupleSQL = `
SELECT /* healthagent:stattuple */ n.nspname
FROM   pg_extension e
JOIN   pg_namespace n ON n.oid = e.extnamespace
WHERE  e.extname = 'pgstattuple'`

const exactBloatSQL = `
SELECT /* healthagent:exact_bloat */
       n.nspname AS schema,
       c.relname AS index,
       s.index_size AS bytes,
       coalesce(nullif(s.avg_leaf_density, 'NaN'), 0) AS leaf_density,
       coalesce(nullif(s.leaf_fragmentation, 'NaN'), 0) AS fragmentation,
       s.empty_pages,
       s.deleted_pages,
       coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::float8, 90) AS fill,
       s.leaf_pages,
       current_setting('block_size')::bigint AS block
FROM   pg_class c
JOIN   pg_namespace n ON n.oid = c.relnamespace
CROSS  JOIN LATERAL {{pgstatindex}}(c.oid::regclass) s
WHERE  c.oid = $1`

type exactBloat struct {
	Bloat
	Fill      float64
	LeafPages int64
	Block     int64
}

// ExactBloat reads a whole btree, named as SQL names it ("public.idx", or idx of schema public), and needs pgstattuple and a role with
// pg_stat_scan_tables, which pg_monitor includes. It may take up to 30 s and has a connection of its own.
func (i *Inspector) ExactBloat(ctx context.Context, index string) (Bloat, error) {
	var found exactBloat
	err := i.alone(ctx, "read the index "+index, onDemand, pgx.ReadOnly, func(ctx context.Context, s *session) (err error) {
		found, err = s.exactBloat(ctx, index)
		return err
	})
	return found.Bloat, err
}

func (s *session) exactBloat(ctx context.Context, index string) (found exactBloat, err error) {
	var oid uint32
	if err := s.tx.QueryRow(ctx, findIndexSQL, index).Scan(&oid); errors.Is(err, pgx.ErrNoRows) {
		return found, ErrNoIndex
	} else if err != nil {
		return found, err
	}
	var schema string
	if err := s.tx.QueryRow(ctx, statTupleSQL).Scan(&schema); errors.Is(err, pgx.ErrNoRows) {
		return found, ErrNoStatTuple
	} else if err != nil {
		return found, err
	}
	found, err = one[exactBloat](ctx, s, replace(exactBloatSQL, "pgstatindex", pgx.Identifier{schema, "pgstatindex"}.Sanitize()), oid)
	switch {
	case code(err) == "42501" && !s.monitor:
		return found, fmt.Errorf("%s: %w", s.needsMonitor("pgstatindex"), err)
	case code(err) == "42501":
		return found, fmt.Errorf("pgstatindex may not be called: GRANT USAGE ON SCHEMA %s TO %s: %w",
			pgx.Identifier{schema}.Sanitize(), pgx.Identifier{s.role}.Sanitize(), err)
	}
	if err != nil {
		return found, err
	}
	found.spare()
	return found, nil
}

// spare computes what a rebuild would save: the room in the leaves, and the pages that hold nothing.
func (f *exactBloat) spare() {
	used := float64(f.LeafPages) * min(f.LeafDensity/f.Fill, 1)
	free := float64(f.LeafPages) - used + float64(f.EmptyPages+f.DeletedPages)
	f.BloatBytes = int64(free) * f.Block
	if f.Bytes > 0 {
		f.BloatPct = round1(100 * float64(f.BloatBytes) / float64(f.Bytes))
	}
}
