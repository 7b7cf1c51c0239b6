package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"healthagent/app/rehearsal/stage"
	"healthagent/tui"
	"healthagent/tui/source"
)

// demoScreen draws the screen over a running demo until it is left, by whichever key, or ctx ends.
func (t *terminal) demoScreen(ctx context.Context, d *stage.Daemon, color string) error {
	in, readable := t.in.(*os.File)
	out, drawable := t.out.(*os.File)
	if !readable || !drawable {
		return noTerminal()
	}
	err := tui.Run(ctx, tui.Options{
		Source: source.NewClient(source.ClientConfig{Sockets: []string{d.Socket()}, Now: t.now}),
		Look:   tui.Terminal(t.environ, tui.Wishes{Color: color}), Version: t.build.info().Version, Environ: t.environ, Now: t.now,
		In: in, Out: out,
		Traces: []string{filepath.Join(os.TempDir(), fmt.Sprintf("healthagent-tui-%d.log", t.system.uid()))},
	})
	if errors.Is(err, tui.ErrInterrupted) || ctx.Err() != nil {
		return nil
	}
	return err
}
