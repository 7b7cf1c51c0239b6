package migrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// PlanOptions chooses what Plan shows.
type PlanOptions struct {
	// Version, as 017 or 17, shows what Up or Down would do when given it: the up of
	// one that is not applied, the rollback of one that is. Empty shows everything
	// that is pending, and what Down without a version would take back.
	Version string
	// Direction, up or down, asks for that one of a Version or an Index wherever it
	// stands: a partial one leads both ways. Empty leaves the choice to Plan.
	Direction string
	// Index, of an index-only migration, asks what building or dropping that one alone
	// would do, by Direction. Version need not be named then.
	Index string
	// Trial also drops the indexes of an index-only rollback for a moment, in a
	// transaction that is rolled back, to see how the queries would be answered. It
	// takes an exclusive lock on their tables, for which it waits 50 ms at most.
	Trial bool
}

// Preview is what is known of a step before it is done. No slice is nil.
type Preview struct {
	Version    int             `json:"-"`
	Name       string          `json:"name"`
	Direction  string          `json:"direction"` // up or down
	State      State           `json:"state"`     // where it stands now
	Class      Class           `json:"class"`
	Additive   bool            `json:"additive"`
	SQL        string          `json:"sql"`
	Statements int             `json:"statements"`
	Objects    []PlannedObject `json:"objects"`   // what its up makes
	Coverage   string          `json:"coverage"`  // how many of them the rollback takes back, as "8/8"
	Uncovered  []string        `json:"uncovered"` // those that it leaves
	Beyond     []string        `json:"beyond"`    // what the rollback drops although the up did not make it
	Blockers   []Obstacle      `json:"blockers"`
	// RowsLost is counted, except where that takes longer than 30 s.
	RowsLost []RowsLost   `json:"rows_lost"`
	Takes    []string     `json:"takes"`              // other versions that go with it, as "016", in the order of doing
	Held     []string     `json:"held"`               // its indexes that are held
	Queries  []TrialQuery `json:"queries"`            // what a trial found; empty without one
	NoTrial  string       `json:"no_trial,omitempty"` // why there is no trial though one was asked for
}

// MarshalJSON writes the version as "017".
func (p Preview) MarshalJSON() ([]byte, error) {
	type plain Preview
	return json.Marshal(struct {
		Version string `json:"version"`
		plain
	}{Label(p.Version), plain(p)})
}

// Plan shows what Up or Down would do, in the order of doing, without doing it. It
// takes no migration lock. Errors are those of Up and Down.
func (e *Engine) Plan(ctx context.Context, opts PlanOptions) ([]Preview, error) {
	named := 0
	if opts.Version != "" {
		var err error
		if named, err = ParseVersion(opts.Version); err != nil {
			return nil, err
		}
	}
	s, err := e.observe(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	ledger, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	intents, err := e.intents(ledger, named, opts)
	if err != nil {
		return nil, err
	}
	out := make([]Preview, 0, len(intents))
	for _, in := range intents {
		p, err := s.preview(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("preview migration %s: %w", Label(in.version), err)
		}
		if opts.Trial {
			if err := s.tryWithout(ctx, in, e.cfg.Queries, &p); err != nil {
				return nil, fmt.Errorf("try migration %s: %w", Label(in.version), err)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// intent is one step that could be done.
type intent struct {
	version   int
	name      string
	class     Class
	additive  bool
	state     State
	direction direction
	up, down  Script
	held      []string
	takes     []string
}

// script is the one that the step runs.
func (in intent) script() Script {
	if in.direction == down {
		return in.down
	}
	return in.up
}

// intents chooses the steps, in the order of doing.
func (e *Engine) intents(ledger []record, named int, opts PlanOptions) ([]intent, error) {
	row := byVersion(ledger, named)
	switch {
	case opts.Index != "":
		return e.oneIntent(ledger, named, opts.Index, direction(opts.Direction))
	case named != 0 && direction(opts.Direction) == down:
		if row == nil && e.file(named) == nil {
			return nil, &NoSuchVersionError{Version: named}
		}
		return e.downIntents(ledger, named)
	case named == 0:
		return e.allIntents(ledger)
	case direction(opts.Direction) != up && row != nil && (row.State == Applied || (row.State == Partial || row.State == Running) && row.Direction == down):
		return e.downIntents(ledger, named)
	case e.file(named) == nil:
		return nil, &NoSuchVersionError{Version: named}
	default:
		return e.upIntents(ledger, named)
	}
}

// allIntents are the pending ones, and the rollback that needs no version.
func (e *Engine) allIntents(ledger []record) ([]intent, error) {
	out, err := e.upIntents(ledger, 0)
	if err != nil {
		return nil, err
	}
	downs, err := e.downIntents(ledger, 0)
	var irreversible *IrreversibleError
	if err != nil && !errors.Is(err, ErrNothingToRollBack) && !errors.As(err, &irreversible) {
		return nil, err
	}
	return append(out, downs...), nil
}

func (e *Engine) upIntents(ledger []record, named int) ([]intent, error) {
	steps, _, err := e.choose(ledger, UpOptions{}, named)
	if err != nil {
		return nil, err
	}
	var out []intent
	for _, m := range steps {
		in := intent{
			version: m.Version, name: m.Name, class: m.Class, additive: m.Additive,
			state: stateOf(ledger, m.Version), direction: up, up: m.Up, down: m.Down,
		}
		if row := byVersion(ledger, m.Version); row != nil {
			in.held = row.heldObjects()
		}
		out = append(out, in)
	}
	return withCompany(out, named), nil
}

func (e *Engine) downIntents(ledger []record, named int) ([]intent, error) {
	rows, err := planDown(ledger, named)
	if err != nil {
		return nil, err
	}
	var out []intent
	for _, r := range rows {
		in := intent{
			version: r.Version, name: r.Name, class: r.Class, additive: r.Additive,
			state: r.State, direction: down, held: r.heldObjects(),
		}
		file := Label(r.Version) + "_" + r.Name
		if in.up, err = parseScript(file+".sql (stored)", r.UpSQL); err != nil {
			return nil, err
		}
		if in.down, err = parseScript("rollbacks/"+file+"_rollback.sql (stored)", r.DownSQL); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return withCompany(out, named), nil
}

// oneIntent is the building or the dropping of one index.
func (e *Engine) oneIntent(ledger []record, named int, index string, d direction) ([]intent, error) {
	if d != up {
		d = down
	}
	row, statement, err := e.owner(ledger, named, index)
	if err != nil {
		return nil, err
	}
	in := intent{
		version: row.Version, name: row.Name, class: row.Class, additive: row.Additive,
		state: row.State, direction: d, held: row.heldObjects(),
	}
	const alone = "-- healthagent: no-transaction\n"
	file := fmt.Sprintf("%s_%s.sql (%s)", Label(row.Version), row.Name, index)
	if in.up, err = parseScript(file, alone+statement.Text+";\n"); err != nil {
		return nil, err
	}
	if in.down, err = parseScript(file, alone+dropText(statement)+";\n"); err != nil {
		return nil, err
	}
	return []intent{in}, nil
}

// withCompany tells the named step which others are done with it.
func withCompany(steps []intent, named int) []intent {
	for i := range steps {
		if steps[i].version != named {
			continue
		}
		for _, other := range steps {
			if other.version != named {
				steps[i].takes = append(steps[i].takes, Label(other.version))
			}
		}
	}
	return steps
}

// preview looks at everything that a step touches.
func (s *session) preview(ctx context.Context, in intent) (Preview, error) {
	script := in.script()
	p := Preview{
		Version: in.version, Name: in.name, Direction: string(in.direction), State: in.state, Class: in.class,
		Additive: in.additive, SQL: script.SQL, Statements: len(script.Statements), Objects: []PlannedObject{},
		Uncovered: []string{}, Beyond: []string{}, Queries: []TrialQuery{},
		Takes: append([]string{}, in.takes...), Held: append([]string{}, in.held...),
	}
	made, _ := inventory(in.up.Statements)
	covered, beyond := coverage(made, in.down.Statements)
	for i, id := range made {
		o, err := s.lookAt(ctx, id)
		if err != nil {
			return p, err
		}
		o.CoveredByRollback = covered[i]
		p.Objects = append(p.Objects, o)
		if !covered[i] {
			p.Uncovered = append(p.Uncovered, id.String())
		}
	}
	p.Coverage = fmt.Sprintf("%d/%d", len(made)-len(p.Uncovered), len(made))
	for _, id := range beyond {
		p.Beyond = append(p.Beyond, id.String())
	}
	var err error
	if p.Blockers, err = s.blockers(ctx, script); err != nil {
		return p, err
	}
	p.RowsLost, err = s.rowsLost(ctx, script)
	return p, err
}

// String names an object as "index i" or "column x of a".
func (o objectID) String() string {
	name := o.name
	if name == "" {
		name = "without a name"
	}
	out := string(o.kind) + " " + name
	if o.table != "" && o.kind != IndexObject || o.name == "" {
		out += " of " + o.table
	}
	return out
}
