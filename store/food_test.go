package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/store"
)

func egg(message int64, at time.Time) store.FoodEntry {
	return store.FoodEntry{
		Name: "Egg", NDB: "01123", Quantity: "two\x00", Grams: 100, Calories: 143, Protein: 12.5, Carbs: 0.7, Fat: 9.5,
		Meal: "breakfast", TelegramMessageID: message, Time: at,
	}
}

func TestFood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	ctx := t.Context()
	day := w.now
	end := day.Add(24 * time.Hour)
	eaten := []store.FoodEntry{egg(7, end.Add(-time.Microsecond)), egg(7, day), egg(8, end), egg(0, day.Add(-time.Microsecond))}
	eaten[1].NDB, eaten[1].Quantity = "", strings.Repeat("\U0001F9C3", 70)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.AddFood(1, eaten)
		tx.AddFood(2, []store.FoodEntry{egg(7, day)})
		return nil
	})
	entries, err := w.Food(ctx, 1, day, end)
	must(t, err)
	for i := range entries {
		entries[i].Time = entries[i].Time.UTC()
	}
	want := []store.FoodEntry{eaten[1], eaten[0]}
	want[0].Quantity, want[1].Quantity = strings.Repeat("\U0001F9C3", 64), "two\uFFFD"
	if !slices.Equal(entries, want) || entries[0].ID == 0 || entries[0].ID == entries[1].ID {
		t.Errorf("from %v up to %v: %+v", day, end, entries)
	}

	var totals store.Totals
	var message int64
	var found bool
	var locked []store.FoodEntry
	look := func(user int64) {
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.FoodTotals(&totals, user, day, end)
			tx.LatestFoodMessage(&message, &found, user)
			tx.FoodOfMessage(&locked, user, 7)
			return nil
		})
	}
	look(1)
	equal(t, "totals", totals, store.Totals{Entries: 2, Calories: 286, Protein: 25, Carbs: 1.4, Fat: 19})
	equal(t, "the same by adding", store.Totals{}.Plus(entries...), totals)
	equal(t, "latest", words(message, found), "8 true")
	equal(t, "of the message", words(len(locked), locked[0].ID == eaten[0].ID, locked[1].ID == eaten[1].ID), "2 true true")
	look(3)
	equal(t, "nobody", words(totals, found, len(locked)), words(store.Totals{}, false, 0))

	var moved, deleted, none int64
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.MoveFood(&moved, 1, 7, end.Add(time.Hour), "dinner")
		tx.DeleteFood(&deleted, 1, 8)
		tx.DeleteFood(&none, 2, 8)
		return nil
	})
	equal(t, "moved, deleted, none", words(moved, deleted, none), "2 1 0")
	entries, err = w.Food(ctx, 1, end, end.Add(2*time.Hour))
	must(t, err)
	equal(t, "at the other time", words(len(entries), entries[0].Meal, entries[1].Meal), "2 dinner dinner")
	entries, err = w.Food(ctx, 2, day, end)
	must(t, err)
	equal(t, "the other's", words(len(entries), entries[0].Meal), "1 breakfast")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.Audit(t.Context(), "daemon", "test", "", nil))
	must(t, w.Audit(t.Context(), "uid 0 (root)", "index.drop", "index x", []byte(`{"bytes":1}`)))
	equal(t, "rows", get[string](w, `SELECT string_agg(concat_ws('|', actor, action, subject, detail), '; ' ORDER BY id) FROM audit_log`),
		`daemon|test|; uid 0 (root)|index.drop|index x|{"bytes": 1}`)
}
