package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"healthagent/store"
)

var errWork = errors.New("work failed")

// logFood is what the log of one food does: the update is done, both messages, the food, the points, the reply.
func logFood(userID, updateID int64) func(context.Context, *store.Tx) error {
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	return func(ctx context.Context, tx *store.Tx) error {
		tx.Finish(update(updateID, userID), false)
		var day0 store.Totals
		tx.FoodTotals(&day0, userID, day, day.AddDate(0, 0, 1))
		var p store.Progress
		var found bool
		var count, same int
		tx.LockProgress(&p, &found, userID)
		tx.CountXP(&count, &same, userID, day, "food", "food:1")
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		if !found {
			tx.StartProgress(&p, userID)
			if err := tx.Flush(ctx); err != nil {
				return err
			}
		}
		tx.AddFood(userID, []store.FoodEntry{{Name: "Egg", Grams: 50, Calories: 70, Meal: "snack", TelegramMessageID: 1, Time: day}})
		tx.SaveProgress(userID, 10, store.Progress{Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: &day})
		tx.AddXP(userID, "food:1", 10, day)
		tx.AddMessage(userID, store.Message{Role: store.FromUser, Content: "an egg", Type: "text"},
			store.Message{Role: store.FromAssistant, Content: "logged", Type: "text"})
		tx.Send(reply(userID))
		return nil
	}
}

// effects counts every row that logFood leaves.
func (w *world) effects() int {
	return w.count(`conversation_history`) + w.count(`food_entries`) + w.count(`xp_transactions`) + w.count(`user_gamification`) +
		w.count(`outbox`) + w.count(`inbox WHERE state = 'done'`)
}

const effectsOfFood = 2 + 1 + 1 + 1 + 1 + 1

func TestDoAppliesAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	w.receive(update(1, 1))
	ctx := t.Context()
	backend := func() int {
		return get[int](w, `SELECT pid FROM pg_stat_activity WHERE application_name = 'healthagent' AND datname = current_database() ORDER BY backend_start DESC LIMIT 1`)
	}

	committed := 0
	failing := map[string]func(context.Context, *store.Tx) error{
		"work fails before anything was sent": func(context.Context, *store.Tx) error { return errWork },
		"work fails after a flush": func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Flush(ctx); err != nil {
				return err
			}
			return errWork
		},
		"a statement fails in the last flush": func(_ context.Context, tx *store.Tx) error {
			tx.AddFood(1, []store.FoodEntry{{Name: "Stone", Grams: -1, Meal: "snack", Time: w.now}})
			return nil
		},
		"a statement fails in a flush whose error work swallows": func(ctx context.Context, tx *store.Tx) error {
			tx.AddFood(1, []store.FoodEntry{{Name: "Stone", Grams: -1, Meal: "snack", Time: w.now}})
			_ = tx.Flush(ctx)
			return nil
		},
		"the driver cannot encode": func(_ context.Context, tx *store.Tx) error {
			tx.Send(store.Outgoing{ChatID: 1, Class: 1 << 20, Method: "sendMessage", Params: []byte(`{}`)})
			return nil
		},
		"a foreign key": func(_ context.Context, tx *store.Tx) error {
			tx.AddMessage(99, store.Message{Role: store.FromUser, Type: "text"})
			return nil
		},
	}
	for name, more := range failing {
		must(t, w.Ping(ctx))
		used := backend()
		err := w.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.AfterCommit(func(context.Context) { committed++ })
			if err := logFood(1, 1)(ctx, tx); err != nil {
				return err
			}
			return more(ctx, tx)
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		equal(t, name+": rows", w.effects(), 0)
		equal(t, name+": functions after the commit", committed, 0)
		must(t, w.Ping(ctx))
		if name != "the driver cannot encode" { // half a batch is no state to go on from
			equal(t, name+": the connection that is used", backend(), used)
		}
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.AfterCommit(func(context.Context) { committed++ })
		return logFood(1, 1)(ctx, tx)
	})
	equal(t, "rows", w.effects(), effectsOfFood)
	equal(t, "functions after the commit", committed, 1)
	equal(t, "pool size", w.PoolStats().Size, 1)
}

func TestDoneTwiceAppliesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.receive(update(1, 1), update(2, 1))
	end := map[string]func(*store.Tx){
		"finish": func(tx *store.Tx) { tx.Finish(update(1, 1), false) },
		"bury":   func(tx *store.Tx) { tx.Bury(update(2, 1), "gave up") },
	}
	for name, finish := range end {
		for _, flush := range []bool{false, true} { // alone in its round trip, or together with COMMIT
			sent, committed := w.count(`outbox`), 0
			work := func(ctx context.Context, tx *store.Tx) error {
				tx.AfterCommit(func(context.Context) { committed++ })
				tx.Send(reply(1))
				finish(tx)
				tx.Send(reply(1))
				if flush {
					return tx.Flush(ctx)
				}
				return nil
			}
			err := w.Do(t.Context(), work)
			if !flush { // the first time
				must(t, err)
				sent += 2
				err = w.Do(t.Context(), work)
			}
			if !errors.Is(err, store.ErrAlreadyDone) {
				t.Errorf("%s, flush %v: %v", name, flush, err)
			}
			equal(t, name+": calls in the outbox", w.count(`outbox`), sent)
		}
	}
	equal(t, "done", w.count(`inbox WHERE state = 'done'`), 1)
	equal(t, "dead", w.count(`inbox WHERE state = 'dead' AND attempts = 1 AND error = 'gave up'`), 1)
	equal(t, "active connections", w.PoolStats().Active, 0)
}

func TestPanicGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is gone")
				}
			}()
			_ = w.Do(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tx.Send(reply(1))
				must(t, tx.Flush(ctx))
				panic("work")
			})
		}()
	}
	must(t, w.Ping(t.Context()))
	equal(t, "calls in the outbox", w.count(`outbox`), 0)
}

func TestNothingAskedNothingSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.QueryStats().Statements
	w.do(func(ctx context.Context, tx *store.Tx) error { return nil })
	equal(t, "statements", w.QueryStats().Statements, before)
}

// A backend that is killed in the middle fails the unit of work with an error that says "try again", and the second try applies once.
func TestKilledBackend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 2 })
	w.member(1)
	w.receive(update(1, 1))
	err := w.Do(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := logFood(1, 1)(ctx, tx); err != nil {
			return err
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		w.exec(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`)
		return nil
	})
	if !store.Unavailable(err) {
		t.Fatalf("a killed backend: %v", err)
	}
	equal(t, "rows", w.effects(), 0)
	w.do(logFood(1, 1))
	equal(t, "rows", w.effects(), effectsOfFood)
	equal(t, "active connections", w.PoolStats().Active, 0)
}

// The server commits and the answer is lost: the second try must find that all is done, and the cached window must have it.
func TestAnswerToCommitIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.receive(update(1, 1))
	p, s := w.proxied(func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 2 })
	window, err := s.Window(t.Context(), 1) // cached from now on
	must(t, err)
	equal(t, "messages", len(window), 0)

	p.losing("COMMIT\x00")
	err = s.Do(t.Context(), logFood(1, 1))
	if !store.Unavailable(err) {
		t.Fatalf("a lost answer: %v", err)
	}
	equal(t, "rows", w.effects(), effectsOfFood)
	p.losing("")
	if err := s.Do(t.Context(), logFood(1, 1)); !errors.Is(err, store.ErrAlreadyDone) {
		t.Fatalf("the second try: %v", err)
	}
	equal(t, "rows", w.effects(), effectsOfFood)
	window, err = s.Window(t.Context(), 1)
	must(t, err)
	equal(t, "messages", len(window), 2)
}

// The whole log of a food is one transaction and, once the statements are prepared, two round trips.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	p, s := w.proxied(func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	fewest := int64(1000)
	for id := range int64(5) { // the pool may ask a connection that rested for a second whether it lives
		w.receive(update(id+1, 1))
		w.exec(`DELETE FROM xp_transactions`)
		before := p.trips.Load()
		must(t, s.Do(t.Context(), logFood(1, id+1)))
		fewest = min(fewest, p.trips.Load()-before)
	}
	equal(t, "round trips", fewest, 2)

	equal(t, "transactions of five food logs", get[int](w, `SELECT count(DISTINCT xmin) FROM (
		SELECT xmin::text FROM conversation_history UNION ALL SELECT xmin::text FROM food_entries UNION ALL
		SELECT xmin::text FROM xp_transactions UNION ALL SELECT xmin::text FROM outbox UNION ALL
		SELECT xmin::text FROM user_gamification UNION ALL SELECT xmin::text FROM inbox WHERE state = 'done') AS rows`), 5)
}

func TestContextEndsAreRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	ctx, cancel := context.WithCancel(t.Context())
	err := w.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.Send(reply(1))
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || store.Unavailable(err) {
		t.Errorf("error %v", err)
	}
	equal(t, "calls in the outbox", w.count(`outbox`), 0)
	must(t, w.Ping(t.Context()))
}

// A constraint that is checked at the commit fails the commit.
func TestCommitItselfFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''23514''; END'`)
	w.exec(`CREATE CONSTRAINT TRIGGER never AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION never()`)
	after := false
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Send(reply(1))
		tx.AfterCommit(func(context.Context) { after = true })
		return nil
	})
	if !store.BadValue(err) || after {
		t.Errorf("error %v, after the commit %v", err, after)
	}
	equal(t, "calls in the outbox", w.count(`outbox`), 0)
}
