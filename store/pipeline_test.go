package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"healthagent/store"
)

// profileOf is what was counted of a statement.
func (w *world) profileOf(name string) store.QueryProfile {
	for _, p := range w.QueryProfile() {
		if p.Name == name {
			return p
		}
	}
	return store.QueryProfile{Name: name}
}

// TestTheSlowStatementIsBlamedAndNotTheFirst holds up the third statement of a unit of work that is sent in one round trip. In a
// batch of the driver the server would keep every result until the end, and the first statement would seem to be the slow one.
func TestTheSlowStatementIsBlamedAndNotTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	work := func(_ context.Context, tx *store.Tx) error {
		tx.MustBeActive(1, "UTC")
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "an egg", Type: "text"})
		tx.AddFood(1, []store.FoodEntry{{Name: "egg", Grams: 50, Meal: "snack", Time: w.now}})
		return nil
	}
	w.do(work) // what has to be prepared is prepared
	before := map[string]float64{}
	for _, p := range w.QueryProfile() {
		before[p.Name] = p.TotalMS
	}

	w.exec("BEGIN")
	w.exec("LOCK TABLE food_entries IN EXCLUSIVE MODE")
	done := make(chan error, 1)
	go func() { done <- w.Do(context.Background(), work) }()
	watcher := connect(t, w.url)
	eventually(t, "the insert waits", func() bool {
		var n int
		must(t, watcher.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%insert_food_entry%'`).Scan(&n))
		return n == 1
	})
	held := time.Now()
	_, err := watcher.Exec(t.Context(), "SELECT pg_sleep(0.2)")
	must(t, err)
	atLeast := float64(time.Since(held).Milliseconds())
	w.exec("COMMIT")
	must(t, <-done)

	if got := w.profileOf("insert_food_entry").TotalMS - before["insert_food_entry"]; got < atLeast {
		t.Errorf("the insert that waited %v ms is counted with %v", atLeast, got)
	}
}

// TestAPreparedStatementIsPreparedAnew: a migration changed the type of a column under it.
func TestAPreparedStatementIsPreparedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	var entries []store.FoodEntry
	read := func(ctx context.Context, tx *store.Tx) error {
		tx.FoodOfMessage(&entries, 1, 7)
		return tx.Flush(ctx)
	}
	w.do(read)
	w.exec("ALTER TABLE food_entries ALTER COLUMN food_name TYPE varchar(300)")
	err := w.Do(t.Context(), read)
	if err != nil && !store.Unavailable(err) {
		t.Fatalf("not to be tried again: %v", err)
	}
	w.do(read)
}

// TestAStatementThatCannotBeSentLeavesTheConnectionGood: its value has no form that the server knows.
func TestAStatementThatCannotBeSentLeavesTheConnectionGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	far := time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "x", Type: "text"})
		tx.SetTimezone(1, "UTC", far)
		return nil
	})
	if err == nil {
		t.Fatal("the server has a form for that year")
	}
	equal(t, "messages", w.count("conversation_history"), 0)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "y", Type: "text"})
		return nil
	})
	equal(t, "messages", w.count("conversation_history"), 1)
}

// TestARefusedUnitOfWorkRunsNothingBehindTheRefusal also holds the error to its name and its meaning.
func TestARefusedUnitOfWorkRunsNothingBehindTheRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.exec(`UPDATE users SET subscription_status = 'inactive' WHERE telegram_id = 1`)
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.MustBeActive(1, "UTC")
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "x", Type: "text"})
		return nil
	})
	if !errors.Is(err, store.ErrNotActive) {
		t.Errorf("got %v", err)
	}
	equal(t, "messages", w.count("conversation_history"), 0)
	if n := w.profileOf("insert_message").Calls; n != 0 {
		t.Errorf("a statement behind the refusal is counted %d times", n)
	}
}
