package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"healthagent/app/fault"
	"healthagent/app/restore"
	"healthagent/store/dump"
)

func (t *terminal) restoreUndo(ctx context.Context, db *database, o restore.Options, f restoreFlags) error {
	plan, err := restore.PrepareUndo(ctx, o)
	if err != nil {
		return err
	}
	name, back := plan.Database, plan.Back
	report := undone{Database: name, Back: &back, Refused: plan.Refused, DryRun: f.dryRun}
	t.note("%s, kept since %s (%s), takes the place of %s, which is kept in its turn", back.Name, when(back.Since), byteSize(back.Bytes), name)
	if f.dryRun {
		return errors.Join(plan.Refusal(), t.print(*f.output, report, func(w io.Writer) {
			row(w, "would put back "+back.Name)
			for _, reason := range plan.Refused {
				row(w, "It would be refused: "+reason)
			}
		}))
	}
	if err := plan.Refusal(); err != nil { // nobody is asked for a name in vain
		return err
	}
	if err := t.nameTyped(ctx, name, f.yes); err != nil {
		return err
	}
	if _, report.Kept, err = restore.Undo(ctx, o); err != nil {
		return err
	}
	t.audit(ctx, db, "restore.undo", name, map[string]string{"kept": report.Kept})
	return t.print(*f.output, report, func(w io.Writer) {
		row(w, fmt.Sprintf("%s is again what it was until %s. What was restored is kept as %s.", name, when(back.Since), report.Kept))
		row(w, "'healthagent restore --undo' takes this back, 'healthagent restore --prune' drops what is kept.")
	})
}

func (t *terminal) restorePrune(ctx context.Context, o restore.Options, f restoreFlags) error {
	name, spares, err := dump.Spares(ctx, o.URL)
	if err != nil {
		return err
	}
	report := pruned{Spares: spares, Dropped: []dump.Spare{}, DryRun: f.dryRun}
	sweep, does := dump.Sweep, "dropped" // they are a dead process's: there is nothing to ask
	if f.dryRun {
		sweep, does = dump.Leftovers, "would drop"
	}
	left, err := sweep(ctx, o.URL)
	for _, name := range left {
		t.note("healthagent: %s %s, which an interrupted restore has left", does, name)
	}
	if err != nil {
		return err
	}
	report.Leftovers = append([]string{}, left...)
	if len(spares) > 0 && !f.dryRun {
		for _, s := range spares {
			t.note("to be dropped: %s, kept since %s, %s", s.Name, when(s.Since), byteSize(s.Bytes))
		}
		if err := t.nameTyped(ctx, name, f.yes); err != nil {
			return err
		}
		names := make([]string, len(spares))
		for i, s := range spares {
			names[i] = s.Name
		}
		var dropped []dump.Spare
		dropped, err = dump.Prune(ctx, o.URL, names)
		report.Dropped = append(report.Dropped, dropped...)
		if _, busy := errors.AsType[*dump.BusyError](err); busy {
			err = fault.Wrap(fault.Conflict, "not all was dropped", err)
		}
	}
	return errors.Join(err, t.print(*f.output, report, func(w io.Writer) { pruneTable(w, report) }))
}

func pruneTable(w io.Writer, r pruned) {
	if len(r.Spares) == 0 {
		row(w, "No database was kept.")
	}
	verb, list := "dropped", r.Dropped
	if r.DryRun {
		verb, list = "would drop", r.Spares
	}
	for _, s := range list {
		row(w, verb, s.Name, when(s.Since), byteSize(s.Bytes))
	}
}

// when is a time as an operator reads it.
func when(at time.Time) string { return at.UTC().Format(time.DateTime) + " UTC" }
