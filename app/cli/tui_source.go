package cli

import (
	"context"

	"healthagent/app/config"
	"healthagent/tui/source"
)

// tuiSource is where the screen has its state from.
func (t *terminal) tuiSource(config.Config) source.Source { return waiting{} }

// waiting knows nothing yet.
type waiting struct{}

func (waiting) Follow(ctx context.Context, _ func(*source.Snapshot)) { <-ctx.Done() }
func (waiting) Retry()                                               {}
func (waiting) Ask(context.Context, string, any) error {
	return &source.UnavailableError{Reason: "nothing answers yet"}
}

func (waiting) Do(context.Context, source.Act, string, string) (string, error) {
	return "", &source.UnavailableError{Reason: "nothing answers yet"}
}
