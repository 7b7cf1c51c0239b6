package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/migrations"
)

func (t *terminal) migrateVerb() *cobra.Command {
	return family("migrate", "Show, apply and take back migrations of the database",
		t.migrateStatusVerb(), t.migrateUpVerb(), t.migrateDownVerb())
}

// withEngine runs work on the migration engine of the verb's database.
func (t *terminal) withEngine(command *cobra.Command, work func(db *database, engine *migrations.Engine) error) error {
	db, err := t.openDatabase(command)
	if err != nil {
		return err
	}
	defer db.close()
	engine, err := db.engine(t.build.info().Version)
	if err != nil {
		return err
	}
	return unreachable(misnamed(work(db, engine)))
}

// oneVersion allows one version, written as 017 or 17, or none.
func oneVersion(command *cobra.Command, args []string) error {
	if err := cobra.MaximumNArgs(1)(command, args); err != nil || len(args) == 0 {
		return err
	}
	_, err := migrations.ParseVersion(args[0])
	return err
}

// misnamed gives a version that does not exist its kind.
func misnamed(err error) error {
	if missing, ok := errors.AsType[*migrations.NoSuchVersionError](err); ok {
		return fault.New(fault.NotFound, missing.Error())
	}
	return err
}

func (t *terminal) migrateStatusVerb() *cobra.Command {
	command := &cobra.Command{Use: "status", Short: "Show where every migration stands", Args: cobra.NoArgs}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return t.withEngine(command, func(db *database, engine *migrations.Engine) error {
			entries, err := engine.Status(command.Context())
			if err != nil {
				return fmt.Errorf("migrate status: %w", err)
			}
			value := map[string]any{
				"migrations": append([]migrations.Entry{}, entries...),
				"auto":       db.config.Migrate == config.MigrateAuto,
			}
			return t.print(*output, value, func(w io.Writer) { entryTable(w, entries) })
		})
	}
	return command
}

func entryTable(w io.Writer, entries []migrations.Entry) {
	row(w, "VERSION", "NAME", "STATE", "CLASS", "APPLIED", "NOTE")
	for _, e := range entries {
		applied, note := "", []string{}
		if e.AppliedAt != nil {
			applied = e.AppliedAt.UTC().Format(time.DateTime)
		}
		if e.Unknown {
			note = append(note, "not known to this binary")
		}
		if e.Edited {
			note = append(note, "edited after being applied")
		}
		if len(e.Held) > 0 {
			note = append(note, "held: "+strings.Join(e.Held, ", "))
		}
		if e.Error != "" {
			note = append(note, e.Error)
		}
		row(w, migrations.Label(e.Version), e.Name, e.State, e.Class, applied, strings.Join(note, "; "))
	}
}

// ranSteps is what 'up' and 'down' print as JSON.
type ranSteps struct {
	Steps   []ranStep     `json:"steps"`
	Skipped []skippedStep `json:"skipped"`
	DryRun  bool          `json:"dry_run"`
}

type ranStep struct {
	Version    string           `json:"version"`
	Name       string           `json:"name"`
	Class      migrations.Class `json:"class"`
	Statements int              `json:"statements"`
	DurationMS float64          `json:"duration_ms"`
}

type skippedStep struct {
	Version string                `json:"version"`
	Name    string                `json:"name"`
	Reason  migrations.SkipReason `json:"reason"`
}

// printResult prints what was done, also when it ended with an error half-way.
func (t *terminal) printResult(as format, done string, result migrations.Result) error {
	value := ranSteps{Steps: []ranStep{}, Skipped: []skippedStep{}, DryRun: result.DryRun}
	for _, s := range result.Steps {
		took := float64(s.Duration.Microseconds()) / 1000
		value.Steps = append(value.Steps, ranStep{migrations.Label(s.Version), s.Name, s.Class, s.Statements, took})
	}
	for _, s := range result.Skipped {
		value.Skipped = append(value.Skipped, skippedStep{migrations.Label(s.Version), s.Name, s.Reason})
	}
	return t.print(as, value, func(w io.Writer) {
		if len(value.Steps) == 0 {
			row(w, "Nothing to do.")
		}
		for _, s := range value.Steps {
			took := time.Duration(s.DurationMS * float64(time.Millisecond)).Round(time.Millisecond)
			row(w, done, s.Version, s.Name, s.Class, took)
		}
	})
}

func (t *terminal) migrateUpVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "up [VERSION]", Short: "Apply what is pending", Args: oneVersion,
		Long: "Applies every pending migration, or, with a version (017 or 17), that one and what it stands on.\n" +
			"One that was rolled back is held and is applied only by its version.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(_ *database, engine *migrations.Engine) error {
			result, err := engine.Up(command.Context(), migrations.UpOptions{Version: first(args)})
			for _, held := range result.HeldVersions() {
				label := migrations.Label(held)
				t.note("healthagent: migration %s is held and was left alone; 'healthagent migrate up %s' applies it", label, label)
			}
			if err != nil && len(result.Steps) == 0 {
				return fmt.Errorf("migrate up: %w", err)
			}
			return errors.Join(err, t.printResult(*output, "applied", result))
		})
	}
	return command
}

func (t *terminal) migrateDownVerb() *cobra.Command {
	var yes, dryRun bool
	command := &cobra.Command{
		Use: "down [VERSION]", Short: "Take a migration back, and hold it", Args: oneVersion,
		Long: "Takes back the migration of that version (017 or 17), or the newest applied one that only makes indexes.\n" +
			"An index-only migration goes alone; any other takes everything newer with it. What was taken back is held:\n" +
			"only 'migrate up VERSION' applies it again. Where rows would be lost it asks first, or wants --yes.",
	}
	output := outputFlag(command)
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	command.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be done, and do nothing")
	command.RunE = func(command *cobra.Command, args []string) error {
		return t.withEngine(command, func(_ *database, engine *migrations.Engine) error {
			ctx := command.Context()
			plan, err := engine.Down(ctx, migrations.DownOptions{Version: first(args), DryRun: true})
			if err != nil {
				return fmt.Errorf("migrate down: %w", err)
			}
			if dryRun {
				return t.printResult(*output, "would take back", plan)
			}
			if err := t.agree(plan, yes); err != nil {
				return err
			}
			result, err := engine.Down(ctx, migrations.DownOptions{Version: first(args)})
			if err != nil && len(result.Steps) == 0 {
				return fmt.Errorf("migrate down: %w", err)
			}
			return errors.Join(err, t.printResult(*output, "taken back", result))
		})
	}
	return command
}

// agree shows what would lose rows and waits for a yes. An end of input is a no.
func (t *terminal) agree(plan migrations.Result, yes bool) error {
	losing := false
	for _, s := range plan.Steps {
		losing = losing || s.Class == migrations.LosesRows
	}
	if yes || !losing {
		return nil
	}
	for _, s := range plan.Steps {
		t.note("would take back %s %s (%s)", migrations.Label(s.Version), s.Name, s.Class)
	}
	t.note("Rows will be lost. Go on? Type yes:")
	answer, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.EqualFold(strings.TrimSpace(answer), "yes") {
		return nil
	}
	return fault.New(fault.Usage, "nothing was done: taking this back loses rows; answer yes, or add --yes")
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
