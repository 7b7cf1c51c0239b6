package acts

import (
	"context"
	"errors"

	"healthagent/migrations"
	"healthagent/tui/source"
)

// ErrCancelled is returned by Background when somebody cancelled the work, or stopped it after a step: it is not to be begun again by
// itself.
var ErrCancelled = errors.New("somebody cancelled it")

// Work is what the engine is told to do, and heard to do.
type Work func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) error

// Background lets the daemon do what it does by itself, so that it is seen and can be cancelled like what people ask for. It is a run only
// from the moment at which the engine begins something; while it waits for its turn it is none. show gets each event, and must be quick.
// An error is the work's, or ErrCancelled.
func (r *Runner) Background(ctx context.Context, show func(migrations.Event), work Work) error {
	b := &background{runner: r, stop: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	defer b.cancel(nil)
	events, heard := make(chan migrations.Event, 256), make(chan struct{})
	go func() {
		defer close(heard)
		for e := range events {
			show(e)
			b.hear(e)
		}
	}()
	err := work(b.ctx, b.stop, events)
	close(events) // the engine has returned: nobody sends any more
	<-heard
	if b.run != nil {
		r.end(b.run, "", err)
	}
	if err != nil && (errors.Is(context.Cause(b.ctx), errCancelled) || errors.Is(err, migrations.ErrStopped)) {
		return errors.Join(ErrCancelled, err)
	}
	return err
}

// background is one piece of such work.
type background struct {
	runner *Runner
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   chan struct{}
	run    *live // nil: nothing has begun that is shown
}

func (b *background) hear(e migrations.Event) {
	switch {
	case e.Kind == migrations.EventMigration:
		if b.run != nil { // the one before has ended well, else the engine would have stopped there
			b.runner.end(b.run, "", nil)
		}
		b.run = b.begin(b.applying(e.Version))
	case e.Kind == migrations.EventStatement && e.Version == 0 && b.run == nil:
		b.run = b.begin(rebuilding(e.Object))
	}
	if b.run != nil {
		b.runner.take(b.run, e)
	}
}

// daemon is who asks for what nobody asked for.
const daemon = "daemon"

// applying is the run of a migration.
func (b *background) applying(version int) (*record, []stepKey) {
	rec := &record{Run: source.Run{Act: source.Act{Verb: source.Apply, Object: source.OnMigration, Name: migrations.Label(version)}}}
	rec.Facts = facts{Actor: daemon, Versions: []int{version}}
	for _, m := range b.runner.cfg.Engine.Migrations() {
		if m.Version != version {
			continue
		}
		rec.Facts.SQL, rec.Facts.Indexes = m.Up.SQL, m.Indexes()
		var keys []stepKey
		rec.Run.Steps, keys = stepsOf([]migrations.Preview{{Version: m.Version, Name: m.Name, Class: m.Class, SQL: m.Up.SQL}})
		return rec, keys
	}
	return rec, nil
}

// rebuilding is the run of a rebuild. Whoever asked for it writes it into the audit log.
func rebuilding(index string) (*record, []stepKey) {
	rec := &record{Run: source.Run{
		Act:   source.Act{Verb: source.Reindex, Object: source.OnIndex, Name: index},
		Steps: []source.Step{{Name: index, State: source.StepWaiting}},
	}}
	rec.Facts = facts{SQL: "REINDEX INDEX CONCURRENTLY public." + index + ";\n", Indexes: []string{index}}
	return rec, []stepKey{{statement: 1}}
}

// begin shows it, unless an act of somebody's is shown, which then waits for it.
func (b *background) begin(rec *record, keys []stepKey) *live {
	r := b.runner
	run := &rec.Run
	run.ID, run.By, run.State, run.Started, run.Title = newID(), daemon, source.RunWorking, r.cfg.Now(), wordsOf(run.Act).doing
	run.Blockers, run.Effects = []source.Blocker{}, []source.Effect{}
	rec.Facts.Order = affected(rec.Facts, nil, r.state().Statements)
	r.baseline(rec)
	l := &live{record: rec, keys: keys, ctx: b.ctx, cancel: b.cancel, stop: b.stop, begun: r.cfg.Now()}
	r.mu.Lock()
	if r.busy != nil {
		r.mu.Unlock()
		return nil
	}
	r.busy = l
	r.endWatches(rec)
	r.add(rec)
	r.mu.Unlock()
	r.audit(b.ctx, rec.Facts.Actor, run.Act, entry{Result: "begun", Run: run.ID})
	r.note("info", run.Act.Name, run.Title+", by the daemon")
	return l
}
