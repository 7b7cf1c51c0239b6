package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"healthagent/app/fault"
	"healthagent/app/rehearsal/reader"
	"healthagent/app/rehearsal/stage"
	"healthagent/store/local"
)

type demoFlags struct {
	headless bool
	length   time.Duration
	people   int
	messages int // -1: not said
	readers  int // likewise
	seed     uint64
}

// The past that people get when nobody says how much: for the screen enough that a rollback is felt, without it what costs no time,
// since nothing is rolled back then.
const (
	pastOnScreen = 5000
	pastHeadless = 200

	silentOnScreen = 2000 // without them the leaderboard needs no index

	mostOfPast  = 2_000_000 // messages of everybody together: about 2 GB, and a minute
	usualOfPast = 500_000   // likewise, when nobody says
)

// demoReaders is how many uncached readers the daemon of a demo with a screen has.
const demoReaders = 4

func (t *terminal) demoVerb() *cobra.Command {
	var flags demoFlags
	command := &cobra.Command{
		Use: "demo", Short: "Let simulated people talk to the bot, and measure it", Args: cobra.NoArgs,
		Long: "Put up a private PostgreSQL and Redis, a simulated Telegram and the very daemon that production runs, in a temporary\n" +
			"directory; let simulated people talk to it; show what happens and what was measured; remove everything again.\n" +
			"On a terminal that is the screen of 'healthagent tui' over the running demo, until it is left with q: press R and y to take the\n" +
			"indexes away, and z to build them again. For that the daemon itself asks the database past the cache, as its screen says.\n" +
			"With --headless, with -o json and without a terminal it is a line for every message, and no uncached reader unless --readers asks for one.\n" +
			"It ignores the env file, DATABASE_URL, REDIS_URL and TELEGRAM_*, starts no system service and sends nothing to Telegram.",
	}
	command.Flags().BoolVar(&flags.headless, "headless", false, "print lines instead of drawing a screen")
	command.Flags().DurationVar(&flags.length, "for", 30*time.Second, "how long the people talk; with a screen, until it is left unless this is given")
	command.Flags().IntVar(&flags.people, "users", 20, "how many people talk")
	command.Flags().IntVar(&flags.messages, "messages", -1,
		fmt.Sprintf("how many messages each of them has behind them; %d with a screen and %d without unless given", pastOnScreen, pastHeadless))
	command.Flags().Lookup("messages").DefValue = "0" // which is not shown: the default is a rule
	command.Flags().IntVar(&flags.readers, "readers", -1,
		fmt.Sprintf("how many of the daemon's goroutines ask the database past the cache; %d with a screen and none without unless given", demoReaders))
	command.Flags().Lookup("readers").DefValue = "0" // likewise
	command.Flags().Uint64Var(&flags.seed, "seed", 1, "the same seed gives the same people and words")
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		screen := !flags.headless && *output == formatTable && t.onTerminal()
		if screen && !command.Flags().Changed("for") {
			flags.length = 0
		}
		if err := flags.settle(screen); err != nil {
			return err
		}
		color := cmp.Or(command.Flag("color").Value.String(), t.getenv("HEALTHAGENT_COLOR"))
		return t.demo(command.Context(), flags, *output, screen, color)
	}
	return command
}

// settle checks the flags and fills in the past that nobody asked for.
func (f *demoFlags) settle(screen bool) error {
	if f.people < 1 || f.people > 1000 || f.length != 0 && f.length < time.Second || f.length > 24*time.Hour {
		return fault.New(fault.Usage, "--users is 1 to 1000, --for is 1s to 24h")
	}
	if f.messages < -1 {
		return fault.New(fault.Usage, "--messages is 0 or more")
	}
	if f.readers < -1 || f.readers > reader.Most {
		return fault.New(fault.Usage, fmt.Sprintf("--readers is 0 to %d", reader.Most))
	}
	if f.readers == -1 {
		f.readers = 0
		if screen {
			f.readers = demoReaders
		}
	}
	if f.messages == -1 {
		f.messages = pastHeadless
		if screen {
			f.messages = min(pastOnScreen, usualOfPast/f.people)
		}
	}
	if f.people*f.messages > mostOfPast {
		return fault.New(fault.Usage, fmt.Sprintf("--users times --messages is at most %d", mostOfPast))
	}
	return nil
}

func (t *terminal) demo(ctx context.Context, flags demoFlags, as format, screen bool, color string) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's file: %w", err)
	}
	ctx, stop := untilHangup(ctx)
	defer stop()
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	live := t.out
	if as == formatJSON {
		live = t.errs
	}
	_, _ = fmt.Fprintln(live, "· starting a private PostgreSQL and Redis, and a simulated Telegram")
	options := stage.Options{Executable: self, Redis: true, Limits: true, Readers: flags.readers, Logger: slog.New(slog.DiscardHandler)}
	s, err := stage.New(ctx, options)
	if err != nil {
		return demoFault(err)
	}
	defer func() {
		if closing := s.Close(); err == nil && closing != nil {
			err = closing
		}
	}()
	meter := newMeter(live, t.now)
	o := stage.DemoOptions{
		People: flags.people, Messages: flags.messages, For: flags.length, Seed: flags.seed, Out: live, Talk: live,
	}
	if isTerminal(live) {
		o.Progress, o.Prepared = meter.show, meter.end
	}
	if screen {
		talk, err := os.OpenFile(s.Transcript(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("make the transcript: %w", err)
		}
		defer func() { _ = talk.Close() }() // it is removed with the rest
		o.Silent = silentOnScreen
		o.Talk, o.Screen = talk, func(ctx context.Context, d *stage.Daemon) error {
			defer heedSignals(interrupt) // the screen had them, and took them from whoever had them before
			return t.demoScreen(ctx, d, color)
		}
	}
	figures, err := s.Demo(ctx, o)
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

// onTerminal reports whether a screen can be drawn and keys can be read. The null device is no terminal.
func (t *terminal) onTerminal() bool {
	for _, stream := range []any{t.in, t.out} {
		file, ok := stream.(*os.File)
		if !ok {
			return false
		}
		if _, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS); err != nil {
			return false
		}
	}
	return true
}

// heedSignals calls interrupt at the first signal that asks for the end; the next one ends the process at once.
func heedSignals(interrupt func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		interrupt()
		stop()
	})
}

// untilHangup is ctx until the terminal is gone: a demo that nobody sees any more leaves nothing behind. A caller that has the hang-up
// ignored, as nohup does, wants it to go on.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
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
