package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"healthagent/app/config"
	"healthagent/migrations"
)

// rebuilt runs once with an index that cannot be rebuilt and one that outlasts the window among others; it returns what was tried
// and what was audited.
func rebuilt(t *testing.T, names ...string) (tried, audited string) {
	t.Helper()
	var did, wrote []string
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	r := reindexer{
		now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler),
		bloated: func(context.Context) ([]string, error) { return names, nil },
		rebuild: func(ctx context.Context, index string) (migrations.Reindexed, error) {
			did = append(did, index)
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the window does not bound a rebuild")
			}
			switch index {
			case "broken":
				return migrations.Reindexed{}, errors.New("no")
			case "long":
				return migrations.Reindexed{}, context.DeadlineExceeded
			}
			return migrations.Reindexed{Index: index, Before: 100, After: 10}, nil
		},
		audit: func(_ context.Context, actor, action, subject string, detail json.RawMessage) error {
			wrote = append(wrote, strings.Join([]string{actor, action, subject}, " "))
			if !strings.Contains(string(detail), `"bytes_before":100`) {
				t.Errorf("detail %s", detail)
			}
			return nil
		},
	}
	if !r.once(t.Context(), now.Add(time.Hour)) {
		t.Error("the window counts as missed")
	}
	return strings.Join(did, " "), strings.Join(wrote, ", ")
}

func TestReindexGoesOnAfterAFailureAndEndsWithTheWindow(t *testing.T) {
	t.Parallel()
	tried, audited := rebuilt(t, "a", "broken", "b", "long", "c")
	if tried != "a broken b long" || audited != "daemon index.reindex a, daemon index.reindex b" {
		t.Errorf("tried %q, audited %q", tried, audited)
	}
}

// TestReindexLooksAgainWhenItCouldNot: a database that is away for a moment does not cost a week.
func TestReindexLooksAgainWhenItCouldNot(t *testing.T) {
	t.Parallel()
	r := reindexer{
		now: time.Now, log: slog.New(slog.DiscardHandler),
		bloated: func(context.Context) ([]string, error) { return nil, errors.New("away") },
	}
	if r.once(t.Context(), time.Now().Add(time.Hour)) {
		t.Error("the work of the window counts as done")
	}
}

func TestReindexWithoutAWindowDoesNothing(t *testing.T) {
	t.Parallel()
	r := reindexer{window: config.Window{}}
	r.run(t.Context()) // returns at once; it would fail on any of its nil functions
}
