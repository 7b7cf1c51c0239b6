package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/tui/source"
)

func schemaChecks() []check {
	return []check{
		{"schema-migrations", "migrations", setting, checkMigrations},
		{"schema-indexes", "indexes", setting, checkIndexes},
		{"schema-queries", "queries use them", setting, checkQueries},
	}
}

// engine is the migration engine of the database, which is not connected yet.
func (v *visit) engine() (*migrations.Engine, error) {
	if v.Database.URL == "" {
		return nil, errUnasked
	}
	return schema.NewEngine(migrations.Config{URL: v.Database.URL, Dial: v.Database.Dial, BinaryVersion: v.Version, Now: v.Now})
}

func (v *visit) readLedger(ctx context.Context) ([]migrations.Entry, error) {
	e, err := v.engine()
	if err != nil {
		return nil, err
	}
	return e.Status(ctx)
}

func (v *visit) verify(ctx context.Context) (migrations.Verification, error) {
	e, err := v.engine()
	if err != nil {
		return migrations.Verification{}, err
	}
	return e.Verify(ctx, migrations.VerifyOptions{})
}

// worst gathers answers into one: its verdict is that of the worst, and nothing that is well is said.
type worst struct {
	verdict       source.Verdict
	texts, remedy []string
	passing       bool
}

func (w *worst) add(a answer) {
	if a.verdict == source.Fail || w.verdict == "" {
		w.verdict = a.verdict
	}
	w.passing = w.passing || a.passing
	w.texts = append(w.texts, a.text)
	for line := range strings.SplitSeq(a.remedy, "\n") {
		if len(w.remedy) == 0 || w.remedy[len(w.remedy)-1] != line {
			w.remedy = append(w.remedy, line)
		}
	}
}

// answer is all of them, or fine when there are none.
func (w *worst) answer(fine answer) answer {
	if w.verdict == "" {
		return fine
	}
	return answer{verdict: w.verdict, text: strings.Join(w.texts, "; "), remedy: strings.Join(w.remedy, "\n"), passing: w.passing}
}

func checkMigrations(_ context.Context, v *visit) answer {
	entries, err := v.ledger()
	switch {
	case errors.Is(err, errUnasked):
		return skipped(noDatabase)
	case store.Unavailable(err):
		return skipped(noDatabase)
	case err != nil:
		return passing("healthagent migrate status", "the ledger cannot be read: %s", store.Reason(err))
	}
	var found worst
	applied, running := 0, ""
	for _, e := range entries {
		switch e.State {
		case migrations.Applied:
			applied++
		case migrations.Running:
			running = ", " + migrations.Label(e.Version) + " is being worked on"
		}
		if a, bad := judgeMigration(e); bad {
			found.add(a)
		}
	}
	return found.answer(well("%s%s", plural(applied, "one is applied, none is pending", "%d are applied, none is pending"), running))
}

func judgeMigration(e migrations.Entry) (answer, bool) {
	label := migrations.Label(e.Version)
	name := label + "_" + e.Name
	up := "healthagent migrate up " + label
	switch {
	case e.Unknown:
		return warning("Install the healthagent that made it again: this one is older than the database.", "%s is in the database, and this program does not know it", name), true
	case e.State == migrations.Failed, e.State == migrations.Partial:
		return failure(up, "%s failed after %d of %d statements: %s", name, e.Done, e.Total, e.Error), true
	case e.State == migrations.Held:
		return warning(up, "%s was taken back and is held", name), true
	case e.State == migrations.Pending:
		return warning("healthagent migrate up", "%s is pending", name), true
	case len(e.Held) > 0:
		return warning(fmt.Sprintf("%s --index %s", up, strings.Join(e.Held, "\n"+up+" --index ")), "of %s the indexes %s are held", name, strings.Join(e.Held, ", ")), true
	case e.Edited:
		return warning("healthagent migrate plan   # then go back to the release that applied it, or take it back and apply it anew", "the file of %s differs from what was applied", name), true
	default:
		return answer{}, false
	}
}

// begun is when the first migration was applied; zero: not known.
func (v *visit) begun() time.Time {
	entries, err := v.ledger()
	if err != nil {
		return time.Time{}
	}
	var first time.Time
	for _, e := range entries {
		if e.AppliedAt != nil && (first.IsZero() || e.AppliedAt.Before(first)) {
			first = *e.AppliedAt
		}
	}
	return first
}

// withIndexes makes an answer of each index that is not well.
func (v *visit) withIndexes(judge func(c migrations.IndexCheck) (answer, bool), fine string) answer {
	found, err := v.verified()
	switch {
	case err != nil && (errors.Is(err, errUnasked) || store.Unavailable(err)):
		return skipped(noDatabase)
	case err != nil:
		return warning("healthagent migrate verify", "they cannot be looked at: %s", store.Reason(err))
	}
	var bad worst
	for _, c := range found.Indexes {
		if a, is := judge(c); is {
			bad.add(a)
		}
	}
	return bad.answer(well("%s", fine))
}

func checkIndexes(_ context.Context, v *visit) answer {
	return v.withIndexes(func(c migrations.IndexCheck) (answer, bool) {
		one := migrations.Label(c.Migration) + " --index " + c.Name
		switch c.Verdict {
		case migrations.Missing:
			return passing("healthagent migrate up "+one, "%s is missing", c.Name), true
		case migrations.Invalid:
			return passing("healthagent migrate up "+one, "%s is invalid: a build of it was interrupted", c.Name), true
		default:
			return answer{}, false
		}
	}, "each is there and valid")
}

func checkQueries(_ context.Context, v *visit) answer {
	return v.withIndexes(func(c migrations.IndexCheck) (answer, bool) {
		one := migrations.Label(c.Migration) + " --index " + c.Name
		switch c.Verdict {
		case migrations.Different:
			return failure("healthagent migrate down "+one+" && healthagent migrate up "+one, "%s is not what its migration makes", c.Name), true
		case migrations.Unusable:
			return warning("healthagent migrate verify --strict", "%s is not read by %s: %s", c.Name, c.Query, c.Reason), true
		default:
			return answer{}, false
		}
	}, "the product's own queries read them")
}
