package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/migrations"
)

func (t *terminal) migratePlanVerb() *cobra.Command {
	var trial bool
	command := &cobra.Command{
		Use: "plan [VERSION]", Short: "Show what would be done, before it is", Args: oneVersion,
		Long: "Shows of a migration what applying it would make, or, when it is applied, what taking it back would: class, SQL, objects\n" +
			"with sizes and use, what the rollback covers, rows that would be lost, and which sessions would be in the way now. Without a\n" +
			"version it shows everything that is pending and what 'migrate down' would take back. It changes nothing.\n" +
			"--trial also shows how each query would be answered without the indexes: it drops them in a transaction that is rolled\n" +
			"back, for which it waits 50 ms at most for an exclusive lock.",
	}
	output := outputFlag(command)
	command.Flags().BoolVar(&trial, "trial", false, "show each query's plan and cost now and without the indexes")
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(_ *database, engine *migrations.Engine) error {
			previews, err := engine.Plan(command.Context(), migrations.PlanOptions{Version: first(args), Trial: trial})
			if err != nil {
				return fmt.Errorf("migrate plan: %w", err)
			}
			value := map[string]any{"plans": append([]migrations.Preview{}, previews...)}
			return t.print(*output, value, func(w io.Writer) { planPage(w, previews) })
		})
	}
	return command
}

func planPage(w io.Writer, previews []migrations.Preview) {
	if len(previews) == 0 {
		row(w, "Nothing to do.")
	}
	for i, p := range previews {
		if i > 0 {
			row(w)
		}
		planOne(w, p)
	}
}

func planOne(w io.Writer, p migrations.Preview) {
	verb := map[string]string{"up": "apply", "down": "take back"}[p.Direction]
	row(w, fmt.Sprintf("%s %s_%s: %s, now %s", verb, migrations.Label(p.Version), p.Name, p.Class, p.State))
	row(w, "the rollback covers "+p.Coverage+" of what the up makes"+listed("; not ", p.Uncovered)+listed("; and beyond that ", p.Beyond))
	if len(p.Takes) > 0 {
		row(w, "with it go "+strings.Join(p.Takes, ", "))
	}
	for _, o := range p.Objects {
		row(w, "  "+string(o.Kind), o.Name, objectState(o))
	}
	for _, l := range p.RowsLost {
		row(w, "  loses", l.Table, rowsText(l))
	}
	for _, b := range p.Blockers {
		row(w, "  in the way:", b.String(), b.Why)
	}
	planTrial(w, p)
	row(w)
	for line := range strings.Lines(p.SQL) {
		row(w, "    "+strings.TrimRight(line, "\r\n"))
	}
}

func listed(before string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return before + strings.Join(names, ", ")
}

func planTrial(w io.Writer, p migrations.Preview) {
	if p.NoTrial != "" {
		row(w, "no trial: "+p.NoTrial)
	}
	if len(p.Queries) > 0 {
		row(w, "  QUERY", "NOW", "COST", "WITHOUT", "COST")
	}
	for _, q := range p.Queries {
		row(w, "  "+q.Name, strings.TrimSpace(q.Now.Node+" "+q.Now.Index), fmt.Sprintf("%.1f", q.Now.Cost),
			strings.TrimSpace(q.Without.Node+" "+q.Without.Index), fmt.Sprintf("%.1f", q.Without.Cost))
	}
}

// objectState is what is there of an object, in words.
func objectState(o migrations.PlannedObject) string {
	var out []string
	switch {
	case !o.Exists:
		out = append(out, "not there")
	case !o.Valid:
		out = append(out, "there, but not valid")
	}
	if o.Exists && o.Bytes > 0 {
		out = append(out, byteSize(o.Bytes))
	}
	if o.Exists && o.Kind == migrations.IndexObject {
		out = append(out, fmt.Sprintf("%d scans", o.Scans))
	}
	if !o.CoveredByRollback {
		out = append(out, "left by the rollback")
	}
	return strings.Join(out, ", ")
}

func rowsText(l migrations.RowsLost) string {
	text := fmt.Sprintf("%d rows", l.Rows)
	if !l.Exact {
		text = "about " + text
	}
	if l.Column != "" {
		text += " of column " + l.Column
	}
	return text
}
