package cli

import (
	"context"

	"healthagent/app/rehearsal/stage"
)

// demoScreen draws the screen over a running demo until it is left.
func (t *terminal) demoScreen(ctx context.Context, _ *stage.Daemon) error {
	<-ctx.Done()
	return nil
}
