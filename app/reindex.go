package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"healthagent/app/config"
	"healthagent/migrations"
	"healthagent/store"
)

// reindexer builds bloated indexes anew in the operator's window, one after the other, and writes into the audit log what it did. It
// ends a rebuild that is not done when the window closes, and nothing of that is left behind.
type reindexer struct {
	window  config.Window
	now     func() time.Time
	log     *slog.Logger
	bloated func(context.Context) ([]string, error) // what is worth it, the worst first
	rebuild func(ctx context.Context, index string) (migrations.Reindexed, error)
	audit   func(ctx context.Context, actor, action, subject string, detail json.RawMessage) error
}

// run looks every minute whether the window is open, and does its work once in each.
func (r *reindexer) run(ctx context.Context) {
	if len(r.window.Days) == 0 {
		return
	}
	for wait(ctx, time.Minute) {
		end, open := r.window.End(r.now())
		if !open || !r.once(ctx, end) {
			continue
		}
		for ctx.Err() == nil && r.now().Before(end) {
			wait(ctx, time.Minute)
		}
	}
}

// once rebuilds what is bloated until the window closes. What cannot be rebuilt is logged and does not keep the next from it. It returns
// false when it could not even look: then there is time to try again, and the next window may be a week away.
func (r *reindexer) once(ctx context.Context, end time.Time) bool {
	ctx, cancel := context.WithTimeout(ctx, end.Sub(r.now()))
	defer cancel()
	names, err := r.bloated(ctx)
	if err != nil {
		r.log.Warn("looking for bloated indexes", "error", store.Reason(err))
		return false
	}
	for _, name := range names {
		done, err := r.rebuild(ctx, name)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			r.log.Info("the maintenance window closed before an index was rebuilt; nothing of it is left", "index", name)
			return true
		case ctx.Err() != nil:
			return true
		case err != nil:
			r.log.Warn("rebuilding a bloated index", "index", name, "error", store.Reason(err))
			continue
		}
		detail, err := json.Marshal(done)
		if err == nil {
			err = r.audit(ctx, "daemon", "index.reindex", name, detail)
		}
		if err != nil {
			r.log.Warn("writing the rebuild of an index into the audit log", "index", name, "error", store.Reason(err))
		}
	}
	return true
}
