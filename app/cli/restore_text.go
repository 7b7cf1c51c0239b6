package cli

import (
	"fmt"
	"io"
	"strings"

	"healthagent/app/restore"
	"healthagent/store/dump"
)

// changedShown is how many tables of a plan are named.
const changedShown = 12

// planTable is the plan as a page.
func planTable(p restore.Plan) func(io.Writer) {
	return func(w io.Writer) {
		for _, line := range planLines("Would restore", p) {
			row(w, line)
		}
		for _, reason := range p.Refused {
			row(w, "It would be refused: "+reason)
		}
	}
}

// planLines say what a restore would do, or is about to, in sentences.
func planLines(does string, p restore.Plan) []string {
	lines := []string{does + " " + p.File}
	if p.Dump == nil {
		lines = append(lines, "  which has no manifest: when it was made and how many rows it has is not known, and nothing can be compared")
	} else {
		lines = append(lines, dumpLines(*p.Dump)...)
	}
	for _, warning := range p.Warnings {
		lines = append(lines, "  Warning: "+warning)
	}
	lines = append(lines, fmt.Sprintf("in the place of the database %s, which has %d rows now and is kept beside it.", p.Database, p.Rows))
	for i, c := range p.Changed {
		if i == changedShown {
			lines = append(lines, fmt.Sprintf("  and %d more tables", len(p.Changed)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("  %s: %d rows now, %d in the dump", c.Table, c.Now, c.Dump))
	}
	if p.Need > 0 {
		free := "what is free there is not known from here"
		if p.Free >= 0 {
			free = byteSize(p.Free) + " are free"
		}
		lines = append(lines, fmt.Sprintf("It needs about %s on the disk of the database; %s.", byteSize(p.Need), free))
	}
	if len(p.Pending) > 0 {
		lines = append(lines, "The next start of the daemon applies the migrations that the dump lacks: "+strings.Join(p.Pending, ", ")+".")
	}
	if len(p.Unknown) > 0 {
		lines = append(lines, "The dump has migrations that this version does not know: "+strings.Join(p.Unknown, ", ")+".")
	}
	return lines
}

// dumpLines are about the dump, and what of it happens again.
func dumpLines(m dump.Manifest) []string {
	lines := []string{fmt.Sprintf("  made %s by healthagent %s of %s on PostgreSQL %s: %d rows in %d tables, %s",
		when(m.CreatedAt), m.Program, m.Database, m.Server, dump.Rows(m.Tables), len(m.Tables), byteSize(m.Bytes))}
	if v := m.Verified; v != nil {
		lines = append(lines, fmt.Sprintf("  restored on trial %s: %s", when(v.At), v.Text))
	}
	if m.Unsent > 0 {
		lines = append(lines, fmt.Sprintf("  with %d messages that were not sent yet at that time: the next start of the daemon sends them", m.Unsent))
	}
	if m.Unread > 0 {
		lines = append(lines, fmt.Sprintf("  with %d messages that were not answered yet at that time: the next start of the daemon answers them", m.Unread))
	}
	return append(lines, "  Reminders that have come due since then are sent again.")
}

// doneTable says what was done, and how it is taken back.
func doneTable(r restore.Result) func(io.Writer) {
	return func(w io.Writer) {
		proof := "as many in every table as in the dump"
		if !r.Compared {
			proof = "not compared: there was no manifest"
		}
		row(w, fmt.Sprintf("%s is restored: %d rows in %d tables, %s (%.1f s).", r.Database, r.Rows, r.Tables, proof, r.Seconds))
		for _, warning := range r.Warnings {
			row(w, "Warning: "+warning+".")
		}
		if r.Kept != "" {
			row(w, "What was there before is kept as "+r.Kept+".")
			row(w, "'healthagent restore --undo' takes it back, 'healthagent restore --prune' frees its space.")
		}
		row(w, "Start the daemon now ('systemctl start healthagent' where it is a service).")
	}
}
