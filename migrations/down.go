package migrations

import (
	"context"
	"errors"
	"fmt"
)

// DownOptions chooses what Down takes back.
type DownOptions struct {
	// Version, as 017 or 17. Empty means the newest applied index-only one.
	Version string
	// DryRun returns what would be done, and does nothing.
	DryRun bool
}

// Down rolls a migration back with the SQL stored in the ledger, so it also works
// for one that this binary does not know. One of class index-only goes alone; any
// other takes everything newer first. What was rolled back is held: Up applies it
// again only by name. Errors: ErrNothingToRollBack, *NotAppliedError,
// *IrreversibleError (before anything is done), *VersionSyntaxError,
// *LockedError, *StatementError.
func (e *Engine) Down(ctx context.Context, opts DownOptions) (Result, error) {
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
	for _, r := range rows {
		step, err := e.rollBack(ctx, s, r)
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

// rollBack runs one stored rollback.
func (e *Engine) rollBack(ctx context.Context, s *session, before record) (Step, error) {
	step := stepDown(before)
	file := fmt.Sprintf("rollbacks/%s_%s_rollback.sql (stored)", Label(before.Version), before.Name)
	script, err := parseScript(file, before.DownSQL)
	if err != nil {
		return step, fmt.Errorf("roll back migration %s: %w", Label(before.Version), err)
	}
	row := before
	row.State, row.Direction, row.Error = Running, down, ""
	row.Done, row.Total = 0, len(script.Statements)
	row.StartedAt, row.FinishedAt, row.Duration = e.cfg.Now(), nil, 0
	row.BinaryVersion, row.OSUser = e.cfg.BinaryVersion, e.osUser
	row, err = e.carry(ctx, s, script, row, before, Held)
	if err != nil {
		return step, fmt.Errorf("roll back migration %s: %w", Label(before.Version), err)
	}
	step.Duration = row.Duration
	e.cfg.Logger.InfoContext(ctx, "migration rolled back and held", "version", Label(before.Version), "name", before.Name,
		"class", string(before.Class), "duration", row.Duration.String())
	return step, nil
}
