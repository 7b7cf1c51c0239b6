package store_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"healthagent/store"
)

// TestPercentilesOfAHist compares them with those of the durations themselves.
func TestPercentilesOfAHist(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := 1 + random.IntN(2000)
		durations := make([]time.Duration, n)
		for i := range durations { // from 10 µs to 10 s
			durations[i] = time.Duration(math.Pow(10, 4+6*random.Float64()))
		}
		h := store.HistOf(durations...)
		slices.Sort(durations)
		if h.Count() != int64(n) {
			t.Fatalf("it holds %d of %d", h.Count(), n)
		}
		for _, percent := range []float64{50, 95, 99, 100} {
			rank := max(int(math.Ceil(percent/100*float64(n))), 1)
			want := float64(durations[rank-1]) / float64(time.Millisecond)
			if got := h.Percentile(percent); got < want/1.25 || got > want*1.25 {
				t.Errorf("p%v of %d is %v, not %v", percent, n, got, want)
			}
		}
	}
}

func TestHistsAreAdded(t *testing.T) {
	t.Parallel()
	a, b := store.HistOf(time.Millisecond, 3*time.Second), store.HistOf(0, -time.Second, 40*time.Microsecond, time.Hour)
	both := store.HistOf(time.Millisecond, 3*time.Second, 0, 0, 40*time.Microsecond, time.Hour)
	for name, sum := range map[string]store.Hist{"a+b": a.Add(b), "b+a": b.Add(a), "0+a+b": store.Hist{}.Add(a).Add(b), "a+b+0": a.Add(b).Add(store.Hist{})} {
		if !same(t, sum, both) {
			t.Errorf("%s is %v, not %v", name, sum, both)
		}
	}
	if a.Count() != 2 || b.Count() != 4 {
		t.Error("adding has altered its parts")
	}
	if (store.Hist{}).Percentile(95) != 0 || (store.Hist{}).Count() != 0 {
		t.Error("the empty one holds something")
	}
}

func TestHistIsKeptAsJSON(t *testing.T) {
	t.Parallel()
	for _, h := range []store.Hist{{}, store.HistOf(time.Microsecond), store.HistOf(time.Hour, time.Millisecond)} {
		raw, err := json.Marshal(h)
		must(t, err)
		var back store.Hist
		must(t, json.Unmarshal(raw, &back))
		if !same(t, h, back) {
			t.Errorf("%s comes back as %v", raw, back)
		}
	}
	for _, raw := range []string{`[]`, `[103,1,1]`, `[4294967295,1]`, `[0.5]`, `{}`, `[-1]`} {
		var h store.Hist
		if json.Unmarshal([]byte(raw), &h) == nil {
			t.Errorf("%s is taken for %v", raw, h)
		}
	}
}

func same(t *testing.T, a, b store.Hist) bool {
	t.Helper()
	x, err := json.Marshal(a)
	must(t, err)
	y, err := json.Marshal(b)
	must(t, err)
	return string(x) == string(y)
}

func TestBarsOfAHist(t *testing.T) {
	t.Parallel()
	h := store.HistOf(100*time.Microsecond, 3*time.Millisecond, 3*time.Millisecond, 70*time.Millisecond, time.Second)
	if bars := h.Bars([]float64{1, 5, 20, 50, 100, 250}); !slices.Equal(bars, []int64{1, 2, 0, 0, 1, 0, 1}) {
		t.Errorf("%v", bars)
	}
}
