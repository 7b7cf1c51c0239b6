package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app"
	"healthagent/app/rehearsal/reader"
)

func (t *terminal) serveVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "serve", Short: "Run the bot", Args: cobra.NoArgs,
		Long: "Run the bot until SIGTERM or SIGINT. It needs TELEGRAM_TOKEN; with DATABASE_URL empty it runs a private PostgreSQL of its own.\n" +
			"While PostgreSQL, Redis or Telegram is away it stays and catches up; 'curl --unix-socket SOCKET http://localhost/readyz' says what is wrong.",
	}
	readers := command.Flags().Int("demo-readers", 0, "a demo's: ask the database past the cache, which no service needs")
	_ = command.Flags().MarkHidden("demo-readers") // it is there
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, report, err := t.load(command)
		if err != nil {
			return err
		}
		return app.Serve(command.Context(), app.Options{
			Config: cfg, Report: report, Version: t.build.info().Version, Logger: t.serviceLogger(cfg), Getenv: t.getenv,
			Readers: min(max(*readers, 0), reader.Most),
		})
	}
	return command
}

// getenv reads the environment that the program was given; empty for a name that is not in it.
func (t *terminal) getenv(name string) string {
	for i := len(t.environ) - 1; i >= 0; i-- {
		if key, value, found := strings.Cut(t.environ[i], "="); found && key == name {
			return value
		}
	}
	return ""
}
