package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"healthagent/store"
	"healthagent/test/rig"
)

// backends runs a test against both kinds of cache.
func backends(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	for _, kind := range []string{"memory", "redis"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *store.Config) {
				if kind == "redis" {
					c.RedisURL = rig.Redis(t)
				}
			})
			equal(t, "backend", w.Cache().Backend(), kind)
			test(t, w)
		})
	}
}

func TestCacheCountsExactly(t *testing.T) {
	backends(t, func(t *testing.T, w *world) {
		w.member(1)
		ctx := t.Context()
		must(t, w.Cache().Check(ctx))
		equal(t, "hit rate of nothing", w.Cache().Stats().HitRate, 0)
		user := func(id int64) {
			t.Helper()
			_, _, err := w.User(ctx, id)
			must(t, err)
		}
		window := func() {
			t.Helper()
			_, err := w.Window(ctx, 1)
			must(t, err)
		}
		user(1)                                          // miss, set
		user(1)                                          // hit
		user(9)                                          // miss: who does not exist is not kept
		user(9)                                          // miss
		must(t, w.SetStatus(ctx, 1, store.Active, "me")) // delete
		user(1)                                          // miss, set
		window()                                         // miss, set
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "hello", Type: "text"}) // set
			return nil
		})
		window()                                             // hit
		window()                                             // hit
		if _, found := w.Nutrition(ctx, "two eggs"); found { // miss
			t.Error("found what nobody kept")
		}
		w.KeepNutrition(ctx, "two eggs", json.RawMessage(`{"eggs": 2}`)) // set
		raw, found := w.Nutrition(ctx, "two eggs")                       // hit
		if !found || !sameJSON(raw, json.RawMessage(`{"eggs":2}`)) {
			t.Errorf("%v %s", found, raw)
		}
		if _, found := w.Nutrition(ctx, "Two eggs"); found { // miss: another phrase
			t.Error("found another phrase")
		}
		s := w.Cache().Stats()
		equal(t, "state", s.State, "closed")
		for name, want := range map[string]store.GroupStats{
			"preferences": {Hits: 1, Misses: 4, Sets: 2, Deletes: 1, HitRate: 0.2},
			"history":     {Hits: 2, Misses: 1, Sets: 2, HitRate: 2. / 3},
			"nutrition":   {Hits: 1, Misses: 2, Sets: 1, HitRate: 1. / 3},
		} {
			equal(t, name, s.Groups[name], want)
		}
		equal(t, "groups", len(s.Groups), 3)
		equal(t, "total", s.GroupStats, store.GroupStats{Hits: 4, Misses: 7, Sets: 5, Deletes: 1, HitRate: 4. / 11})
	})
}

// A copy is a copy: each kind of value comes back as it was.
func TestCacheKeepsEverything(t *testing.T) {
	backends(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		name, at := "Ann\u2028 <&>", time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
		w.exec(`INSERT INTO users (telegram_id, display_name, timezone, timezone_set_at, leaderboard_name, unreachable_at)
			VALUES (1, $1, 'Asia/Tokyo', $2, $1, $2), (2, '', 'UTC', NULL, NULL, NULL)`, name, at)
		for id := range int64(2) {
			read, found, err := w.User(ctx, id+1)
			must(t, err)
			cached, cachedFound, err := w.User(ctx, id+1)
			must(t, err)
			a, _ := json.Marshal(utc(read))
			b, _ := json.Marshal(utc(cached))
			if !found || !cachedFound || string(a) != string(b) {
				t.Errorf("cached %s, read %s", b, a)
			}
		}
		equal(t, "hits", w.Cache().Stats().Hits, 2)
		w.exec(`INSERT INTO conversation_history (user_id, role, content, message_type, metadata) VALUES
			(1, 'user', E'a\u2028<b>\ufffd\\', 'edit', NULL), (1, 'assistant', '', 'text', '{"a": "<\u2028>", "n": 12345678901234567890.5}')`)
		for range 2 {
			window, err := w.Window(ctx, 1)
			must(t, err)
			if !sameWindow(window, w.fresh(1)) {
				t.Errorf("window %v", window)
			}
		}
		equal(t, "hits", w.Cache().Stats().Hits, 3)
	})
}

func utc(u store.User) store.User {
	u.CreatedAt = u.CreatedAt.UTC()
	for _, p := range []**time.Time{&u.TimezoneSetAt, &u.UnreachableAt} {
		if *p != nil {
			at := (*p).UTC()
			*p = &at
		}
	}
	return u
}

func TestRedisKeysAndTimes(t *testing.T) {
	t.Parallel()
	url := rig.Redis(t)
	w := newWorld(t, func(c *store.Config) { c.RedisURL = url })
	w.member(1234567)
	ctx := t.Context()
	const phrase = "planted phrase"
	_, _, err := w.User(ctx, 1234567)
	must(t, err)
	_, err = w.Window(ctx, 1234567)
	must(t, err)
	w.KeepNutrition(ctx, phrase, json.RawMessage(`{}`))

	opt, err := redis.ParseURL(url)
	must(t, err)
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	keys, err := client.Keys(ctx, "*").Result()
	must(t, err)
	ttl := map[string]time.Duration{"h": 30 * time.Minute, "p": time.Hour, "n": 24 * time.Hour}
	equal(t, "keys", len(keys), len(ttl))
	for _, key := range keys {
		for word := range strings.FieldsSeq(phrase) {
			if strings.Contains(key, word) {
				t.Errorf("key %s tells what was written", key)
			}
		}
		parts := strings.Split(key, ":")
		if len(parts) != 5 || parts[0] != "ha" {
			t.Fatalf("key %s", key)
		}
		left, err := client.PTTL(ctx, key).Result()
		must(t, err)
		if want := ttl[parts[3]]; left > want || left < want-patience {
			t.Errorf("%s is kept for %s, want %s", parts[3], left, want)
		}
		delete(ttl, parts[3])
	}
	equal(t, "groups without a key", len(ttl), 0)
}

// Without Redis every method works, Redis is left alone after a few failures, and it is used again when it is back.
func TestRedisGoesAway(t *testing.T) {
	t.Parallel()
	server := rig.RedisServer(t)
	var log logbook
	w := newWorld(t, func(c *store.Config) { c.RedisURL, c.Logger = server.URL(), log.logger() })
	w.member(1)
	ctx := t.Context()
	everything := func() {
		t.Helper()
		for range 3 {
			u, found, err := w.User(ctx, 1)
			must(t, err)
			equal(t, "user", found && u.ID == 1, true)
			w.do(func(_ context.Context, tx *store.Tx) error {
				tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "x", Type: "text"})
				tx.SetTimezone(1, "UTC", w.now)
				return nil
			})
			window, err := w.Window(ctx, 1)
			must(t, err)
			equal(t, "the window is the database's", sameWindow(window, w.fresh(1)), true)
			w.KeepNutrition(ctx, "egg", json.RawMessage(`{}`))
			w.Nutrition(ctx, "egg")
			must(t, w.SetStatus(ctx, 1, store.Active, "me"))
		}
	}
	everything()
	equal(t, "errors", w.Cache().Stats().Errors, 0)
	for _, down := range []func(){server.Stop, server.Kill} {
		down()
		errorsBefore := w.Cache().Stats().Errors
		everything()
		s := w.Cache().Stats()
		equal(t, "state", s.State, "open")
		if s.Errors == errorsBefore || w.Cache().Check(ctx) == nil {
			t.Error("nobody noticed")
		}
		server.Start()
		must(t, w.Cache().Check(ctx))
		eventually(t, "the cache works again", func() bool {
			w.KeepNutrition(ctx, "egg", json.RawMessage(`{}`))
			_, found := w.Nutrition(ctx, "egg")
			return found && w.Cache().Stats().State == "closed"
		})
		hits := w.Cache().Stats().Groups["history"].Hits
		everything()
		if w.Cache().Stats().Groups["history"].Hits == hits {
			t.Error("the cache is not used")
		}
	}
	if text := log.String(); !strings.Contains(text, `msg="cache breaker" from=closed to=open`) || !strings.Contains(text, "to=closed") {
		t.Errorf("logged %s", text)
	}
}

// A copy that could not be replaced or removed is never read again, whichever request to Redis was lost.
func TestLostRequestsLeaveNoOldCopy(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"get", "set", "del"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			w, p, _ := proxiedRedis(t)
			w.member(1)
			ctx := t.Context()
			for range 2 { // there are copies
				_, err := w.Window(ctx, 1)
				must(t, err)
				_, _, err = w.User(ctx, 1)
				must(t, err)
			}
			equal(t, "hits", w.Cache().Stats().Hits, 2)
			p.losing("$3\r\n" + verb + "\r\n")
			w.do(func(_ context.Context, tx *store.Tx) error {
				tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "x", Type: "text"})
				tx.SetTimezone(1, "Asia/Tokyo", w.now)
				return nil
			})
			equal(t, "errors", w.Cache().Stats().Errors, 1)
			p.losing("")
			window, err := w.Window(ctx, 1)
			must(t, err)
			u, _, err := w.User(ctx, 1)
			must(t, err)
			equal(t, "what is read", words(len(window), u.Timezone), "1 Asia/Tokyo")
		})
	}
}

// The library would dial five times for one call.
// Who is forgotten is so in Redis too, also in copies that were left behind when a request was lost and that nobody reads any more.
func TestForgetReachesCopiesLeftBehind(t *testing.T) {
	t.Parallel()
	w, p, opt := proxiedRedis(t)
	w.member(1)
	ctx := t.Context()
	read := func() {
		_, err := w.Window(ctx, 1)
		must(t, err)
		_, _, err = w.User(ctx, 1)
		must(t, err)
	}
	read()
	p.losing("$3\r\nset\r\n")
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "x", Type: "text"})
		return nil
	})
	p.losing("")
	read()
	client := redis.NewClient(opt)
	defer client.Close() //nolint:errcheck // nothing depends on it
	copies := func() int {
		keys, err := client.Keys(ctx, "ha:*:1").Result()
		must(t, err)
		return len(keys)
	}
	if n := copies(); n < 3 {
		t.Fatalf("%d copies: none was left behind, the test shows nothing", n)
	}
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Forget(1); return nil })
	equal(t, "copies", copies(), 0)
}

func TestOneDialForACall(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{URL: "host=/nonexistent dbname=x", RedisURL: "redis://127.0.0.1:1"})
	must(t, err)
	t.Cleanup(s.Close)
	equal(t, "dials, tries again", words(store.RedisTries(s)), "1 0")
}

// silent is a Redis that takes connections and commands and never answers, or hangs up at once.
type silent struct {
	net.Listener
	hangUp      bool
	connections atomic.Int64
	mu          sync.Mutex
	open        []net.Conn
}

func newSilent(t *testing.T, hangUp bool) *silent {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &silent{Listener: l, hangUp: hangUp}
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.open {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			if s.hangUp {
				_ = c.Close()
				continue
			}
			s.mu.Lock()
			s.open = append(s.open, c)
			s.mu.Unlock()
			go func() { _, _ = io.Copy(io.Discard, bufio.NewReader(c)) }()
		}
	}()
	return s
}

// A Redis that hangs costs three calls their short deadline; after that nobody asks it until the pause is over.
func TestBreakerLeavesRedisAlone(t *testing.T) {
	t.Parallel()
	for name, hangUp := range map[string]bool{"silent": false, "hanging up": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newSilent(t, hangUp)
			s, err := store.Open(t.Context(), store.Config{URL: "postgres:///nobody?host=/nonexistent", RedisURL: "redis://" + server.Addr().String()})
			must(t, err)
			t.Cleanup(s.Close)
			ctx := t.Context()
			for range 3 {
				equal(t, "state before", s.Cache().Stats().State, "closed")
				s.Nutrition(ctx, "egg")
			}
			equal(t, "state", s.Cache().Stats().State, "open")
			reached := server.connections.Load()
			if reached > 3 {
				t.Errorf("%d connections for 3 calls", reached)
			}
			for range 1000 {
				s.Nutrition(ctx, "egg")
			}
			// the pause may have ended meanwhile on a slow machine: then one call went through, not a thousand
			if more := server.connections.Load() - reached; more > 10 {
				t.Errorf("%d connections while it is left alone", more)
			}
			equal(t, "errors", s.Cache().Stats().Errors, 1003)
		})
	}
}

// In memory a copy is kept as long as in Redis, by the clock that the store was given.
func TestMemoryTimes(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Unix(1e9, 0)}
	w := newWorld(t, func(cfg *store.Config) { cfg.Now = c.Now })
	w.member(1)
	ctx := t.Context()
	read := func() {
		t.Helper()
		_, _, err := w.User(ctx, 1)
		must(t, err)
		_, err = w.Window(ctx, 1)
		must(t, err)
		w.Nutrition(ctx, "egg")
	}
	w.KeepNutrition(ctx, "egg", json.RawMessage(`{}`))
	read()
	for _, step := range []struct {
		pass                            time.Duration
		history, preferences, nutrition int64 // hits so far
	}{
		{30*time.Minute - 1, 1, 1, 2},
		{1, 1, 2, 3},
		{30*time.Minute - 1, 2, 3, 4},
		{1, 2, 3, 5},
		{23*time.Hour - 1, 2, 3, 6},
		{1, 3, 4, 6},
	} {
		c.mu.Lock()
		c.now = c.now.Add(step.pass)
		c.mu.Unlock()
		read()
		g := w.Cache().Stats().Groups
		equal(t, words("hits after", step.pass), words(g["history"].Hits, g["preferences"].Hits, g["nutrition"].Hits),
			words(step.history, step.preferences, step.nutrition))
	}
}

func TestCacheInMemoryNeedsNoServer(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{URL: "postgres:///nobody?host=/nonexistent", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, s.Cache().Check(t.Context()))
	s.KeepNutrition(t.Context(), "egg", json.RawMessage(`{}`))
	if _, found := s.Nutrition(t.Context(), "egg"); !found {
		t.Error("not kept")
	}
	if _, _, err := s.User(t.Context(), 1); !store.Unavailable(err) {
		t.Errorf("error %v", err)
	}
	s.Close()
	s.Close()
}
