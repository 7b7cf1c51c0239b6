package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/store"
)

// outcome is what the audit log is told of a verb that changed the database. What an error says is not in it.
type outcome struct {
	Result  string   `json:"result"` // done, partial or failed
	Class   string   `json:"error_class,omitempty"`
	Taken   []string `json:"migrations,omitempty"`
	Index   string   `json:"index,omitempty"`
	Seconds float64  `json:"seconds"`
}

// outcomeOf sums up what the engine did; false when it began nothing that somebody could ask for later.
func outcomeOf(r migrations.Result, index string, err error) (outcome, bool) {
	o := outcome{Result: "done", Index: index}
	for _, s := range r.Steps {
		o.Taken = append(o.Taken, migrations.Label(s.Version))
		o.Seconds += s.Duration.Seconds()
	}
	if err != nil {
		o.Result, o.Class = "failed", fault.KindOf(err).String()
		if len(r.Steps) > 0 {
			o.Result = "partial"
		}
	}
	_, failed := errors.AsType[*migrations.StatementError](err)
	return o, failed || errors.Is(err, context.Canceled) || len(r.Steps) > 0
}

// labelled writes a version that was given as 17 as the ledger does, and leaves anything else as it is.
func labelled(version string) string {
	if n, err := migrations.ParseVersion(version); err == nil {
		return migrations.Label(n)
	}
	return version
}

// audit records what a verb did, also when the verb was interrupted meanwhile. What was done stays done when it cannot be recorded.
func (t *terminal) audit(ctx context.Context, db *database, action, subject string, detail any) {
	if err := db.audit(ctx, action, subject, detail); err != nil {
		t.note("healthagent: this is not in the audit log: %s", store.Reason(err))
	}
}

func (db *database) audit(ctx context.Context, action, subject string, detail any) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	s, err := store.Open(ctx, store.Config{URL: db.url, PoolMin: 1, PoolMax: 1, Application: "healthagent-cli", Logger: db.log})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Audit(ctx, db.actor, action, subject, raw)
}
