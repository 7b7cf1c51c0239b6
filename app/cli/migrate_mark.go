package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/migrations"
)

func (t *terminal) migrateHoldVerb() *cobra.Command {
	return t.markVerb(&cobra.Command{
		Use: "hold VERSION", Short: "Have a pending migration left alone", Args: theVersion,
		Long: "Marks a migration that is not applied as held: no start and no 'migrate up' applies it until it is named or\n" +
			"released. It only marks; 'migrate down' takes back one that is applied, and holds it.",
	}, (*migrations.Engine).Hold)
}

func (t *terminal) migrateReleaseVerb() *cobra.Command {
	return t.markVerb(&cobra.Command{
		Use: "release VERSION", Short: "Let a held migration be applied again", Args: theVersion,
		Long: "Takes back that a migration, or indexes of it, are held: the next start of the daemon or 'migrate up' applies them.\n" +
			"It only marks; 'migrate up VERSION' applies at once.",
	}, (*migrations.Engine).Release)
}

// theVersion wants one version, written as 017 or 17.
func theVersion(command *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(command, args); err != nil {
		return err
	}
	return oneVersion(command, args)
}

// markVerb changes a mark in the ledger and shows where the migration stands then.
func (t *terminal) markVerb(command *cobra.Command, mark func(*migrations.Engine, context.Context, string) error) *cobra.Command {
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(db *database, engine *migrations.Engine) error {
			ctx := command.Context()
			err := mark(engine, ctx, args[0])
			if err == nil {
				t.audit(ctx, db, "migration."+command.Name(), labelled(args[0]), outcome{Result: "done"})
			}
			if _, applied := errors.AsType[*migrations.NotHoldableError](err); applied || errors.Is(err, migrations.ErrNothingHeld) {
				return fault.New(fault.Conflict, err.Error())
			}
			if err != nil {
				return fmt.Errorf("%s: %w", command.CommandPath(), err)
			}
			entries, err := engine.Status(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", command.CommandPath(), err)
			}
			version, err := migrations.ParseVersion(args[0])
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Version == version {
					return t.print(*output, e, func(w io.Writer) { entryTable(w, []migrations.Entry{e}) })
				}
			}
			return nil
		})
	}
	return command
}
