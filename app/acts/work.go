package acts

import (
	"context"
	"strconv"

	"healthagent/app/admin"
	"healthagent/tui/source"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// start begins what was looked at. An act that is over at once is done before it returns.
func (r *Runner) start(ctx context.Context, who admin.Asker, f *found, token string) (string, error) {
	actor, from, by := r.who(who)
	f.facts.Actor, f.facts.From = actor, from
	rec := &record{Token: token, Facts: f.facts, Run: source.Run{
		ID: newID(), Act: f.Act, Title: wordsOf(f.Act).doing, By: by, State: source.RunWorking, Started: r.cfg.Now(),
		Steps: f.steps, Blockers: []source.Blocker{}, Effects: []source.Effect{}, UndoS: f.Undo.Seconds,
	}}
	r.audit(ctx, actor, f.Act, entry{Result: "begun", Run: rec.Run.ID, From: from})
	if f.instant {
		return r.atOnce(ctx, f, rec)
	}
	r.baseline(rec)
	l, err := r.begin(rec, f.keys, token)
	if err != nil {
		return "", err
	}
	r.note("info", f.Act.Name, wordsOf(f.Act).doing+", by "+by)
	go r.carry(l, f) // r.work counts it
	return rec.Run.ID, nil
}

// atOnce does what is over at once. What has changed in the last moment is no run.
func (r *Runner) atOnce(ctx context.Context, f *found, rec *record) (string, error) {
	defer r.release(rec.Token)
	text, err := f.do(context.WithoutCancel(ctx), nil, nil)
	now := r.cfg.Now()
	run := &rec.Run
	run.Ended, run.State, run.Summary, run.Steps[0].State = &now, source.RunDone, text, source.StepDone
	if err != nil {
		if changed, ok := err.(*source.ChangedError); ok { //nolint:errorlint // it is made just there
			return "", changed
		}
		run.State, run.Error, run.Steps[0].State = source.RunFailed, reason(err), source.StepFailed
	}
	run.Title = wordsOf(f.Act).titled(run.State)
	run.Undo = rec.undo()
	r.mu.Lock()
	r.add(rec)
	r.mu.Unlock()
	r.finished(ctx, rec, err)
	return run.ID, nil
}

// begin makes it the act at work.
func (r *Runner) begin(rec *record, keys []stepKey, token string) (*live, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.begun, token)
	if r.slot == token {
		r.slot = ""
	}
	if r.life == nil || r.life.Err() != nil {
		return nil, &source.UnavailableError{Reason: "it is stopping"}
	}
	if r.busy != nil {
		return nil, &source.ChangedError{What: "another act is at work: " + r.busy.Run.Title}
	}
	l := &live{record: rec, keys: keys, stop: make(chan struct{}), begun: r.cfg.Now()}
	l.ctx, l.cancel = context.WithCancelCause(r.life)
	r.busy = l
	r.endWatches(rec)
	r.add(rec)
	r.work.Add(1)
	return l, nil
}
