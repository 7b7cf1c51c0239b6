package cli

import (
	"encoding/json"
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
		t.migrateStatusVerb(), t.migratePlanVerb(), t.migrateUpVerb(), t.migrateDownVerb(), t.migrateHoldVerb(), t.migrateReleaseVerb(),
		t.migrateVerifyVerb(), t.migrateReindexVerb())
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

// indexFlag adds --index to a verb. An empty one is refused: a script whose variable is
// not set would mean the whole migration.
func indexFlag(command *cobra.Command, usage string) *string {
	index := command.Flags().String("index", "", usage)
	command.PreRunE = func(command *cobra.Command, _ []string) error {
		if command.Flags().Changed("index") && *index == "" {
			return fault.New(fault.Usage, "--index is empty: name an index, or leave it out for all of them")
		}
		return nil
	}
	return index
}

// misnamed gives a version or an index that does not exist its kind.
func misnamed(err error) error {
	if missing, ok := errors.AsType[*migrations.NoSuchIndexError](err); ok {
		return fault.New(fault.NotFound, missing.Error())
	}
	if missing, ok := errors.AsType[*migrations.NoSuchVersionError](err); ok {
		return fault.New(fault.NotFound, missing.Error())
	}
	return err
}

func (t *terminal) migrateStatusVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "status", Short: "Show where every migration stands", Args: cobra.NoArgs,
		Long: "Where every migration stands, by the ledger in the database. On an installed server somebody who may not open the\n" +
			"database is told by the running daemon, whose socket the service's group may ask.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		err := t.withEngine(command, func(db *database, engine *migrations.Engine) error {
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
		if notOurs, ok := errors.AsType[*notOursError](err); ok {
			return t.statusOfDaemon(command, *output, notOurs)
		}
		return err
	}
	return command
}

// statusOfDaemon shows the ledger as the daemon reads it, to somebody who may look at its socket but not open its database.
func (t *terminal) statusOfDaemon(command *cobra.Command, output format, notOurs *notOursError) error {
	cfg, _, err := t.load(command)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := askDaemon(command.Context(), cfg.ClientSockets(), "/v1/migrations", &raw); err != nil {
		return fmt.Errorf("%w; %w", err, notOurs)
	}
	var told struct{ Migrations []migrations.Entry }
	if err := json.Unmarshal(raw, &told); err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	return t.print(output, raw, func(w io.Writer) { entryTable(w, told.Migrations) })
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
	Rescued []string      `json:"rescued,omitempty"` // files that hold the rows of dropped tables
}

type ranStep struct {
	Version    string           `json:"version"`
	Name       string           `json:"name"`
	Class      migrations.Class `json:"class"`
	Index      string           `json:"index,omitempty"`
	Statements int              `json:"statements"`
	DurationMS float64          `json:"duration_ms"`
}

type skippedStep struct {
	Version string                `json:"version"`
	Name    string                `json:"name"`
	Reason  migrations.SkipReason `json:"reason"`
	Indexes []string              `json:"indexes,omitempty"` // the held ones of a migration that is applied otherwise
}

// printResult prints what was done, also when it ended with an error half-way.
func (t *terminal) printResult(as format, done string, result migrations.Result, rescued ...string) error {
	value := ranSteps{Steps: []ranStep{}, Skipped: []skippedStep{}, DryRun: result.DryRun, Rescued: rescued}
	for _, s := range result.Steps {
		took := float64(s.Duration.Microseconds()) / 1000
		value.Steps = append(value.Steps, ranStep{migrations.Label(s.Version), s.Name, s.Class, s.Index, s.Statements, took})
	}
	for _, s := range result.Skipped {
		value.Skipped = append(value.Skipped, skippedStep{migrations.Label(s.Version), s.Name, s.Reason, s.Indexes})
	}
	return t.print(as, value, func(w io.Writer) {
		if len(value.Steps) == 0 {
			row(w, "Nothing to do.")
		}
		for _, s := range value.Steps {
			took := time.Duration(s.DurationMS * float64(time.Millisecond)).Round(time.Millisecond)
			row(w, done, s.Version, s.Name, s.Class, took, s.Index)
		}
	})
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
