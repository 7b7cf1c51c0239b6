package acts

import (
	"context"
	"slices"
	"strings"
	"time"

	"healthagent/migrations"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// outcome asks the ledger what became of a run that did not end well: an error does not tell how far it came. RunUnknown: it cannot be
// asked, or somebody is still at work on it.
func (r *Runner) outcome(ctx context.Context, rec *record) (source.RunState, []migrations.Entry) {
	if len(rec.Facts.Versions) == 0 {
		return r.outcomeOfIndex(ctx, rec), nil
	}
	entries, err := r.cfg.Engine.Status(ctx)
	if err != nil {
		return source.RunUnknown, nil
	}
	of := map[int]migrations.Entry{}
	for _, e := range entries {
		of[e.Version] = e
		for _, v := range rec.Facts.Versions {
			if e.Version == v && e.State == migrations.Running {
				return source.RunUnknown, entries
			}
		}
	}
	target := of[rec.Facts.Versions[len(rec.Facts.Versions)-1]]
	switch rec.Run.Act.Verb {
	case source.Drop, source.Build:
		return outcomeOfOne(rec.Run.Act, target), entries
	case source.Rollback:
		return outcomeOfRollback(rec, of, target), entries
	default:
		return outcomeOfApply(rec, of, target), entries
	}
}

func outcomeOfRollback(rec *record, of map[int]migrations.Entry, target migrations.Entry) source.RunState {
	if target.State == migrations.Held || target.State == migrations.Pending { // and released since
		return source.RunDone
	}
	for _, v := range rec.Facts.Versions {
		e := of[v]
		if e.State == migrations.Held || e.State == migrations.Partial && !rec.Facts.Partial || len(e.Held) > rec.Facts.Held[v] {
			return source.RunPartial
		}
	}
	if target.State == migrations.Partial { // as before
		return source.RunPartial
	}
	return source.RunFailed
}

func outcomeOfApply(rec *record, of map[int]migrations.Entry, target migrations.Entry) source.RunState {
	switch {
	case target.State == migrations.Applied && len(target.Held) == 0:
		return source.RunDone
	case target.State == migrations.Partial, target.State == migrations.Applied:
		return source.RunPartial
	}
	for _, v := range rec.Facts.Versions[:len(rec.Facts.Versions)-1] {
		if of[v].State == migrations.Applied {
			return source.RunPartial
		}
	}
	return source.RunFailed
}

// outcomeOfOne is that of one index of a migration.
func outcomeOfOne(act source.Act, e migrations.Entry) source.RunState {
	for _, o := range e.Objects {
		if o.Name != act.Name {
			continue
		}
		switch o.State {
		case migrations.ObjectDropping, migrations.ObjectBuilding:
			return source.RunPartial
		case migrations.ObjectApplied:
			if act.Verb == source.Build {
				return source.RunDone
			}
		default:
			if act.Verb == source.Drop {
				return source.RunDone
			}
		}
	}
	return source.RunFailed
}

// outcomeOfIndex is that of an index of which the ledger knows nothing: a rebuild, or what one left behind.
func (r *Runner) outcomeOfIndex(ctx context.Context, rec *record) source.RunState {
	known, err := r.catalog(ctx)
	if err != nil {
		return source.RunUnknown
	}
	if _, there := known[rec.Run.Act.Name]; !there && rec.Run.Act.Verb == source.Drop {
		return source.RunDone
	}
	return source.RunFailed // a rebuild that was cut leaves the index as it was
}

// settleSteps corrects the steps of a run that did not end well by what the ledger has of their indexes. Where the ledger knows only that
// somebody was at work, the catalog tells what is left; nil: it could not be asked.
func settleSteps(run *source.Run, entries []migrations.Entry, catalog map[string]inspect.Index) {
	states := map[string]migrations.ObjectState{}
	for _, e := range entries {
		for _, o := range e.Objects {
			states[o.Name] = o.State
		}
	}
	down := run.Act.Verb == source.Rollback || run.Act.Verb == source.Drop
	for i := range run.Steps {
		step := &run.Steps[i]
		state, known := states[step.Name]
		switch {
		case known && (down && state == migrations.ObjectHeld || !down && state == migrations.ObjectApplied):
			step.State, step.Text = source.StepDone, ""
		case state == migrations.ObjectDropping || state == migrations.ObjectBuilding:
			step.State, step.Text = source.StepFailed, leftText(state, step.Name, catalog)
		case step.State == source.StepWaiting, step.State == source.StepWorking:
			step.State = source.StepSkipped
		}
	}
}

// leftText says what is left of an index at which the work was cut. The server may have finished what its client did not live to see.
func leftText(state migrations.ObjectState, name string, catalog map[string]inspect.Index) string {
	x, there := catalog[name]
	switch dropping := state == migrations.ObjectDropping; {
	case catalog == nil && dropping:
		return "cut: whether the index is still there is not known"
	case catalog == nil:
		return "cut: whether the index is there is not known"
	case !there && dropping:
		return "cut, but the server had dropped it: the index is gone, and not yet marked as held"
	case !there:
		return "cut: nothing is left of it"
	case x.Valid && dropping:
		return "cut: the index is still there and valid"
	case x.Valid:
		return "cut, but the server had built it: the index is there and valid, and not yet marked as applied"
	case dropping:
		return "cut: the index is left INVALID and no statement uses it"
	default:
		return "cut: what was built of it is left INVALID"
	}
}

// leftBehind says what a rebuild that did not end well has left, which takes room and is kept up to date by every write; empty for nothing.
func leftBehind(rec *record, catalog map[string]inspect.Index) string {
	if rec.Run.Act.Verb != source.Reindex {
		return ""
	}
	var said []string
	for _, name := range leftovers(rec.Run.Act.Name, catalog) {
		switch {
		case slices.Contains(rec.Facts.Left, name): // by another
		case strings.HasPrefix(name, rec.Run.Act.Name+"_ccold"):
			said = append(said, "the index is rebuilt, and what it was is left behind as "+name+", INVALID: drop it")
		default:
			said = append(said, "the index is as it was, and its unfinished copy is left behind as "+name+", INVALID: drop it")
		}
	}
	return strings.Join(said, "; ")
}

// leftovers are what rebuilds of an index have left.
func leftovers(index string, catalog map[string]inspect.Index) (names []string) {
	for name, x := range catalog {
		if x.Leftover && strings.HasPrefix(name, index+"_cc") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// sizes fills in how big what was built has become.
func sizes(rec *record, catalog map[string]inspect.Index) {
	run := &rec.Run
	switch run.Act.Verb {
	case source.Apply, source.Build:
		for i := range run.Steps {
			if x, there := catalog[run.Steps[i].Name]; there && run.Steps[i].State == source.StepDone {
				run.Steps[i].Bytes = x.Bytes
			}
		}
	case source.Reindex:
		x, there := catalog[run.Act.Name]
		if there && len(run.Steps) == 1 && run.Steps[0].State == source.StepDone {
			run.Steps[0].Bytes = x.Bytes
			run.Freed = max(rec.Facts.Bytes[run.Act.Name]-x.Bytes, 0)
		}
	}
}

// resolveTime bounds one question what became of a run.
const resolveTime = 5 * time.Second

// resolve finds out what became of runs that nobody saw end. What cannot be found out yet is asked for again.
func (r *Runner) resolve(ctx context.Context) {
	r.mu.Lock()
	var open []*record
	for _, rec := range r.runs {
		if rec.Run.State == source.RunUnknown {
			open = append(open, rec)
		}
	}
	r.mu.Unlock()
	for _, rec := range open {
		r.resolveOne(ctx, rec)
	}
}

func (r *Runner) resolveOne(ctx context.Context, rec *record) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	state, entries := r.outcome(ctx, rec)
	if state == source.RunUnknown {
		return
	}
	catalog, err := r.catalog(ctx)
	if err != nil {
		return // it is asked again
	}
	now, s := r.cfg.Now(), r.state()
	r.mu.Lock()
	run := &rec.Run
	if state == source.RunDone {
		for i := range run.Steps {
			run.Steps[i].State = source.StepDone
		}
	}
	settleSteps(run, entries, catalog)
	why := run.Error // such as that the connection was lost
	if why == "" || strings.HasPrefix(why, endedMeanwhile) {
		why = endedMeanwhile
	}
	run.Error = why + "; the ledger tells what became of it"
	if run.Ended == nil {
		run.Ended = &now
	}
	r.settle(rec, state, leftBehind(rec, catalog))
	rec.watchOver(s)
	r.mu.Unlock()
	r.finished(ctx, rec, nil)
}
