package acts

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"healthagent/app/admin"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/tui/source"
)

// auditTime bounds the writing of a row: an act does not wait for it longer.
const auditTime = 3 * time.Second

// entry is what the audit log is told besides who, what and on what.
type entry struct {
	Result  string   `json:"result"` // begun, done, partial, failed, unknown, refused, changed
	Run     string   `json:"run,omitempty"`
	From    string   `json:"from,omitempty"`
	Why     string   `json:"why,omitempty"`
	Class   string   `json:"error_class,omitempty"`
	Seconds *float64 `json:"seconds,omitempty"`
	Rescued []string `json:"rescued,omitempty"`
}

// audit writes a row, also when whoever asked has gone. Without an actor it is somebody else's to write.
func (r *Runner) audit(ctx context.Context, actor string, act source.Act, e entry) {
	if actor == "" {
		return
	}
	raw, err := json.Marshal(e)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTime)
		defer cancel()
		err = r.cfg.Audit(ctx, actor, action(act), act.Name, raw)
	}
	if err != nil {
		r.cfg.Logger.Warn("an act is not in the audit log", "action", action(act), "subject", act.Name, "actor", actor,
			"result", e.Result, "error", store.Reason(err))
	}
}

// who is somebody in words: uid 0 (root) from 203.0.113.9.
func (r *Runner) who(a admin.Asker) (actor, from, by string) {
	actor = a.Actor()
	from = r.cfg.Origin(a.Peer.PID)
	if from == "" {
		return actor, "", actor
	}
	return actor, from, actor + " from " + from
}

// classOf sums an error up for the audit log, without what it says.
func classOf(err error) string {
	var statement *migrations.StatementError
	var locked *migrations.LockedError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, migrations.ErrStopped):
		return "stopped"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &locked):
		return "locked"
	case errors.As(err, &statement) && statement.Code != "":
		return "sqlstate " + statement.Code
	case store.Unavailable(err):
		return "unavailable"
	default:
		return "error"
	}
}

// reason is an error for a person, without a value.
func reason(err error) string {
	var statement *migrations.StatementError
	if errors.As(err, &statement) {
		return statement.Error()
	}
	return store.Reason(err)
}
