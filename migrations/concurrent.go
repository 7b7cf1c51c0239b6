package migrations

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// stepwise runs the wanted statements of a no-transaction script, each on its own,
// and notes in the row and in the ledger how far it came. Every statement looks at
// what is there before it acts, so a script that was cut anywhere can simply run
// again. wanted is asked for the names of indexes only.
func (s *session) stepwise(ctx context.Context, script Script, row *record, wanted func(index string) bool) (err error) {
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
		if isIndex && !wanted(ddl.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.stopped() {
			return ErrStopped
		}
		s.report.at(i+1, ddl.name, st.FirstLine())
		if err := s.step(ctx, st, ddl, isIndex, row); err != nil {
			return errors.Join(explainAt(script, i, err), ctx.Err())
		}
		row.Done = i + 1
		if err := s.progress(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// step runs one statement. The ledger is told before and after which index is at
// work, so that what a process that dies leaves is known.
func (s *session) step(ctx context.Context, st Statement, d indexDDL, isIndex bool, row *record) error {
	if !isIndex {
		return s.run(ctx, st.Text)
	}
	if d.drop {
		return s.dropObject(ctx, d, row)
	}
	row.set(d.name, ObjectBuilding)
	if err := s.progress(ctx, row); err != nil {
		return err
	}
	started := s.cfg.Now()
	definition, built, err := s.ensureIndex(ctx, st, d)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	if o := row.object(d.name); o != nil {
		o.State, o.Definition, o.AppliedAt = ObjectApplied, definition, &now
		if built {
			o.BuildMS = float64(now.Sub(started).Microseconds()) / 1000
		}
	}
	return nil
}

// dropObject drops one index of a row and holds it. What the ledger does not call
// applied is dropped only when it is ours: somebody may have used the name.
func (s *session) dropObject(ctx context.Context, d indexDDL, row *record) error {
	if o := row.object(d.name); o != nil && (o.State == ObjectPending || o.State == ObjectHeld) {
		state, _, err := s.leftOf(ctx, row.UpSQL, d.name)
		if err != nil {
			return err
		}
		if state == ObjectHeld {
			row.set(d.name, ObjectHeld)
			return nil
		}
	}
	row.set(d.name, ObjectDropping)
	if err := s.progress(ctx, row); err != nil {
		return err
	}
	if err := s.dropIndex(ctx, d); err != nil {
		return err
	}
	row.set(d.name, ObjectHeld)
	return nil
}

// run sends one statement alone in the simple protocol, as psql would.
func (s *session) run(ctx context.Context, sql string) error {
	return s.conn.PgConn().Exec(ctx, sql).Close()
}

// progress notes in the ledger how far a running row has come.
func (s *session) progress(ctx context.Context, row *record) error {
	if err := row.save(ctx, s.conn); err != nil {
		return fmt.Errorf("note the progress: %w", err)
	}
	return nil
}

// residue looks, after a run that failed with cause, what became of the indexes
// that were at work, and says where the migration stands now. An index that
// somebody else made under one of the names is none of ours.
func (s *session) residue(ctx context.Context, cause error, row, before record) record {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var stranger *DefinitionError
	errors.As(cause, &stranger)
	for i := range row.Objects {
		o := &row.Objects[i]
		if o.State != ObjectBuilding && o.State != ObjectDropping {
			continue
		}
		found, err := s.findIndex(ctx, indexDDL{name: o.Name})
		if err != nil {
			continue // it stays marked as at work: the next run looks again
		}
		was := ObjectPending
		if b := before.object(o.Name); b != nil && b.State == ObjectHeld {
			was = ObjectHeld
		}
		switch {
		case found.state == indexValid && (stranger == nil || stranger.Index != o.Name):
			row.set(o.Name, ObjectApplied)
		case found.state == indexMissing && row.Direction == down:
			row.set(o.Name, ObjectHeld)
		case found.state == indexMissing, stranger != nil && stranger.Index == o.Name:
			row.set(o.Name, was)
		}
	}
	row.State = row.sum()
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
       CASE WHEN t.oid IS NULL THEN 'no index, but of kind ' || c.relkind::text
            ELSE replace(pg_get_indexdef(i.indexrelid), format(' ON pg_temp.%I USING ', t.relname), format(' ON %I.%I USING ', $3::text, t.relname))
       END
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
