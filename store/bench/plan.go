package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"healthagent/store/inspect"
)

// Plan is how the server answers a query with its generic plan, the one that a prepared statement has when it has been used a few times.
type Plan struct {
	Node        string `json:"node"`           // reads the query's index or, without it, its table
	Used        string `json:"used,omitempty"` // the index that this node reads; empty when it reads the table
	Buffers     int64  `json:"buffers"`        // pages of 8 kB touched, for the query's median person
	HeapFetches int64  `json:"heap_fetches"`   // rows that index-only scans had to look up in the table
	Rows        int64  `json:"rows"`           // returned
	Summary     string `json:"plan"`           // all of it in a line
}

// samples is how many people a plan is measured with. The one with the median number of rows is reported: the same person with and
// without an index.
const samples = 9

// Plan runs the query for some people with the generic plan and returns that of the median. The table is the one that the query's
// index is on.
func (s *Scratch) Plan(ctx context.Context, q Query, crowd Crowd, table string) (Plan, error) {
	inspector, err := inspect.Open(inspect.Config{URL: s.url, Application: "healthagent-bench"})
	if err != nil {
		return Plan{}, err
	}
	defer inspector.Close()
	dice := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // not a secret
	plans := make([]Plan, samples)
	for i := range plans {
		found, err := inspector.Explain(ctx, q.SQL, inspect.ExplainOptions{Analyze: true, Args: q.draw(crowd, dice)})
		if err != nil {
			return Plan{}, fmt.Errorf("explain %s: %w", q.Name, err)
		}
		plans[i] = sum(found, q.Index, table)
	}
	slices.SortStableFunc(plans, func(a, b Plan) int { return cmp.Compare(a.Rows, b.Rows) })
	return plans[samples/2], nil
}

// freshMessages is how much somebody writes in the next minutes: a whole window.
const freshMessages = 20

const writeFreshSQL = `
INSERT /* healthagent:bench_write */ INTO conversation_history (user_id, role, content)
SELECT $1, 'user', 'two eggs and toast ' || n FROM generate_series(1, $2::int) AS n`

// Fresh is Plan for somebody who has written a window of messages since the last vacuum.
func (s *Scratch) Fresh(ctx context.Context, q Query, crowd Crowd, table string) (Plan, error) {
	args := q.draw(crowd, rand.New(rand.NewPCG(2, 2))) //nolint:gosec // not a secret
	if _, err := s.pool.Exec(ctx, writeFreshSQL, args[0], freshMessages); err != nil {
		return Plan{}, fmt.Errorf("write messages: %w", err)
	}
	inspector, err := inspect.Open(inspect.Config{URL: s.url, Application: "healthagent-bench"})
	if err != nil {
		return Plan{}, err
	}
	defer inspector.Close()
	found, err := inspector.Explain(ctx, q.SQL, inspect.ExplainOptions{Analyze: true, Args: args})
	if err != nil {
		return Plan{}, fmt.Errorf("explain %s: %w", q.Name, err)
	}
	return sum(found, q.Index, table), nil
}

// sum shows the node that reads the wanted index, or else the first that reads the table, or else the first that reads anything.
func sum(found inspect.Plan, index, table string) Plan {
	p := Plan{Buffers: found.Buffers(), HeapFetches: found.HeapFetches(), Rows: int64(found.Root.ActualRows), Summary: found.Summary()}
	best := 0
	for n := range found.Walk() {
		fit := 0
		switch {
		case n.Index != "" && n.Index == index:
			fit = 3
		case n.Relation == table:
			fit = 2
		case strings.HasSuffix(n.Type, "Scan") && n.Relation != "":
			fit = 1
		}
		if fit > best {
			best, p.Node, p.Used = fit, n.Type, n.Index
		}
	}
	return p
}
