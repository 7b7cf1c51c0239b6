package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"healthagent/migrations"
	"healthagent/store"
)

func (t *terminal) migrateReindexVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "reindex INDEX", Short: "Build an index anew while it is used", Args: cobra.ExactArgs(1),
		Long: "Runs REINDEX INDEX CONCURRENTLY under the migration lock: people are served meanwhile, a bloated index gives its space back,\n" +
			"an invalid one is mended. 'stats indexes' shows which need it.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(db *database, engine *migrations.Engine) error {
			events, stop := t.follow()
			done, err := engine.Reindex(command.Context(), migrations.ReindexOptions{Index: args[0], Events: events})
			stop()
			if err != nil {
				return fmt.Errorf("migrate reindex: %w", err)
			}
			if err := db.auditReindex(command.Context(), done); err != nil { // the index is rebuilt all the same
				t.note("healthagent: this is not in the audit log: %s", store.Reason(err))
			}
			return t.print(*output, done, func(w io.Writer) {
				row(w, "rebuilt "+done.Index, byteSize(done.Before)+" → "+byteSize(done.After), done.Duration.Round(time.Millisecond))
			})
		})
	}
	return command
}

// auditReindex records it as the daemon does in its window.
func (db *database) auditReindex(ctx context.Context, done migrations.Reindexed) error {
	detail, err := json.Marshal(done)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	s, err := store.Open(ctx, store.Config{URL: db.url, PoolMin: 1, PoolMax: 1, Application: "healthagent-cli", Logger: db.log})
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	return s.Audit(ctx, db.actor, "index.reindex", done.Index, detail)
}

// byteSize writes a size as PostgreSQL's pg_size_pretty does, in powers of 1024.
func byteSize(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	value := float64(n)
	unit := 0
	for value >= 10*1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.0f %s", value, units[unit])
}
