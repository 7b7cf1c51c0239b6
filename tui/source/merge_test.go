package source_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func TestMergeTakesWhatHasChanged(t *testing.T) {
	t.Parallel()
	whole := fixture.Healthy()
	before := encoded(t, whole)
	change := &source.Snapshot{
		Protocol: source.Protocol, Time: fixture.Now().Add(time.Second), Version: "1.4.1", Host: "vps-2", UptimeS: 1,
		Postgres: &source.Postgres{Used: 1}, Runs: []source.Run{}, Log: []source.Event{{Seq: 7, Text: "new"}},
	}
	got := whole.Merge(change)
	if got.Version != "1.4.1" || got.Host != "vps-2" || got.Postgres.Used != 1 || got.Pool != whole.Pool || got.Log[len(got.Log)-1].Seq != 7 {
		t.Errorf("%+v", got)
	}
	if encoded(t, whole) != before {
		t.Error("the old state was altered")
	}
	if other := fixture.Busy(); got.Merge(other) != other {
		t.Error("a whole state does not replace")
	}
	if (*source.Snapshot)(nil).Merge(change) != change {
		t.Error("nothing and a change is not the change")
	}
}

// TestMergeIsAssociative: changes that are joined before they are applied do what they do one after the other.
func TestMergeIsAssociative(t *testing.T) {
	t.Parallel()
	at := fixture.Now()
	change := func(second int) *source.Snapshot {
		c := &source.Snapshot{Protocol: source.Protocol, Time: at.Add(time.Duration(second) * time.Second)}
		c.Samples = []source.Sample{{Time: c.Time, Values: map[string]source.Value{source.PoolUsed: source.Value(second)}}}
		c.Log = []source.Event{{Seq: int64(second)}}
		c.Pool = &source.Pool{Active: second}
		return c
	}
	one := fixture.Healthy().Merge(change(1)).Merge(change(2)).Merge(change(5))
	joined := fixture.Healthy().Merge(change(1).Merge(change(2)).Merge(change(5)))
	if encoded(t, one) != encoded(t, joined) {
		t.Error("joined changes do something else")
	}
	if one.Samples != nil {
		t.Error("samples are left over")
	}
}

func TestSamplesLengthenTheHistory(t *testing.T) {
	t.Parallel()
	start := fixture.Now()
	h := &source.History{Short: source.Ring{Start: start, StepS: 1, Series: map[string]source.Series{"a": {1, 2, 3, 4}, "b": {5, 6, 7, 8}}}}
	sample := func(second float64, name string, v float64) source.Sample {
		return source.Sample{Time: start.Add(time.Duration(second * float64(time.Second))), Values: map[string]source.Value{name: source.Value(v)}}
	}
	for what, c := range map[string]struct {
		samples    []source.Sample
		start      int
		a, b, news string
	}{
		"the next":          {[]source.Sample{sample(4, "a", 9)}, 1, "[2 3 4 9]", "[6 7 8 NaN]", ""},
		"a little late":     {[]source.Sample{sample(4.2, "a", 9)}, 1, "[2 3 4 9]", "[6 7 8 NaN]", ""},
		"with a gap":        {[]source.Sample{sample(4, "a", 9), sample(6, "a", 10)}, 3, "[4 9 NaN 10]", "[8 NaN NaN NaN]", ""},
		"out of order":      {[]source.Sample{sample(5, "a", 10), sample(4, "a", 9)}, 2, "[3 4 9 10]", "[7 8 NaN NaN]", ""},
		"one that is there": {[]source.Sample{sample(2, "a", 99), sample(4, "b", 9)}, 1, "[2 3 4 NaN]", "[6 7 8 9]", ""},
		"a long time":       {[]source.Sample{sample(4000, "a", 9)}, 3997, "[NaN NaN NaN 9]", "[NaN NaN NaN NaN]", ""},
		"a new series":      {[]source.Sample{sample(4, "c", 9)}, 1, "[2 3 4 NaN]", "[6 7 8 NaN]", "[NaN NaN NaN 9]"},
		"none":              {nil, 0, "[1 2 3 4]", "[5 6 7 8]", ""},
	} {
		got := h.With(c.samples)
		if !got.Short.Start.Equal(start.Add(time.Duration(c.start) * time.Second)) {
			t.Errorf("%s: it starts at %v", what, got.Short.Start)
		}
		for name, want := range map[string]string{"a": c.a, "b": c.b, "c": c.news} {
			if s, known := got.Short.Series[name]; known != (want != "") || known && fmt.Sprint(s) != want {
				t.Errorf("%s: %s is %v and not %s", what, name, s, want)
			}
		}
	}
	if fmt.Sprint(h.Short.Series["a"]) != "[1 2 3 4]" {
		t.Error("the old history was altered")
	}
	empty := &source.History{}
	if empty.With([]source.Sample{sample(1, "a", 1)}) != empty {
		t.Error("a history without a length has got one")
	}
}

func TestTheLogIsBounded(t *testing.T) {
	t.Parallel()
	s := fixture.Healthy()
	for i := range 700 {
		s = s.Merge(&source.Snapshot{Log: []source.Event{{Seq: int64(i)}}})
	}
	if len(s.Log) != 500 || s.Log[499].Seq != 699 || s.Log[0].Seq != 200 {
		t.Errorf("%d lines, %d to %d", len(s.Log), s.Log[0].Seq, s.Log[len(s.Log)-1].Seq)
	}
}

// TestGapsOnTheWire: what is not known is null there and never a zero.
func TestGapsOnTheWire(t *testing.T) {
	t.Parallel()
	raw := encoded(t, source.Series{1.23456, math.NaN(), math.Inf(1), 0})
	if raw != "[1.235,null,null,0]" {
		t.Error(raw)
	}
	var back source.Series
	if err := json.Unmarshal([]byte(raw), &back); err != nil || fmt.Sprint(back) != "[1.235 NaN NaN 0]" {
		t.Errorf("%v %v", back, err)
	}
	var v source.Value
	if err := json.Unmarshal([]byte("null"), &v); err != nil || !math.IsNaN(float64(v)) {
		t.Errorf("%v %v", v, err)
	}
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
