package report

import (
	"context"
	"errors"
	"sync"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
)

// Queries is what the product's statements have cost since the start of the process.
type Queries struct {
	Since       time.Time            `json:"since"` // start of the process
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

type answer struct{ index, node string }

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
	if p.asked.IsZero() || p.now().Sub(p.asked) >= fresh {
		p.plans, p.err = p.ask(ctx)
		p.asked = p.now()
		if errors.Is(ctx.Err(), context.Canceled) {
			p.asked = time.Time{} // who asked went away: that says nothing to the next
		}
	}
	for i, q := range profiles {
		if a, known := p.plans[q.Name]; known {
			profiles[i].Index, profiles[i].Node = a.index, a.node
		}
	}
	return p.err
}

func (p *Plans) ask(ctx context.Context) (map[string]answer, error) {
	plans := map[string]answer{}
	for _, q := range store.NamedQueries() {
		if _, done := plans[q.Name]; done {
			continue // named once more for a second index that it reads
		}
		plan, err := p.inspector.Explain(ctx, q.SQL, inspect.ExplainOptions{})
		if err != nil {
			return plans, err
		}
		plans[q.Name] = answerOf(plan, q.Index)
	}
	return plans, nil
}

// answerOf finds the node that reads the index, else the first that reads anything.
func answerOf(plan inspect.Plan, index string) answer {
	if n, used := plan.Uses(index); used {
		return answer{n.Index, n.Type}
	}
	for n := range plan.Walk() {
		if n.Index != "" || n.Relation != "" {
			return answer{n.Index, n.Type}
		}
	}
	return answer{"", plan.Root.Type}
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
