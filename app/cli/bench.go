package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/bench"
	"healthagent/app/fault"
	store "healthagent/store/bench"
)

type benchFlags struct {
	users, messages, foods, reminders int
	seconds                           float64
	seed                              uint64
}

func (t *terminal) benchVerb() *cobra.Command {
	var flags benchFlags
	command := &cobra.Command{
		Use: "bench", Short: "Prove what the indexes of migration 017 give and cost", Args: cobra.NoArgs,
		Long: "Make a database of its own on the server that DATABASE_URL names, or on a private one in the temporary directory (TMPDIR) when\n" +
			"that is empty; fill it; measure the product's statements without and with migration 017; drop it. The database that\n" +
			"DATABASE_URL names is not touched. Only a private server, which has the daemon's own settings, is restarted to measure cold\n" +
			"reads. A million messages take about 2 GB of disk, and ten minutes with the default --seconds.",
	}
	command.Flags().IntVar(&flags.users, "users", 10_000, "how many people there are; by itself no more than messages")
	command.Flags().IntVar(&flags.messages, "messages", 1_000_000, "how many messages they and the coach wrote")
	command.Flags().IntVar(&flags.foods, "foods", 0, "how many foods they logged; 0: 3 for 10 messages")
	command.Flags().IntVar(&flags.reminders, "reminders", 0, "how many reminders there are, most of them done; 0: 5 a person")
	command.Flags().Float64Var(&flags.seconds, "seconds", 2, "how long each measurement takes")
	command.Flags().Uint64Var(&flags.seed, "seed", 1, "the same seed gives the same data")
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if !command.Flags().Changed("users") { // few messages alone are no wrong usage
			flags.users = max(1, min(flags.users, flags.messages))
		}
		return t.bench(command, flags, *output)
	}
	return command
}

func (f benchFlags) check() error {
	switch {
	case f.users < 1 || f.users > 10_000_000:
		return fault.New(fault.Usage, "--users is 1 to 10000000")
	case f.messages < f.users || f.messages > 1_000_000_000:
		return fault.New(fault.Usage, "--messages is at least --users and at most 1000000000")
	case f.foods < 0 || f.reminders < 0:
		return fault.New(fault.Usage, "--foods and --reminders are 0 or more")
	case f.seconds < 0.01 || f.seconds > 3600:
		return fault.New(fault.Usage, "--seconds is 0.01 to 3600")
	}
	return nil
}

func (t *terminal) bench(command *cobra.Command, flags benchFlags, as format) error {
	if err := flags.check(); err != nil {
		return err
	}
	cfg, report, err := t.load(command)
	if err != nil {
		return err
	}
	if err := t.asService(report); err != nil {
		return err
	}
	meter := newMeter(t.errs, t.now)
	result, err := bench.Run(command.Context(), bench.Options{
		DatabaseURL: cfg.DatabaseURL.Reveal(), Users: flags.users, Messages: flags.messages, Foods: flags.foods, Reminders: flags.reminders,
		Seed: flags.seed, Length: time.Duration(flags.seconds * float64(time.Second)), PoolMax: cfg.PoolMax, Version: t.build.info().Version,
		Progress: meter.show,
	})
	meter.end()
	if errors.Is(err, store.ErrNoRight) {
		return fault.Wrap(fault.Refused, "the bench needs a database of its own", err)
	}
	if err != nil {
		return unreachable(err)
	}
	return t.print(as, result, func(w io.Writer) { benchTable(w, result) })
}

func benchTable(w io.Writer, r bench.Result) {
	m, d := r.Machine, r.Dataset
	row(w, "machine", fmt.Sprintf("%s, %d cores, %.1f GB, Linux %s", m.CPU, m.Cores, float64(m.Memory)/1e9, m.Kernel))
	row(w, "server", fmt.Sprintf("PostgreSQL %s (%s), %s, pool max %d", m.Postgres, m.Server, m.Go, m.PoolMax))
	row(w, "settings", settingsLine(m.Settings))
	row(w, "data", fmt.Sprintf("%d users, %d messages of %d days, %d foods, %d reminders, %s", d.Users, d.Messages, d.Days, d.Foods, d.Reminders, megabytes(d.Bytes)))
	row(w, "")
	row(w, "ONE CALLER", "", "NODE", "PAGES", "P50 µs", "P95 µs", "P99 µs", "PER S", "COLD 1ST", "COLD P50", "P50 GAIN")
	for _, q := range r.Queries {
		stateRow(w, q.Name, "without", q.Without, "")
		stateRow(w, "", "with", q.With, fmt.Sprintf("%.1f×", q.Without.P50/q.With.P50))
		if q.Fresh != nil {
			row(w, "", "just wrote 20", q.Fresh.Node, q.Fresh.Buffers)
		}
	}
	row(w, "")
	row(w, "MANY CALLERS", "", "CALLERS", "P50 µs", "P95 µs", "P99 µs", "PER S")
	for _, q := range r.Queries {
		timingRows(w, q.Name, "without", q.Without.Callers)
		timingRows(w, "", "with", q.With.Callers)
	}
	for _, l := range r.Lookups {
		timingRows(w, l.Name, "", l.Callers)
	}
	comparisonTable(w, r.Queries)
	costTable(w, r)
	for _, note := range r.Notes {
		row(w, "note: "+note)
	}
}

func stateRow(w io.Writer, name, when string, s bench.State, gain string) {
	first, cold := "-", "-"
	if s.Cold != nil {
		first, cold = figure(s.Cold.First), figure(s.Cold.P50)
	}
	row(w, name, when, s.Node, s.Buffers, figure(s.P50), figure(s.P95), figure(s.P99), figure(s.Rate), first, cold, gain)
}

func timingRows(w io.Writer, name, when string, timings []store.Timing) {
	for _, t := range timings {
		row(w, name, when, t.Callers, figure(t.P50), figure(t.P95), figure(t.P99), figure(t.Rate))
		name, when = "", ""
	}
}

// comparisonTable leaves empty what was not measured.
func comparisonTable(w io.Writer, queries []bench.Query) {
	known := func(f float64, text string) string {
		if f == 0 {
			return "-"
		}
		return text
	}
	row(w, "")
	row(w, "PER S, WITH 017", "CALLERS", "PGBENCH", "POOL", "STORE", "POOL/PGBENCH", "STORE/PGBENCH")
	for _, q := range queries {
		for _, c := range q.Compared {
			row(w, q.Name, c.Callers, known(c.Pgbench, figure(c.Pgbench)), figure(c.Pool), known(c.Store, figure(c.Store)),
				known(c.Ratio, fmt.Sprintf("%.2f", c.Ratio)), known(c.StoreRatio, fmt.Sprintf("%.2f", c.StoreRatio)))
		}
	}
}

func costTable(w io.Writer, r bench.Result) {
	row(w, "")
	row(w, "INDEX, ALONE", "SIZE", "BUILD s", "WRITE", "COST µs", "± µs", "WAL BYTES")
	for _, c := range r.Indexes {
		row(w, c.Name, megabytes(c.Bytes), fmt.Sprintf("%.2f", c.Build), c.Write, fmt.Sprintf("%+.1f", c.Insert), fmt.Sprintf("%.1f", c.Noise), c.WAL)
	}
	row(w, "")
	row(w, "TABLE, A ROW", "WRITE", "NONE µs", "ALL µs", "± µs", "WAL BYTES")
	for _, t := range r.Tables {
		row(w, t.Name, t.Write, figure(t.None), figure(t.All), fmt.Sprintf("%.1f", t.Noise), t.WAL)
	}
	row(w, "")
	s := r.Stall
	row(w, "017 up", fmt.Sprintf("%.2f s while %d writers wrote %d rows", r.Up, s.Writers, s.Writes))
	row(w, "longest write", fmt.Sprintf("%.1f ms in %s (p99 %.1f); undisturbed p99 %.1f ms, longest %.1f", s.Longest, s.Where, s.P99, s.Undisturbed, s.Before))
	for _, event := range slices.Sorted(maps.Keys(s.Waits)) {
		row(w, "slow writes", fmt.Sprintf("seen %d times waiting for %s", s.Waits[event], event))
	}
	row(w, "017 rolled back", fmt.Sprintf("%.2f s", r.Down))
	row(w, "all of it", (time.Duration(r.Took) * time.Second).String())
}

func settingsLine(settings map[string]string) string {
	var parts []string
	for _, name := range []string{"shared_buffers", "fsync", "synchronous_commit", "full_page_writes", "wal_compression", "max_wal_size", "maintenance_work_mem", "random_page_cost", "jit"} {
		parts = append(parts, name+"="+cmp.Or(settings[name], "?"))
	}
	return strings.Join(parts, " ")
}

// figure writes a number with as many digits as mean something.
func figure(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
