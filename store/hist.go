package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sync"
	"time"
)

// The buckets of a Hist begin at a microsecond and end at more than a minute: four to each doubling, so that the next bound is a fifth
// away on average.
const (
	histDoublings = 26
	histBuckets   = 4 * histDoublings
)

// bucketOf is where a duration is counted; what is outside counts in the first or the last bucket.
func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 1)) //nolint:gosec // positive
	doubling := bits.Len64(us) - 1
	quarter := (us << 2 >> doubling) & 3
	return min(4*doubling+int(quarter), histBuckets-1) //nolint:gosec // at most 3
}

// bucketStart is the shortest duration of a bucket, in milliseconds.
func bucketStart(bucket int) float64 {
	return math.Ldexp(1+float64(bucket%4)/4, bucket/4) / 1000
}

// Hist counts durations by their length, as few numbers as it can. The zero value is empty. It is a value: Add makes a new one, and
// none is ever altered, so it may be shared.
type Hist struct {
	from   int // bucket of the first count
	counts []uint32
}

// HistOf counts durations.
func HistOf(durations ...time.Duration) Hist {
	var m meter
	for _, d := range durations {
		m.record(d)
	}
	h, _ := m.take()
	return h
}

// Count is how many durations it holds.
func (h Hist) Count() (n int64) {
	for _, c := range h.counts {
		n += int64(c)
	}
	return n
}

// Add returns the durations of both.
func (h Hist) Add(o Hist) Hist {
	switch {
	case len(o.counts) == 0:
		return h
	case len(h.counts) == 0:
		return o
	}
	from := min(h.from, o.from)
	sum := Hist{from: from, counts: make([]uint32, max(h.from+len(h.counts), o.from+len(o.counts))-from)}
	for _, part := range []Hist{h, o} {
		for i, c := range part.counts {
			sum.counts[part.from-from+i] += c
		}
	}
	return sum
}

// Percentile is the duration in milliseconds below which percent of them lie, to a tenth of it or so; 0 when there are none.
func (h Hist) Percentile(percent float64) float64 {
	total := h.Count()
	if total == 0 {
		return 0
	}
	want := math.Max(percent/100*float64(total), 1)
	var below float64
	for i, c := range h.counts {
		if below+float64(c) >= want && c > 0 {
			low, high := bucketStart(h.from+i), bucketStart(h.from+i+1)
			return low + (high-low)*(want-below)/float64(c)
		}
		below += float64(c)
	}
	return bucketStart(h.from + len(h.counts))
}

// Bars counts what lies at or below each bound, and above the one before it; the last bar has no bound. A bucket is counted where its
// middle lies.
func (h Hist) Bars(boundsMS []float64) []int64 {
	bars := make([]int64, len(boundsMS)+1)
	for i, c := range h.counts {
		middle := (bucketStart(h.from+i) + bucketStart(h.from+i+1)) / 2
		bar := 0
		for bar < len(boundsMS) && middle > boundsMS[bar] {
			bar++
		}
		bars[bar] += int64(c)
	}
	return bars
}

// MarshalJSON writes the number of the first bucket and the counts from there on.
func (h Hist) MarshalJSON() ([]byte, error) {
	return json.Marshal(append([]uint32{uint32(h.from)}, h.counts...)) //nolint:gosec // some hundred at most
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Hist) UnmarshalJSON(raw []byte) error {
	var numbers []uint32
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return fmt.Errorf("read a histogram: %w", err)
	}
	if len(numbers) == 0 || int64(numbers[0])+int64(len(numbers))-1 > histBuckets {
		return errors.New("read a histogram: it has other buckets")
	}
	*h = Hist{from: int(numbers[0]), counts: numbers[1:]}
	return nil
}

// meter counts durations until they are taken. It is not for many goroutines.
type meter struct {
	buckets [histBuckets]uint32
	longest time.Duration
}

func (m *meter) record(d time.Duration) {
	m.buckets[bucketOf(d)]++
	m.longest = max(m.longest, d)
}

// take returns what was counted, and begins anew.
func (m *meter) take() (Hist, time.Duration) {
	from, to := histBuckets, 0
	for i, c := range m.buckets {
		if c > 0 {
			from, to = min(from, i), i+1
		}
	}
	longest := m.longest
	if from >= to {
		return Hist{}, 0
	}
	h := Hist{from: from, counts: make([]uint32, to-from)}
	copy(h.counts, m.buckets[from:to])
	*m = meter{}
	return h, longest
}

// Meter counts durations for many goroutines until one takes them. The zero value is ready.
type Meter struct {
	mu sync.Mutex
	m  meter
}

// Record counts a duration. It allocates nothing.
func (m *Meter) Record(d time.Duration) {
	m.mu.Lock()
	m.m.record(d)
	m.mu.Unlock()
}

// Take returns what was counted since it was called last, and the longest of it. It is for one caller.
func (m *Meter) Take() (Hist, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.take()
}
