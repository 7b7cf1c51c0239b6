package acts

import (
	"context"
	"errors"
	"testing"

	"healthagent/migrations"
)

// TestAMistakeEndsTheActOnly: not the process, which may be the operator's screen.
func TestAMistakeEndsTheActOnly(t *testing.T) {
	t.Parallel()
	r := New(Config{StateDir: t.TempDir()})
	l := &live{record: &record{}, ctx: t.Context(), stop: make(chan struct{})}
	f := &found{do: func(context.Context, <-chan struct{}, chan<- migrations.Event) (string, error) { panic("a mistake") }}
	if _, err := r.doing(l, f, nil); !errors.Is(err, errMistake) {
		t.Errorf("it ended with %v", err)
	}
}
