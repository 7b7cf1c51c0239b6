package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/store/dump"
)

// trial is what 'backup verify' prints as JSON.
type trial struct {
	File string `json:"file"`
	dump.Outcome
}

func (t *terminal) backupVerifyVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "verify [FILE]", Short: "Restore a dump on trial, and count", Args: cobra.MaximumNArgs(1),
		Long: "Checks the checksum of a dump, the newest one when no file is named, restores it into a database of its own beside the one that is\n" +
			"there, counts the rows of every table, and drops it again. What came of it is written into the manifest. The exit code is 1 when\n" +
			"anything differs. For its duration it needs as much room as the database takes.\n" +
			"A file that lies elsewhere, such as one that came back from its off-site place, is tried too; its manifest has to lie beside it.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		file := first(args)
		if file != "" {
			var err error
			if file, err = filepath.Abs(file); err != nil { // while root's own directory can be told
				return fault.Wrap(fault.Invalid, "the file cannot be found", err)
			}
		}
		return t.withDumps(command, func(ctx context.Context, o backup.Options) error {
			tried, err := tryDump(ctx, o, named(o.Dir, file, first(args)))
			if tried.Verified == nil || err != nil && !errors.Is(err, backup.ErrBad) {
				return unreachable(err)
			}
			return errors.Join(err, t.print(*output, trial{tried.Path, *tried.Verified}, func(w io.Writer) { row(w, tried.File+": "+tried.Verified.Text) }))
		})
	}
	return command
}

// named is the file that is meant: a name alone is that of a dump in the directory, unless there is such a file where the caller is.
func named(dir, file, said string) string {
	if said == "" || strings.ContainsRune(said, filepath.Separator) {
		return file
	}
	if _, err := os.Stat(file); err == nil {
		return file
	}
	return filepath.Join(dir, said)
}

// tryDump tries one, and of those in the directory writes down what came of it.
func tryDump(ctx context.Context, o backup.Options, file string) (tried backup.Dump, err error) {
	if file != "" && !backup.Inside(o.Dir, file) {
		tried, err = backup.At(file)
		if fault.KindOf(err) == fault.Refused {
			command, there := backup.BringIn(file, o.Dir)
			return tried, fault.Wrap(fault.Refused, fmt.Sprintf("as root: %s && healthagent backup verify %s", command, fault.Word(there)), err)
		}
		if err != nil {
			return tried, err
		}
		o.Tell("restoring on trial: " + tried.Path)
		return backup.Try(ctx, tried, o)
	}
	d, err := backup.Open(o.Dir, o.Now(), o.Tell)
	if err != nil {
		return tried, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if file == "" {
		l, err := backup.List(o.Dir)
		if err != nil {
			return tried, err
		}
		newest := l.Status().Newest
		if newest == nil {
			return tried, fault.New(fault.NotFound, "there is no dump in "+o.Dir+": 'healthagent backup' makes one")
		}
		file = filepath.Join(o.Dir, newest.File)
	}
	if tried, err = backup.At(file); err != nil {
		return tried, err
	}
	o.Tell("restoring on trial: " + tried.Path)
	return d.Verify(ctx, tried, o)
}
