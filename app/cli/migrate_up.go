package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/migrations"
)

func (t *terminal) migrateUpVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "up [VERSION]", Short: "Apply what is pending", Args: oneVersion,
		Long: "Applies every pending migration, or, with a version (017 or 17), that one and what it stands on.\n" +
			"One that was rolled back is held and is applied only by its version; so is a single index.\n" +
			"A hang-up of the terminal does not end it. An interrupt cancels a build and drops what it left.",
	}
	output := outputFlag(command)
	index := indexFlag(command, "build only this index")
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(db *database, engine *migrations.Engine) error {
			events, stop := t.follow()
			result, err := engine.Up(command.Context(), migrations.UpOptions{Version: first(args), Index: *index, Events: events})
			stop()
			if o, worth := outcomeOf(result, *index, err); worth {
				t.audit(command.Context(), db, "migration.apply", labelled(first(args)), o)
			}
			t.noteHeld(result)
			if err != nil {
				err = fmt.Errorf("migrate up: %w", err)
				t.noteWaysOut(command, engine, *index)
			}
			if err != nil && len(result.Steps) == 0 {
				return err
			}
			return errors.Join(err, t.printResult(*output, "applied", result))
		})
	}
	return command
}

// noteHeld says what was left alone and how it is applied.
func (t *terminal) noteHeld(result migrations.Result) {
	for _, s := range result.Skipped {
		label := migrations.Label(s.Version)
		switch {
		case s.Reason == migrations.SkipPartial:
			t.note("healthagent: the rollback of migration %s was cut short: 'healthagent migrate down %s' finishes it, 'healthagent migrate up %s' restores what is gone", label, label, label)
		case s.Reason != migrations.SkipHeld:
		case len(s.Indexes) > 0:
			t.note("healthagent: of migration %s these are held and were left alone: %s; 'healthagent migrate up %s --index NAME' builds one, 'healthagent migrate up %s' all",
				label, strings.Join(s.Indexes, ", "), label, label)
		default:
			t.note("healthagent: migration %s is held and was left alone; 'healthagent migrate up %s' applies it", label, label)
		}
	}
}

// noteWaysOut says, after a failure, how a migration that is neither here nor there is
// brought to an end; index is the one that alone was at work, if any. It is best effort:
// the failure itself is told anyway.
func (t *terminal) noteWaysOut(command *cobra.Command, engine *migrations.Engine, index string) {
	ctx, cancel := withoutCancel(command.Context())
	defer cancel()
	entries, err := engine.Status(ctx)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.State == migrations.Partial {
			label := migrations.Label(e.Version)
			if index != "" {
				t.note("healthagent: migration %s is partial: 'healthagent migrate up %s --index %s' builds that index, 'healthagent migrate down %s --index %s' drops it", label, label, index, label, index)
				continue
			}
			t.note("healthagent: migration %s is partial: 'healthagent migrate up %s' completes it, 'healthagent migrate down %s' takes the rest back", label, label, label)
		}
	}
}
