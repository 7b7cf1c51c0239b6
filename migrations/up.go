package migrations

import (
	"context"
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
	// Stop, once closed, lets the statement at work end and begins no other: what is
	// left over then is as after a cancelled context, and the error is ErrStopped. A
	// migration that is one transaction is one step. Nil: it is never asked to stop.
	Stop <-chan struct{}
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
	var damaged bool
	if err == nil && len(steps) == 0 {
		if damaged, err = e.damaged(ctx, s, byVersion(ledger, named), named); damaged {
			steps = append(steps, *e.file(named))
		}
	}
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
	if damaged && len(steps) == 0 { // every statement looks at what is there
		steps = append(steps, *e.file(named))
	}
	s.stop = opts.Stop
	for _, m := range steps {
		if s.stopped() {
			return result, ErrStopped
		}
		all := opts.IncludeHeld || m.Version == named
		step, err := e.apply(ctx, s, m, byVersion(ledger, m.Version), all)
		if err != nil {
			return result, err
		}
		result.Steps = append(result.Steps, step)
	}
	return result, nil
}

// damaged reports whether indexes of a named migration that the ledger calls applied are not there or invalid: somebody ran its
// rollback by hand, or dropped one. Naming the migration is asking for them.
func (e *Engine) damaged(ctx context.Context, s *session, row *record, named int) (bool, error) {
	if row == nil || row.State != Applied || row.Class != IndexOnly || e.file(named) == nil {
		return false, nil
	}
	for _, st := range e.file(named).Up.Statements {
		d, ok := parseIndex(st)
		if !ok || d.drop {
			continue
		}
		found, err := s.findIndex(ctx, d)
		if err != nil || found.state == indexMissing || found.state == indexInvalid {
			return err == nil, err
		}
	}
	return false, nil
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
