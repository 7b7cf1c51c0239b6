package app

import (
	"context"
	"fmt"
	"time"

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

// status tells systemd in one line how things are.
func (d *daemon) status(ctx context.Context) {
	for wait(ctx, 10*time.Second) {
		d.beat.Store(d.now().UnixNano())
		ready := d.ready(ctx)
		text := "serving"
		for name, c := range ready.Components {
			if c.Verdict != "ok" {
				text = fmt.Sprintf("%s: %s: %s", ready.Status, name, c.Text)
				break
			}
		}
		d.notify.Status(text)
	}
}

// feedWatchdog tells systemd that our own loops turn. A database that is away is a state to be shown, not a reason to be killed:
// it is not asked here.
func (d *daemon) feedWatchdog(ctx context.Context) {
	interval, wanted := d.notify.WatchdogInterval()
	if !wanted {
		return
	}
	for wait(ctx, interval/3) {
		last := time.Unix(0, d.beat.Load())
		if d.phase.Load() != nil || d.now().Sub(last) < max(interval, 30*time.Second) {
			d.notify.Watchdog()
		}
	}
}
