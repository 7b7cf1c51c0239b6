package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"healthagent/store"
	"healthagent/test/rig"
)

// talk fills a window with messages such as people write.
func (w *world) talk(user int64) {
	w.t.Helper()
	w.member(user)
	w.do(func(_ context.Context, tx *store.Tx) error {
		for i := range 15 {
			tx.AddMessage(user, store.Message{Role: store.FromUser, Content: fmt.Sprint(i, " eggs, toast and a coffee with milk"), Type: "text"},
				store.Message{Role: store.FromAssistant, Content: strings.Repeat("Logged: egg 100 g, 143 kcal. ", 5), Type: "text"})
		}
		return nil
	})
}

// BenchmarkWindow reads one person's window from memory.
func BenchmarkWindow(b *testing.B) {
	w := newWorld(b)
	w.talk(1)
	b.Run("typed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.Window(b.Context(), 1)
			must(b, err)
		}
	})
	b.Run("bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.WindowBytes(b.Context(), 1)
			must(b, err)
		}
	})
}

// BenchmarkWindowAgainstGet reads the window from Redis, and the same bytes by go-redis alone. They take turns, so that whatever
// else the machine does meets all three alike; the ratios of the times are what counts.
func BenchmarkWindowAgainstGet(b *testing.B) {
	w := newWorld(b)
	w.talk(1)
	url := rig.Redis(b)
	cached := w.open(func(c *store.Config) { c.RedisURL = url })
	_, err := cached.Window(b.Context(), 1) // makes the copy
	must(b, err)
	opt, err := redis.ParseURL(url)
	must(b, err)
	client := redis.NewClient(opt)
	b.Cleanup(func() { _ = client.Close() })
	keys, err := client.Keys(b.Context(), "ha:*:h:*").Result()
	if err != nil || len(keys) != 1 {
		b.Fatal(keys, err)
	}
	contenders := []func() error{
		func() error { return client.Get(b.Context(), keys[0]).Err() },
		func() error { _, err := cached.Window(b.Context(), 1); return err },
		func() error { _, err := cached.WindowBytes(b.Context(), 1); return err },
	}
	times := make([]time.Duration, len(contenders))
	for b.Loop() {
		for i, read := range contenders {
			start := time.Now()
			must(b, read())
			times[i] += time.Since(start)
		}
	}
	if hits := cached.Cache().Stats().Groups["history"].Hits; hits < 2*int64(b.N) {
		b.Fatalf("only %d of the windows came from Redis", hits)
	}
	b.ReportMetric(float64(times[0].Nanoseconds())/float64(b.N), "get-ns")
	b.ReportMetric(float64(times[1])/float64(times[0]), "typed-ratio")
	b.ReportMetric(float64(times[2])/float64(times[0]), "bytes-ratio")
}

// BenchmarkDecode is what a window from Redis costs beyond its bytes.
func BenchmarkDecode(b *testing.B) {
	w := newWorld(b)
	w.talk(1)
	window, err := w.Window(b.Context(), 1)
	must(b, err)
	raw, err := store.EncodeWindow(window)
	must(b, err)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.DecodeWindow(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTracer is what watching a statement costs, with the two looks at the clock.
func BenchmarkTracer(b *testing.B) {
	w := newWorld(b)
	trace, release, err := w.Trace(b.Context(), store.ConversationSQL)
	must(b, err)
	defer release()
	b.ReportAllocs()
	for b.Loop() {
		trace()
	}
}

// BenchmarkWindowFromPostgres is one window after another over one connection: what is allocated for it.
func BenchmarkWindowFromPostgres(b *testing.B) {
	w := newWorld(b)
	w.talk(1)
	w.vacuum("conversation_history")
	b.Run("bytes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.ReadWindowBytes(b.Context(), 1)
			must(b, err)
		}
	})
	b.Run("typed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.ReadWindow(b.Context(), 1)
			must(b, err)
		}
	})
}
