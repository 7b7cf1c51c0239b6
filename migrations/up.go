package migrations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// UpOptions chooses what Up applies. The zero value means everything that is
// pending or failed and not held.
type UpOptions struct {
	// Version, as 017 or 17, applies that one even if it is held, and before it
	// the pending transactional ones below it. Empty means all.
	Version string
	// OnlyTransactional leaves index-only migrations for later.
	OnlyTransactional bool
	// IncludeHeld applies held ones too.
	IncludeHeld bool
	// Index builds that one index of an index-only migration and no other, also when
	// it is held. Without Version the migration is the one that makes it.
	Index string
	// DryRun returns what would be done, and does nothing.
	DryRun bool
	// Events is told what happens meanwhile; see Event. Nil tells nobody. The engine
	// never closes it.
	Events chan<- Event
}

// Step is one migration that was applied or rolled back, or would be.
type Step struct {
	Version    int
	Name       string
	Class      Class
	Statements int
	SQL        string
	Index      string // the one index that was built, dropped or rebuilt; empty for a whole migration
	Duration   time.Duration
}

// Result tells what was done, in order. After an error it holds what was done
// before it.
type Result struct {
	Steps   []Step
	Skipped []Skip // Up only
	DryRun  bool
}

// HeldVersions returns the held migrations that Up left alone.
func (r Result) HeldVersions() []int {
	var out []int
	for _, s := range r.Skipped {
		if s.Reason == SkipHeld {
			out = append(out, s.Version)
		}
	}
	return out
}

// Up applies what opts choose, in the order of versions, and stops at the first
// failure. It refuses with *ChecksumError, *CollisionError, *UnknownError,
// *OutOfOrderError, *BlockedError, *NoSuchVersionError, *NoSuchIndexError,
// *LockedError; a failing statement is a *StatementError. It takes the lock only
// when there is work. When ctx ends a concurrent build is cancelled and what it left
// is dropped, within a few seconds, before Up returns.
func (e *Engine) Up(ctx context.Context, opts UpOptions) (Result, error) {
	if opts.Index != "" {
		return e.buildOne(ctx, opts)
	}
	result := Result{DryRun: opts.DryRun}
	named, err := e.named(opts)
	if err != nil {
		return result, err
	}
	s, err := e.connect(ctx)
	if err != nil {
		return result, err
	}
	defer s.close()
	s.report.to = opts.Events
	// A first look without the lock: a start must not wait for another process's
	// long index build when there is nothing for it to do.
	ledger, err := s.look(ctx)
	if err != nil {
		return result, err
	}
	steps, skipped, err := e.choose(ledger, opts, named)
	if err != nil || len(steps) == 0 || opts.DryRun {
		result.Skipped = skipped
		result.Steps = planned(steps)
		return result, err
	}
	ledger, err = s.begin(ctx)
	if err != nil {
		return result, err
	}
	if steps, result.Skipped, err = e.choose(ledger, opts, named); err != nil {
		return result, err
	}
	for _, m := range steps {
		all := opts.IncludeHeld || m.Version == named
		step, err := e.apply(ctx, s, m, byVersion(ledger, m.Version), all)
		if err != nil {
			return result, err
		}
		result.Steps = append(result.Steps, step)
	}
	return result, nil
}

func (e *Engine) named(opts UpOptions) (int, error) {
	if opts.Version == "" {
		return 0, nil
	}
	version, err := ParseVersion(opts.Version)
	if err != nil {
		return 0, err
	}
	if e.file(version) == nil {
		return 0, &NoSuchVersionError{Version: version}
	}
	return version, nil
}

func (e *Engine) choose(ledger []record, opts UpOptions, named int) ([]Migration, []Skip, error) {
	if err := check(e.files, ledger, named); err != nil {
		return nil, nil, err
	}
	return planUp(e.files, ledger, opts, named)
}

func planned(steps []Migration) []Step {
	var out []Step
	for _, m := range steps {
		out = append(out, Step{Version: m.Version, Name: m.Name, Class: m.Class, Statements: len(m.Up.Statements), SQL: m.Up.SQL})
	}
	return out
}

// begin takes the lock, makes the ledger and settles what dead processes left:
// whoever holds the lock knows that no running row is alive.
func (s *session) begin(ctx context.Context) ([]record, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	if err := ensureLedger(ctx, s.conn); err != nil {
		return nil, err
	}
	ledger, err := readLedger(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	for i, r := range ledger {
		if r.State != Running {
			continue
		}
		ledger[i] = r.settled()
		s.cfg.Logger.WarnContext(ctx, "an interrupted migration was found",
			"version", Label(r.Version), "name", r.Name, "direction", string(r.Direction), "now", string(ledger[i].State))
		s.report.send(Event{Kind: EventNote, Text: "migration " + Label(r.Version) + " was interrupted earlier and is taken up"})
		if err := ledger[i].save(ctx, s.conn); err != nil {
			return nil, err
		}
	}
	return ledger, nil
}

// apply runs one up file. Before is the migration's row so far, nil if none; all
// means that indexes that are held are built too.
func (e *Engine) apply(ctx context.Context, s *session, m Migration, before *record, all bool) (Step, error) {
	row := e.freshRow(m)
	fallback := row
	fallback.State = Failed
	if before != nil {
		row.inherit(*before)
		fallback.Objects = slices.Clone(row.Objects)
	}
	if before != nil && before.State == Held {
		// It was asked for by name and failed: that is no reason for the next
		// start to try again what somebody had taken back.
		fallback = *before
	}
	if before != nil && before.State == Partial {
		fallback.State = Partial
	}
	wanted := func(index string) bool {
		o := row.object(index)
		return all || o == nil || o.State != ObjectHeld
	}
	row, err := e.carry(ctx, s, m.Up, row, fallback, run{end: Applied, wanted: wanted})
	step := Step{Version: m.Version, Name: m.Name, Class: m.Class, Statements: row.Total, SQL: m.Up.SQL, Duration: row.Duration}
	if err != nil {
		return step, fmt.Errorf("apply migration %s: %w", Label(m.Version), err)
	}
	e.cfg.Logger.InfoContext(ctx, "migration applied", "version", Label(m.Version), "name", m.Name,
		"class", string(m.Class), "duration", row.Duration.String())
	return step, nil
}

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
