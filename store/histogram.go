package store

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Percentiles of a duration, in milliseconds; all zero when nothing was measured.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// histogram records durations from a microsecond to a minute with two significant digits, in 20 KB. It is not for many goroutines.
type histogram struct{ *hdrhistogram.Histogram }

func newHistogram() histogram {
	return histogram{hdrhistogram.New(1, time.Minute.Microseconds(), 2)}
}

func (h histogram) record(d time.Duration) {
	// clamped: RecordValue refuses what is out of range, and an outlier must be counted
	_ = h.RecordValue(min(max(d.Microseconds(), 1), time.Minute.Microseconds()))
}

func (h histogram) percentiles() Percentiles {
	ms := func(us int64) float64 { return float64(us) / 1000 }
	return Percentiles{
		P50: ms(h.ValueAtQuantile(50)), P95: ms(h.ValueAtQuantile(95)),
		P99: ms(h.ValueAtQuantile(99)), Max: ms(h.Max()),
	}
}

// waits is a histogram for many goroutines.
type waits struct {
	mu sync.Mutex
	h  histogram
}

func (w *waits) record(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.h.record(d)
}

func (w *waits) percentiles() Percentiles {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.h.percentiles()
}
