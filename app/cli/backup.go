package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/backup"
	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/store/dump"
)

const backupLong = `Dumps the database into HEALTHAGENT_BACKUP_DIR while the daemon serves, with a checksum and a manifest of what is in it beside it, and
removes the dumps that newer ones make needless. It keeps everything of the last 24 hours, the newest of each of the last 7 days and 4
weeks that have dumps, the newest one that was restored on trial, the last 3 that were made before an upgrade, and those of --keep.

Then it runs HEALTHAGENT_BACKUP_HOOK, if there is one, which takes the dump to another place:
  HEALTHAGENT_BACKUP_HOOK='rclone copy "$HEALTHAGENT_BACKUP_DIR" offsite:healthagent --include "healthagent-*"'
  HEALTHAGENT_BACKUP_HOOK='restic backup --quiet "$HEALTHAGENT_BACKUP_DIR"'
  HEALTHAGENT_BACKUP_HOOK='scp -Bq "$HEALTHAGENT_BACKUP_FILE"* backup@elsewhere:healthagent/'
The hook also finds HEALTHAGENT_BACKUP_MANIFEST, HEALTHAGENT_BACKUP_SHA256 and HEALTHAGENT_BACKUP_REASON in its environment, and whatever
else is in the env file, such as RESTIC_REPOSITORY; none of our own secrets. It has an hour. When it fails, the dump stays and the exit
code is 1.

'healthagent restore' puts a dump in the place of the database.`

// scheduledWait is how long a scheduled dump waits for whoever is at work with the dumps: longer than a hook may take, or a restore does.
// Who holds the lock for longer hangs, and the administrators are told.
const scheduledWait = 2 * time.Hour

// reason is the value of --reason.
type reason string

func (r *reason) String() string { return string(*r) }

func (r *reason) Set(text string) error {
	if !slices.Contains(backup.Reasons(), text) {
		return fault.New(fault.Usage, "must be one of "+strings.Join(backup.Reasons(), ", "))
	}
	*r = reason(text)
	return nil
}

func (r *reason) Type() string { return strings.Join(backup.Reasons(), "|") }

func (t *terminal) backupVerb() *cobra.Command {
	command := &cobra.Command{Use: "backup", Short: "Dump the database, try dumps, list them", Args: cobra.NoArgs, Long: backupLong}
	output := outputFlag(command)
	why := reason(backup.Manual)
	command.Flags().Var(&why, "reason", "what the dump is made for")
	_ = command.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(backup.Reasons(), cobra.ShellCompDirectiveNoFileComp))
	scheduled := command.Flags().Bool("scheduled", false, "as the timer does: with a trial restore when the last good one is older than 6 days")
	keep := command.Flags().Bool("keep", false, "never remove this dump to make room for newer ones")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if *scheduled {
			if command.Flags().Changed("reason") && why != backup.Scheduled {
				return fault.New(fault.Usage, "--scheduled and --reason "+string(why)+" do not go together")
			}
			why = backup.Scheduled
		}
		return t.withDumps(command, func(ctx context.Context, o backup.Options) error {
			o.Reason, o.Keep, o.Trial = string(why), *keep, *scheduled
			if *scheduled { // nothing is wrong when somebody was quicker
				o.Wait = scheduledWait
			}
			line := newSizeLine(t.errs, t.now)
			o.Progress = func(bytes int64) { line.show("dumping", bytes) }
			tell := o.Tell
			o.Tell = func(text string) { line.clear(); tell(text) }
			result, err := backup.Run(ctx, o)
			line.end()
			if result.File == "" {
				return unreachable(err)
			}
			if !errors.Is(err, backup.ErrHook) {
				err = unreachable(err)
			}
			return errors.Join(err, t.print(*output, result, backupTable(result)))
		})
	}
	command.AddCommand(t.backupVerifyVerb(), t.backupListVerb())
	return command
}

// withDumps runs work with all that a verb needs to know of the dumps and of the database they are of, as the user they belong to.
func (t *terminal) withDumps(command *cobra.Command, work func(ctx context.Context, o backup.Options) error) error {
	caller := t.system.uid()
	db, err := t.openDatabase(command)
	if err != nil {
		return err
	}
	defer db.close()
	t.system.surviveHangup()
	environ, err := t.hookEnviron(caller, db.config)
	if err != nil {
		return err
	}
	return work(command.Context(), backup.Options{
		Dir: db.config.BackupDir, URL: db.url, Version: t.build.info().Version, Now: t.now,
		Hook: backup.Hook{Command: db.config.BackupHook.Reveal(), Environ: environ, Redact: t.redact},
		Tell: func(text string) { t.note("healthagent: %s", text) },
	})
}

// hookEnviron is what the hook may know; the places of root are not those of the service that root has become.
func (t *terminal) hookEnviron(caller int, cfg config.Config) ([]string, error) {
	environ := t.environ
	if t.system.uid() != caller {
		service, err := t.system.lookup(serviceUser)
		if err != nil {
			return nil, fmt.Errorf("look up the OS user %s: %w", serviceUser, err)
		}
		environ = backup.AsUser(environ, service.Username, service.HomeDir)
	}
	return backup.HookEnviron(environ, cfg.Others), nil
}

// backupTable says what was done.
func backupTable(r backup.Result) func(io.Writer) {
	return func(w io.Writer) {
		d := r.Dump
		row(w, "Dump", r.File)
		row(w, "Size", fmt.Sprintf("%s, of a database of %s with %d rows in %d tables", byteSize(d.Bytes), byteSize(d.DatabaseBytes), dump.Rows(d.Tables), len(d.Tables)))
		row(w, "SHA-256", d.SHA256)
		if len(r.Removed) > 0 {
			row(w, "Removed", strings.Join(r.Removed, ", "))
		}
		if d.Copied != nil {
			row(w, "Copied", outcomeCell(d.Copied)+": "+d.Copied.Text)
		}
		if r.Tried != nil {
			row(w, "Tried", r.Tried.Text)
		}
		if r.Untried != "" {
			row(w, "Not tried", r.Untried)
		}
	}
}

func outcomeCell(o *dump.Outcome) string {
	switch {
	case o == nil:
		return ""
	case o.OK:
		return "yes"
	}
	return "no"
}
