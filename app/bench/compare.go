package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"healthagent/store"
	"healthagent/store/bench"
)

// withStore opens the product's store, with its cache in memory, for the time of work.
func (r *run) withStore(ctx context.Context, work func(context.Context, *store.Store) error) error {
	s, err := store.Open(ctx, store.Config{URL: r.scratch.URL(), PoolMax: r.o.PoolMax, SlowQuery: time.Hour, Application: "healthagent-bench"})
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer s.Close()
	return work(ctx, s)
}

// method is the store's own reading of the database for a query, past the cache; nil for one that is part of a unit of work.
func (r *run) method(s *store.Store, query string) bench.Work {
	week := r.spec.Now.Add(-7 * 24 * time.Hour)
	read := map[string]func(ctx context.Context, id int64) error{
		"get_conversation_history": func(ctx context.Context, id int64) error { _, err := s.ReadWindow(ctx, id); return err },
		"get_food_entries":         func(ctx context.Context, id int64) error { _, err := s.Food(ctx, id, week, r.spec.Now); return err },
		"get_leaderboard":          func(ctx context.Context, _ int64) error { _, err := s.Leaderboard(ctx, 10); return err },
		"get_food_favourites":      func(ctx context.Context, id int64) error { _, err := s.FavouriteFoods(ctx, id, 10); return err },
		"get_user":                 func(ctx context.Context, id int64) error { _, _, err := s.ReadUser(ctx, id); return err },
	}[query]
	if read == nil {
		return nil
	}
	return func(ctx context.Context, dice *rand.Rand) error {
		id, _ := r.crowd.Ask(dice)
		return read(ctx, id)
	}
}

// compare asks every query in three ways.
func (r *run) compare(ctx context.Context, s *store.Store) error {
	for i, q := range r.queries {
		for at, callers := range r.callers {
			r.o.Progress("comparing with pgbench", int64(i*len(r.callers)+at), int64(len(r.queries)*len(r.callers)))
			c, err := r.compareOne(ctx, q, callers, r.method(s, q.Name))
			if err != nil {
				return err
			}
			r.result.Queries[i].Compared = append(r.result.Queries[i].Compared, c)
		}
	}
	return nil
}

// turns is how often the three take turns, so that what else the machine does meets them alike; the medians count.
const turns = 3

func (r *run) compareOne(ctx context.Context, q bench.Query, callers int, method bench.Work) (Comparison, error) {
	var pool, through, floor, ratio, storeRatio []float64
	for range turns {
		t, err := bench.Time(ctx, callers, r.o.Length/2, r.scratch.Ask(q, r.crowd))
		if err != nil {
			return Comparison{}, err
		}
		pool = append(pool, t.Rate)
		stored, err := r.throughStore(ctx, q, callers, method)
		if err != nil {
			return Comparison{}, err
		}
		rate, err := r.throughPgbench(ctx, q, callers)
		if err != nil {
			return Comparison{}, err
		}
		if through = append(through, stored); rate > 0 {
			floor, ratio, storeRatio = append(floor, rate), append(ratio, t.Rate/rate), append(storeRatio, stored/rate)
		}
	}
	return Comparison{
		Callers: callers, Pool: median(pool), Store: median(through), Pgbench: median(floor), Ratio: median(ratio), StoreRatio: median(storeRatio),
	}, nil
}

// throughStore is the rate of the store's method, 0 without one.
func (r *run) throughStore(ctx context.Context, q bench.Query, callers int, method bench.Work) (float64, error) {
	if method == nil {
		return 0, nil
	}
	t, err := bench.Time(ctx, callers, r.o.Length/2, method)
	if err != nil {
		return 0, fmt.Errorf("measure %s through the store: %w", q.Name, err)
	}
	return t.Rate, nil
}

// throughPgbench is pgbench's rate, 0 without it or with more callers than the pool has connections, since pgbench would have more.
func (r *run) throughPgbench(ctx context.Context, q bench.Query, callers int) (float64, error) {
	if r.program == "" || callers > r.o.PoolMax {
		return 0, nil
	}
	r.scratch.Rest() // idle connections count against the server's
	rate, err := r.scratch.Pgbench(ctx, r.program, q, r.crowd, callers, r.o.Length/2)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if err != nil {
		r.note("%s through pgbench: not measured: %v", q.Name, err)
		return 0, nil
	}
	return rate, nil
}

// median is that of an odd number of values, 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}
