package inspect

import "context"

// A partitioned parent that waits for its children is of relkind I, which is no error and not here.
const invalidSQL = `
SELECT /* healthagent:index_invalid */
       i.indexrelid AS oid,
       p.pid IS NOT NULL AS building,
       EXISTS (SELECT FROM pg_locks l
               JOIN   pg_stat_activity a ON a.pid = l.pid
               WHERE  l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND    l.relation = i.indrelid
               AND    l.granted
               AND    l.mode = 'ShareUpdateExclusiveLock'
               AND    a.backend_type IS DISTINCT FROM 'autovacuum worker') AS maybe,
       c.relname ~ '_ccnew[0-9]*$' AS new_copy,
       c.relname ~ '_ccold[0-9]*$' AS old_copy,
       coalesce(p.phase, '') AS phase
FROM   pg_index i
JOIN   pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
LEFT   JOIN pg_stat_progress_create_index p ON p.index_relid = i.indexrelid AND p.datname = current_database()
WHERE  NOT (i.indisvalid AND i.indisready AND i.indislive)`

type invalidIndex struct {
	OID              uint32
	Building, Maybe  bool
	NewCopy, OldCopy bool
	Phase            string
}

// invalid tells what was left by a failure from what is still being built.
func invalid(ctx context.Context, s *session, x *Indexes) error {
	found, err := list[invalidIndex](ctx, s, invalidSQL)
	if err != nil {
		return err
	}
	for _, f := range found {
		ix := x.find(f.OID)
		if ix == nil {
			continue
		}
		ix.Building = f.Building || f.Maybe
		ix.Leftover = !ix.Building && (f.NewCopy || f.OldCopy)
		ix.State = f.state(ix.Ready)
	}
	if len(found) > 0 && !s.monitor {
		x.Partial = append(x.Partial, s.needsMonitor("index builds of other roles"))
	}
	return nil
}

func (f invalidIndex) state(ready bool) string {
	switch {
	case f.Building:
		return "being built: " + f.Phase
	case f.Maybe:
		return "perhaps being built or dropped: another session holds such a lock on the table"
	case f.NewCopy, f.OldCopy:
		return "left by a REINDEX CONCURRENTLY that failed"
	case ready:
		return "a build or drop that failed; every write still pays for it"
	default:
		return "a build that failed; writes do not pay for it"
	}
}
