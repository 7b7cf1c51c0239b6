package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"healthagent/store"
	"healthagent/store/bench"
)

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
