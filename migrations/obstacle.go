package migrations

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Obstacle is a session that would make a migration wait if it began now. Of other
// roles' sessions only monitors see who they are and their snapshots.
type Obstacle struct {
	Blocker
	Locks []string `json:"locks"` // as "food_entries RowExclusiveLock"; never nil
	Why   string   `json:"why"`
}

// Modes of table locks, weakest first.
const (
	accessShare          = "AccessShareLock"
	rowShare             = "RowShareLock"
	rowExclusive         = "RowExclusiveLock"
	shareUpdateExclusive = "ShareUpdateExclusiveLock"
	share                = "ShareLock"
	shareRowExclusive    = "ShareRowExclusiveLock"
	exclusive            = "ExclusiveLock"
	accessExclusive      = "AccessExclusiveLock"
)

// conflicting lists the modes that a lock has to wait for, from the manual's table.
func conflicting(mode string) []string {
	switch mode {
	case rowExclusive:
		return []string{share, shareRowExclusive, exclusive, accessExclusive}
	case shareUpdateExclusive:
		return []string{shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive}
	case share:
		return []string{rowExclusive, shareUpdateExclusive, shareRowExclusive, exclusive, accessExclusive}
	case shareRowExclusive:
		return []string{rowExclusive, shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive}
	default:
		return []string{accessShare, rowShare, rowExclusive, shareUpdateExclusive, share, shareRowExclusive, exclusive, accessExclusive}
	}
}

// need is a lock that a statement takes on the table, or on that of the index.
type need struct {
	relation objectID // of kind table or index
	mode     string
}

// needs lists the locks that a script takes on what exists before it. A concurrent
// build waits for whom it lets in as well: it counts as the mode that would.
func needs(script Script) []need {
	var out []need
	made, _ := inventory(script.Statements)
	add := func(schema, name, mode string) {
		o := objectID{kind: TableObject, schema: schema, name: name}
		if name != "" && !slices.ContainsFunc(made, o.same) {
			out = append(out, need{o, mode})
		}
	}
	for _, st := range script.Statements {
		needsOf(st, add)
		for _, o := range droppedBy(st) {
			if st.starts("DROP") && (o.kind == IndexObject || o.kind == TableObject) {
				out = append(out, need{o, accessExclusive})
			}
		}
		for i, t := range st.tokens {
			if t.is("REFERENCES") {
				schema, name, _ := qualified(st.tokens[i+1:])
				add(schema, name, shareRowExclusive)
			}
		}
	}
	return out
}

func needsOf(st Statement, add func(schema, name, mode string)) {
	switch {
	case st.starts("ALTER", "TABLE"):
		schema, name, _ := actions(st)
		mode := accessExclusive
		if alters(st, "SET (", "RESET", "VALIDATE") {
			mode = shareUpdateExclusive
		}
		add(schema, name, mode)
	case st.starts("CREATE"):
		o, ok := madeBy(st)
		switch {
		case ok && o.kind == IndexObject && st.has("CONCURRENTLY"):
			add(o.schema, o.table, shareRowExclusive)
		case ok && o.kind == IndexObject:
			add(o.schema, o.table, share)
		case ok && o.kind == TriggerObject:
			add(o.schema, o.table, shareRowExclusive)
		}
	case st.starts("DROP", "TRIGGER"):
		for _, o := range droppedBy(st) {
			add(o.schema, o.table, accessExclusive)
		}
	case st.starts("UPDATE"), st.starts("DELETE", "FROM"), st.starts("INSERT", "INTO"), st.starts("TRUNCATE"):
		mode := rowExclusive
		if st.starts("TRUNCATE") {
			mode = accessExclusive
		}
		schema, name, _ := qualified(skipWords(st.tokens[1:], "FROM", "INTO", "ONLY", "TABLE"))
		add(schema, name, mode)
	}
}

// A table's own foreign keys are dropped from the tables that they refer to.
const selectLockers = `
WITH /* healthagent:lockers */ wanted AS (
    SELECT coalesce(i.indrelid, w.oid) AS oid
    FROM   to_regclass($1::text) AS w (oid)
    LEFT   JOIN pg_index AS i ON i.indexrelid = w.oid
), tables AS (
    SELECT oid FROM wanted
    UNION
    SELECT k.confrelid FROM wanted JOIN pg_constraint AS k ON k.conrelid = wanted.oid AND k.contype = 'f' WHERE $3
)
SELECT coalesce(l.pid, 0),
       CASE WHEN l.pid IS NULL THEN 'prepared transaction'
            ELSE coalesce(nullif(a.application_name, ''), a.backend_type, '') END,
       coalesce(a.usename, ''),
       coalesce(a.state, ''),
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::float8, 0),
       coalesce(a.backend_type, ''),
       array_agg(DISTINCT c.relname || ' ' || l.mode ORDER BY c.relname || ' ' || l.mode)
FROM   pg_locks AS l
JOIN   tables AS t ON t.oid = l.relation
JOIN   pg_class AS c ON c.oid = l.relation
LEFT   JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE  l.locktype = 'relation'
AND    l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND    l.granted
AND    l.mode = ANY ($2::text[])
AND    l.pid IS DISTINCT FROM pg_backend_pid()
GROUP  BY 1, 2, 3, 4, 5, 6
ORDER  BY 5 DESC, 1`

// Sessions whose snapshot a concurrent build outwaits in its last phase; vacuums
// are not waited for.
const selectSnapshots = `
SELECT /* healthagent:snapshots */
       a.pid,
       coalesce(nullif(a.application_name, ''), a.backend_type, ''),
       coalesce(a.usename, ''),
       coalesce(a.state, ''),
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start))::float8, 0),
       coalesce(a.backend_type, ''),
       '{}'::text[]
FROM   pg_stat_activity AS a
WHERE  a.datname = current_database()
AND    a.backend_xmin IS NOT NULL
AND    a.pid <> pg_backend_pid()
AND    a.backend_type <> 'autovacuum worker'
AND    NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS v WHERE v.pid = a.pid)
ORDER  BY 5 DESC, 1`

// blockers lists the sessions that a script would wait for, each once.
func (s *session) blockers(ctx context.Context, script Script) ([]Obstacle, error) {
	out := []Obstacle{}
	builds := false
	for _, n := range needs(script) {
		builds = builds || script.NoTransaction && n.relation.kind == TableObject
		relation := pgx.Identifier{schemaOr(n.relation.schema), n.relation.name}.Sanitize()
		because := "its transaction holds a lock that is waited for"
		if script.NoTransaction && n.mode == accessExclusive {
			because = "its transaction has used the table, and a concurrent drop waits for it to end"
		}
		found, err := s.sessions(ctx, because, selectLockers, relation, conflicting(n.mode), n.relation.kind == TableObject && n.mode == accessExclusive)
		if err != nil {
			return nil, err
		}
		out = merge(out, found)
	}
	if builds {
		found, err := s.sessions(ctx, "its snapshot is older than the build, which waits for it at the end", selectSnapshots)
		if err != nil {
			return nil, err
		}
		out = merge(out, found)
	}
	return out, nil
}

func (s *session) sessions(ctx context.Context, because, sql string, args ...any) ([]Obstacle, error) {
	rows, err := s.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("look for sessions in the way: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Obstacle, error) {
		var (
			b       = Obstacle{Why: because}
			seconds float64
		)
		err := row.Scan(&b.PID, &b.Application, &b.User, &b.State, &seconds, &b.Kind, &b.Locks)
		b.Age = time.Duration(seconds * float64(time.Second))
		if b.Kind == "autovacuum worker" {
			b.Why = "it gives way after a second, unless it prevents a wraparound"
		}
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for sessions in the way: %w", err)
	}
	return out, nil
}

// merge adds sessions to those known; prepared transactions have no number and
// stay apart by their locks.
func merge(known, found []Obstacle) []Obstacle {
	for _, b := range found {
		i := slices.IndexFunc(known, func(k Obstacle) bool {
			return k.PID == b.PID && (b.PID != 0 || slices.Equal(k.Locks, b.Locks))
		})
		if i < 0 {
			known = append(known, b)
			continue
		}
		for _, l := range b.Locks {
			if !slices.Contains(known[i].Locks, l) {
				known[i].Locks = append(known[i].Locks, l)
			}
		}
		if known[i].Why != b.Why {
			known[i].Why = joined(known[i].Why, b.Why)
		}
	}
	return known
}
