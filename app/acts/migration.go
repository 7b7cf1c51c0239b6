package acts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"healthagent/app/rescue"
	"healthagent/migrations"
	"healthagent/tui/source"
)

// brief is how long a working session's transaction may be open without being named as one that is waited for.
const brief = 5 * time.Second

// lookAtMigration previews a rollback or an apply.
func (r *Runner) lookAtMigration(ctx context.Context, f *found, trial bool) error {
	e, err := r.entryOf(ctx, f)
	if err != nil {
		return err
	}
	label := f.Act.Name
	direction := "up"
	if f.Act.Verb == source.Rollback {
		direction = "down"
	}
	plans, err := r.plan(ctx, migrations.PlanOptions{Version: label, Direction: direction, Trial: trial})
	if why, refused := refusal(err); refused { // what is at work is the better reason
		err := r.other(ctx, f)
		f.refuse(why)
		return err
	}
	if err != nil {
		return err
	}
	if len(plans) == 0 {
		f.refuse(label + " is applied: there is nothing to do")
		return nil
	}
	if !trial && len(f.NoTrial) == 0 {
		f.NoTrial = "only who may act may have plans tried, which locks tables for a moment"
	}
	f.describe(plans)
	f.Class, f.AppliedAt = string(e.Class), e.AppliedAt
	f.TookS = e.BuildTime().Seconds()
	if direction == "down" {
		r.previewRollback(f, e, plans)
	} else {
		r.previewApply(f, e, plans)
	}
	return r.complete(ctx, f, plans)
}

// entryOf finds the migration in the ledger or the files, under its label.
func (r *Runner) entryOf(ctx context.Context, f *found) (migrations.Entry, error) {
	version, err := migrations.ParseVersion(f.Act.Name)
	if err != nil {
		return migrations.Entry{}, err
	}
	f.Act.Name = migrations.Label(version)
	f.Title = wordsOf(f.Act).ask
	entries, err := r.cfg.Engine.Status(ctx)
	if err != nil {
		return migrations.Entry{}, fmt.Errorf("read the ledger: %w", err)
	}
	i := slices.IndexFunc(entries, func(e migrations.Entry) bool { return e.Version == version })
	if i < 0 {
		return migrations.Entry{}, &migrations.NoSuchVersionError{Version: version}
	}
	return entries[i], nil
}

// plan asks the engine, and once more without a trial when that is what fails.
func (r *Runner) plan(ctx context.Context, o migrations.PlanOptions) ([]migrations.Preview, error) {
	plans, err := r.cfg.Engine.Plan(ctx, o)
	if _, refused := refusal(err); err == nil || refused || !o.Trial || ctx.Err() != nil {
		return plans, err
	}
	o.Trial = false
	why := reason(err)
	if plans, err = r.cfg.Engine.Plan(ctx, o); err != nil {
		return nil, err
	}
	for i := range plans {
		plans[i].NoTrial = "the trial failed: " + why
	}
	return plans, nil
}

// refusal tells whether the engine will not do it, and why.
func refusal(err error) (string, bool) {
	for _, target := range []any{
		new(*migrations.NotAppliedError), new(*migrations.IrreversibleError), new(*migrations.ChecksumError), new(*migrations.CollisionError),
		new(*migrations.UnknownError), new(*migrations.OutOfOrderError), new(*migrations.BlockedError), new(*migrations.NotHoldableError),
	} {
		if err != nil && errors.As(err, target) {
			return err.Error(), true
		}
	}
	if errors.Is(err, migrations.ErrForeignLedger) || errors.Is(err, migrations.ErrNothingHeld) {
		return err.Error(), true
	}
	return "", false
}

// describe takes over what the engine's previews say.
func (f *found) describe(plans []migrations.Preview) {
	var sql []string
	for _, p := range plans {
		sql = append(sql, strings.TrimSpace(p.SQL)+"\n")
		if p.NoTrial != "" {
			f.NoTrial = p.NoTrial
		}
		f.facts.Versions = append(f.facts.Versions, p.Version)
		for _, l := range p.RowsLost {
			f.Lost = append(f.Lost, source.Lost{Table: l.Table, Column: l.Column, Rows: l.Rows, Exact: l.Exact})
		}
	}
	target := plans[len(plans)-1]
	f.Takes = append(f.Takes, target.Takes...)
	f.SQL = strings.Join(sql, "\n")
	f.facts.SQL = f.SQL
	f.steps, f.keys = stepsOf(plans)
}

// previewRollback says what only a rollback has.
func (r *Runner) previewRollback(f *found, e migrations.Entry, plans []migrations.Preview) {
	label := f.Act.Name
	switch {
	case e.Class == migrations.IndexOnly:
		f.check(source.OK, "nothing newer depends on it: it makes indexes only")
		f.Summary = fmt.Sprintf("%d x DROP INDEX CONCURRENTLY, one after another, not one transaction", len(f.steps))
		f.After = label + " is HELD: a restart or a deployment will not apply it again until you say so"
	default:
		if len(f.Takes) > 0 {
			f.check(source.Warn, count(len(f.Takes), "newer migration goes", "newer migrations go")+" with it: "+strings.Join(f.Takes, ", "))
		} else {
			f.check(source.OK, "it is the newest")
		}
		f.Summary = "takes back " + strings.Join(append(slices.Clone(f.Takes), label), ", ") + ", one after another, what is no index in a transaction each"
		f.check(source.Warn, "the service was written for what it made: expect errors until it is applied again, and no start without it")
		f.After = strings.Join(append(slices.Clone(f.Takes), label), ", ") + " held: a start does not apply them again until you say so"
	}
	for _, p := range plans {
		switch {
		case len(p.Uncovered) > 0:
			f.check(source.Warn, fmt.Sprintf("the rollback of %s covers %s: it leaves %s", migrations.Label(p.Version), p.Coverage, strings.Join(p.Uncovered, ", ")))
		case len(p.Objects) > 0:
			text := "down covers up " + p.Coverage
			if len(plans) > 1 {
				text += " of " + migrations.Label(p.Version)
			}
			f.check(source.OK, text)
		}
		if len(p.Beyond) > 0 {
			f.check(source.Warn, fmt.Sprintf("the rollback of %s also drops what its up did not make: %s", migrations.Label(p.Version), strings.Join(p.Beyond, ", ")))
		}
	}
	f.confirmLoss(plans)
	f.Undo = undoOf(e, f.Lost)
	f.do = func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (string, error) {
		rows := &rescue.Writer{Dir: rescue.Dir(r.cfg.StateDir), Now: r.cfg.Now()}
		result, err := r.cfg.Engine.Down(ctx, migrations.DownOptions{Version: label, Stop: stop, Events: events, Rescue: rows.Open})
		var files []string
		for _, file := range rows.Files {
			if slices.ContainsFunc(result.Steps, func(s migrations.Step) bool { return s.Version == file.Version }) {
				files = append(files, file.Path)
			}
		}
		f.facts.Rescued = files
		if len(files) > 0 {
			return "the rows that are gone are in " + strings.Join(files, ", "), err
		}
		return "", err
	}
}

// confirmLoss wants the number of rows typed, where rows are lost.
func (f *found) confirmLoss(plans []migrations.Preview) {
	losing := slices.ContainsFunc(plans, func(p migrations.Preview) bool {
		return p.Class != migrations.IndexOnly && p.Class != migrations.Rebuildable
	})
	if !losing {
		f.check(source.OK, "no rows are lost")
		return
	}
	var total int64
	for _, l := range f.Lost {
		total += l.Rows
	}
	f.rows = &total
	f.Confirm = fmt.Sprint(total)
	f.Summary += fmt.Sprintf("; %d rows are lost and written down first: to go on, type their number, %d", total, total)
	f.check(source.Warn, fmt.Sprintf("%d rows are lost", total))
}

// undoOf is the way back from a rollback.
func undoOf(e migrations.Entry, lost []source.Lost) source.Undo {
	if e.Class == migrations.LosesRows || len(lost) > 0 {
		return source.Undo{Text: "apply it again: the tables come back empty, the rows that were lost are in files"}
	}
	if e.Class != migrations.IndexOnly {
		return source.Undo{Text: "apply it again", Seconds: e.BuildTime().Seconds()}
	}
	return source.Undo{Text: "rebuild of its indexes online, writes go on", Seconds: e.BuildTime().Seconds()}
}

// previewApply says what only an apply has.
func (r *Runner) previewApply(f *found, e migrations.Entry, plans []migrations.Preview) {
	label := f.Act.Name
	switch {
	case e.State == migrations.Held:
		f.check(source.OK, "it is held, and would be no more")
	case e.State == migrations.Partial:
		f.check(source.OK, "it is partial, and would be completed")
	case len(e.Held) > 0:
		f.check(source.OK, count(len(e.Held), "index of it is held, and would be built", "indexes of it are held, and would be built"))
	default:
		f.check(source.OK, "it is pending")
	}
	if len(f.Takes) > 0 {
		f.check(source.Warn, "what it stands on is applied before it: "+strings.Join(f.Takes, ", "))
	}
	f.Summary = "applies " + strings.Join(append(slices.Clone(f.Takes), label), ", ") + ", each in one transaction"
	f.Undo = source.Undo{Text: "roll it back"}
	if e.Class == migrations.IndexOnly {
		f.Summary = fmt.Sprintf("%d x CREATE INDEX CONCURRENTLY, one after another; writes go on", indexSteps(plans))
	}
	f.After = label + " is applied"
	f.do = func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (string, error) {
		_, err := r.cfg.Engine.Up(ctx, migrations.UpOptions{Version: label, Stop: stop, Events: events})
		return "", err
	}
}

func indexSteps(plans []migrations.Preview) (n int) {
	for _, p := range plans {
		for _, o := range p.Objects {
			if o.Kind == migrations.IndexObject {
				n++
			}
		}
	}
	return n
}

// complete adds what all acts on migrations and indexes have: indexes, statements, other runners, who is in the way, and the marks.
func (r *Runner) complete(ctx context.Context, f *found, plans []migrations.Preview) error {
	entries, err := r.cfg.Engine.Status(ctx)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	f.facts.Held = map[int]int{}
	for _, p := range plans {
		i := slices.IndexFunc(entries, func(e migrations.Entry) bool { return e.Version == p.Version })
		if i < 0 {
			continue // it is only in the files
		}
		e := entries[i]
		label := migrations.Label(e.Version)
		f.facts.Held[e.Version] = len(e.Held)
		f.facts.Partial = f.facts.Partial || e.State == migrations.Partial
		if e.Edited {
			f.check(source.Fail, "the file of "+label+" was edited after it had been applied: restore it, or use 'healthagent migrate down "+label+
				"', which runs what was stored then")
		} else {
			f.check(source.OK, "the file of "+label+" is what was applied")
		}
		e.Duration = 0
		f.marks = append(f.marks, marked("the ledger's row of "+label, e), marked("the SQL of "+label, p.SQL))
	}
	f.marks = append(f.marks, marked("what goes with it", f.Takes, f.Class, f.facts.Versions))
	if err := r.lookAtIndexes(ctx, f, plans); err != nil {
		return err
	}
	if err := r.other(ctx, f); err != nil {
		return err
	}
	queries := r.statementsOf(ctx)
	for _, p := range plans {
		f.waits(p.Blockers, queries)
	}
	r.lookAtStatements(f, plans)
	r.lookAtDisk(f)
	return nil
}

// lookAtMark previews holding and releasing, which only mark.
func (r *Runner) lookAtMark(ctx context.Context, f *found) error {
	e, err := r.entryOf(ctx, f)
	if err != nil {
		return err
	}
	label := f.Act.Name
	f.Class, f.instant = string(e.Class), true
	change := r.cfg.Engine.Hold
	switch f.Act.Verb {
	case source.Hold:
		f.Summary, f.After = "marks "+label+" so that it is left alone; it builds and drops nothing", label+" is HELD"
		f.Undo = source.Undo{Text: "release it"}
		if e.State == migrations.Held {
			f.refuse(label + " is held already")
		}
		if e.State == migrations.Applied && len(e.Held) == 0 {
			f.refuse(label + " is applied: roll it back, which holds it")
		}
	default:
		change = r.cfg.Engine.Release
		f.Summary, f.After = "takes the mark away; it builds nothing now", label+" is pending: the next start or 'migrate up' applies it"
		f.Undo = source.Undo{Text: "hold it"}
		if e.State != migrations.Held && e.State != migrations.Partial && len(e.Held) == 0 {
			f.refuse("nothing of " + label + " is held")
		}
	}
	e.Duration = 0
	f.marks = []mark{marked("the ledger's row of "+label, e)}
	f.steps = []source.Step{{Name: label, State: source.StepWaiting}}
	f.do = func(ctx context.Context, _ <-chan struct{}, _ chan<- migrations.Event) (string, error) {
		return f.After, change(ctx, label)
	}
	return r.other(ctx, f)
}
