package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// FoodEntry is one food that a person ate. Energy in kilocalories, the rest in grams.
type FoodEntry struct {
	ID                int64     `json:"id"`
	Name              string    `json:"food_name"`
	NDB               string    `json:"ndb_no"`   // the USDA entry; empty when there is none
	Quantity          string    `json:"quantity"` // as it was said, the first 64 characters
	Grams             float64   `json:"grams"`
	Calories          float64   `json:"calories"`
	Protein           float64   `json:"protein"`
	Carbs             float64   `json:"carbs"`
	Fat               float64   `json:"fat"`
	Meal              string    `json:"meal_type"`           // breakfast, lunch, dinner or snack
	TelegramMessageID int64     `json:"telegram_message_id"` // the message that logged it; 0: none
	Time              time.Time `json:"timestamp"`           // when it was eaten
}

// Totals are the sums over some food.
type Totals struct {
	Entries  int     `json:"entries"`
	Calories float64 `json:"calories"`
	Protein  float64 `json:"protein"`
	Carbs    float64 `json:"carbs"`
	Fat      float64 `json:"fat"`
}

// Plus adds entries to the sums.
func (t Totals) Plus(entries ...FoodEntry) Totals {
	for _, e := range entries {
		t.Entries++
		t.Calories, t.Protein, t.Carbs, t.Fat = t.Calories+e.Calories, t.Protein+e.Protein, t.Carbs+e.Carbs, t.Fat+e.Fat
	}
	return t
}

const foodTotalsSQL = `
SELECT /* get_food_totals */
       count(*), coalesce(sum(calories), 0), coalesce(sum(protein), 0), coalesce(sum(carbs), 0), coalesce(sum(fat), 0)
FROM   food_entries
WHERE  user_id = $1 AND "timestamp" >= $2 AND "timestamp" < $3`

// FoodTotals queues the sums of what a person ate from one instant up to, not including, another.
func (tx *Tx) FoodTotals(dest *Totals, userID int64, from, to time.Time) {
	tx.row(nil, []any{&dest.Entries, &dest.Calories, &dest.Protein, &dest.Carbs, &dest.Fat}, foodTotalsSQL, userID, from, to)
}

const foodColumns = `id, food_name, coalesce(ndb_no, ''), quantity, grams, calories, protein, carbs, fat, meal_type,
       coalesce(telegram_message_id, 0), "timestamp"`

func scanFood(row pgx.CollectableRow) (f FoodEntry, err error) {
	err = row.Scan(&f.ID, &f.Name, &f.NDB, &f.Quantity, &f.Grams, &f.Calories, &f.Protein, &f.Carbs, &f.Fat, &f.Meal,
		&f.TelegramMessageID, &f.Time)
	return f, err
}

const foodRangeSQL = `
SELECT /* get_food_entries */ ` + foodColumns + `
FROM   food_entries
WHERE  user_id = $1 AND "timestamp" >= $2 AND "timestamp" < $3
ORDER  BY "timestamp", id`

// Food returns what a person ate from one instant up to, not including, another, in the order of eating.
func (s *Store) Food(ctx context.Context, userID int64, from, to time.Time) ([]FoodEntry, error) {
	rows, err := s.pool.Query(ctx, foodRangeSQL, userID, from, to)
	if err != nil {
		return nil, fmt.Errorf("get food entries: %w", err)
	}
	entries, err := pgx.CollectRows(rows, scanFood)
	if err != nil {
		return nil, fmt.Errorf("get food entries: %w", err)
	}
	return entries, nil
}

const foodOfMessageSQL = `
SELECT /* get_food_of_message */ ` + foodColumns + `
FROM   food_entries
WHERE  user_id = $1 AND telegram_message_id = $2
ORDER  BY id
FOR    UPDATE`

// FoodOfMessage queues the foods that a message of the person logged, locked until the transaction ends; none is an empty slice.
func (tx *Tx) FoodOfMessage(dest *[]FoodEntry, userID, telegramMessageID int64) {
	rows(tx, dest, scanFood, foodOfMessageSQL, userID, telegramMessageID)
}

const latestFoodMessageSQL = `
SELECT /* get_latest_food_message */ telegram_message_id
FROM   food_entries
WHERE  user_id = $1 AND telegram_message_id IS NOT NULL
ORDER  BY id DESC
LIMIT  1`

// LatestFoodMessage queues the id of the message that logged food last; found is false when the person has logged nothing.
func (tx *Tx) LatestFoodMessage(dest *int64, found *bool, userID int64) {
	tx.row(found, []any{dest}, latestFoodMessageSQL, userID)
}

const insertFoodSQL = `
INSERT /* insert_food_entry */ INTO food_entries
       (user_id, food_name, ndb_no, quantity, grams, calories, protein, carbs, fat, meal_type, telegram_message_id, "timestamp")
SELECT $1, f.food_name, nullif(f.ndb_no, ''), left(f.quantity, 64), f.grams, f.calories, f.protein, f.carbs, f.fat, f.meal_type,
       nullif(f.telegram_message_id, 0), f.eaten_at
FROM   unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[],
              $10::text[], $11::bigint[], $12::timestamptz[]) WITH ORDINALITY
       AS f (food_name, ndb_no, quantity, grams, calories, protein, carbs, fat, meal_type, telegram_message_id, eaten_at, place)
ORDER  BY f.place
RETURNING id`

// AddFood queues new food of a person, in one statement, and fills in the ids at the next Flush.
func (tx *Tx) AddFood(userID int64, entries []FoodEntry) {
	if len(entries) == 0 {
		return
	}
	tx.add(insertFoodSQL, []any{
		userID,
		column(entries, func(e FoodEntry) string { return e.Name }),
		column(entries, func(e FoodEntry) string { return e.NDB }),
		column(entries, func(e FoodEntry) string { return clean(e.Quantity) }),
		column(entries, func(e FoodEntry) float64 { return e.Grams }),
		column(entries, func(e FoodEntry) float64 { return e.Calories }),
		column(entries, func(e FoodEntry) float64 { return e.Protein }),
		column(entries, func(e FoodEntry) float64 { return e.Carbs }),
		column(entries, func(e FoodEntry) float64 { return e.Fat }),
		column(entries, func(e FoodEntry) string { return e.Meal }),
		column(entries, func(e FoodEntry) int64 { return e.TelegramMessageID }),
		column(entries, func(e FoodEntry) time.Time { return e.Time }),
	}, func(r result) error {
		rows, err := r.query()
		if err != nil {
			return err
		}
		i := 0
		var id int64
		_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
			entries[i].ID = id
			i++
			return nil
		})
		return err
	})
}

// column is one value of each row, as an array parameter.
func column[Row, Value any](rows []Row, of func(Row) Value) []Value {
	values := make([]Value, len(rows))
	for i, row := range rows {
		values[i] = of(row)
	}
	return values
}

const deleteFoodSQL = `
DELETE /* delete_food_of_message */ FROM food_entries WHERE user_id = $1 AND telegram_message_id = $2`

// DeleteFood queues the removal of what a message of the person logged; n is how many foods it were.
func (tx *Tx) DeleteFood(n *int64, userID, telegramMessageID int64) {
	tx.execCount(n, deleteFoodSQL, userID, telegramMessageID)
}

const moveFoodSQL = `
UPDATE /* move_food_of_message */ food_entries SET "timestamp" = $3, meal_type = $4
WHERE  user_id = $1 AND telegram_message_id = $2`

// MoveFood queues another time of eating for what a message of the person logged.
func (tx *Tx) MoveFood(n *int64, userID, telegramMessageID int64, at time.Time, meal string) {
	tx.execCount(n, moveFoodSQL, userID, telegramMessageID, at, meal)
}
