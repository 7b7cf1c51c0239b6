package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/backup"
	"healthagent/app/fault"
)

// dumpList is what 'backup list' prints as JSON.
type dumpList struct {
	backup.Listing
	Bytes int64 `json:"bytes"`
}

func (t *terminal) backupListVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "list", Short: "List the dumps, the newest first", Args: cobra.NoArgs,
		Long: "Lists the dumps in HEALTHAGENT_BACKUP_DIR: how old they are, what they were made for, whether they were restored on trial, and whether\n" +
			"HEALTHAGENT_BACKUP_HOOK has copied them. It needs no database. What else lies there is told on standard error.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, report, err := t.load(command)
		if err != nil {
			return err
		}
		if err := t.asService(report); err != nil {
			return err
		}
		l, err := backup.List(cfg.BackupDir)
		if err != nil {
			return fault.Wrap(fault.Refused, "the dumps cannot be listed", err)
		}
		for _, s := range l.Strays {
			t.note("healthagent: %s: %s", s.Name, s.Text)
		}
		status := l.Status()
		return t.print(*output, dumpList{l, status.Bytes}, func(w io.Writer) {
			if len(l.Dumps) > 0 {
				row(w, "FILE", "AGE", "SIZE", "REASON", "TRIED", "COPIED")
			}
			for _, d := range l.Dumps {
				row(w, d.File, age(t.now().Sub(d.CreatedAt)), byteSize(d.Bytes), reasonCell(d), triedCell(d), outcomeCell(d.Copied))
			}
			row(w, fmt.Sprintf("%s in %s: %s", count(status.Dumps, "dump"), l.Dir, byteSize(status.Bytes)))
		})
	}
	return command
}

func reasonCell(d backup.Dump) string {
	if d.Keep {
		return d.Reason + ", kept"
	}
	return d.Reason
}

func triedCell(d backup.Dump) string {
	switch {
	case !d.Whole:
		return "damaged"
	case d.Verified == nil:
		return ""
	case d.Verified.OK:
		return "well"
	}
	return "badly"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// age writes how long ago something was, in its largest unit that is not 1: a clock that was set back makes it 0.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", max(d, 0)/time.Second)
}
