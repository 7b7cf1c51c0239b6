package migrations

import (
	"context"
	"errors"
	"slices"
	"time"
)

// freshRow is the ledger row of a migration whose up file begins to run.
func (e *Engine) freshRow(m Migration) record {
	return record{
		Version: m.Version, Name: m.Name, Class: m.Class, Additive: m.Additive, State: Running, Direction: up,
		ChecksumUp: m.Up.Checksum, ChecksumDown: m.Down.Checksum, UpSQL: m.Up.SQL, DownSQL: m.Down.SQL,
		Irreversible: m.Irreversible, Total: len(m.Up.Statements), Objects: objectsOf(m.Up.SQL, ObjectPending),
		StartedAt: e.cfg.Now(), BinaryVersion: e.cfg.BinaryVersion, OSUser: e.osUser,
	}
}

// run says how a script is carried out.
type run struct {
	end    State                   // of the migration when all went well
	wanted func(index string) bool // which statements of a no-transaction script; nil: all
	single bool                    // of a no-transaction script only what is wanted counts, end does not
	way    direction               // of a single one: where its migration was going, and goes on when it is partial
	rescue RescueFunc              // nil: what is lost is lost
}

// carry writes the running row, runs the script and leaves the row in the state
// that came of it: as the run says, or as fallback with the error.
func (e *Engine) carry(ctx context.Context, s *session, script Script, row, fallback record, how run) (record, error) {
	if how.wanted == nil {
		how.wanted = func(string) bool { return true }
	}
	before := fallback
	before.Objects = slices.Clone(fallback.Objects)
	if err := row.save(ctx, s.conn); err != nil {
		return row, err
	}
	s.report.begin(row.Version, row.Name, row.Direction, len(script.Statements))
	err := e.carryOut(ctx, s, script, &row, how)
	if err == nil {
		s.report.send(Event{Kind: EventDone})
		return row, nil
	}
	if script.NoTransaction && !s.conn.IsClosed() {
		fallback = s.residue(ctx, err, row, before)
		if before.State == Partial && fallback.State == Failed {
			fallback.State = Partial
		}
		if !how.single && row.Direction == down && fallback.State == Applied && len(fallback.heldObjects()) > len(before.heldObjects()) {
			fallback.State = Partial // cut between two drops: what is left was to go as well
		}
		if fallback.State == before.State { // nothing came of it: the row tells of the last run that did something
			fallback.Direction, fallback.AppliedAt = before.Direction, before.AppliedAt
		}
	}
	now := e.cfg.Now()
	fallback.Error = err.Error()
	fallback.FinishedAt = &now
	s.report.send(Event{Kind: EventFailed, Text: err.Error()})
	return fallback, errors.Join(err, e.leave(ctx, s, fallback))
}

// carryOut runs the script and saves the finished row: with it in one transaction,
// or after its last statement.
func (e *Engine) carryOut(ctx context.Context, s *session, script Script, row *record, how run) error {
	if script.NoTransaction {
		if err := s.stepwise(ctx, script, row, how.wanted); err != nil {
			return err
		}
		if !how.single {
			row.Done = row.Total
		}
		e.finish(row, row.sum())
		if how.single && row.State == Partial {
			// One index dropped is no rollback of the others, and one built no end of it.
			row.Direction = how.way
		}
		return row.save(ctx, s.conn)
	}
	done := func() record {
		for _, o := range row.Objects {
			row.set(o.Name, map[State]ObjectState{Applied: ObjectApplied, Held: ObjectHeld}[how.end])
		}
		row.Done = row.Total
		e.finish(row, how.end)
		return *row
	}
	return s.transact(ctx, script, transaction{version: row.Version, rescue: how.rescue, done: done})
}

// finish ends a running row well.
func (e *Engine) finish(row *record, state State) {
	now := e.cfg.Now()
	row.State, row.Error = state, ""
	row.FinishedAt, row.Duration = &now, now.Sub(row.StartedAt)
	switch {
	case state == Held:
		row.AppliedAt = nil
	case row.Direction == up || row.AppliedAt == nil:
		row.AppliedAt = &now
	}
}

// leave records a failure even when the run was cancelled. On a broken connection
// the row stays running and the next run finds it interrupted, which is true:
// without the lock nobody may write it.
func (e *Engine) leave(ctx context.Context, s *session, row record) error {
	if s.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return row.save(ctx, s.conn)
}
