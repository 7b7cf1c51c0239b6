package acts

import (
	"context"
	"errors"
	"fmt"

	"healthagent/app/admin"
	"healthagent/tui/source"
)

// errCancelled ends the context of a run that somebody cancelled.
var errCancelled = errors.New("it was cancelled")

// lookAtCancel previews the cancelling of the act at work.
func (r *Runner) lookAtCancel(f *found) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.instant = true
	if other := r.abroad; r.busy == nil && other != nil && other.Act.Object == f.Act.Object && other.Act.Name == f.Act.Name {
		f.refuse("it is the work of " + other.By + ": interrupt it there")
		return
	}
	if r.busy == nil || !r.busy.isAbout(f.Act) {
		f.refuse("nothing is being done to " + f.Act.Name)
		return
	}
	l := r.busy
	run := &l.Run
	f.Busy = run.ID
	at := l.at()
	step, name := at+1, "what is being prepared"
	if at >= 0 {
		name = run.Steps[at].Name
	}
	f.Title = fmt.Sprintf("CANCEL STEP %d OF %s ?", step, run.Title)
	f.Summary = fmt.Sprintf("ends step %d of %d, %s, at once", step, len(run.Steps), name)
	f.check(source.OK, "it can also be stopped after this step, which leaves nothing half-done")
	switch run.Act.Verb {
	case source.Rollback, source.Drop:
		if at >= 0 && len(run.Blockers) > 0 {
			f.check(source.Warn, name+" is INVALID already: no statement uses it, and it stays so until the drop is finished or it is rebuilt")
		}
		f.After = "what is dropped stays dropped; you finish it or rebuild it"
	case source.Reindex:
		f.After = name + " stays as it was"
		if len(run.Blockers) > 0 {
			f.check(source.Warn, "its copy can be dropped only when nobody is in the way any more: else it is left INVALID, for you to drop")
		}
	default:
		if len(run.Blockers) > 0 {
			f.check(source.Warn, name+" can be dropped only when nobody is in the way any more: else it is left INVALID, for you to finish or drop")
		}
		f.After = "what is built of " + name + " is dropped again, what was built before stays"
	}
	f.Undo = source.Undo{Text: "begin it again"}
	f.marks = []mark{marked("the run", run.ID), marked("the step at work", run.ID, at)}
}

// isAbout tells whether cancelling the object means this run.
func (l *live) isAbout(act source.Act) bool {
	return l.Run.Act.Object == act.Object && l.Run.Act.Name == act.Name
}

// cancel ends the act at work, at once or after its step. The token names the run and the step that the preview showed.
func (r *Runner) cancel(ctx context.Context, who admin.Asker, act source.Act, t ticket) (string, error) {
	actor, from, by := r.who(who)
	id, err := r.stopBusy(act, t, by)
	e := entry{Result: "begun", Run: id, From: from}
	if act.AfterStep {
		e.Why = "after the step at work"
	}
	if err != nil {
		return "", err
	}
	r.audit(ctx, actor, act, e)
	r.note("warn", act.Name, "is being stopped, by "+by)
	r.changed()
	return id, nil
}

func (r *Runner) stopBusy(act source.Act, t ticket, by string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.busy
	if l == nil || !l.isAbout(act) {
		return "", &source.ChangedError{What: "it has ended meanwhile"}
	}
	now := ticket{Marks: []mark{marked("the run", l.Run.ID), marked("the step at work", l.Run.ID, l.at())}}
	if act.AfterStep && len(t.Marks) == len(now.Marks) { // whichever it is by now
		now.Marks[1] = t.Marks[1]
	}
	if err := t.differs(now); err != nil {
		return "", err
	}
	l.by = by
	if act.AfterStep {
		if l.Run.Stopping == "" {
			close(l.stop)
			l.Run.Stopping = "after the step at work"
		}
		return l.Run.ID, nil
	}
	if l.Run.Stopping == "" {
		close(l.stop)
	}
	l.Run.Stopping = "at once"
	l.cancel(errCancelled)
	return l.Run.ID, nil
}
