package report

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
)

// Queries is what the product's statements have cost since the start of the process.
type Queries struct {
	Label       string               `json:"label,omitempty"` // what the daemon is when it is no real service; set by whoever asks it
	Since       time.Time            `json:"since"`           // start of the process
	ThresholdMS float64              `json:"threshold_ms"`
	Queries     []store.QueryProfile `json:"queries"`
	SlowSamples []store.SlowSample   `json:"slow_samples"`
	Server      *inspect.Statements  `json:"server"`            // what the server counted, all programs together; nil: it does not
	Partial     []string             `json:"partial,omitempty"` // what is missing, and why
}

// Plans remembers by which index and node the named queries are answered. A plan changes seldom, and asking for one costs the server a
// little: it is asked again after a while. It may be used concurrently.
type Plans struct {
	inspector *inspect.Inspector
	now       func() time.Time

	mu    sync.Mutex
	asked time.Time
	plans map[string]answer
	err   error
}

type answer struct {
	index, node string
	indexes     []string // all that the plan reads
	small       bool     // see Reading
}

// fresh is how long a plan is believed.
const fresh = 30 * time.Second

// NewPlans asks through an inspector.
func NewPlans(i *inspect.Inspector, now func() time.Time) *Plans {
	return &Plans{inspector: i, now: now}
}

// Fill writes index and node of every named query into its profile: of the node that reads the index which it is there for, else of
// what is read instead. It returns why plans are missing, nil when none is.
func (p *Plans) Fill(ctx context.Context, profiles []store.QueryProfile) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh(ctx, fresh)
	for i, q := range profiles {
		if a, known := p.plans[q.Name]; known {
			profiles[i].Index, profiles[i].Node = a.index, a.node
		}
	}
	return p.err
}

// Reading is how the plan of a statement reads: the node that reads the index which the statement is there for, else the first that reads
// anything.
type Reading struct {
	Node    string
	Index   string   // empty: it reads none
	Indexes []string // all that the plan reads
	Small   bool     // the index that it is there for can be used, and is on a table that is read through as well
}

// Read returns the readings of all named queries by name, asked now unless somebody did within that time. The error says why some are missing.
func (p *Plans) Read(ctx context.Context, most time.Duration) (map[string]Reading, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh(ctx, most)
	out := map[string]Reading{}
	for name, a := range p.plans {
		out[name] = Reading{Node: a.node, Index: a.index, Indexes: a.indexes, Small: a.small}
	}
	return out, p.err
}

// refresh asks when what is known is as old as that. It needs the lock, and so does ask.
func (p *Plans) refresh(ctx context.Context, most time.Duration) {
	if !p.asked.IsZero() && p.now().Sub(p.asked) < most {
		return
	}
	p.plans, p.err = p.ask(ctx)
	p.asked = p.now()
	if errors.Is(ctx.Err(), context.Canceled) {
		p.asked = time.Time{} // who asked went away: that says nothing to the next
	}
}

func (p *Plans) ask(ctx context.Context) (map[string]answer, error) {
	var named []store.NamedQuery
	var texts []string
	for _, q := range store.NamedQueries() {
		if slices.Contains(texts, q.SQL) {
			continue // named once more for a second index that it reads
		}
		named, texts = append(named, q), append(texts, q.SQL)
	}
	found, err := p.inspector.GenericPlans(ctx, texts)
	if err != nil {
		return nil, err
	}
	small, err := smallTables(ctx, p.inspector, named)
	plans := map[string]answer{}
	for i, q := range named {
		a := answerOf(found[i], q.Index)
		a.small = small[q.Index]
		if err != nil { // the plans are right without it
			a.small = p.plans[q.Name].small
		}
		plans[q.Name] = a
	}
	return plans, err
}

// smallTables are the indexes of these statements that can be used and without which the planner may rightly do, since their table is small.
func smallTables(ctx context.Context, i *inspect.Inspector, named []store.NamedQuery) (map[string]bool, error) {
	var indexes []string
	for _, q := range named {
		indexes = append(indexes, q.Index)
	}
	tables, err := i.IndexedTables(ctx, indexes)
	small := map[string]bool{}
	for _, t := range tables {
		small[t.Index] = t.Pages < migrations.SmallPages
	}
	return small, err
}

// answerOf finds the node that reads the index, else the first that reads anything.
func answerOf(plan inspect.Plan, index string) answer {
	a := answer{node: plan.Root.Type}
	found := false
	for n := range plan.Walk() {
		if n.Index != "" && !slices.Contains(a.indexes, n.Index) {
			a.indexes = append(a.indexes, n.Index)
		}
		if !found && (n.Index != "" || n.Relation != "") {
			a.index, a.node, found = n.Index, n.Type, true
		}
	}
	if n, used := plan.Uses(index); used {
		a.index, a.node = n.Index, n.Type
	}
	return a
}

// serverTime is what the server gets to add its part. Who asks waits a little longer, and must have the figures that are ours, which
// matter most when the server does not answer.
const serverTime = 2 * time.Second

// ReadQueries gathers the figures of a running store. A plan that cannot be had is said in Partial and is no reason to show nothing.
func ReadQueries(ctx context.Context, s *store.Store, plans *Plans, since time.Time) Queries {
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	r := s.QueryReport()
	q := Queries{Since: since, ThresholdMS: float64(s.SlowThreshold()) / float64(time.Millisecond), Queries: r.Queries, SlowSamples: r.SlowSamples}
	if err := plans.Fill(ctx, q.Queries); err != nil {
		q.Partial = append(q.Partial, "plans: "+store.Reason(err))
	}
	const most = 20
	statements, err := plans.inspector.Statements(ctx, most)
	if err != nil {
		q.Partial = append(q.Partial, "the server's own figures: "+store.Reason(err))
		return q
	}
	q.Server = &statements
	return q
}
