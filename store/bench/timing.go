package bench

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"
)

// Timing is what callers saw who asked again and again, each waiting for the answer, the pool's queue included.
type Timing struct {
	Callers int     `json:"callers"`
	Calls   int64   `json:"calls"`
	Rate    float64 `json:"rate"` // calls a second of all together
	P50     float64 `json:"p50_us"`
	P95     float64 `json:"p95_us"`
	P99     float64 `json:"p99_us"`
	Max     float64 `json:"max_us"`
}

// Work is one call. The dice are the caller's own.
type Work func(ctx context.Context, dice *rand.Rand) error

// Time lets so many callers work for that long, after a fifth of it to warm up. Every caller works at least once, and what has begun
// is finished, so it takes longer when a call does. The first error ends it.
func Time(ctx context.Context, callers int, length time.Duration, work Work) (Timing, error) {
	var (
		mu    sync.Mutex
		all   = newHistogram()
		began = time.Now().Add(length / 5)
		ends  = began.Add(length)
		last  time.Time
	)
	group, ctx := errgroup.WithContext(ctx)
	for caller := range callers {
		group.Go(func() error {
			dice := rand.New(rand.NewPCG(4711, uint64(caller))) //nolint:gosec // not a secret
			own := newHistogram()
			now := time.Now()
			for first := true; first || now.Before(ends); {
				if err := work(ctx, dice); err != nil {
					return err
				}
				done := time.Now()
				if !now.Before(began) {
					first = false
					_ = own.RecordValue(int64(done.Sub(now))) // a call of more than an hour is not counted
				}
				now = done
			}
			mu.Lock()
			defer mu.Unlock()
			all.Merge(own)
			if now.After(last) {
				last = now
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Timing{}, err
	}
	t := summary(all)
	t.Callers, t.Rate = callers, float64(t.Calls)/last.Sub(began).Seconds()
	return t, nil
}

// newHistogram holds nanoseconds up to an hour, to one percent.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(time.Hour), 2) }

func summary(h *hdrhistogram.Histogram) Timing {
	us := func(ns int64) float64 { return float64(ns) / 1000 }
	return Timing{
		Calls: h.TotalCount(), P50: us(h.ValueAtQuantile(50)), P95: us(h.ValueAtQuantile(95)), P99: us(h.ValueAtQuantile(99)), Max: us(h.Max()),
	}
}
