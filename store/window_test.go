package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store"
	"healthagent/test/rig"
)

// fresh reads a window past the store and all caches.
func (w *world) fresh(user int64) []store.Message {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), `SELECT id, role, content, message_type, metadata, "timestamp" FROM (
		SELECT * FROM conversation_history WHERE user_id = $1 ORDER BY "timestamp" DESC, id DESC LIMIT 20) AS newest
		ORDER BY "timestamp", id`, user)
	must(w.t, err)
	window, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m store.Message, err error) {
		return m, row.Scan(&m.ID, &m.Role, &m.Content, &m.Type, &m.Metadata, &m.Time)
	})
	must(w.t, err)
	return window
}

const windowPeople = 3

// sameWindows compares every person's window, twice: the first look may be what makes the copy.
func (w *world) sameWindows(s *store.Store, when string) {
	w.t.Helper()
	for range 2 {
		for user := int64(1); user <= windowPeople; user++ {
			got, err := s.Window(w.t.Context(), user)
			must(w.t, err)
			if want := w.fresh(user); !sameWindow(got, want) {
				w.t.Fatalf("%s: the window of %d is not the database's:\n%.2000s\n%.2000s", when, user, outline(got), outline(want))
			}
			raw, err := s.WindowBytes(w.t.Context(), user)
			must(w.t, err)
			if decoded, err := store.DecodeWindow(raw); err != nil || !sameWindow(decoded, got) {
				w.t.Fatalf("%s: the bytes of %d's window are another's: %v\n%.2000s\n%.2000s", when, user, err, outline(decoded), outline(got))
			}
		}
	}
}

// storm lets several goroutines read, write, fail to write and forget at once.
func (w *world) storm(s *store.Store, seed uint64, meanwhile func()) {
	w.t.Helper()
	ctx := w.t.Context()
	var wg sync.WaitGroup
	for g := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, g))
		wg.Go(func() {
			for n := range 25 {
				user := random.Int64N(windowPeople) + 1
				m := func() store.Message {
					text := fmt.Sprintf("%d.%d.%d <&> %s", seed, g, n, strings.Repeat("long ", random.IntN(2)*600))
					return store.Message{Role: store.FromUser, Content: text, Type: "text", Metadata: []byte(`{"n":[1,"<"]}`)}
				}
				var err error
				switch k := random.IntN(20); {
				case k < 4:
					_, err = s.Window(ctx, user)
				case k < 8:
					_, err = s.WindowBytes(ctx, user)
				case k < 16: // both sides at once, or a reminder alone
					err = s.Do(ctx, func(_ context.Context, tx *store.Tx) error {
						tx.AddMessage(user, m())
						if k%2 == 0 {
							tx.AddMessage(user, m(), m())
						}
						return nil
					})
				case k < 18:
					if s.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
						tx.AddMessage(user, m())
						if err := tx.Flush(ctx); err != nil {
							return err
						}
						return errWork
					}) == nil {
						err = fmt.Errorf("no error")
					}
				case k < 19:
					err = s.Do(ctx, func(_ context.Context, tx *store.Tx) error {
						tx.Forget(user)
						tx.Register(user, store.Active, "again")
						return nil
					})
				default: // nobody waits for the end of this commit: it may have happened or not
					hasty, cancel := context.WithCancel(ctx)
					_ = s.Do(hasty, func(_ context.Context, tx *store.Tx) error {
						tx.AddMessage(user, m())
						go cancel()
						return nil
					})
					cancel()
				}
				if err != nil && !store.BadValue(err) { // a message may meet the moment in which its person is gone
					w.t.Error(store.Reason(err))
				}
			}
		})
	}
	meanwhile()
	wg.Wait()
	// a session that has not yet read the COMMIT that was sent to it still looks idle: it is known by that the pool has given it up
	eventually(w.t, "the server is done with the commits that nobody waited for", func() bool {
		var sessions, busy int
		must(w.t, w.db.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`).Scan(&sessions, &busy))
		pool := s.PoolStats()
		return busy == 0 && pool.Active == 0 && pool.Constructing == 0 && sessions == pool.Size
	})
}

func TestWindowIsAlwaysTheDatabases(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.member(1, 2, 3)
		s := w.Store
		for round := range uint64(8) {
			w.storm(s, round, func() {})
			w.sameWindows(s, fmt.Sprint("round ", round))
			if round%4 == 3 {
				s.Close()
				s = w.open()
				w.sameWindows(s, "after a restart")
			}
		}
		if s.Cache().Stats().Groups["history"].Hits == 0 {
			t.Error("the cache was never used")
		}
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := rig.RedisServer(t)
		withRedis := func(c *store.Config) { c.RedisURL = server.URL() }
		w := newWorld(t, withRedis)
		w.member(1, 2, 3)
		s := w.Store
		working := func() {
			eventually(t, "the cache works", func() bool {
				s.Nutrition(t.Context(), "probe")
				return s.Cache().Stats().State == "closed"
			})
		}
		for round, trouble := range []func(){
			func() {},
			func() { server.Stop(); server.Start() },
			func() {},
			func() { server.Freeze() }, // what is under way is done when it thaws
			func() {},
			func() { server.Kill(); server.Start() },
			func() {},
		} {
			w.storm(s, 100+uint64(round), trouble)
			server.Thaw()
			w.sameWindows(s, fmt.Sprint("round ", round))
			working()
			w.sameWindows(s, fmt.Sprint("round ", round, ", the cache works"))
			if round%3 == 2 {
				s.Close()
				s = w.open(withRedis)
				w.sameWindows(s, "after a restart")
			}
		}
		if s.Cache().Stats().Groups["history"].Hits == 0 {
			t.Error("the cache was never used")
		}
	})
}

// A message that was committed before its person was forgotten must not come back into the cache behind it.
func TestForgottenWindowStaysEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	ctx := t.Context()
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.AfterCommit(func(context.Context) { // runs before the window is extended
			w.do(func(_ context.Context, tx *store.Tx) error { tx.Forget(1); return nil })
			window, err := w.Window(ctx, 1) // an empty copy
			must(t, err)
			equal(t, "messages", len(window), 0)
		})
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "forget me", Type: "text"})
		return nil
	})
	window, err := w.Window(ctx, 1)
	must(t, err)
	equal(t, "messages afterwards", len(window), 0)
}

// outline is what tells messages apart.
func outline(window []store.Message) string {
	var b strings.Builder
	for _, m := range window {
		fmt.Fprintf(&b, "%d %.12q; ", m.ID, m.Content)
	}
	return b.String()
}

// A commit that nobody waited for comes into effect later than its failure: what is read in between must not be kept.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	// the commit waits for a lock inside the server, where its context cannot call it back at once
	w.exec(`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END'`)
	w.exec(`CREATE CONSTRAINT TRIGGER late AFTER INSERT ON conversation_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`)
	p, s := w.proxied()
	w.exec(`SELECT pg_advisory_lock(1)`)
	failed := make(chan error, 1)
	go func() {
		failed <- s.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
			tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "late", Type: "text"})
			return nil
		})
	}()
	eventually(t, "the commit waits", func() bool { return w.count(`pg_stat_activity WHERE wait_event = 'advisory'`) == 1 })
	p.hangUp() // the store's side only: the server goes on
	if err := receiveFrom(t, "the failure", failed); !store.Unavailable(err) {
		t.Fatalf("a lost answer: %v", err)
	}
	for range 3 {
		eventually(t, "the window is read, over a new connection", func() bool {
			window, err := s.Window(t.Context(), 1)
			return err == nil && len(window) == 0
		})
	}
	w.exec(`SELECT pg_advisory_unlock(1)`)
	eventually(t, "the commit comes into effect", func() bool { return w.count(`conversation_history`) == 1 })
	window, err := s.Window(t.Context(), 1)
	must(t, err)
	equal(t, "messages afterwards", len(window), 1)
	eventually(t, "windows are kept again", func() bool {
		_, err := s.Window(t.Context(), 1)
		must(t, err)
		return s.Cache().Stats().Groups["history"].Hits > 0
	})
}

// Whoever got the bytes may do with them what they like, wherever they came from.
func TestWindowBytesAreTheCallers(t *testing.T) {
	t.Parallel()
	url := rig.Redis(t)
	w := newWorld(t)
	w.talk(1)
	for name, s := range map[string]*store.Store{"memory": w.Store, "redis": w.open(func(c *store.Config) { c.RedisURL = url })} {
		want := w.fresh(1)
		for i := range 3 {
			raw, err := s.WindowBytes(t.Context(), 1)
			must(t, err)
			if window, err := store.DecodeWindow(bytes.Clone(raw)); err != nil || !sameWindow(window, want) {
				t.Fatalf("%s, %d: %v %s", name, i, err, outline(window))
			}
			clear(raw)
			window, err := s.Window(t.Context(), 1)
			must(t, err)
			equal(t, name, sameWindow(window, want), true)
		}
		stats := s.Cache().Stats().Groups["history"]
		equal(t, name, words(stats.Hits, stats.Misses, stats.Sets, stats.Errors), "5 1 1 0")
	}
	if window, err := store.DecodeWindow([]byte("no window")); err == nil {
		t.Errorf("anything is a window: %s", outline(window))
	}
	raw, err := w.WindowBytes(t.Context(), 99)
	must(t, err)
	window, err := store.DecodeWindow(raw)
	must(t, err)
	equal(t, "nobody's messages", len(window), 0)
}

// What others have put at the end of all time must not hide the rest.
func TestWindowToInfinity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.exec(`INSERT INTO conversation_history (user_id, id, role, content, "timestamp") VALUES
		(1, 1, 'user', 'never', '-infinity'), (1, 2, 'user', 'now', $1), (1, 3, 'user', 'late', '290000-01-01'), (1, 4, 'user', 'ever', 'infinity')`, w.now)
	window, err := w.Window(t.Context(), 1)
	must(t, err)
	equal(t, "window", outline(window), `1 "never"; 2 "now"; 3 "late"; 4 "ever"; `)
	page, err := w.History(t.Context(), 1, store.Cursor{}, 10)
	must(t, err)
	equal(t, "page", outline(page), `4 "ever"; 3 "late"; 2 "now"; 1 "never"; `)
	page, err = w.History(t.Context(), 1, window[1].Cursor(), 10)
	must(t, err)
	equal(t, "the last page", outline(page), `1 "never"; `)
}
