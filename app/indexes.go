package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/tui/source"
)

// indexWork is what there is to say of the indexes that are built while the service works.
type indexWork struct {
	state atomic.Pointer[admin.Component]
	over  atomic.Bool // the daemon does no more about them by itself: from here on the ledger tells
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

// see takes in how the ledger stands when the daemon has nothing more to do: people apply, roll back, hold and release meanwhile. A warning
// stays until what it warns of is there, or held.
func (w *indexWork) see(list []source.Migration) {
	was := w.state.Load()
	if was == nil || !w.over.Load() {
		return
	}
	text, open := ledgerText(list)
	if text == was.Text || open && was.Verdict != admin.OK {
		return
	}
	w.state.CompareAndSwap(was, &admin.Component{Verdict: admin.OK, Text: text})
}

// ledgerText says how the index-only migrations stand, and whether one is neither applied nor held.
func ledgerText(list []source.Migration) (text string, open bool) {
	text = "the indexes of the migrations are there"
	for _, m := range slices.Backward(list) { // the oldest first: of several the newest is named
		switch {
		case m.Class != string(migrations.IndexOnly):
		case m.State == string(migrations.Applied) && len(m.Held) > 0:
			text = someHeldText(m.Version, len(m.Held))
		case m.State == string(migrations.Held):
			text = heldText(m.Version, m.State)
		case m.State == string(migrations.Partial):
			text, open = heldText(m.Version, m.State), true
		case m.State != string(migrations.Applied):
			text, open = fmt.Sprintf("migration %s is %s", m.Version, m.State), true
		}
	}
	return text, open
}

func someHeldText(label string, n int) string {
	if n == 1 {
		return "of migration " + label + " 1 index is held"
	}
	return fmt.Sprintf("of migration %s %d indexes are held", label, n)
}

func heldText(label, state string) string {
	return fmt.Sprintf("migration %s is %s and left alone", label, state)
}

// buildIndexes applies the index-only migrations that are pending, when people are served already. It ends when all are there or
// held, and when trying again could not help; whatever becomes of it, the service goes on.
func (d *daemon) buildIndexes(ctx context.Context) {
	if d.Config.Migrate == config.MigrateOff {
		return
	}
	defer d.indexes.over.Store(true)
	const longest = time.Minute
	for pause := time.Second; ; pause = min(2*pause, longest) {
		result, err := d.buildOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			d.indexes.say(admin.OK, settledText(result), nil)
			d.indexes.over.Store(true)
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
			text = someHeldText(migrations.Label(s.Version), len(s.Indexes))
		case s.Reason == migrations.SkipHeld || s.Reason == migrations.SkipPartial:
			text = heldText(migrations.Label(s.Version), string(s.Reason))
		}
	}
	return text
}
