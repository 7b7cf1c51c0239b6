package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/migrations"
	"healthagent/store"
)

// indexWork is what there is to say of the indexes that are built while the service works.
type indexWork struct {
	state atomic.Pointer[admin.Component]
}

func (w *indexWork) say(verdict admin.Verdict, text string, since *time.Time) {
	w.state.Store(&admin.Component{Verdict: verdict, Text: text, Since: since})
}

// judge is a warning at most: without an index everything works, slower.
func (w *indexWork) judge() admin.Component {
	if c := w.state.Load(); c != nil {
		return *c
	}
	return admin.Component{Verdict: admin.OK, Text: "no index is being built"}
}

// buildIndexes applies the index-only migrations that are pending, when people are served already. It ends when all are there or
// held, and when trying again could not help; whatever becomes of it, the service goes on.
func (d *daemon) buildIndexes(ctx context.Context) {
	if d.Config.Migrate == config.MigrateOff {
		return
	}
	const longest = time.Minute
	for pause := time.Second; ; pause = min(2*pause, longest) {
		result, err := d.buildOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			d.indexes.say(admin.OK, settledText(result), nil)
			d.sampler.Poke()
			return
		}
		since := d.now()
		if errors.Is(err, acts.ErrCancelled) {
			d.log.Warn("the building of indexes was cancelled; people are served without them")
			d.indexes.say(admin.Warn, "the building of indexes was cancelled, the service works without them ('healthagent migrate up' builds them)", &since)
			return
		}
		var locked *migrations.LockedError
		if !errors.As(err, &locked) && !store.Unavailable(err) {
			d.log.Error("an index cannot be built; people are served without it", "error", store.Reason(err))
			d.indexes.say(admin.Warn, "an index cannot be built, the service works without it: "+store.Reason(err)+
				" ('healthagent migrate up' tries again)", &since)
			return
		}
		d.log.Warn("the building of indexes was interrupted and is tried again", "error", store.Reason(err), "pause", pause.String())
		d.indexes.say(admin.Warn, "the building of indexes was interrupted and is tried again: "+store.Reason(err), &since)
		if !wait(ctx, pause) {
			return
		}
	}
}

// buildOnce runs the engine and shows what it does.
func (d *daemon) buildOnce(ctx context.Context) (migrations.Result, error) {
	var result migrations.Result
	err := d.acts.Background(ctx, d.showBuild, func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (err error) {
		result, err = d.engine.Up(ctx, migrations.UpOptions{Stop: stop, Events: events})
		return err
	})
	return result, err
}

func (d *daemon) showBuild(e migrations.Event) {
	building := fmt.Sprintf("building %s (%d of %d of migration %s)", e.Object, e.Statement, e.Statements, migrations.Label(e.Version))
	switch e.Kind {
	case migrations.EventStatement, migrations.EventProgress:
		if len(e.Blockers) == 0 {
			d.indexes.say(admin.OK, building, nil)
		}
	case migrations.EventBlocked:
		since := e.Time
		d.indexes.say(admin.Warn, building+" "+e.Text, &since)
	}
}

func settledText(result migrations.Result) string {
	text := "the indexes of the migrations are there"
	for _, s := range result.Skipped {
		switch {
		case s.Reason == migrations.SkipHeld && len(s.Indexes) > 0:
			text = fmt.Sprintf("of migration %s %d indexes are held", migrations.Label(s.Version), len(s.Indexes))
		case s.Reason == migrations.SkipHeld || s.Reason == migrations.SkipPartial:
			text = fmt.Sprintf("migration %s is %s and left alone", migrations.Label(s.Version), s.Reason)
		}
	}
	return text
}
