package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/migrations"
)

func (t *terminal) migrateVerifyVerb() *cobra.Command {
	var strict bool
	command := &cobra.Command{
		Use: "verify", Short: "Prove that the indexes are there and used", Args: cobra.NoArgs,
		Long: "Looks at every index of the index-only migrations: it exists, is valid, is what its file says, and the product's own\n" +
			"queries are answered by it. 'chosen': by the planner as it is; 'usable': the table is so small that the planner may do\n" +
			"without. It fails (exit code 1) for an index that is missing, invalid, different or unusable; what is held on purpose is no\n" +
			"failure. It changes nothing and waits for no build; --strict alone runs VACUUM (ANALYZE).",
	}
	output := outputFlag(command)
	command.Flags().BoolVar(&strict, "strict", false, "vacuum first, run each query, and want the planner's choice and no heap fetches")
	command.RunE = func(command *cobra.Command, _ []string) error {
		return t.withEngine(command, func(_ *database, engine *migrations.Engine) error {
			found, err := engine.Verify(command.Context(), migrations.VerifyOptions{Strict: strict})
			if err != nil {
				return fmt.Errorf("migrate verify: %w", err)
			}
			err = t.print(*output, found, func(w io.Writer) { verificationTable(w, found) })
			if !found.OK {
				err = errors.Join(err, fault.New(fault.Conflict, "not every index is as it should be"+remedies(found)))
			}
			return err
		})
	}
	return command
}

func verificationTable(w io.Writer, found migrations.Verification) {
	row(w, "INDEX", "VERDICT", "QUERY", "NODE", "HEAP FETCHES", "NOTE")
	for _, c := range found.Indexes {
		fetches := ""
		if c.HeapFetches != nil {
			fetches = fmt.Sprint(*c.HeapFetches)
		}
		verdict := string(c.Verdict)
		if verdict == "" {
			verdict = "-"
		}
		note := c.Reason
		if c.Note != "" {
			note = strings.TrimPrefix(note+"; "+c.Note, "; ")
		}
		row(w, c.Name, verdict, c.Query, c.Node, fetches, note)
	}
}

// remedies are the commands that mend what can be mended by one.
func remedies(found migrations.Verification) string {
	var out []string
	absent := map[int]int{}
	for _, c := range found.Indexes {
		if c.Verdict == migrations.Missing && !c.Exists {
			absent[c.Migration]++
		}
	}
	for _, c := range found.Indexes {
		label := migrations.Label(c.Migration)
		if absent[c.Migration] > 1 && c.Verdict == migrations.Missing {
			if whole := "'healthagent migrate up " + label + "'"; !slices.Contains(out, whole) {
				out = append(out, whole)
			}
			continue
		}
		one := label + " --index " + c.Name
		if c.Verdict == migrations.Different { // what stands there was somebody's wish: it goes by its own command
			out = append(out, "'healthagent migrate down "+one+"'")
		}
		if c.Verdict == migrations.Different || c.Verdict == migrations.Missing || c.Verdict == migrations.Invalid {
			out = append(out, "'healthagent migrate up "+one+"'")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return ": run " + strings.Join(out, " and ")
}
