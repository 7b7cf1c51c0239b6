package sampler

import (
	"math"
	"testing"
	"time"

	"healthagent/store/inspect"
	"healthagent/tui/source"
)

func TestScansOfAnIndex(t *testing.T) {
	t.Parallel()
	u, now, count := newUsage(), noon(), int64(1000)
	see := func(oid uint32, n int64) *scans {
		u.add(now, []inspect.IndexUse{{Schema: "public", Name: "i", OID: oid, Scans: n}})
		return u.by["public.i"]
	}
	if s := see(1, count); s.perMinute() != nil || s.Last != nil {
		t.Errorf("after one look: %+v", s)
	}
	for range 60 { // half an hour, ten a minute
		now, count = now.Add(30*time.Second), count+5
		see(1, count)
	}
	s := see(1, count)
	if v := s.perMinute(); v == nil || math.Abs(*v-10) > 0.5 || !s.Last.Equal(now) {
		t.Errorf("%v a minute, last %v", v, s.Last)
	}
	spark := s.spark(now)
	if n := len(spark); n != scanSteps || math.Abs(spark[n-2]-10) > 0.5 || !math.IsNaN(spark[n-3]) {
		t.Errorf("%v", spark)
	}
	used := now
	now = now.Add(30 * time.Second)
	if s := see(1, 3); s.perMinute() != nil || !s.Last.Equal(used) { // the counters were reset
		t.Errorf("after a reset: %v", *s.perMinute())
	}
	now = now.Add(30 * time.Second)
	if s := see(2, 500); s.perMinute() != nil { // another index of that name
		t.Errorf("after a rebuild: %v", *s.perMinute())
	}
	now = now.Add(2 * time.Hour)
	u.add(now, nil)
	if len(u.by) != 1 {
		t.Error("what was dropped two hours ago is forgotten")
	}
	now = now.Add(48 * time.Hour)
	u.add(now, nil)
	if len(u.by) != 0 {
		t.Error("what was dropped two days ago is still known")
	}
}

// What building an index read and wrote says nothing of how its readers fare.
func TestHitsOfAnIndex(t *testing.T) {
	t.Parallel()
	u, now := newUsage(), noon()
	see := func(hit, read int64) *float64 {
		now = now.Add(30 * time.Second)
		u.add(now, []inspect.IndexUse{{Schema: "public", Name: "i", OID: 1, Hit: hit, Read: read}})
		return u.by["public.i"].hitPct()
	}
	if v := see(7, 3407); v != nil {
		t.Errorf("after one look: %v", *v)
	}
	if v := see(27, 3407); v != nil {
		t.Errorf("of twenty pages: %v", *v)
	}
	if v := see(997, 3417); v == nil || *v != 99 {
		t.Errorf("of a thousand pages: %v", v)
	}
	if v := see(2, 1); v != nil {
		t.Errorf("after a reset: %v", *v)
	}
}

// TestIndexesThatAreNotThere: held ones are listed as held, those of an applied migration as missing, those on their way not at all.
func TestIndexesThatAreNotThere(t *testing.T) {
	t.Parallel()
	s := New(Config{Now: noon})
	s.Attach(Sources{Owners: func() map[string]string { return map[string]string{"there": "017_performance_indexes"} }})
	bytes, bloat := int64(20<<20), 60.0
	s.lists.indexes = &inspect.Indexes{Since: noon().Add(-time.Hour), Indexes: []inspect.Index{
		{Schema: "public", Name: "small", Valid: true, Bytes: 1},
		{Schema: "public", Name: "there", Valid: true, Bytes: bytes, BloatPct: &bloat, BloatBytes: 9 << 20},
		{Schema: "public", Name: "broken", State: "its build was cancelled"},
	}}
	s.lists.migrations = &source.Migrations{List: []source.Migration{
		{Version: "019", State: "pending", Class: "index-only", Objects: []string{"coming"}},
		{Version: "018", State: "held", Class: "index-only", Objects: []string{"all_held"}},
		{Version: "017", State: "applied", Class: "index-only", Objects: []string{"there", "held", "gone"}, Held: []string{"held"}},
		{Version: "001", State: "applied", Class: "loses-rows", Objects: []string{"a_table"}},
	}}
	s.listIndexes()
	got := map[string]source.Index{}
	list := s.State().Indexes.List
	for _, x := range list {
		got[x.Name] = x
	}
	if len(got) != 6 || list[0].Name != "there" {
		t.Errorf("%+v", list)
	}
	if x := got["there"]; x.Migration != "017" || x.Remedy == "" || x.Missing || x.Held || !x.Never || x.LastUsedS != nil {
		t.Errorf("%+v", x)
	}
	if !got["held"].Held || !got["all_held"].Held || !got["gone"].Missing || got["gone"].Migration != "017" || got["held"].Missing {
		t.Errorf("%+v", got)
	}
	kinds := map[string]source.Item{}
	for _, i := range s.ofIndexes(s.State()) {
		kinds[i.Kind] = i
	}
	if kinds["missing"].Subject != "gone" || kinds["bloated"].Subject != "there" || kinds["invalid"].Subject != "broken" || kinds["invalid"].Severity != source.Fail {
		t.Errorf("%+v", kinds)
	}
}
