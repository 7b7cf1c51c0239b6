package migrations

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
)

// ReindexOptions says which index is to be built anew, and who is told.
type ReindexOptions struct {
	Index  string // in the schema public
	Events chan<- Event
}

// Reindexed tells what a rebuild brought.
type Reindexed struct {
	Index    string        `json:"index"`
	Before   int64         `json:"bytes_before"`
	After    int64         `json:"bytes_after"`
	Duration time.Duration `json:"duration_ns"`
}

// Reindex builds one index anew while it is used, which frees what it no longer
// needs and mends an invalid one. It holds the migration lock, so it never meets a
// build or a rollback. What an earlier rebuild that was cut left behind is dropped
// first, and what this one leaves when it fails is dropped too. Errors:
// *NoSuchIndexError, *LockedError, *StatementError.
func (e *Engine) Reindex(ctx context.Context, o ReindexOptions) (Reindexed, error) {
	out := Reindexed{Index: o.Index}
	s, err := e.connect(ctx)
	if err != nil {
		return out, err
	}
	defer s.close()
	s.report.to = o.Events
	if out.Before, err = s.indexBytes(ctx, o.Index); err != nil {
		return out, err
	}
	if err := s.lock(ctx); err != nil {
		return out, err
	}
	if err := s.setLockTimeout(ctx, 0); err != nil {
		return out, err
	}
	if err := s.dropLeftovers(ctx, o.Index); err != nil {
		return out, err
	}
	started := e.cfg.Now()
	text := "REINDEX INDEX CONCURRENTLY " + pgx.Identifier{"public", o.Index}.Sanitize()
	s.report.total = 1
	s.report.at(1, o.Index, text)
	if err := s.watched(ctx, text); err != nil {
		err = errors.Join(explainAt(Script{File: "reindex", Statements: []Statement{{Text: text, Line: 1}}}, 0, err), ctx.Err())
		if !s.conn.IsClosed() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
			defer cancel()
			err = errors.Join(err, s.dropLeftovers(ctx, o.Index))
		}
		s.report.send(Event{Kind: EventFailed, Text: err.Error()})
		return out, err
	}
	out.Duration = e.cfg.Now().Sub(started)
	if out.After, err = s.indexBytes(ctx, o.Index); err != nil {
		return out, err
	}
	s.report.send(Event{Kind: EventDone})
	e.cfg.Logger.InfoContext(ctx, "index rebuilt", "index", o.Index, "bytes_before", out.Before, "bytes_after", out.After,
		"duration", out.Duration.String())
	return out, nil
}

// DropLeftover drops the invalid copy of an index that a rebuild which was cut left
// behind: the copy's own name is given, such as NAME_ccnew. It holds the migration
// lock. Errors: *NoSuchIndexError for one that is no such copy or is in use,
// *LockedError, *StatementError.
func (e *Engine) DropLeftover(ctx context.Context, name string, events chan<- Event) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	s.report.to = events
	if err := s.lock(ctx); err != nil {
		return err
	}
	if err := s.setLockTimeout(ctx, 0); err != nil {
		return err
	}
	var found bool
	if err := s.conn.QueryRow(ctx, selectLeftover, name).Scan(&found); err != nil {
		return fmt.Errorf("look at the index %s: %w", name, err)
	}
	if !found {
		return &NoSuchIndexError{Index: name, Absent: true}
	}
	text := "DROP INDEX CONCURRENTLY IF EXISTS " + pgx.Identifier{"public", name}.Sanitize()
	s.report.total = 1
	s.report.at(1, name, text)
	if err := s.watched(ctx, text); err != nil {
		err = errors.Join(explainAt(Script{File: "reindex", Statements: []Statement{{Text: text, Line: 1}}}, 0, err), ctx.Err())
		s.report.send(Event{Kind: EventFailed, Text: err.Error()})
		return err
	}
	s.report.send(Event{Kind: EventDone})
	e.cfg.Logger.InfoContext(ctx, "what an interrupted rebuild left was dropped", "index", name)
	return nil
}

const selectLeftover = `
SELECT EXISTS (
    SELECT FROM pg_class c
    JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace
      AND c.relname = $1
      AND NOT i.indisvalid
      AND c.relname ~ '_cc(new|old)[0-9]*$')`

const selectIndexBytes = `
SELECT pg_relation_size(c.oid)
FROM pg_class c
JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace
  AND c.relkind = 'i'
  AND c.relname = $1`

func (s *session) indexBytes(ctx context.Context, index string) (bytes int64, err error) {
	err = s.conn.QueryRow(ctx, selectIndexBytes, index).Scan(&bytes)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, &NoSuchIndexError{Index: index, Absent: true}
	}
	if err != nil {
		return 0, fmt.Errorf("look at the index %s: %w", index, err)
	}
	return bytes, nil
}

// A rebuild makes its copy beside the index under the name NAME_ccnew and, after the
// exchange, calls the old one NAME_ccold; a name in use gets a number. The name may
// be cut to fit 63 bytes, so the leading part is compared.
const selectLeftovers = `
SELECT c.relname
FROM pg_class c
JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace
  AND i.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass($1))
  AND NOT i.indisvalid
  AND c.relname ~ '_cc(new|old)[0-9]*$'`

// dropLeftovers drops the invalid copies of an index that a cut rebuild left. The
// lock is held, so none of them is being built by another engine; one that somebody
// builds by hand holds the lock on its table, and the drop waits for it.
func (s *session) dropLeftovers(ctx context.Context, index string) error {
	rows, err := s.conn.Query(ctx, selectLeftovers, pgx.Identifier{"public", index}.Sanitize())
	if err != nil {
		return fmt.Errorf("look for what an earlier rebuild left: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for what an earlier rebuild left: %w", err)
	}
	suffix := regexp.MustCompile(`_cc(new|old)[0-9]*$`)
	for _, name := range names {
		stem := suffix.ReplaceAllString(name, "")
		if stem != index[:min(len(stem), len(index))] {
			continue
		}
		s.cfg.Logger.WarnContext(ctx, "dropping what an interrupted rebuild left", "index", name)
		if err := s.run(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+pgx.Identifier{"public", name}.Sanitize()); err != nil {
			return fmt.Errorf("drop %s, which an interrupted rebuild left: %w", name, err)
		}
	}
	return nil
}
