package sampler

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"healthagent/store"
)

// full is a sampler with all that it can remember.
func full(b *testing.B) *Sampler {
	b.Helper()
	s := New(Config{})
	now := time.Now()
	for i := range len(s.hub.short.at) {
		r := row{}
		for k := range r {
			r[k] = rand.Float32() * 100
		}
		s.hub.short.put(s.hub.short.number(now)-int64(len(s.hub.short.at)-i), r)
	}
	for i := range len(s.hub.long.at) {
		s.hub.long.put(s.hub.long.number(now)-int64(len(s.hub.long.at)-i), row{1, 2, 3})
	}
	for i := range 60 {
		for step := range windowSteps {
			at := now.Add(-time.Duration(step) * windowStep)
			s.book.add(at, did(string(rune('a'+i%26))+string(rune('a'+i/26)), 5, time.Duration(rand.IntN(1e8))))
		}
	}
	s.Attach(Sources{SlowMS: 50, Interval: func() store.Interval { return store.Interval{} }, Texts: func() map[string]string { return nil }})
	return s
}

// BenchmarkWhole is what a viewer costs when it comes: the whole state, and its line.
func BenchmarkWhole(b *testing.B) {
	s := full(b)
	s.listStatements(time.Now())
	for b.Loop() {
		raw, err := json.Marshal(s.Snapshot())
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(raw)))
	}
}

// BenchmarkSecond is what a second costs the daemon, when nothing happens.
func BenchmarkSecond(b *testing.B) {
	s := full(b)
	for b.Loop() {
		s.sample()
	}
}

// BenchmarkStatements is the list of sixty statements, as every five seconds while somebody looks.
func BenchmarkStatements(b *testing.B) {
	s := full(b)
	for b.Loop() {
		s.listStatements(time.Now())
	}
}
