package cli

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/restore"
	"healthagent/store/dump"
	"healthagent/store/local"
)

// restoreFlags are those of the verb.
type restoreFlags struct {
	yes, dryRun, undo, prune bool
	output                   *format
}

func (t *terminal) restoreVerb() *cobra.Command {
	var f restoreFlags
	command := &cobra.Command{
		Use: "restore [FILE]", Short: "Put a dump in the place of the database", Args: cobra.MaximumNArgs(1),
		Long: "Restores a dump, the newest one when no file is named, into a new database, counts its rows, and gives it the name of the one that\n" +
			"is there. That one is kept: --undo puts it back, --prune drops what was kept. Until the last moment it is untouched, whatever fails.\n" +
			"The daemon must be stopped. It wants the name of the database typed, or --yes.",
	}
	f.output = outputFlag(command)
	command.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	command.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
	command.Flags().BoolVar(&f.undo, "undo", false, "put back the database that the last restore kept")
	command.Flags().BoolVar(&f.prune, "prune", false, "drop the databases that restores have kept")
	command.RunE = func(command *cobra.Command, args []string) error {
		if f.undo && f.prune || len(args) > 0 && (f.undo || f.prune) {
			return fault.New(fault.Usage, "--undo and --prune take no file, and do not go together")
		}
		file := first(args)
		if file != "" { // root's verbs change their user, never their directory
			var err error
			if file, err = filepath.Abs(file); err != nil {
				return fault.Wrap(fault.Invalid, "the file cannot be found", err)
			}
		}
		db, err := t.openDatabaseIf(command, func(cfg config.Config) error { return restorable(cfg, file, f) })
		if err != nil {
			return err
		}
		defer db.close()
		o := restore.Options{
			URL: db.url, File: file, Dir: db.config.BackupDir, Version: t.build.info().Version, Actor: db.actor, Now: t.now,
			Daemon: func(ctx context.Context) bool { return daemonAnswers(ctx, db.config.ClientSockets()) },
			Step:   func(text string) { t.note("healthagent: %s", text) },
		}
		switch {
		case f.undo:
			err = t.restoreUndo(command.Context(), db, o, f)
		case f.prune:
			err = t.restorePrune(command.Context(), o, f)
		default:
			err = t.restoreFile(command.Context(), o, f)
		}
		return unreachable(err)
	}
	return command
}

// restorable is nil when there is something to restore, or a private database that may have kept something: for what is not there none
// is made.
func restorable(cfg config.Config, file string, f restoreFlags) error {
	if !f.undo && !f.prune {
		_, err := restore.Find(restore.Options{File: file, Dir: cfg.BackupDir})
		return err
	}
	if !local.Exists(cfg.StateDir) {
		return fault.New(fault.NotFound, "there is no database in "+cfg.StateDir+", and so none that was kept")
	}
	return nil
}

// daemonAnswers tells whether somebody listens on one of these sockets, or may not be asked.
func daemonAnswers(ctx context.Context, sockets []string) bool {
	var any json.RawMessage
	err := askDaemon(ctx, sockets, "/livez", &any)
	if err == nil || fault.KindOf(err) == fault.Refused {
		return true
	}
	connection, err := dialFirst(ctx, sockets)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true // it hangs, and is there
}

// restored is what the verb prints as JSON.
type restored struct {
	Plan   restore.Plan    `json:"plan"`
	DryRun bool            `json:"dry_run"`
	Done   *restore.Result `json:"done"` // null: nothing was done
}

func (t *terminal) restoreFile(ctx context.Context, o restore.Options, f restoreFlags) error {
	plan, err := restore.Prepare(ctx, o)
	if err != nil {
		return err
	}
	if f.dryRun {
		if err := t.print(*f.output, restored{Plan: plan, DryRun: true}, planTable(plan)); err != nil {
			return err
		}
		return plan.Refusal()
	}
	for _, line := range planLines("About to restore", plan) {
		t.note("%s", line)
	}
	if err := plan.Refusal(); err != nil {
		return err
	}
	if plan.Dump == nil && !f.yes {
		return fault.New(fault.Usage, "nothing was done: without its manifest nothing proves that the dump is whole; add --yes to restore it all the same")
	}
	if err := t.nameTyped(ctx, plan.Database, f.yes); err != nil {
		return err
	}
	result, err := restore.Run(ctx, o, plan)
	if errors.Is(err, context.Canceled) { // of an interrupt nothing else would be said
		t.note("healthagent: nothing was restored, and the database is as it was")
	}
	if err != nil {
		return err
	}
	return t.print(*f.output, restored{Plan: plan, Done: &result}, doneTable(result))
}

// nameTyped waits for the name of the database, unless it is agreed to already. An end of the input is a no. What was agreed to is done,
// also when the terminal goes away meanwhile, as with a connection that is lost.
func (t *terminal) nameTyped(ctx context.Context, name string, yes bool) error {
	if yes {
		t.system.surviveHangup()
		return nil
	}
	t.note("To go on, type the name of the database (%s):", name)
	answer, err := t.answer(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) != name {
		return fault.New(fault.Usage, "nothing was done: type the name of the database, or add --yes")
	}
	t.system.surviveHangup()
	return nil
}

// undone is what --undo prints as JSON.
type undone struct {
	Database string      `json:"database"`
	Back     *dump.Spare `json:"back"`    // what was kept and has its name again, or would have
	Kept     string      `json:"kept"`    // what has given way to it
	Refused  []string    `json:"refused"` // why it cannot be done now, in words
	DryRun   bool        `json:"dry_run"`
}

// pruned is what --prune prints as JSON.
type pruned struct {
	Spares    []dump.Spare `json:"spares"`    // what was kept
	Leftovers []string     `json:"leftovers"` // what interrupted restores have left, which goes without a question
	Dropped   []dump.Spare `json:"dropped"`
	DryRun    bool         `json:"dry_run"`
}
