package bench

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// ProgressFunc is told how far a stage is. It is called often, from one goroutine at a time, and must not block.
type ProgressFunc func(stage string, done, total int64)

// Load fills the tables, which must exist and be empty, and leaves them vacuumed and analyzed. It keeps a few batches in memory,
// however many rows there are.
func (s *Scratch) Load(ctx context.Context, spec Spec, progress ProgressFunc) error {
	spec = spec.withDefaults()
	crowd := NewCrowd(spec.Users)
	var done atomic.Int64
	total := int64(spec.Users + spec.Messages + spec.Foods + spec.Reminders + spec.Users)
	told := make(chan int64, 1)
	tell := func(rows int) {
		n := done.Add(int64(rows))
		select {
		case told <- n:
		default: // one that waits to be shown is enough
		}
	}
	finished := make(chan error, 1)
	go func() { finished <- s.fill(ctx, spec, crowd, tell) }()
	for {
		select {
		case n := <-told:
			progress("loading", n, total)
		case err := <-finished:
			if err != nil {
				return fmt.Errorf("load the data: %w", err)
			}
			return s.settle(ctx, progress)
		}
	}
}

// fill copies people first, since all other rows belong to somebody, and then the rest side by side.
func (s *Scratch) fill(ctx context.Context, spec Spec, crowd Crowd, tell func(rows int)) error {
	if err := s.copyTable(ctx, spec.users(crowd), tell); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.copyTable(ctx, spec.messages(crowd), tell) })
	group.Go(func() error {
		for _, t := range []table{spec.progress(crowd), spec.reminders(crowd), spec.foods(crowd)} {
			if err := s.copyTable(ctx, t, tell); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// copyTable generates batches ahead, on every processor, and copies them in their order.
func (s *Scratch) copyTable(ctx context.Context, t table, tell func(rows int)) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the generator ends with us
	sql := "COPY " + t.name + " (" + t.columns + ") FROM STDIN"
	for b := range generate(ctx, t) {
		batch, ok := <-b
		if !ok {
			break
		}
		if _, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(batch.text), sql); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		tell(batch.rows)
	}
	return ctx.Err()
}

type batch struct {
	text []byte
	rows int
}

// generate yields a channel for each batch, in order; a few are being made at any time.
func generate(ctx context.Context, t table) <-chan chan batch {
	ordered := make(chan chan batch, runtime.GOMAXPROCS(0))
	go func() {
		defer close(ordered)
		for lo := 0; lo < t.total; lo += batchSize {
			one := make(chan batch, 1)
			select {
			case ordered <- one:
			case <-ctx.Done():
				return
			}
			go func() {
				hi := min(lo+batchSize, t.total)
				l := line{buf: make([]byte, 0, (hi-lo)*160)}
				t.rows(&l, lo, hi)
				one <- batch{l.buf, hi - lo}
			}()
		}
	}()
	return ordered
}

// settle continues the sequences behind the given ids and does what autovacuum would have done.
func (s *Scratch) settle(ctx context.Context, progress ProgressFunc) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	for _, name := range []string{"conversation_history", "food_entries", "reminders"} {
		sql := `SELECT setval(pg_get_serial_sequence('` + name + `', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM ` + name + `), false)`
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("continue the ids of %s: %w", name, err)
		}
	}
	return s.Vacuum(ctx, progress)
}
