package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/app/rehearsal/stage"
	"healthagent/store/local"
)

type demoFlags struct {
	headless bool
	length   time.Duration
	people   int
	messages int
	seed     uint64
}

func (t *terminal) demoVerb() *cobra.Command {
	var flags demoFlags
	command := &cobra.Command{
		Use: "demo", Short: "Let simulated people talk to the bot, and measure it", Args: cobra.NoArgs,
		Long: "Put up a private PostgreSQL and Redis, a simulated Telegram and the very daemon that production runs, in a temporary\n" +
			"directory; let simulated people talk to it; print what happens and what was measured; remove everything again.\n" +
			"It ignores the env file, DATABASE_URL, REDIS_URL and TELEGRAM_*, starts no system service and sends nothing to Telegram.",
	}
	command.Flags().BoolVar(&flags.headless, "headless", false, "print lines instead of drawing a screen")
	command.Flags().DurationVar(&flags.length, "for", 30*time.Second, "how long the people talk")
	command.Flags().IntVar(&flags.people, "users", 20, "how many people talk")
	command.Flags().IntVar(&flags.messages, "messages", 5000, "how many messages each of them has behind them")
	command.Flags().Uint64Var(&flags.seed, "seed", 1, "the same seed gives the same people and words")
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error { return t.demo(command, flags, *output) }
	return command
}

func (t *terminal) demo(command *cobra.Command, flags demoFlags, as format) (err error) {
	if flags.people < 1 || flags.people > 1000 || flags.length < time.Second || flags.length > 24*time.Hour {
		return fault.New(fault.Usage, "--users is 1 to 1000, --for is 1s to 24h")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's file: %w", err)
	}
	live := t.out
	if as == formatJSON {
		live = t.errs
	}
	ctx := command.Context()
	_, _ = fmt.Fprintln(live, "· starting a private PostgreSQL and Redis, and a simulated Telegram")
	s, err := stage.New(ctx, stage.Options{Executable: self, Redis: true, Limits: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return demoFault(err)
	}
	defer func() {
		if closing := s.Close(); err == nil && closing != nil {
			err = closing
		}
	}()
	figures, err := s.Demo(ctx, stage.DemoOptions{
		People: flags.people, Messages: flags.messages, For: flags.length, Seed: flags.seed, Out: live, Talk: live,
	})
	if err != nil {
		return demoFault(err)
	}
	if err := t.print(as, figures, func(w io.Writer) { demoTable(w, figures) }); err != nil {
		return err
	}
	if n := figures.Lost + figures.Duplicates + figures.Errors; n > 0 {
		return fmt.Errorf("%d lost, %d duplicates, %d errors", figures.Lost, figures.Duplicates, figures.Errors)
	}
	return nil
}

func demoTable(w io.Writer, f stage.Figures) {
	row(w, "")
	row(w, "messages", f.Messages)
	row(w, "replies", f.Replies)
	row(w, "lost", f.Lost)
	row(w, "duplicates", f.Duplicates)
	row(w, "errors", f.Errors)
	row(w, "latency (ms)", fmt.Sprintf("p50 %.0f, p95 %.0f, p99 %.0f", f.LatencyMS.P50, f.LatencyMS.P95, f.LatencyMS.P99))
	if f.Pool != nil {
		row(w, "pool", f.Pool.String())
	}
	if f.Cache != nil {
		row(w, "cache", fmt.Sprintf("%s, hit rate %.1f %%", f.Cache.Backend, 100*f.Cache.HitRate))
	}
	row(w, "start to ready", fmt.Sprintf("%.0f ms", f.StartToReady))
	row(w, "memory", fmt.Sprintf("%.1f MB", f.RSS))
}

// demoFault says which kind of failure it was: what is not installed is a dependency.
func demoFault(err error) error {
	if missing, ok := errors.AsType[*local.MissingError](err); ok {
		return fault.Wrap(fault.Unavailable, "the demo needs PostgreSQL and Redis installed", missing)
	}
	return err
}
