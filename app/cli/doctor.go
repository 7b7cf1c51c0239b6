package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/doctor"
	"healthagent/app/fault"
	"healthagent/store/local"
	"healthagent/tui/source"
)

func (t *terminal) doctorVerb() *cobra.Command {
	var wait time.Duration
	command := &cobra.Command{
		Use: "doctor", Short: "Look at the installation from end to end, and say what to do", Args: cobra.NoArgs,
		Long: "Looks at the installation from end to end: settings, files, the service, the daemon, PostgreSQL, Redis, Telegram, disks and\n" +
			"backups. Below what is not well stands what to do, as a command to paste where there is one. It changes nothing. Exit code 1\n" +
			"when a check failed; warnings are no failure. Root sees everything, others what they may and what the daemon tells them.",
	}
	output := outputFlag(command)
	command.Flags().DurationVar(&wait, "wait", 0, "look again until nothing fails that time may mend, for so long at most")
	command.RunE = func(command *cobra.Command, _ []string) error {
		report := doctor.Wait(command.Context(), func(ctx context.Context) doctor.Report {
			return doctor.Run(ctx, t.patient(command))
		}, wait, t.now, nil)
		if err := command.Context().Err(); err != nil {
			return err
		}
		err := t.print(*output, report, func(w io.Writer) { t.doctorTable(w, report) })
		if !report.OK {
			err = errors.Join(err, fault.New(fault.Conflict, "the installation is not well: "+tally(report)[source.Fail]))
		}
		return err
	}
	return command
}

// patient is this installation as the doctor may touch it. The settings are read anew each time: somebody may be mending them.
func (t *terminal) patient(command *cobra.Command) doctor.Patient {
	cfg, report, _ := t.read(command) // what is wrong with them is one of the findings
	p := doctor.Patient{
		Config: cfg, Report: report, Version: t.build.info().Version, UID: t.system.uid(), Sockets: cfg.ClientSockets(), Now: t.now,
		Redact: t.redact,
	}
	if service, err := t.system.lookup(serviceUser); err == nil {
		if uid, gid, err := ids(service); err == nil {
			p.Service = &doctor.Account{Name: service.Username, UID: uid, GID: gid}
		}
	} else if unknown := user.UnknownUserError(""); !errors.As(err, &unknown) {
		t.note("healthagent: warning: the OS user %s cannot be looked up: %v", serviceUser, err)
	}
	p.Database = t.doctorsDatabase(cfg, report)
	return p
}

// doctorsDatabase is the way to the database. A private one is asked while it runs, and is never started for it.
func (t *terminal) doctorsDatabase(cfg config.Config, report *config.Report) doctor.Database {
	url := cfg.DatabaseURL.Reveal()
	if url == "" {
		url, running := local.RunningURL(cfg.StateDir)
		if !running {
			return doctor.Database{Private: true, Why: "DATABASE_URL is empty and the private database does not run: 'healthagent serve' starts it"}
		}
		return doctor.Database{URL: url, Private: true}
	}
	url, dial := t.databaseUser(report).Way(url)
	return doctor.Database{URL: url, Dial: dial}
}

// doctorTable writes a line for each check, what to do below, and a last line that sums it up.
func (t *terminal) doctorTable(w io.Writer, r doctor.Report) {
	marks, width := t.marks(), 0
	lines := folded(r.Checks)
	for _, f := range lines {
		width = max(width, utf8.RuneCountInString(f.Title))
	}
	for _, f := range lines {
		row(w, fmt.Sprintf("%s %-*s  %s", marks[f.Verdict], width, f.Title, f.Text))
		for line := range strings.Lines(f.Remedy) {
			row(w, "    "+strings.TrimRight(line, "\n"))
		}
	}
	said := tally(r)
	row(w, fmt.Sprintf("%d checks: %s, %s, %s, %s.", len(r.Checks), said[source.OK], said[source.Warn], said[source.Fail], said[source.Skip]))
}

// folded is the findings with one line for those that were not made for the same reason, one after the other.
func folded(checks []source.Finding) []source.Finding {
	var lines []source.Finding
	for i := 0; i < len(checks); {
		n := 1
		for checks[i].Verdict == source.Skip && i+n < len(checks) &&
			checks[i+n].Verdict == source.Skip && checks[i+n].Text == checks[i].Text && checks[i+n].Remedy == checks[i].Remedy {
			n++
		}
		line := checks[i]
		if n == 2 {
			line.Title += ", " + checks[i+1].Title
		} else if n > 2 {
			line.Title += fmt.Sprintf(" and %d more", n-1)
		}
		lines = append(lines, line)
		i += n
	}
	return lines
}

// tally says of each verdict how often it was given.
func tally(r doctor.Report) map[source.Verdict]string {
	n := map[source.Verdict]int{}
	for _, f := range r.Checks {
		n[f.Verdict]++
	}
	said := map[source.Verdict]string{
		source.OK: fmt.Sprintf("%d well", n[source.OK]), source.Warn: fmt.Sprintf("%d warnings", n[source.Warn]),
		source.Fail: fmt.Sprintf("%d failed", n[source.Fail]), source.Skip: fmt.Sprintf("%d not made", n[source.Skip]),
	}
	if n[source.Warn] == 1 {
		said[source.Warn] = "1 warning"
	}
	return said
}

// marks are what stands before a line; letters where the locale has no others.
func (t *terminal) marks() map[source.Verdict]string {
	locale := t.getenv("LANG")
	for _, name := range []string{"LC_CTYPE", "LC_ALL"} {
		if value := t.getenv(name); value != "" {
			locale = value
		}
	}
	locale = strings.ToLower(locale)
	if strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") {
		return map[source.Verdict]string{source.OK: "✔", source.Warn: "!", source.Fail: "✘", source.Skip: "-"}
	}
	return map[source.Verdict]string{source.OK: "+", source.Warn: "!", source.Fail: "x", source.Skip: "-"}
}
