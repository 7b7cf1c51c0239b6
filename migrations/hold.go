package migrations

import (
	"context"
	"fmt"
)

// Hold marks a migration that is not there, so that Up leaves it alone until it is
// named or released; it runs nothing. Of a partial one the rest is held. Holding
// twice is no error. Errors: *NotHoldableError for one that is applied,
// *NoSuchVersionError, *VersionSyntaxError, *LockedError.
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
		for _, o := range row.Objects {
			if o.State != ObjectApplied {
				row.set(o.Name, ObjectHeld)
			}
		}
		row.State, row.Direction = Held, down
		if len(row.Objects) > 0 {
			row.State = row.sum()
		}
		now := e.cfg.Now()
		row.FinishedAt, row.Error = &now, ""
		return row.save(ctx, s.conn)
	})
}

const deleteRecord = `
DELETE FROM public.schema_migrations
WHERE version = $1`

// Release takes back that something of a migration is held: the next Up applies it.
// It runs nothing. Errors: ErrNothingHeld, *NoSuchVersionError for a migration that
// this binary could not apply, *VersionSyntaxError, *LockedError.
func (e *Engine) Release(ctx context.Context, version string) error {
	return e.mark(ctx, version, func(ctx context.Context, s *session, row *record, n int) error {
		if e.file(n) == nil {
			return &NoSuchVersionError{Version: n}
		}
		if row == nil || row.State != Held && len(row.heldObjects()) == 0 {
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
