package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/app/report"
	"healthagent/app/schema"
	"healthagent/store/inspect"
)

func (t *terminal) statsQueriesVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "queries", Short: "Show what each statement costs", Args: cobra.NoArgs,
		Long: "Calls, errors, rows and times of every statement by its name, since the daemon started, and by which index it is answered.\n" +
			"The figures live in the running daemon; without one the exit code is 69.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, _, err := t.load(command)
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := askDaemon(command.Context(), cfg.ClientSockets(), "/v1/queries", &raw); err != nil {
			return err
		}
		var q report.Queries
		if err := json.Unmarshal(raw, &q); err != nil {
			return fmt.Errorf("read the daemon's answer: %w", err)
		}
		return t.print(*output, raw, func(w io.Writer) { queriesTable(w, q) })
	}
	return command
}

func queriesTable(w io.Writer, q report.Queries) {
	if q.Label != "" {
		row(w, q.Label)
	}
	row(w, "QUERY", "CALLS", "ERRORS", "ROWS", "SLOW", "MEAN MS", "P50", "P95", "P99", "MAX", "PLAN")
	for _, p := range q.Queries {
		ms := func(v float64) string { return fmt.Sprintf("%.2f", v) }
		row(w, p.Name, p.Calls, p.Errors, p.Rows, p.Slow, ms(p.MS.Mean), ms(p.MS.P50), ms(p.MS.P95), ms(p.MS.P99), ms(p.MS.Max),
			strings.TrimSpace(p.Node+" "+p.Index))
	}
	adviceLines(w, nil, q.Partial)
}

func (t *terminal) statsIndexesVerb() *cobra.Command {
	return t.databaseStatsVerb("indexes", "Show the indexes: use, size, bloat, what is unused or redundant", "/v1/indexes",
		func(ctx context.Context, db *database, i *inspect.Inspector) (any, error) {
			engine, err := db.engine(t.build.info().Version)
			if err != nil {
				return nil, err
			}
			return report.ReadIndexes(ctx, i, schema.Owners(engine))
		}, indexesTable)
}

// databaseStatsVerb shows what the server itself knows: through the daemon when one runs, so that whoever may look at its socket needs
// no way to the database, else straight from the database.
func (t *terminal) databaseStatsVerb(use, short, path string, read func(context.Context, *database, *inspect.Inspector) (any, error),
	table func(io.Writer, []byte, time.Time) error,
) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Long: short + ". They are the server's figures: asked of the running daemon, or of the database itself when none runs.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		raw, err := t.databaseStats(command, path, read)
		if err != nil {
			return err
		}
		return t.print(*output, raw, func(w io.Writer) {
			if err := table(w, raw, t.now()); err != nil {
				row(w, "the answer cannot be shown as a table: "+err.Error())
			}
		})
	}
	return command
}

func (t *terminal) databaseStats(command *cobra.Command, path string,
	read func(context.Context, *database, *inspect.Inspector) (any, error),
) (json.RawMessage, error) {
	cfg, _, err := t.load(command)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	ctx := command.Context()
	if err := askDaemon(ctx, cfg.ClientSockets(), path, &raw); err == nil {
		return raw, nil
	}
	db, err := t.openDatabase(command)
	if err != nil {
		return nil, err
	}
	defer db.close()
	i, err := inspect.Open(inspect.Config{URL: db.url, Logger: db.log})
	if err != nil {
		return nil, fault.Wrap(fault.Config, "the database cannot be opened", err)
	}
	defer i.Close()
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	value, err := read(ctx, db, i)
	if err != nil {
		return nil, unreachable(err)
	}
	raw, err = json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return raw, nil
}

func indexesTable(w io.Writer, raw []byte, now time.Time) error {
	var r report.Indexes
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	row(w, "INDEX", "TABLE", "MIGRATION", "SIZE", "SCANS", "LAST SCAN", "BLOAT ≥", "STATE")
	for _, x := range r.Indexes.Indexes {
		row(w, x.Name, x.Table, x.Migration, byteSize(x.Bytes), x.Scans, ago(x.LastScan, now), percent(x.BloatPct), indexState(x))
	}
	row(w, fmt.Sprintf("counted since %s (%s)", r.Since.UTC().Format(time.DateTime), now.Sub(r.Since).Round(time.Minute)))
	for _, b := range r.Builds {
		row(w, fmt.Sprintf("being built: %s of %s, %s (%d of %d)%s", b.Index, b.Table, b.Phase, b.Step, b.Steps, waitsFor(b.Blocker)))
	}
	for _, d := range r.Drops {
		row(w, fmt.Sprintf("being dropped: %s of %s%s", d.Index, d.Table, waitsFor(d.Blocker)))
	}
	adviceLines(w, r.Advice, r.Partial)
	return nil
}

func waitsFor(b *inspect.Blocker) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf(", waits for pid %d (%s, %s)", b.PID, b.App, b.State)
}

// adviceLines is what to do, and what could not be looked at.
func adviceLines(w io.Writer, advice []inspect.Advice, partial []string) {
	for _, a := range advice {
		row(w, "→ "+a.Subject+": "+a.Text)
		if a.Remedy != "" {
			row(w, "    "+a.Remedy)
		}
	}
	for _, text := range partial {
		row(w, "not shown: "+text)
	}
}

func (t *terminal) statsTablesVerb() *cobra.Command {
	return t.databaseStatsVerb("tables", "Show the tables: size, dead rows, vacuum and analyze, HOT updates", "/v1/tables",
		func(ctx context.Context, _ *database, i *inspect.Inspector) (any, error) {
			return report.ReadTables(ctx, i)
		}, tablesTable)
}

func tablesTable(w io.Writer, raw []byte, now time.Time) error {
	var r report.Tables
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	row(w, "TABLE", "ROWS", "DEAD", "HEAP", "INDEXES", "TOTAL", "SEQ", "IDX", "HOT", "ALL VISIBLE", "VACUUM", "ANALYZE")
	for _, x := range r.Tables.Tables {
		row(w, x.Name, x.Live, x.Dead, byteSize(x.HeapBytes), byteSize(x.IndexBytes), byteSize(x.TotalBytes), x.SeqScans, x.IdxScans,
			percent(x.HotPct), percent(x.AllVisiblePct), ago(later(x.LastVacuum, x.LastAutovacuum), now), ago(later(x.LastAnalyze, x.LastAutoanalyze), now))
	}
	if c := r.Connections; c != nil {
		row(w, fmt.Sprintf("connections: %d of %d that can be used", c.Used, c.Usable))
	}
	adviceLines(w, r.Advice, r.Partial)
	return nil
}

// later of two moments that may never have been.
func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

func indexState(x inspect.Index) string {
	var out []string
	if x.State != "" {
		out = append(out, x.State)
	}
	if x.Unused {
		out = append(out, "unused: "+x.UnusedReason)
	}
	if x.RedundantWith != "" {
		out = append(out, x.RedundantKind+" of "+x.RedundantWith)
	}
	return strings.Join(out, "; ")
}

func percent(value *float64) string {
	if value == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", *value)
}

// ago is how long ago something was, empty for never.
func ago(at *time.Time, now time.Time) string {
	if at == nil {
		return ""
	}
	return now.Sub(*at).Round(time.Second).String() + " ago"
}
