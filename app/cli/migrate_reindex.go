package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"healthagent/migrations"
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
			t.audit(command.Context(), db, "index.reindex", done.Index, done)
			return t.print(*output, done, func(w io.Writer) {
				row(w, "rebuilt "+done.Index, byteSize(done.Before)+" → "+byteSize(done.After), done.Duration.Round(time.Millisecond))
			})
		})
	}
	return command
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
