package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/store"
)

// metrics is the part of the daemon's /api/v1/metrics that is printed here. The parts
// stay raw, so that -o json passes on what a newer daemon knows more.
type metrics struct {
	Database struct {
		Pool json.RawMessage `json:"pool"`
	} `json:"database"`
	Cache json.RawMessage `json:"cache"`
}

func (t *terminal) statsVerb() *cobra.Command {
	return family("stats", "Show the figures of the daemon and of its database",
		t.statsQueriesVerb(), t.statsIndexesVerb(), t.statsTablesVerb(),
		t.statsPartVerb("pool", "Show the database pool", func(m metrics) json.RawMessage { return m.Database.Pool }, poolTable),
		t.statsPartVerb("cache", "Show the cache", func(m metrics) json.RawMessage { return m.Cache }, cacheTable))
}

func (t *terminal) statsPartVerb(use, short string, part func(metrics) json.RawMessage, table func(io.Writer, []byte) error) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Long: short + ". The figures live in the running daemon and are asked of it; without one the exit code is 69.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, _, err := t.load(command)
		if err != nil {
			return err
		}
		var all metrics
		if err := askDaemon(command.Context(), cfg.ClientSockets(), "/api/v1/metrics", &all); err != nil {
			return err
		}
		raw := part(all)
		if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			return fault.New(fault.Unavailable, "the daemon has no figures of the "+use+" yet")
		}
		var page bytes.Buffer
		if err := table(&page, raw); err != nil {
			return fmt.Errorf("read the daemon's answer: %w", err)
		}
		return t.print(*output, raw, func(w io.Writer) { _, _ = w.Write(page.Bytes()) })
	}
	return command
}

func poolTable(w io.Writer, raw []byte) error {
	var p store.PoolStats
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	row(w, p.String())
	row(w, "connections", fmt.Sprintf("%d open, %d being opened (min %d, max %d)", p.Size, p.Constructing, p.MinSize, p.MaxSize))
	row(w, "lent", fmt.Sprintf("%d now, %d so far", p.Active, p.Acquire.Count))
	row(w, "waiting", fmt.Sprintf("%d now; %d have had to wait, %d gave up", p.Waiting, p.Acquire.Empty, p.Acquire.Canceled))
	wait := p.Acquire.WaitMS
	row(w, "wait (ms)", fmt.Sprintf("p50 %.2f, p95 %.2f, p99 %.2f, max %.2f", wait.P50, wait.P95, wait.P99, wait.Max))
	return nil
}

func cacheTable(w io.Writer, raw []byte) error {
	var c store.CacheStats
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	row(w, "backend "+c.Backend+", breaker "+c.State)
	row(w, "GROUP", "HITS", "MISSES", "SETS", "DELETES", "ERRORS", "HIT RATE")
	line := func(name string, g store.GroupStats) {
		row(w, name, g.Hits, g.Misses, g.Sets, g.Deletes, g.Errors, fmt.Sprintf("%.1f %%", 100*g.HitRate))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Groups)) {
		line(name, c.Groups[name])
	}
	line("all", c.GroupStats)
	return nil
}
