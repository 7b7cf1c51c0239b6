package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/jackc/pgx/v5"
)

// Stall is what people who write feel of the building of the indexes. Each write is one row in a transaction of its own, committed.
type Stall struct {
	Writers     int     `json:"writers"`
	Undisturbed float64 `json:"undisturbed_p99_ms"`
	Before      float64 `json:"undisturbed_longest_ms"`
	P99         float64 `json:"p99_ms"` // during the build
	Longest     float64 `json:"longest_ms"`
	Where       string  `json:"longest_in"` // the table of that write
	Writes      int64   `json:"writes"`     // during the build
	// Waits says what slow writes waited for during the build: how often one that had taken over 20 ms was seen waiting for it, looked at
	// every 10 ms. Lock:… is somebody's lock, IO:WALSync the disk, LWLock:WALWrite another writer who waits for the disk.
	Waits map[string]int `json:"waits"`
}

// pace is the time from one write of a writer to the next.
const pace = 5 * time.Millisecond

// Stall lets writers work undisturbed for that long, and then while disturb runs. Each has a connection of its own and waits for its
// commits, as the product does.
func (s *Scratch) Stall(ctx context.Context, crowd Crowd, undisturbed time.Duration, disturb func(ctx context.Context) error) (Stall, error) {
	writers := []struct {
		table string
		write writer
	}{
		{"conversation_history", writeMessage}, {"conversation_history", writeMessage}, {"food_entries", writeFood}, {"user_gamification", writePoint},
	}
	works, pids := make([]Work, len(writers)), make([]int32, len(writers))
	for i, w := range writers {
		conn, err := s.connect(ctx)
		if err != nil {
			return Stall{}, err
		}
		defer closeConn(ctx, conn)
		pids[i] = int32(conn.PgConn().PID()) //nolint:gosec // a process id
		works[i] = func(ctx context.Context, dice *rand.Rand) error {
			id, _ := crowd.Ask(dice)
			return w.write(ctx, conn, id, dice)
		}
	}
	before, _, err := keepWriting(ctx, works, func(ctx context.Context) error { return sleep(ctx, undisturbed) })
	if err != nil {
		return Stall{}, err
	}
	var waits map[string]int
	during, worst, err := keepWriting(ctx, works, func(ctx context.Context) (err error) {
		waits, err = s.watch(ctx, pids, disturb)
		return err
	})
	if err != nil {
		return Stall{}, err
	}
	ms := func(ns int64) float64 { return float64(ns) / 1e6 }
	return Stall{
		Writers: len(works), Undisturbed: ms(before.ValueAtQuantile(99)), Before: ms(before.Max()),
		P99: ms(during.ValueAtQuantile(99)), Longest: ms(during.Max()), Where: writers[worst].table, Writes: during.TotalCount(), Waits: waits,
	}, nil
}

// keepWriting writes steadily until act is over, and returns how long each write took and whose was the longest. Each writer writes at
// least once.
func keepWriting(ctx context.Context, works []Work, act func(ctx context.Context) error) (all *hdrhistogram.Histogram, worst int, err error) {
	over := make(chan struct{})
	each := make([]*hdrhistogram.Histogram, len(works))
	failed := make([]error, len(works))
	var group sync.WaitGroup
	for i, work := range works {
		each[i] = newHistogram()
		group.Go(func() {
			dice := rand.New(rand.NewPCG(99, uint64(i))) //nolint:gosec // not a secret
			failed[i] = writeUntil(ctx, over, work, dice, each[i])
		})
	}
	err = act(ctx)
	close(over)
	group.Wait()
	all = newHistogram()
	for i, h := range each {
		all.Merge(h)
		if h.Max() > each[worst].Max() {
			worst = i
		}
	}
	if err == nil {
		err = errors.Join(failed...)
	}
	return all, worst, err
}

func writeUntil(ctx context.Context, over <-chan struct{}, work Work, dice *rand.Rand, took *hdrhistogram.Histogram) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		begin := time.Now()
		if err := work(ctx, dice); err != nil {
			return err
		}
		_ = took.RecordValue(int64(time.Since(begin))) // more than an hour is not counted
		select {
		case <-over:
			return nil
		case <-tick.C:
		}
	}
}

// writer writes one row of a person.
type writer func(ctx context.Context, conn *pgx.Conn, id int64, dice *rand.Rand) error

const writeMessageSQL = `
INSERT /* healthagent:bench_message */ INTO conversation_history (user_id, role, content) VALUES ($1, 'user', $2)`

func writeMessage(ctx context.Context, conn *pgx.Conn, id int64, dice *rand.Rand) error {
	_, err := conn.Exec(ctx, writeMessageSQL, id, string(newPen(dice).message(false)))
	return err
}

const writeFoodSQL = `
INSERT /* healthagent:bench_food */ INTO food_entries (user_id, food_name, grams, calories) VALUES ($1, 'egg', 100, 143)`

func writeFood(ctx context.Context, conn *pgx.Conn, id int64, _ *rand.Rand) error {
	_, err := conn.Exec(ctx, writeFoodSQL, id)
	return err
}

const writePointSQL = `
UPDATE /* healthagent:bench_point */ user_gamification SET total_xp = total_xp + 10 WHERE user_id = $1`

func writePoint(ctx context.Context, conn *pgx.Conn, id int64, _ *rand.Rand) error {
	_, err := conn.Exec(ctx, writePointSQL, id)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
