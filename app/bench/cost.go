package bench

import (
	"context"
	"fmt"
	"slices"

	"healthagent/migrations"
)

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
		done, err := r.engine.Up(ctx, migrations.UpOptions{Version: migrations.Label(measured)})
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
	done, err := r.engine.Down(ctx, migrations.DownOptions{Version: migrations.Label(measured)})
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
