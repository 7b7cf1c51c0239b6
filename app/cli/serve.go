package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

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
		t.close()
		return app.Serve(command.Context(), app.Options{
			Config: cfg, Report: report, Version: t.build.info().Version, Logger: t.serviceLogger(cfg), Getenv: t.getenv,
			Readers: min(max(*readers, 0), reader.Most),
		})
	}
	return command
}

// close closes a process that has the token to others of its user, as far as that can be done.
func (t *terminal) close() {
	if err := closeToOthers(); err != nil {
		t.note("healthagent: warning: %v", err)
	}
}

// closeToOthers keeps other processes of the same user, such as HEALTHAGENT_BACKUP_HOOK, from looking into this one: at its memory, its
// environment and, through /proc/PID/root, at the credentials of its unit. What it runs is not concerned.
func closeToOthers() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("other processes of this user may look into this one: %w", err)
	}
	return nil
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
