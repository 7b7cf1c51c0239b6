package migrations

import (
	"context"
	"fmt"
)

// Hold marks a migration that is not there, so that Up leaves it alone until it is
// named or released; it builds and drops nothing. Of a partial one what is not there
// is held; while an invalid index is left of it, it stays partial, and Up leaves it
// alone like a rollback that was cut. Holding twice is no error. Errors:
// *NotHoldableError for one that is applied, *NoSuchVersionError,
// *VersionSyntaxError, *LockedError.
func (e *Engine) Hold(ctx context.Context, version string) error {
	return e.mark(ctx, version, func(ctx context.Context, s *session, row *record, n int) error {
		if row == nil {
			m := e.file(n)
			if m == nil {
				return &NoSuchVersionError{Version: n}
			}
			fresh := e.freshRow(*m)
			row = &fresh
		}
		switch {
		case row.State == Held:
			return nil
		case row.State == Applied && len(row.heldObjects()) == 0:
			return &NotHoldableError{Version: n}
		}
		if err := s.holdObjects(ctx, row); err != nil {
			return err
		}
		row.State, row.Direction = Held, down
		if len(row.Objects) > 0 {
			row.State = row.sum()
		}
		now := e.cfg.Now()
		row.FinishedAt, row.Error = &now, ""
		if row.State == Applied && row.AppliedAt == nil {
			row.AppliedAt = &now
		}
		if err := row.save(ctx, s.conn); err != nil {
			return err
		}
		if row.State == Applied && len(row.heldObjects()) == 0 { // the server had finished what its client did not live to see
			return &NotHoldableError{Version: n}
		}
		return nil
	})
}

// holdObjects holds what is not applied. Of a partial migration the ledger may not
// know what became of an index after its process died: then the catalog does.
func (s *session) holdObjects(ctx context.Context, row *record) error {
	partial := row.State == Partial
	for _, o := range row.Objects {
		if o.State == ObjectApplied || o.State == ObjectHeld {
			continue
		}
		state, definition := ObjectHeld, ""
		if partial {
			var err error
			if state, definition, err = s.leftOf(ctx, row.UpSQL, o.Name); err != nil {
				return err
			}
		}
		row.set(o.Name, state)
		row.object(o.Name).Definition = definition
	}
	return nil
}

// leftOf says where an index stands that nobody is at work on: held when there is
// none or somebody else's, dropping when it is invalid and has to go.
func (s *session) leftOf(ctx context.Context, upSQL, index string) (ObjectState, string, error) {
	st, ok := creates(upSQL, index)
	if !ok {
		return ObjectHeld, "", nil
	}
	d, _ := parseIndex(st) // found by creates
	found, err := s.findIndex(ctx, d)
	if err != nil || found.state == indexMissing {
		return ObjectHeld, "", err
	}
	if found.state != indexValid {
		return ObjectDropping, "", nil
	}
	want, err := s.expected(ctx, st, d)
	switch {
	case err != nil && !refused(err):
		return "", "", err
	case found.definition != want:
		return ObjectHeld, "", nil
	default:
		return ObjectApplied, found.definition, nil
	}
}

const deleteRecord = `
DELETE FROM public.schema_migrations
WHERE version = $1`

// Release takes back that something of a migration is held, or that its rollback was
// cut: the next Up applies it.
// It runs nothing. Errors: ErrNothingHeld, *NoSuchVersionError for a migration that
// this binary could not apply, *VersionSyntaxError, *LockedError.
func (e *Engine) Release(ctx context.Context, version string) error {
	return e.mark(ctx, version, func(ctx context.Context, s *session, row *record, n int) error {
		if e.file(n) == nil {
			return &NoSuchVersionError{Version: n}
		}
		cut := row != nil && row.State == Partial && row.Direction == down
		if row == nil || row.State != Held && !cut && len(row.heldObjects()) == 0 {
			return fmt.Errorf("migration %s: %w", Label(n), ErrNothingHeld)
		}
		if row.State == Held {
			// Nothing of it is in the database: it is as if it had never been.
			if _, err := s.conn.Exec(ctx, deleteRecord, n); err != nil {
				return fmt.Errorf("release migration %s: %w", Label(n), err)
			}
			return nil
		}
		for _, name := range row.heldObjects() {
			row.set(name, ObjectPending)
		}
		row.State, row.Direction = Partial, up
		return row.save(ctx, s.conn)
	})
}

// mark changes one row of the ledger under the lock. The row is nil when there is
// none.
func (e *Engine) mark(ctx context.Context, version string, change func(ctx context.Context, s *session, row *record, n int) error) error {
	n, err := ParseVersion(version)
	if err != nil {
		return err
	}
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ledger, err := s.begin(ctx)
	if err != nil {
		return err
	}
	return change(ctx, s, byVersion(ledger, n), n)
}
