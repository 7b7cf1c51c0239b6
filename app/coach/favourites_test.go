package coach_test

import (
	"strings"
	"testing"
)

func TestFavourites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, other := w.member(1, "UTC"), w.member(2, "UTC")
	expect(t, p.say("/favourites"), "Nothing is logged yet")
	other.say("an apple")
	for range 3 {
		p.say("2 eggs")
	}
	p.say("100 g white rice")
	got := p.say("/favourites")
	expect(t, got, "What you eat most", "1. egg", "3× · 429 kcal", "2. rice", "1×", "!pple", "!3. ")
	if again := p.say("Favourites"); again != got {
		t.Errorf("without a slash it is:\n%s", again)
	}
	expect(t, p.say("/favorites"), "What you eat most")
	p.tap("Undo")
	expect(t, p.say("/favourites"), "!rice")
	expect(t, p.say("/help"), "/favourites — What you eat most", "!favorites")
	if n := one[int](w, `SELECT count(*) FROM food_entries`); n != 4 {
		t.Errorf("looking has changed the log: %d foods", n)
	}
	w.exec(`INSERT INTO food_entries (user_id, food_name, grams, calories, protein) SELECT 1, '<b>x & ' || n, 1, 1, 1 FROM generate_series(1, 12) AS n`)
	if got := p.say("/favourites"); strings.Count(got, "\n") != 10 {
		t.Errorf("too long a list:\n%s", got)
	}
}
