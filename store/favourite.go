package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// FavouriteFood is a food that a person eats, and what it came to over all times together: kilocalories and grams.
type FavouriteFood struct {
	Name     string  `json:"food_name"`
	Times    int     `json:"times"`
	Calories float64 `json:"calories"`
	Protein  float64 `json:"protein"`
}

const favouritesSQL = `
SELECT /* get_food_favourites */ food_name, count(*), sum(calories), sum(protein)
FROM   food_entries
WHERE  user_id = $1
GROUP  BY food_name
ORDER  BY count(*) DESC, food_name
LIMIT  $2`

// FavouriteFoods returns what a person ate most often, most often first, ties by name.
func (s *Store) FavouriteFoods(ctx context.Context, userID int64, limit int) ([]FavouriteFood, error) {
	rows, err := s.pool.Query(ctx, favouritesSQL, userID, limit)
	if err != nil {
		return nil, fmt.Errorf("get food favourites: %w", err)
	}
	foods, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f FavouriteFood, err error) {
		return f, row.Scan(&f.Name, &f.Times, &f.Calories, &f.Protein)
	})
	if err != nil {
		return nil, fmt.Errorf("get food favourites: %w", err)
	}
	return foods, nil
}
