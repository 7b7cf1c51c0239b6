package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/bench"
)

// without measures every query before the migration.
func (r *run) without(ctx context.Context) error {
	for i, q := range r.queries {
		state, err := r.measure(ctx, q, "measuring without 017", i)
		if err != nil {
			return err
		}
		r.result.Queries = append(r.result.Queries, Query{Name: q.Name, Index: q.Index, Without: state})
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
	for i, q := range r.queries {
		state, err := r.measure(ctx, q, "measuring with 017", i)
		if err != nil {
			return err
		}
		r.result.Queries[i].With = state
	}
	return r.withStore(ctx, r.compare)
}

func (r *run) measure(ctx context.Context, q bench.Query, stage string, i int) (s State, err error) {
	r.o.Progress(stage, int64(i), int64(len(r.queries)))
	if r.srv.own != nil {
		cold, err := r.scratch.Cold(ctx, q, r.crowd, r.srv.chill)
		if err != nil {
			return s, fmt.Errorf("measure %s cold: %w", q.Name, err)
		}
		s.Cold = &cold
	}
	if s.Plan, err = r.scratch.Plan(ctx, q, r.crowd, r.tableOf(q.Index)); err != nil {
		return s, err
	}
	if s.Callers, err = r.timings(ctx, r.scratch.Ask(q, r.crowd)); err != nil {
		return s, err
	}
	one := s.Callers[0]
	s.P50, s.P95, s.P99, s.Rate = one.P50, one.P95, one.P99, one.Rate
	return s, nil
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

// phrase is what a person says and the table of foods understands.
const phrase = "two eggs, 150 g of chicken breast and a cup of rice"

// regulars is how many people's copies are made before lookups are measured: fewer than the cache holds.
const regulars = 1000

// lookups measures what is answered from memory.
func (r *run) lookups(ctx context.Context) error {
	return r.withStore(ctx, func(ctx context.Context, s *store.Store) error {
		raw, err := json.Marshal(r.foods.Read(phrase))
		if err != nil {
			return fmt.Errorf("encode a reading: %w", err)
		}
		s.KeepNutrition(ctx, phrase, raw)
		known := min(regulars, r.o.Users)
		regular := func(dice *rand.Rand) int64 { return r.crowd.ID(dice.IntN(known)) }
		for rank := range known {
			_, _, errUser := s.User(ctx, r.crowd.ID(rank))
			_, errWindow := s.Window(ctx, r.crowd.ID(rank))
			if err := errors.Join(errUser, errWindow); err != nil {
				return fmt.Errorf("fill the cache: %w", err)
			}
		}
		for i, l := range []struct {
			name string
			work bench.Work
		}{
			{"user, cached", func(ctx context.Context, dice *rand.Rand) error { _, _, err := s.User(ctx, regular(dice)); return err }},
			{"conversation, cached", func(ctx context.Context, dice *rand.Rand) error { _, err := s.Window(ctx, regular(dice)); return err }},
			{"nutrition, read", func(context.Context, *rand.Rand) error { r.foods.Read(phrase); return nil }},
			{"nutrition, cached", func(ctx context.Context, _ *rand.Rand) error { s.Nutrition(ctx, phrase); return nil }},
		} {
			r.o.Progress("measuring lookups in memory", int64(i), 4)
			t, err := r.timings(ctx, l.work)
			if err != nil {
				return fmt.Errorf("measure %s: %w", l.name, err)
			}
			r.result.Lookups = append(r.result.Lookups, Lookup{l.name, t})
		}
		return nil
	})
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

// costs builds every index alone, and keeps what writing costs without any.
func (r *run) costs(ctx context.Context) error {
	for i, index := range r.indexes {
		r.o.Progress("measuring the cost of each index", int64(i), int64(len(r.indexes)))
		cost, without, err := r.scratch.Cost(ctx, index, r.crowd, r.spec)
		if err != nil {
			return err
		}
		r.result.Indexes = append(r.result.Indexes, cost)
		r.baseline[index.Table] = without
		if !without.Fresh {
			r.note("writes: measured without a checkpoint before, since the role may not make one (GRANT pg_checkpoint)")
		}
	}
	return nil
}

// writesWithAll measures the same writes with all indexes in place.
func (r *run) writesWithAll(ctx context.Context) error {
	var names []string
	for _, index := range r.indexes {
		if !slices.Contains(names, index.Table) {
			names = append(names, index.Table)
		}
	}
	for i, name := range names {
		r.o.Progress("measuring writes with all indexes", int64(i), int64(len(names)))
		all, err := r.scratch.Writes(ctx, name, r.crowd, r.spec)
		if err != nil {
			return err
		}
		none := r.baseline[name]
		r.result.Tables = append(r.result.Tables, Table{
			Name: name, Write: all.Kind, None: none.Median, All: all.Median, Noise: max(none.Noise, all.Noise), WAL: all.WAL - none.WAL,
		})
	}
	return nil
}

// up applies 017 while people write.
func (r *run) up(ctx context.Context) error {
	r.o.Progress("building the indexes while people write", 0, 1)
	var err error
	r.result.Stall, err = r.scratch.Stall(ctx, r.crowd, r.o.Length, func(ctx context.Context) error {
		done, err := r.engine.Up(ctx, migrations.UpOptions{Version: migrations.Label(indexes)})
		if err != nil {
			return fmt.Errorf("apply migration 017: %w", err)
		}
		r.result.Up = lastStep(done)
		return nil
	})
	return err
}

// down takes 017 back, with nobody in the way.
func (r *run) down(ctx context.Context) error {
	r.o.Progress("rolling 017 back", 0, 1)
	done, err := r.engine.Down(ctx, migrations.DownOptions{Version: migrations.Label(indexes)})
	if err != nil {
		return fmt.Errorf("roll back migration 017: %w", err)
	}
	r.result.Down = lastStep(done)
	r.o.Progress("rolling 017 back", 1, 1)
	return nil
}

func lastStep(done migrations.Result) float64 {
	if len(done.Steps) == 0 {
		return 0
	}
	return done.Steps[len(done.Steps)-1].Duration.Seconds()
}
