package migrations

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// buildOne is Up for one index.
func (e *Engine) buildOne(ctx context.Context, opts UpOptions) (Result, error) {
	return e.one(ctx, one{
		index: opts.Index, text: opts.Version, direction: up, dryRun: opts.DryRun, events: opts.Events,
	})
}

// dropOne is Down for one index.
func (e *Engine) dropOne(ctx context.Context, opts DownOptions) (Result, error) {
	return e.one(ctx, one{
		index: opts.Index, text: opts.Version, direction: down, dryRun: opts.DryRun, events: opts.Events,
	})
}

// one is what is asked of one index.
type one struct {
	index, text string // text is the version, if one was named
	direction   direction
	dryRun      bool
	events      chan<- Event
}

// one builds or drops a single index of an index-only migration. What is asked for
// and there already is nothing to do.
func (e *Engine) one(ctx context.Context, o one) (Result, error) {
	result := Result{DryRun: o.dryRun}
	named := 0
	if o.text != "" {
		var err error
		if named, err = ParseVersion(o.text); err != nil {
			return result, err
		}
	}
	s, err := e.connect(ctx)
	if err != nil {
		return result, err
	}
	defer s.close()
	s.report.to = o.events
	ledger, err := s.look(ctx)
	if err != nil {
		return result, err
	}
	before, statement, err := e.owner(ledger, named, o.index)
	if err != nil {
		return result, err
	}
	step := Step{Version: before.Version, Name: before.Name, Class: before.Class, Statements: 1, Index: o.index, SQL: statement.Text}
	if o.direction == down {
		step.SQL = dropText(statement)
	}
	if o.dryRun {
		result.Steps = []Step{step}
		return result, nil
	}
	if _, err := s.begin(ctx); err != nil {
		return result, err
	}
	step.Duration, err = e.carryOne(ctx, s, named, o)
	if err != nil {
		return result, err
	}
	result.Steps = []Step{step}
	return result, nil
}

// carryOne does it under the lock, with the ledger read anew.
func (e *Engine) carryOne(ctx context.Context, s *session, named int, o one) (time.Duration, error) {
	ledger, err := readLedger(ctx, s.conn)
	if err != nil {
		return 0, err
	}
	before, statement, err := e.owner(ledger, named, o.index)
	if err != nil {
		return 0, err
	}
	if m := e.file(before.Version); m != nil && before.State != Pending {
		if err := edited(*m, before); err != nil && before.present() {
			return 0, err
		}
	}
	text := statement.Text
	if o.direction == down {
		text = dropText(statement)
	}
	script, err := parseScript(fmt.Sprintf("%s_%s.sql (%s)", Label(before.Version), before.Name, o.index),
		"-- healthagent: no-transaction\n"+text)
	if err != nil {
		return 0, err
	}
	row := e.runningRow(before, o.direction, before.Total)
	row.Done = before.Done
	fallback := before
	if before.State == Pending {
		fallback.State = Failed
	}
	row, err = e.carry(ctx, s, script, row, fallback, run{single: true, way: before.Direction})
	if err != nil {
		return 0, fmt.Errorf("%s the index %s of migration %s: %w", map[direction]string{up: "build", down: "drop"}[o.direction], o.index, Label(before.Version), err)
	}
	e.cfg.Logger.InfoContext(ctx, map[direction]string{up: "index built", down: "index dropped and held"}[o.direction],
		"index", o.index, "version", Label(before.Version), "duration", row.Duration.String())
	return row.Duration, nil
}

// owner finds the index-only migration that makes the index, and the statement that
// does: in the ledger first, then in the files of this binary, whose row is then
// pending.
func (e *Engine) owner(ledger []record, named int, index string) (record, Statement, error) {
	var rows []record
	for _, r := range ledger {
		if r.Class == IndexOnly {
			rows = append(rows, e.mended(r))
		}
	}
	for _, m := range e.files {
		if m.Class == IndexOnly && byVersion(ledger, m.Version) == nil {
			r := e.freshRow(m)
			r.State = Pending
			rows = append(rows, r)
		}
	}
	missing := &NoSuchIndexError{Index: index, Version: named}
	found := false
	for _, r := range rows {
		if named != 0 && r.Version != named {
			continue
		}
		found = true
		if st, ok := creates(r.UpSQL, index); ok {
			return r, st, nil
		}
		missing.Names = append(missing.Names, indexesOf(r.UpSQL)...)
	}
	if named != 0 && !found && byVersion(ledger, named) == nil && e.file(named) == nil {
		return record{}, Statement{}, &NoSuchVersionError{Version: named}
	}
	return record{}, Statement{}, missing
}

// mended is the row with the text of this binary's file, when nothing of the migration
// is there that the text in the ledger made: what Up would apply counts.
func (e *Engine) mended(r record) record {
	m := e.file(r.Version)
	if m == nil || m.Name != r.Name || m.Class != IndexOnly || r.present() || r.State == Running || edited(*m, r) == nil {
		return r
	}
	row := e.freshRow(*m)
	row.inherit(r)
	row.State, row.Direction, row.Error = r.State, r.Direction, r.Error
	row.StartedAt, row.FinishedAt, row.Duration = r.StartedAt, r.FinishedAt, r.Duration
	return row
}

// creates finds the statement of an up file that makes the index.
func creates(sql, index string) (Statement, bool) {
	statements, err := Split(sql)
	if err != nil {
		return Statement{}, false
	}
	i := slices.IndexFunc(statements, func(st Statement) bool {
		d, ok := parseIndex(st)
		return ok && !d.drop && d.name == index
	})
	if i < 0 {
		return Statement{}, false
	}
	return statements[i], true
}

// dropText is what takes back a CREATE INDEX CONCURRENTLY.
func dropText(create Statement) string {
	d, _ := parseIndex(create) // found by creates
	return "DROP INDEX CONCURRENTLY IF EXISTS " + d.sanitized()
}
