package coach

import (
	"context"
	"fmt"
	"strings"
)

// mostFavourites is how many foods the list shows: one screen of a telephone.
const mostFavourites = 10

// favourites lists what a person eats most often, over all they ever logged.
func favourites(ctx context.Context, t *turn) ([]Out, error) {
	foods, err := t.Store.FavouriteFoods(ctx, t.user.ID, mostFavourites)
	if err != nil {
		return nil, err
	}
	if len(foods) == 0 {
		return say("Nothing is logged yet. Write what you ate, for example <i>2 eggs and toast</i>."), nil
	}
	var b strings.Builder
	b.WriteString("🍽 <b>What you eat most</b>")
	for i, f := range foods {
		fmt.Fprintf(&b, "\n%d. %s — %d× · %s kcal · protein %s g", i+1, esc(f.Name), f.Times, number(f.Calories), grams(f.Protein))
	}
	return say("%s", b.String()), nil
}
