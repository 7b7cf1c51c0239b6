package migrations

import (
	"context"
	"fmt"
	"slices"
)

// SmallPages is how many pages a table must have before the planner may not prefer reading it through: below, that is right.
const SmallPages = 1000

// QueryCheck is how one query of the product fares with its index.
type QueryCheck struct {
	Name        string  `json:"name"`
	Want        string  `json:"want"`         // the node that should read the index
	Node        string  `json:"node"`         // the node that does, or what is taken instead
	Index       string  `json:"index"`        // what that node reads; empty: the table
	HeapFetches *int64  `json:"heap_fetches"` // nil unless strict and an index-only scan
	Verdict     Verdict `json:"verdict"`
	Reason      string  `json:"reason,omitempty"`
	Note        string  `json:"note,omitempty"`
}

// tryAll tries every query of an index and gives the index the worst of them.
func (s *session) tryAll(ctx context.Context, c *IndexCheck, queries []Query, strict bool, hindrance string) error {
	var pages int64
	err := s.conn.QueryRow(ctx,
		`SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::int`, c.ddl.tableName()).Scan(&pages)
	if err != nil {
		return fmt.Errorf("measure %s: %w", c.Table, err)
	}
	for _, q := range queries {
		if q.Index != c.Name {
			continue
		}
		r := s.try(ctx, q, c, pages, strict)
		switch {
		case strict && r.Verdict != Unusable:
			s.tryForReal(ctx, q, &r, hindrance)
		case strict && hindrance != "": // pages that are not marked make an index-only scan dear
			r.Reason = joined(r.Reason, hindrance)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c.Queries = append(c.Queries, r)
	}
	if len(c.Queries) == 0 {
		c.Note = "no query of the product is known that needs it"
		return nil
	}
	worst := slices.MaxFunc(c.Queries, func(a, b QueryCheck) int { return a.badness() - b.badness() })
	c.Query, c.Node, c.HeapFetches = worst.Name, worst.Node, worst.HeapFetches
	c.Verdict, c.Reason, c.Note = worst.Verdict, worst.Reason, worst.Note
	return nil
}

// badness orders checks: chosen, then heap fetches, usable, unusable.
func (r QueryCheck) badness() int {
	n := 0
	switch {
	case r.Verdict == Unusable:
		n = 4
	case r.Verdict == Usable:
		n = 2
	}
	if r.HeapFetches != nil && *r.HeapFetches > 0 {
		n++
	}
	return n
}

// nudge is what the planner is denied to see whether a query can use an index.
type nudge struct {
	settings []string
	alone    bool // every other index, too
	said     string
}

// nudges come one after the other, each on top of those before it.
func nudges() []nudge {
	return []nudge{
		{settings: []string{"SET LOCAL enable_seqscan = off", "SET LOCAL enable_bitmapscan = off"}},
		{
			settings: []string{"SET LOCAL enable_sort = off", "SET LOCAL enable_incremental_sort = off"},
			said:     "; sorting had to be denied too, since sorting so few rows costs nothing",
		},
		{alone: true, said: "; the table's other indexes had to be denied too, since for so few rows every index costs the same"},
	}
}

// try asks the planner for the query's plan, and on a small table for the plan
// that it would make if the table were big.
func (s *session) try(ctx context.Context, q Query, c *IndexCheck, pages int64, strict bool) QueryCheck {
	r := QueryCheck{Name: q.Name, Want: q.Node}
	plan, err := s.explain(ctx, q)
	if err != nil {
		r.Verdict, r.Reason = Unusable, why(err)
		return r
	}
	if r.answered(plan, q) {
		r.Verdict = Chosen
		return r
	}
	taken := r.instead(plan, q, c.Table)
	if pages >= SmallPages {
		r.Verdict = Unusable
		r.Reason = fmt.Sprintf("the planner takes %s, on %d pages", taken, pages)
		if !strict { // else it has just been done
			r.Reason += fmt.Sprintf("; VACUUM (ANALYZE) %s if it has not been vacuumed since it was written to", c.Table)
		}
		return r
	}
	var settings []string
	for _, n := range nudges() {
		settings = append(settings, n.settings...)
		if n.alone {
			plan, err = s.explainAlone(ctx, q, c, settings)
		} else {
			plan, err = s.explain(ctx, q, settings...)
		}
		if err != nil {
			r.Verdict, r.Reason = Unusable, why(err)
			return r
		}
		if r.answered(plan, q) {
			r.Verdict = Usable
			r.Note = fmt.Sprintf("on %d pages the planner takes %s, which is right for a small table%s", pages, taken, n.said)
			return r
		}
	}
	r.Verdict = Unusable
	r.Reason = fmt.Sprintf("even with all else denied the planner takes %s", r.instead(plan, q, c.Table))
	return r
}

// explainAlone is explain with an empty temporary copy of the table, which hides the
// real one from the query and has no other index than this.
func (s *session) explainAlone(ctx context.Context, q Query, c *IndexCheck, settings []string) (*planNode, error) {
	return s.inPlanning(ctx, settings, func() (*planNode, error) {
		if err := s.copyWith(ctx, c.st, c.ddl); err != nil {
			return nil, err
		}
		execute, err := s.prepare(ctx, "healthagent_probe", q)
		if err != nil {
			return nil, err
		}
		return s.planOf(ctx, "EXPLAIN (FORMAT JSON) "+execute)
	})
}

// answered notes the node that reads the index and reports whether it is the kind
// that is wanted. A scan of the index alone is as good as one with the table.
func (r *QueryCheck) answered(plan *planNode, q Query) bool {
	n := plan.reading(q.Index, q.Node)
	if n == nil {
		return false
	}
	r.Node, r.Index = n.Type, n.Index
	return n.Type == q.Node || n.Type == indexOnlyScan && q.Node == indexScan
}

// instead notes what the plan does in place of what is wanted.
func (r *QueryCheck) instead(plan *planNode, q Query, table string) string {
	n := plan.reading(q.Index, q.Node)
	if n == nil {
		n = plan.scanOf(table)
	}
	if n == nil {
		n = plan
	}
	r.Node, r.Index = n.Type, n.Index
	return n.String()
}

// tryForReal runs the query with real arguments and counts how often the index
// alone was not enough.
func (s *session) tryForReal(ctx context.Context, q Query, r *QueryCheck, hindrance string) {
	args, ok, err := s.sample(ctx, q)
	if err == nil && !ok {
		r.Note = joined(r.Note, "there is no row to try it with")
		return
	}
	var plan *planNode
	if err == nil {
		plan, err = s.analyze(ctx, q, args)
	}
	if err != nil {
		r.Verdict, r.Reason = Unusable, "it could not be run: "+why(err)
		return
	}
	if r.Verdict == Usable {
		r.Reason = "strict: the planner itself must choose the index"
	}
	if r.HeapFetches = plan.heapFetches(q.Index); r.HeapFetches == nil || *r.HeapFetches == 0 {
		return
	}
	if hindrance == "" {
		hindrance = "rows were written since the vacuum, or a transaction that this role may not see keeps it from marking pages"
	}
	r.Reason = joined(r.Reason, fmt.Sprintf("%d heap fetches after a vacuum: %s", *r.HeapFetches, hindrance))
}

// joined puts two remarks together, either of which may be empty.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
