package migrations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TrialQuery is how a query is answered now and how it would be without the
// indexes that a rollback drops.
type TrialQuery struct {
	Name    string  `json:"name"`
	Index   string  `json:"index"` // the index that it would lose
	Now     PlanUse `json:"now"`
	Without PlanUse `json:"without"`
}

// PlanUse is how a plan reads a table.
type PlanUse struct {
	Node  string  `json:"node"`
	Index string  `json:"index"` // empty when it reads the table
	Cost  float64 `json:"cost"`  // of the whole query, in the planner's unit
}

// tryWithout fills in the trial of an index-only rollback, or says why there is
// none. That somebody is in the way is a reason, not an error.
func (s *session) tryWithout(ctx context.Context, in intent, queries []Query, p *Preview) error {
	indexes, there, err := s.indexesThere(ctx, in)
	switch {
	case err != nil:
		return err
	case in.class != IndexOnly:
		p.NoTrial = "only migrations of class index-only can be tried"
	case in.direction == up && there < len(indexes):
		p.NoTrial = "how it would be with indexes that do not exist cannot be tried without building them"
	case in.direction == up:
		p.NoTrial = "its indexes exist: try its rollback"
	case there == 0:
		p.NoTrial = "none of its indexes exists"
	case len(queries) == 0:
		p.NoTrial = "no query of the product is known"
	default:
		p.Queries, p.NoTrial, err = s.trial(ctx, indexes, queries)
	}
	return err
}

// indexesThere lists the indexes of a migration and counts those that exist. Of a
// rollback only these are listed.
func (s *session) indexesThere(ctx context.Context, in intent) (indexes []indexDDL, there int, err error) {
	if in.class != IndexOnly {
		return nil, 0, nil
	}
	for _, st := range in.up.Statements {
		d, ok := parseIndex(st)
		if !ok || d.drop {
			continue
		}
		found, err := s.findIndex(ctx, d)
		if err != nil {
			return nil, 0, err
		}
		if found.state != indexMissing {
			there++
		} else if in.direction == down {
			continue
		}
		indexes = append(indexes, d)
	}
	return indexes, there, nil
}

// contender is a query that would be answered in another way.
type contender struct {
	query   Query
	execute string
	table   string
	result  TrialQuery
}

// trial explains the queries, drops the indexes, explains again and rolls back. All
// that can be done before the exclusive locks are taken is done before.
func (s *session) trial(ctx context.Context, indexes []indexDDL, queries []Query) (found []TrialQuery, reason string, err error) {
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = s.run(ctx, "DEALLOCATE ALL")
	}()
	if err := s.run(ctx, "SET plan_cache_mode = force_generic_plan"); err != nil {
		return nil, "", err
	}
	contenders, reason, err := s.contenders(ctx, indexes, queries)
	if err != nil || reason != "" {
		return nil, reason, err
	}
	err = s.without(ctx, indexes, contenders)
	switch {
	case tookTooLong(err):
		return []TrialQuery{}, "another session uses their tables, and the trial waits 50 ms at most: try again", nil
	case err != nil:
		return nil, "", err
	}
	found = []TrialQuery{}
	for _, c := range contenders {
		found = append(found, c.result)
	}
	return found, "", nil
}

// contenders prepares the queries and keeps those that one of the indexes answers
// now or should answer.
func (s *session) contenders(ctx context.Context, indexes []indexDDL, queries []Query) ([]contender, string, error) {
	var out []contender
	for i, q := range queries {
		execute, err := s.prepare(ctx, fmt.Sprintf("healthagent_trial_%d", i), q)
		var plan *planNode
		if err == nil {
			plan, err = s.planOf(ctx, "EXPLAIN (FORMAT JSON) "+execute)
		}
		switch {
		case ctx.Err() != nil || s.conn.IsClosed():
			return nil, "", err
		case err != nil:
			return nil, fmt.Sprintf("%s cannot be planned: %s", q.Name, why(err)), nil
		}
		for _, d := range indexes {
			if q.Index != d.name && (q.Index != "" || plan.reading(d.name, "") == nil) {
				continue
			}
			c := contender{query: q, execute: execute, table: d.table}
			c.result = TrialQuery{Name: q.Name, Index: d.name, Now: useOf(plan, d.name, q.Node, d.table)}
			out = append(out, c)
		}
	}
	return out, "", nil
}

// without explains the contenders in a transaction in which the indexes are gone.
// The tables are locked in one go and in one order, so that two trials cannot meet
// halfway, and nobody waits longer than the trial itself is ready to wait.
func (s *session) without(ctx context.Context, indexes []indexDDL, contenders []contender) error {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx) // else the connection is closed, which rolls back too
	}()
	var tables, names []string
	for _, d := range indexes {
		tables = append(tables, d.tableName())
		names = append(names, d.sanitized())
	}
	slices.Sort(tables)
	for _, sql := range []string{
		"SET LOCAL lock_timeout = '50ms'; SET LOCAL statement_timeout = '200ms'", // of the tables together
		"LOCK TABLE " + strings.Join(slices.Compact(tables), ", ") + " IN ACCESS EXCLUSIVE MODE",
		"SET LOCAL statement_timeout = '1s'",
		"DROP INDEX " + strings.Join(names, ", "),
	} {
		if err := s.run(ctx, sql); err != nil {
			return err
		}
	}
	for i := range contenders {
		c := &contenders[i]
		plan, err := s.planOf(ctx, "EXPLAIN (FORMAT JSON) "+c.execute)
		if err != nil {
			return err
		}
		c.result.Without = useOf(plan, "", "", c.table)
	}
	return nil
}

// useOf tells how the plan reads the table: by that index, or else in the way that
// costs most.
func useOf(plan *planNode, index, node, table string) PlanUse {
	n := plan.reading(index, node)
	if index == "" || n == nil {
		n = plan.scanOf(table)
	}
	if n == nil {
		n = &planNode{Type: plan.Type}
	}
	return PlanUse{Node: n.Type, Index: n.Index, Cost: plan.Cost}
}
