package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/app/rescue"
	"healthagent/migrations"
)

func (t *terminal) migrateDownVerb() *cobra.Command {
	var yes, dryRun bool
	command := &cobra.Command{
		Use: "down [VERSION]", Short: "Take a migration back, and hold it", Args: oneVersion,
		Long: "Takes back the migration of that version (017 or 17), or the newest applied one that only makes indexes.\n" +
			"An index-only migration goes alone; any other takes everything newer with it. What was taken back is held:\n" +
			"only 'migrate up VERSION' applies it again. Where rows would be lost it names them, wants their number typed\n" +
			"(or --yes), and writes them down in <state dir>/rescued first.",
	}
	output := outputFlag(command)
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, and do nothing")
	index := indexFlag(command, "drop and hold only this index")
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(db *database, engine *migrations.Engine) error {
			ctx := command.Context()
			options := migrations.DownOptions{Version: first(args), Index: *index, DryRun: true}
			plan, err := engine.Down(ctx, options)
			if err != nil {
				return fmt.Errorf("migrate down: %w", err)
			}
			if dryRun {
				return t.printResult(*output, "would take back", plan)
			}
			if err := t.agree(command, engine, plan, options, yes); err != nil {
				return err
			}
			rows := &rescue.Writer{Dir: rescue.Dir(db.config.StateDir), Now: t.now()}
			events, stop := t.follow()
			options.DryRun, options.Rescue, options.Events = false, rows.Open, events
			result, err := engine.Down(ctx, options)
			stop()
			if o, worth := outcomeOf(result, *index, err); worth {
				t.audit(ctx, db, "migration.rollback", subjectOf(plan), o)
			}
			gone := t.noteRescued(rows, result)
			if err != nil {
				err = fmt.Errorf("migrate down: %w", err)
				t.noteWaysOut(command, engine, *index)
			}
			if err != nil && len(result.Steps) == 0 {
				return err
			}
			return errors.Join(err, t.printResult(*output, "taken back", result, gone...))
		})
	}
	return command
}

// subjectOf names the migration that was meant: the last that is taken back.
func subjectOf(plan migrations.Result) string {
	if len(plan.Steps) == 0 {
		return ""
	}
	return migrations.Label(plan.Steps[len(plan.Steps)-1].Version)
}

// noteRescued says where rows were written down, and returns the files of those that are
// gone. When a step fails after that its rows are still there.
func (t *terminal) noteRescued(r *rescue.Writer, result migrations.Result) (gone []string) {
	for _, f := range r.Files {
		if !slices.ContainsFunc(result.Steps, func(s migrations.Step) bool { return s.Version == f.Version }) {
			t.note("healthagent: rows were written down in %s, but taking their migration back failed", f.Path)
			continue
		}
		t.note("healthagent: the rows that are gone are in %s", f.Path)
		gone = append(gone, f.Path)
	}
	return gone
}

// agree shows which rows would be lost and waits for their number. An end of input is
// a no.
func (t *terminal) agree(command *cobra.Command, engine *migrations.Engine, plan migrations.Result, o migrations.DownOptions, yes bool) error {
	losing := false
	for _, s := range plan.Steps {
		losing = losing || s.Class == migrations.LosesRows
	}
	if !losing || o.Index != "" {
		return nil
	}
	previews, err := engine.Plan(command.Context(), migrations.PlanOptions{Version: o.Version})
	if err != nil {
		return fmt.Errorf("migrate down: %w", err)
	}
	var total int64
	for _, p := range previews {
		t.note("would take back %s %s (%s)", migrations.Label(p.Version), p.Name, p.Class)
		for _, l := range p.RowsLost {
			t.note("would lose %s of %s", rowsText(l), l.Table)
			total += l.Rows
		}
	}
	if yes {
		return nil
	}
	t.note("Rows will be lost. To go on, type how many (%d):", total)
	answer, err := t.answer(command.Context())
	if err != nil {
		return err
	}
	if strings.TrimSpace(answer) == strconv.FormatInt(total, 10) {
		return nil
	}
	return fault.New(fault.Usage, "nothing was done: taking this back loses rows; type their number, or add --yes")
}

// answer reads a line, which may be the end of the input. An interrupt ends the wait;
// the reader is left to the end of the process, since a terminal cannot be made to
// return.
func (t *terminal) answer(ctx context.Context) (string, error) {
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := bufio.NewReader(t.in).ReadString('\n')
		done <- read{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("nothing was done: %w", ctx.Err())
	case r := <-done:
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", r.err)
		}
		return r.line, nil
	}
}
