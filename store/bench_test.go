package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

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

// BenchmarkWindow reads one person's window from each place it may be in. "get" is what the same bytes cost by go-redis alone.
func BenchmarkWindow(b *testing.B) {
	url := rig.Redis(b)
	read := func(b *testing.B, s *store.Store) {
		b.Helper()
		b.ReportAllocs()
		for b.Loop() {
			window, err := s.Window(b.Context(), 1)
			if err != nil || len(window) != store.WindowSize {
				b.Fatal(len(window), err)
			}
		}
	}
	w := newWorld(b)
	w.talk(1)
	b.Run("memory", func(b *testing.B) { read(b, w.Store) })
	cached := w.open(func(c *store.Config) { c.RedisURL = url })
	b.Run("redis", func(b *testing.B) { read(b, cached) })
	b.Run("get", func(b *testing.B) {
		opt, err := redis.ParseURL(url)
		must(b, err)
		client := redis.NewClient(opt)
		b.Cleanup(func() { _ = client.Close() })
		keys, err := client.Keys(b.Context(), "ha:*:h:*").Result()
		if err != nil || len(keys) != 1 {
			b.Fatal(keys, err)
		}
		b.ReportAllocs()
		for b.Loop() {
			raw, err := client.Get(b.Context(), keys[0]).Bytes()
			if err != nil || len(raw) == 0 {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(raw)))
		}
	})
	b.Run("postgres", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			window, err := w.ReadWindow(b.Context(), 1)
			if err != nil || len(window) != store.WindowSize {
				b.Fatal(len(window), err)
			}
		}
	})
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
