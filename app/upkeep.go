package app

import (
	"context"
	"fmt"
	"time"

	"healthagent/app/admin"
	"healthagent/store"
)

// upkeep removes what is done and old, shortly after the start and then every hour.
func (d *daemon) upkeep(ctx context.Context) {
	for wait(ctx, time.Minute) {
		n, err := d.store.Purge(ctx, d.now())
		switch {
		case err != nil && ctx.Err() == nil:
			d.log.Warn("purging what is done", "error", store.Reason(err))
		case n > 0:
			d.log.Info("purged what is done", "rows", n)
		}
		if !wait(ctx, time.Hour-time.Minute) {
			return
		}
	}
}

// status tells systemd in one line how things are. It waits a moment before it judges: the lock and the first answers take one.
func (d *daemon) status(ctx context.Context) {
	for pause := time.Second; ; pause = 10 * time.Second {
		d.beat.Store(d.now().UnixNano())
		if !wait(ctx, pause) {
			return
		}
		d.notify.Status(statusLine(d.ready(ctx)))
	}
}

func statusLine(r admin.Readiness) string {
	name := r.Worst()
	if name == "" {
		return "serving"
	}
	return fmt.Sprintf("%s: %s: %s", r.Status, name, r.Components[name].Text)
}

// feedWatchdog tells systemd that our own loops turn. A database that is away is a state to be shown, not a reason to be killed:
// it is not asked here.
func (d *daemon) feedWatchdog(ctx context.Context) {
	interval, wanted := d.notify.WatchdogInterval()
	if !wanted {
		return
	}
	for wait(ctx, interval/3) {
		if d.turns(interval) {
			d.notify.Watchdog()
		}
	}
}

// turns reports whether a loop of ours has turned lately; while the daemon starts none has to.
func (d *daemon) turns(interval time.Duration) bool {
	last := time.Unix(0, d.beat.Load())
	return d.phase.Load() != nil || d.now().Sub(last) < max(interval, 30*time.Second)
}

// askPatience asks systemd for more time, for as long as the start takes it: a database that is away, a long migration.
func (d *daemon) askPatience(ctx context.Context) {
	const again = 10 * time.Second
	for {
		d.notify.ExtendTimeout(4 * again)
		if !wait(ctx, again) {
			return
		}
	}
}
