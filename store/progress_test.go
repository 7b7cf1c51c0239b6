package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"healthagent/store"
)

// award gives 10 points for a source, at most limit times a day, as the coach does.
func award(s *store.Store, ctx context.Context, user int64, source string, day time.Time, limit int) (given bool, err error) {
	err = s.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		var p store.Progress
		var found bool
		var count, same int
		tx.LockProgress(&p, &found, user)
		tx.CountXP(&count, &same, user, day, "food", source)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		if !found {
			tx.StartProgress(&p, user)
			if err := tx.Flush(ctx); err != nil {
				return err
			}
		}
		if same > 0 || count >= limit {
			return nil
		}
		given = true
		p.Level, p.Streak = int(p.TotalXP/50)+1, p.Streak+1
		tx.SaveProgress(user, 10, p)
		tx.AddXP(user, source, 10, day)
		return nil
	})
	return given, err
}

func TestConcurrentAwardsLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	ctx, day := t.Context(), time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if given, err := award(w.Store, ctx, 1, fmt.Sprint("food:", i), day, 1000); err != nil || !given {
				t.Error(given, err)
			}
		})
	}
	wg.Wait()
	p, err := w.Progress(ctx, 1)
	must(t, err)
	equal(t, "points", p.TotalXP, 400)
	equal(t, "sum of the transactions", get[int64](w, `SELECT sum(amount)::bigint FROM xp_transactions WHERE user_id = 1`), 400)
	equal(t, "transactions", w.count(`xp_transactions`), 40)
	equal(t, "streak: nobody overwrote another", p.Streak, 40)

	// a limit and a repeated source hold under the lock
	given, err := award(w.Store, ctx, 2, "food:first", day, 5)
	must(t, err)
	equal(t, "first", given, true)
	for i := range 20 {
		wg.Go(func() {
			if _, err := award(w.Store, ctx, 2, fmt.Sprint("food:", i%10), day, 5); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	equal(t, "awards within the limit", w.count(`xp_transactions WHERE user_id = 2`), 5)
}

func TestCountXP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	w.do(func(_ context.Context, tx *store.Tx) error {
		for i, source := range []string{"food:1", "food:12", "foods:1", "undo:food:1", "reminder:1"} {
			tx.AddXP(1, source, int64(10+i), day)
		}
		tx.AddXP(1, "food:2", 10, day.AddDate(0, 0, 1))
		tx.AddXP(2, "food:3", 10, day)
		return nil
	})
	for _, c := range []struct {
		kind, source string
		day          time.Time
		count, same  int
	}{
		{"food", "food:1", day, 2, 1},
		{"food", "food:3", day, 2, 0},
		{"food", "food:2", day, 2, 1}, // awarded on another day: its source is taken for ever
		{"food", "food:1", day.AddDate(0, 0, 7), 0, 1},
		{"reminder", "reminder:2", day, 1, 0},
		{"undo", "undo:food:1", day, 1, 1},
	} {
		var count, same int
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.CountXP(&count, &same, 1, c.day, c.kind, c.source)
			return nil
		})
		equal(t, fmt.Sprint(c), fmt.Sprint(count, same), fmt.Sprint(c.count, c.same))
	}
	var sum int64
	var undone int
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.XPOf(&sum, &undone, 1, "food:1", "undo:food:1")
		return nil
	})
	equal(t, "sum, undone", fmt.Sprint(sum, undone), "23 1")
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.XPOf(&sum, &undone, 1, "food:9", "undo:food:9")
		return nil
	})
	equal(t, "sum, undone of nothing", fmt.Sprint(sum, undone), "0 0")
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.AddXP(1, "food:1", 5, day); return nil })
	if !store.BadValue(err) {
		t.Errorf("a source twice: %v", err)
	}
}

func TestProgressAndLeaderboard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	p, err := w.Progress(ctx, 1)
	must(t, err)
	equal(t, "nobody's progress", p, store.Progress{Level: 1})
	w.exec(`INSERT INTO users (telegram_id, leaderboard_name, subscription_status) VALUES
		(1, 'one', 'active'), (2, 'two', 'active'), (3, NULL, 'active'), (4, 'four', 'inactive'), (5, 'five', 'active')`)
	w.exec(`INSERT INTO user_gamification (user_id, total_xp, current_level) SELECT n, 100 * (n % 4), n FROM generate_series(1, 5) AS n`)
	ranks, err := w.Leaderboard(ctx, 10)
	must(t, err)
	equal(t, "ranks", fmt.Sprint(ranks), "[{2 two 200 2 0} {1 one 100 1 0} {5 five 100 5 0}]")
	ranks, err = w.Leaderboard(ctx, 1)
	must(t, err)
	equal(t, "the best", len(ranks) == 1 && ranks[0].UserID == 2, true)

	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	want := store.Progress{TotalXP: 150, Level: 3, Streak: 4, LongestStreak: 9, Freezes: 2, LastActiveDay: &day}
	w.do(func(_ context.Context, tx *store.Tx) error { tx.SaveProgress(1, 50, want); return nil })
	p, err = w.Progress(ctx, 1)
	must(t, err)
	equal(t, "last day", p.LastActiveDay.Equal(day), true)
	p.LastActiveDay = want.LastActiveDay
	equal(t, "saved", p, want)
	w.do(func(ctx context.Context, tx *store.Tx) error { // who has some is not begun again
		tx.StartProgress(&p, 1)
		return tx.Flush(ctx)
	})
	equal(t, "started twice", p.TotalXP, 150)
}
