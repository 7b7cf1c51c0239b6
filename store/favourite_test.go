package store_test

import (
	"testing"
)

func TestFavouriteFoods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	w.exec(`INSERT INTO food_entries (user_id, food_name, grams, calories, protein) VALUES
		(1, 'rice', 100, 130, 2.5), (1, 'egg', 50, 70, 6), (1, 'egg', 100, 140, 12), (1, 'apple', 100, 52, 0), (2, 'pear', 100, 57, 0.5)`)
	foods, err := w.FavouriteFoods(t.Context(), 1, 10)
	must(t, err)
	equal(t, "all of them", words(foods), "[{egg 2 210 18} {apple 1 52 0} {rice 1 130 2.5}]")
	foods, err = w.FavouriteFoods(t.Context(), 1, 1)
	must(t, err)
	equal(t, "the first", len(foods), 1)
	foods, err = w.FavouriteFoods(t.Context(), 3, 10)
	must(t, err)
	equal(t, "who ate nothing", len(foods), 0)
}
