package bench

import (
	"context"
	"fmt"

	"healthagent/store/bench"
)

// without measures every query before the migration.
func (r *run) without(ctx context.Context) error {
	states, err := r.measure(ctx, "without 017")
	if err != nil {
		return err
	}
	for i, q := range r.queries {
		r.result.Queries = append(r.result.Queries, Query{Name: q.Name, Index: q.Index, Without: states[i]})
	}
	return nil
}

// with measures every query after the migration, through the store too, and compares with pgbench.
func (r *run) with(ctx context.Context) error {
	if err := r.scratch.Forget(ctx, r.spec); err != nil {
		return err
	}
	if err := r.scratch.Vacuum(ctx, r.o.Progress); err != nil {
		return err
	}
	states, err := r.measure(ctx, "with 017")
	if err != nil {
		return err
	}
	for i, state := range states {
		r.result.Queries[i].With = state
	}
	return r.withStore(ctx, r.compare)
}

// measure asks every query cold, where that can be done, and then all of them warm.
func (r *run) measure(ctx context.Context, when string) ([]State, error) {
	states := make([]State, len(r.queries))
	if r.srv.own != nil {
		for i, q := range r.queries {
			r.o.Progress("measuring cold "+when, int64(i), int64(len(r.queries)))
			cold, err := r.scratch.Cold(ctx, q, r.crowd, r.srv.chill)
			if err != nil {
				return nil, fmt.Errorf("measure %s cold: %w", q.Name, err)
			}
			states[i].Cold = &cold
		}
		r.o.Progress("reading the files into memory", 0, 1)
		if err := bench.Warm(ctx, r.srv.files); err != nil {
			return nil, err
		}
	}
	for i, q := range r.queries {
		r.o.Progress("measuring "+when, int64(i), int64(len(r.queries)))
		if err := r.warm(ctx, q, &states[i]); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (r *run) warm(ctx context.Context, q bench.Query, s *State) (err error) {
	if s.Plan, err = r.scratch.Plan(ctx, q, r.crowd, r.tableOf(q.Index)); err != nil {
		return err
	}
	if s.Callers, err = r.timings(ctx, r.scratch.Ask(q, r.crowd)); err != nil {
		return err
	}
	one := s.Callers[0]
	s.P50, s.P95, s.P99, s.Rate = one.P50, one.P95, one.P99, one.Rate
	return nil
}

func (r *run) timings(ctx context.Context, work bench.Work) ([]bench.Timing, error) {
	all := make([]bench.Timing, len(r.callers))
	for i, callers := range r.callers {
		t, err := bench.Time(ctx, callers, r.o.Length, work)
		if err != nil {
			return nil, err
		}
		all[i] = t
	}
	return all, nil
}

func (r *run) tableOf(index string) string {
	for _, i := range r.indexes {
		if i.Name == index {
			return i.Table
		}
	}
	return ""
}

// justWritten is how the conversation is read of somebody who wrote after the last vacuum: the index alone does not answer.
func (r *run) justWritten(ctx context.Context) error {
	for i, q := range r.queries {
		if q.Name != "get_conversation_history" {
			continue
		}
		plan, err := r.scratch.Fresh(ctx, q, r.crowd, r.tableOf(q.Index))
		if err != nil {
			return err
		}
		r.result.Queries[i].Fresh = &plan
	}
	return nil
}
