package migrations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// stepwise runs a no-transaction script, each statement on its own, and notes in
// the ledger how far it came. Every statement looks at what is there before it
// acts, so a script that was cut anywhere can simply run again.
func (s *session) stepwise(ctx context.Context, script Script, version int) (err error) {
	if err := s.setLockTimeout(ctx, 0); err != nil {
		return err
	}
	defer func() {
		if !s.conn.IsClosed() {
			err = errors.Join(err, s.setLockTimeout(context.WithoutCancel(ctx), s.cfg.LockTimeout))
		}
	}()
	for i, st := range script.Statements {
		ddl, isIndex := parseIndex(st)
		switch {
		case !isIndex:
			err = s.run(ctx, st.Text)
		case ddl.drop:
			err = s.dropIndex(ctx, ddl)
		default:
			err = s.ensureIndex(ctx, st, ddl)
		}
		if err != nil {
			return explainAt(script, i, err)
		}
		if err := s.progress(ctx, version, i+1); err != nil {
			return err
		}
	}
	return nil
}

// run sends one statement alone in the simple protocol, as psql would.
func (s *session) run(ctx context.Context, sql string) error {
	return s.conn.PgConn().Exec(ctx, sql).Close()
}

func (s *session) progress(ctx context.Context, version, done int) error {
	_, err := s.conn.Exec(ctx, `UPDATE public.schema_migrations SET statements_done = $2 WHERE version = $1`, version, done)
	if err != nil {
		return fmt.Errorf("note the progress of %s: %w", Label(version), err)
	}
	return nil
}

// residue tells what a no-transaction run that failed with cause left: before when
// every index is as it was, partial otherwise. An index that somebody else made
// under one of the names is none of ours.
func (s *session) residue(ctx context.Context, cause error, row, before record) record {
	names := indexesOf(row.UpSQL)
	var stranger *DefinitionError
	if errors.As(cause, &stranger) {
		names = slices.DeleteFunc(names, func(n string) bool { return n == stranger.Index })
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	there := 0
	for _, name := range names {
		found, err := s.findIndex(ctx, indexDDL{name: name})
		if err != nil {
			there = -1
			break
		}
		if found.state == indexValid || row.Direction == up && found.state != indexMissing {
			there++
		}
	}
	switch {
	case row.Direction == up && there == 0 && before.State != Partial:
		return before
	case row.Direction == down && there == len(names) && before.State == Applied:
		return before
	}
	row.State = Partial
	return row
}

// indexState is what the catalog says of an index.
type indexState uint8

const (
	indexMissing  indexState = iota
	indexBuilding            // some session is at work on it
	indexInvalid             // left by an interrupted build or drop
	indexValid
)

// foundIndex is an index as it stands in the database.
type foundIndex struct {
	state      indexState
	definition string // as pg_get_indexdef writes it
}

// An invalid index on a table on which another session holds the lock of
// concurrent builds is taken to be in its hands: the progress view shows the
// builds of other roles only to monitors. Autovacuum takes that lock too.
const selectIndex = `
SELECT coalesce(i.indisvalid AND i.indisready, false),
       EXISTS (SELECT FROM pg_stat_progress_create_index p
               WHERE p.datname = current_database() AND p.index_relid = c.oid)
       OR EXISTS (SELECT FROM pg_locks l
                  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                  WHERE l.relation = i.indrelid
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND l.mode = 'ShareUpdateExclusiveLock'
                    AND l.granted
                    AND l.pid <> pg_backend_pid()
                    AND a.backend_type IS DISTINCT FROM 'autovacuum worker'),
       i.indexrelid IS NOT NULL,
       coalesce(replace(pg_get_indexdef(i.indexrelid), format(' ON pg_temp.%I USING ', t.relname), format(' ON %I.%I USING ', $3::text, t.relname)),
                'no index, but of kind ' || c.relkind::text)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_class t ON t.oid = i.indrelid
WHERE n.nspname = $1::text
  AND c.relname = $2::text`

// findIndex looks an index up by its name; without a schema in public.
func (s *session) findIndex(ctx context.Context, d indexDDL) (foundIndex, error) {
	var (
		f                        foundIndex
		valid, building, isIndex bool
	)
	err := s.conn.QueryRow(ctx, selectIndex, schemaOr(d.schema, d.tableSchema), d.name, schemaOr(d.tableSchema)).
		Scan(&valid, &building, &isIndex, &f.definition)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return f, nil
	case err != nil:
		return f, fmt.Errorf("look for the index %s: %w", d.name, err)
	case valid, !isIndex:
		// When something else has the name the comparison will say so.
		f.state = indexValid
	case building:
		f.state = indexBuilding
	default:
		f.state = indexInvalid
	}
	return f, nil
}

func schemaOr(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return "public"
}
