package sampler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"healthagent/tui/source"
)

func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

// only is a row with one value.
func only(series int, v float64) row {
	r := emptyRow()
	r[series] = float32(v)
	return r
}

// TestRingAgainstAMap writes steps with gaps and jumps of the clock, and compares with what a map would hold.
func TestRingAgainstAMap(t *testing.T) {
	t.Parallel()
	const length = 50
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		r, truth, written := newRing(time.Second, length), map[int64]float64{}, map[int64]float64{}
		number := r.number(noon())
		for range 300 {
			switch random.IntN(20) {
			case 0:
				number += int64(random.IntN(3 * length)) // the daemon was down
			case 1:
				number -= int64(random.IntN(2 * length)) // the clock went back
			default:
				number++
			}
			for at := range written {
				if at > number {
					delete(written, at)
				}
			}
			for at := range truth {
				if at > number || at <= number-length {
					delete(truth, at)
				}
			}
			truth[number] = random.Float64()
			written[number] = truth[number]
			r.put(number, only(atPoolUsed, truth[number]))
			got := r.until(number, 1)
			if !got.Start.Equal(time.Unix(number-length+1, 0)) || got.StepS != 1 || len(got.Series[source.PoolUsed]) != length {
				t.Fatalf("it begins at %v and has %d steps of %v s", got.Start, len(got.Series[source.PoolUsed]), got.StepS)
			}
			for i, v := range got.Series[source.PoolUsed] {
				at := number - length + 1 + int64(i)
				_, must := truth[at] // what was before the clock went back may be there still
				want, may := written[at]
				if must && math.IsNaN(v) || !math.IsNaN(v) && (!may || math.Abs(v-want) > 1e-6) {
					t.Fatalf("step %d is %v, not %v (%v, %v)", i, v, want, must, may)
				}
			}
		}
	}
}

func TestStepsAreJoined(t *testing.T) {
	t.Parallel()
	r := newRing(30*time.Second, 60)
	first := r.number(noon()) // the hour: a multiple of the joined step
	for i, v := range []float64{1, 3, math.NaN(), 5} {
		values := only(atPoolUsed, v)
		values[atPoolWaitMS] = float32(v)
		r.put(first+int64(i), values)
	}
	got := r.until(first+3, 20)
	used, waits := got.Series[source.PoolUsed], got.Series[source.PoolWaitMS]
	if got.StepS != 600 || len(used) != 3 || !got.Start.Equal(noon().Add(-20*time.Minute)) {
		t.Fatalf("%+v", got)
	}
	if used[2] != 3 || waits[2] != 5 || !math.IsNaN(used[1]) {
		t.Errorf("the mean is %v, the largest %v, before %v", used[2], waits[2], used[1])
	}
}

// TestSamplesContinueAWholeState: what a viewer makes of the whole state and the samples after it is what the ring holds.
func TestSamplesContinueAWholeState(t *testing.T) {
	t.Parallel()
	now := noon()
	h := newHub(func() time.Time { return now }, func() string { return "" }, &source.Snapshot{})
	var seen *source.Snapshot
	for i := range 40 {
		now = now.Add(time.Second)
		if i > 20 && i < 28 {
			continue // nobody sampled
		}
		change := &source.Snapshot{}
		h.sample(now, only(atPoolUsed, float64(i+1)), change)
		if i == 10 {
			h.mu.Lock()
			seen = h.whole()
			h.mu.Unlock()
		} else if i > 10 {
			seen = seen.Merge(change)
		}
	}
	h.mu.Lock()
	want := h.whole()
	h.mu.Unlock()
	if !seen.History.Short.Start.Equal(want.History.Short.Start) {
		t.Fatalf("it begins at %v, not at %v", seen.History.Short.Start, want.History.Short.Start)
	}
	for i, v := range want.History.Short.Series[source.PoolUsed] {
		got := seen.History.Short.Series[source.PoolUsed][i]
		if got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
			t.Errorf("step %d is %v, not %v", i, got, v)
		}
	}
}
