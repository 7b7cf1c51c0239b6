package migrations

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// DownOptions chooses what Down takes back.
type DownOptions struct {
	// Version, as 017 or 17. Empty means the newest applied index-only one.
	Version string
	// Index drops and holds that one index of an index-only migration and no other.
	// Without Version the migration is the one that makes it.
	Index string
	// DryRun returns what would be done, and does nothing.
	DryRun bool
	// Stop is that of UpOptions.
	Stop <-chan struct{}
	// Rescue gets the rows of every table of which rows or columns are lost, before
	// they are, in the transaction that loses them. When it fails nothing is lost.
	// Nil loses them.
	Rescue RescueFunc
	// Events is told what happens meanwhile; see Event. Nil tells nobody. The engine
	// never closes it.
	Events chan<- Event
}

// Down rolls a migration back with the SQL stored in the ledger, so it also works
// for one that this binary does not know. One of class index-only goes alone; any
// other takes everything newer first. What was rolled back is held: Up applies it
// again only by name. Errors: ErrNothingToRollBack, *NotAppliedError,
// *IrreversibleError (before anything is done), *NoSuchIndexError,
// *VersionSyntaxError, *LockedError, *StatementError. When ctx ends before all
// indexes of an index-only one are dropped it is partial: Down again finishes, Up
// with its version restores.
func (e *Engine) Down(ctx context.Context, opts DownOptions) (Result, error) {
	if opts.Index != "" {
		return e.dropOne(ctx, opts)
	}
	result := Result{DryRun: opts.DryRun}
	named := 0
	if opts.Version != "" {
		var err error
		if named, err = ParseVersion(opts.Version); err != nil {
			return result, err
		}
	}
	s, err := e.connect(ctx)
	if err != nil {
		return result, err
	}
	defer s.close()
	s.report.to = opts.Events
	ledger, err := s.look(ctx)
	if err != nil {
		return result, err
	}
	if opts.DryRun {
		rows, err := e.chooseDown(ledger, named)
		for _, r := range rows {
			result.Steps = append(result.Steps, stepDown(r))
		}
		return result, err
	}
	// Nothing was ever applied: an answer, not a ledger, is what is wanted.
	if len(ledger) == 0 {
		_, err := e.chooseDown(ledger, named)
		return result, err
	}
	if ledger, err = s.begin(ctx); err != nil {
		return result, err
	}
	rows, err := e.chooseDown(ledger, named)
	if err != nil {
		return result, err
	}
	s.stop = opts.Stop
	for _, r := range rows {
		if s.stopped() {
			return result, ErrStopped
		}
		step, err := e.rollBack(ctx, s, r, opts.Rescue)
		if err != nil {
			return result, err
		}
		result.Steps = append(result.Steps, step)
	}
	return result, nil
}

// chooseDown tells a version that exists nowhere from one that is pending.
func (e *Engine) chooseDown(ledger []record, named int) ([]record, error) {
	rows, err := planDown(ledger, named)
	var not *NotAppliedError
	if errors.As(err, &not) && not.State == Pending && e.file(named) == nil {
		return nil, &NoSuchVersionError{Version: named}
	}
	return rows, err
}

func stepDown(r record) Step {
	statements, err := Split(r.DownSQL)
	if err != nil {
		statements = nil
	}
	return Step{Version: r.Version, Name: r.Name, Class: r.Class, Statements: len(statements), SQL: r.DownSQL}
}

// runningRow is a row of the ledger as it stands while something of it runs.
func (e *Engine) runningRow(before record, d direction, statements int) record {
	row := before
	row.Objects = slices.Clone(before.Objects)
	row.State, row.Direction, row.Error = Running, d, ""
	row.Done, row.Total = 0, statements
	row.StartedAt, row.FinishedAt, row.Duration = e.cfg.Now(), nil, 0
	row.BinaryVersion, row.OSUser = e.cfg.BinaryVersion, e.osUser
	return row
}

// rollBack runs one stored rollback.
func (e *Engine) rollBack(ctx context.Context, s *session, before record, rescue RescueFunc) (Step, error) {
	step := stepDown(before)
	file := fmt.Sprintf("rollbacks/%s_%s_rollback.sql (stored)", Label(before.Version), before.Name)
	script, err := parseScript(file, before.DownSQL)
	if err != nil {
		return step, fmt.Errorf("roll back migration %s: %w", Label(before.Version), err)
	}
	row := e.runningRow(before, down, len(script.Statements))
	row, err = e.carry(ctx, s, script, row, before, run{end: Held, rescue: rescue})
	if err != nil {
		return step, fmt.Errorf("roll back migration %s: %w", Label(before.Version), err)
	}
	step.Duration = row.Duration
	e.cfg.Logger.InfoContext(ctx, "migration rolled back and held", "version", Label(before.Version), "name", before.Name,
		"class", string(before.Class), "duration", row.Duration.String())
	return step, nil
}
