package acts

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"healthagent/migrations"
	"healthagent/tui/source"
)

// carry does an act to its end, whoever asked for it may be gone.
func (r *Runner) carry(l *live, f *found) {
	defer r.work.Done()
	defer l.cancel(nil)
	r.save()
	r.changed()
	text, err := r.listening(l, func(events chan<- migrations.Event) (string, error) { return r.doing(l, f, events) })
	r.mu.Lock()
	l.Facts.Rescued = f.facts.Rescued
	r.mu.Unlock()
	r.end(l, text, err)
}

// errMistake is the end of an act in which the program itself went wrong. What it did until then the ledger tells.
var errMistake = errors.New("it failed by a mistake of the program; the log has the trace")

// doing does it. A mistake of ours in there ends the act, and neither the daemon nor the screen whose process does it while that is down:
// the terminal would be left as it was.
func (r *Runner) doing(l *live, f *found, events chan<- migrations.Event) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.cfg.Logger.Error("an act failed by a mistake of the program", "act", l.Run.Title, "stack", string(debug.Stack()))
			err = errMistake
		}
	}()
	return f.do(l.ctx, l.stop, events)
}

// listening takes in the events of the engine while it works.
func (r *Runner) listening(l *live, work func(events chan<- migrations.Event) (string, error)) (string, error) {
	events, heard := make(chan migrations.Event, 256), make(chan struct{})
	go func() {
		defer close(heard)
		for e := range events {
			r.take(l, e)
		}
	}()
	text, err := work(events)
	close(events) // the engine has returned: nobody sends any more
	<-heard
	return text, err
}

// take takes an event in and tells who draws.
func (r *Runner) take(l *live, e migrations.Event) {
	r.mu.Lock()
	worth := r.hear(l, e)
	r.mu.Unlock()
	if e.Kind == migrations.EventBlocked {
		r.note("warn", l.Run.Act.Name, e.Object+" "+e.Text)
		queries := r.statementsOf(l.ctx)
		r.mu.Lock()
		l.nameQueries(queries)
		r.mu.Unlock()
	}
	if worth {
		r.save()
		r.done()
	}
	r.changed()
}

// endTime bounds what is looked at when an act has ended: the daemon may be stopping.
const endTime = 3 * time.Second

// end says what came of it: as the ledger tells, since an error does not.
func (r *Runner) end(l *live, text string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), endTime)
	defer cancel()
	state, entries := source.RunDone, []migrations.Entry(nil)
	if err != nil {
		state, entries = r.outcome(ctx, l.record)
	}
	catalog, cerr := r.catalog(ctx)
	if cerr != nil {
		catalog = nil // sizes are an extra
	}
	now, s := r.cfg.Now(), r.state()
	r.mu.Lock()
	run := &l.Run
	if state == source.RunDone {
		l.settleDone(r)
	} else {
		l.finishStep(r, source.StepFailed)
		settleSteps(run, entries, catalog)
		text = clauses(text, leftBehind(l.record, catalog))
		run.Error = l.why(err)
	}
	run.Progress, run.Blockers, run.Ended = nil, []source.Blocker{}, &now
	sizes(l.record, catalog)
	r.settle(l.record, state, text)
	l.watchOver(s)
	if r.busy == l {
		r.busy = nil
	}
	r.mu.Unlock()
	r.finished(ctx, l.record, err)
}

// why says in a sentence why it was not done; the lock is held.
func (l *live) why(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, migrations.ErrStopped):
		return "stopped after a step, by " + l.by
	case errors.Is(context.Cause(l.ctx), errCancelled):
		return "cancelled by " + l.by
	case l.ctx.Err() != nil:
		return "the daemon was stopped"
	default:
		return reason(err)
	}
}

// settleDone marks what no event told of, such as a statement that found nothing to do.
func (l *live) settleDone(r *Runner) {
	l.finishStep(r, source.StepDone)
	for i := range l.Run.Steps {
		if step := &l.Run.Steps[i]; step.State == source.StepWaiting {
			step.State = source.StepDone
		}
	}
}

// settle writes into a run that has ended what can be said of it and what leads on; the lock is held where it is shown already.
func (r *Runner) settle(rec *record, state source.RunState, text string) {
	run := &rec.Run
	run.State, run.Title, run.Stopping = state, wordsOf(run.Act).titled(state), ""
	run.Undo, run.Finish, run.Restore = nil, nil, nil
	switch state {
	case source.RunDone:
		run.Undo = rec.undo()
	case source.RunPartial:
		again, back := run.Act, opposite(run.Act)
		run.Finish, run.Restore = &again, back
	}
	run.Summary = clauses(summary(rec), text)
	if state == source.RunFailed && text != "" { // it knows better than that nothing was done
		run.Summary = text
	}
}

// opposite is what takes an act back; nil for none.
func opposite(act source.Act) *source.Act {
	back := map[source.Verb]source.Verb{
		source.Rollback: source.Apply, source.Apply: source.Rollback, source.Drop: source.Build, source.Build: source.Drop,
		source.Hold: source.Release, source.Release: source.Hold,
	}[act.Verb]
	if back == "" || act.Object == source.OnSession {
		return nil
	}
	return &source.Act{Verb: back, Object: act.Object, Name: act.Name}
}

// undo is what takes back what was done. Of what a rebuild left behind there is no undo, and its drop belongs to no migration.
func (rec *record) undo() *source.Act {
	if rec.Run.State != source.RunDone || rec.strange() {
		return nil
	}
	return opposite(rec.Run.Act)
}

// strange tells whether it dropped an index that no migration makes: the ledger knows nothing of it.
func (rec *record) strange() bool {
	return rec.Run.Act.Verb == source.Drop && len(rec.Facts.Versions) == 0
}

// summary sums a run up that has ended.
func summary(rec *record) string {
	run := rec.Run
	done, cut := 0, ""
	for _, s := range run.Steps {
		switch s.State {
		case source.StepDone:
			done++
		case source.StepFailed:
			if s.Text == "" {
				continue
			}
			cut = s.Name + " was " + s.Text
		}
	}
	took := ""
	if run.Ended != nil {
		took = " in " + spanText(run.Ended.Sub(run.Started).Seconds())
	}
	what := map[source.Verb]string{
		source.Rollback: "indexes dropped", source.Drop: "dropped", source.Apply: "indexes built", source.Build: "built", source.Reindex: "rebuilt",
	}[run.Act.Verb]
	switch {
	case what == "":
		return ""
	case run.State == source.RunFailed:
		return "nothing was done"
	case run.State == source.RunUnknown:
		return "it is not known what was done"
	case run.Act.Object == source.OnMigration && !indexOnly(run):
		what = map[source.Verb]string{source.Rollback: "taken back", source.Apply: "applied"}[run.Act.Verb]
	}
	text := fmt.Sprintf("%d of %d %s%s", done, len(run.Steps), what, took)
	if run.Freed > 0 {
		text += ", " + sizeText(run.Freed) + " freed"
	}
	switch {
	case run.State == source.RunPartial && cut != "":
		text += ", " + cut
	case rec.strange():
	case run.State == source.RunDone && (run.Act.Verb == source.Rollback || run.Act.Verb == source.Drop):
		text += ", " + run.Act.Name + " is HELD"
	}
	return text
}

// indexOnly tells whether the steps of a run are indexes: those of other migrations are called by their number.
func indexOnly(run source.Run) bool {
	for _, s := range run.Steps {
		if len(s.Name) > 4 && s.Name[3] == '_' && s.Name[0] >= '0' && s.Name[0] <= '9' {
			return false
		}
	}
	return true
}
