package app

import (
	"context"
	"path/filepath"
	"time"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/migrations"
	"healthagent/tui/source"
)

// newActs is what changes the system for those who may. It needs the engine and the store.
func (d *daemon) newActs() *acts.Runner {
	return acts.New(acts.Config{
		Engine: d.engine, Monitor: d.monitor, StateDir: filepath.Clean(d.Config.StateDir), Audit: d.store.Audit,
		// a whole state has the pool's history, and asking for it keeps the figures fresh while an act is watched and nobody looks
		State: d.sampler.Snapshot, Glance: d.sampler.State, Figures: d.figures, Changed: d.actsChanged, Done: d.sampler.Poke, Note: d.sampler.Note,
		Now: d.now, Logger: d.log,
	})
}

// actsChanged shows how the acts stand.
func (d *daemon) actsChanged() {
	d.sampler.SetRuns(d.acts.Runs())
}

// figureTime bounds the asking for figures, which come from memory.
const figureTime = time.Second

func (d *daemon) figures(names []string, from, to time.Time) map[string]acts.Figures {
	ctx, cancel := context.WithTimeout(context.Background(), figureTime)
	defer cancel()
	out := map[string]acts.Figures{}
	for name, f := range d.sampler.Figures(ctx, names, from, to) {
		out[name] = acts.Figures(f)
	}
	return out
}

// doors is the acts as they are asked for from the first moment on: while the daemon starts there are none.
type doors struct{ d *daemon }

var _ admin.Acts = doors{}

func (o doors) closed() error {
	if phase := o.d.phase.Load(); phase != nil {
		return &source.UnavailableError{Reason: "it is starting: " + *phase}
	}
	return nil
}

// Preview implements admin.Acts.
func (o doors) Preview(ctx context.Context, who admin.Asker, act source.Act) (source.Preview, error) {
	if err := o.closed(); err != nil {
		return source.Preview{}, err
	}
	return o.d.acts.Preview(ctx, who, act)
}

// Do implements admin.Acts.
func (o doors) Do(ctx context.Context, who admin.Asker, act source.Act, token, typed string) (string, error) {
	if err := o.closed(); err != nil {
		return "", err
	}
	return o.d.acts.Do(ctx, who, act, token, typed)
}

// rights says who may act.
func (d *daemon) rights(p admin.Peer) source.You { return admin.Rights{}.You(p, true) }

// rebuild is a rebuild of the maintenance window, which is seen like any other.
func (d *daemon) rebuild(ctx context.Context, index string) (done migrations.Reindexed, err error) {
	err = d.acts.Background(ctx, func(migrations.Event) {}, func(ctx context.Context, _ <-chan struct{}, events chan<- migrations.Event) (err error) {
		done, err = d.engine.Reindex(ctx, migrations.ReindexOptions{Index: index, Events: events})
		return err
	})
	return done, err
}
