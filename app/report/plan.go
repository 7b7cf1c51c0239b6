package report

import (
	"context"
	"strings"
	"time"

	"healthagent/app/fault"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// ReadPlan asks for the plan of a named statement for any values; nothing is run. The error is of kind fault.NotFound when there is no
// such statement whose plan matters.
func ReadPlan(ctx context.Context, i *inspect.Inspector, name string, now time.Time) (source.Plan, error) {
	var named []store.NamedQuery
	for _, q := range store.NamedQueries() {
		if q.Name == name {
			named = append(named, q)
		}
	}
	if len(named) == 0 {
		return source.Plan{}, fault.New(fault.NotFound, "there is no statement of that name whose plan can be told")
	}
	sql := named[0].SQL
	found, err := i.Explain(ctx, sql, inspect.ExplainOptions{})
	if err != nil {
		return source.Plan{}, err
	}
	small, err := smallTables(ctx, i, named)
	if err != nil {
		return source.Plan{}, err
	}
	p := source.Plan{Name: name, SQL: strings.TrimSpace(sql), At: now, Generic: true, Root: node(found.Root), Expected: named[0].Index}
	for _, q := range named {
		if _, used := found.Uses(q.Index); used && !p.Uses {
			p.Uses, p.Expected = true, q.Index
		}
	}
	p.Small = small[p.Expected]
	return p, nil
}

func node(n inspect.Node) source.Node {
	out := source.Node{
		Type: n.Type, Relation: n.Relation, Index: n.Index, Cond: n.IndexCond, Filter: n.Filter, Cost: n.Cost, Rows: n.Rows,
		ActualRows: n.ActualRows, Loops: n.Loops, ActualMS: n.ActualMS, Removed: n.Removed, HeapFetches: n.HeapFetches,
		SharedHit: n.SharedHit, SharedRead: n.SharedRead,
	}
	for _, child := range n.Children {
		out.Children = append(out.Children, node(child))
	}
	return out
}
