package acts

import (
	"context"
	"fmt"
	"slices"

	"healthagent/migrations"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// foreign looks for a migration that another process is at work on, such as the command line's. It is shown as a run that this daemon can
// neither cancel nor tell the end of. What it costs is spent only while the newest state shows such a migration.
func (r *Runner) foreign(ctx context.Context) {
	var run *source.Run
	if s := r.cfg.Glance(); s != nil && s.Migrations != nil && r.idle() &&
		slices.ContainsFunc(s.Migrations.List, func(m source.Migration) bool { return m.State == string(migrations.Running) }) {
		run = r.lookAbroad(ctx)
	}
	r.mu.Lock()
	had := r.abroad != nil
	if run != nil && had && r.abroad.ID == run.ID {
		run.Started = r.abroad.Started
	}
	r.abroad = run
	r.mu.Unlock()
	if had || run != nil {
		r.changed()
	}
}

func (r *Runner) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy == nil
}

// lookAbroad is the run of another process, nil when there is none or it cannot be seen.
func (r *Runner) lookAbroad(ctx context.Context) *source.Run {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	holder, err := r.cfg.Engine.Holder(ctx)
	if err != nil || holder == nil {
		return nil
	}
	entries, err := r.cfg.Engine.Status(ctx)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(entries, func(e migrations.Entry) bool { return e.State == migrations.Running })
	if i < 0 {
		return nil
	}
	e := entries[i]
	run := source.Run{
		ID: fmt.Sprintf("pid-%d-%s", holder.PID, migrations.Label(e.Version)), State: source.RunWorking, Started: r.cfg.Now(),
		By:    fmt.Sprintf("another process: pid %d (%s)", holder.PID, holder.Application),
		Act:   source.Act{Verb: source.Apply, Object: source.OnMigration, Name: migrations.Label(e.Version)},
		Steps: []source.Step{}, Blockers: []source.Blocker{}, Effects: []source.Effect{},
	}
	if !holder.Since.IsZero() {
		run.Started = holder.Since
	}
	if slices.ContainsFunc(e.Objects, func(o migrations.Object) bool {
		return o.State == migrations.ObjectDropping
	}) {
		run.Act.Verb = source.Rollback
	}
	run.Title = wordsOf(run.Act).doing
	for _, o := range e.Objects {
		run.Steps = append(run.Steps, source.Step{Name: o.Name, State: stepOf(run.Act.Verb, o.State)})
	}
	run.Blockers = append(run.Blockers, r.blockersOf(ctx, holder.PID)...)
	return &run
}

// stepOf is where an index of another process's run stands.
func stepOf(verb source.Verb, state migrations.ObjectState) source.StepState {
	switch {
	case state == migrations.ObjectBuilding || state == migrations.ObjectDropping:
		return source.StepWorking
	case verb == source.Apply && state == migrations.ObjectApplied, verb == source.Rollback && state == migrations.ObjectHeld:
		return source.StepDone
	default:
		return source.StepWaiting
	}
}

// blockersOf are the sessions that a session waits for.
func (r *Runner) blockersOf(ctx context.Context, pid int) (out []source.Blocker) {
	activity, err := r.cfg.Monitor.Activity(ctx)
	if err != nil {
		return nil
	}
	by := map[int]inspect.Session{}
	for _, s := range activity.Sessions {
		by[s.PID] = s
	}
	for _, blocker := range by[pid].BlockedBy {
		s := by[blocker]
		out = append(out, source.Blocker{PID: blocker, App: s.App, User: s.User, State: s.State, XactS: seconds(s.XactS), Query: s.Query})
	}
	return out
}
