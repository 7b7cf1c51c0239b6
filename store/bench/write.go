package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// A round of writes is one statement of so many rows; the first rounds, which meet cold pages, are not counted.
const (
	rowsInRound = 500
	rounds      = 31
	firstRounds = 3
)

// Written is what writing one row to a table costs as it is, by the server's own clock, without the commit.
type Written struct {
	Kind   string  // insert or update
	Median float64 // microseconds
	Noise  float64 // half the spread of the middle half of the rounds
	WAL    int64   // bytes of write-ahead log
	// Fresh tells that a checkpoint was made before; the role may have no right to.
	Fresh bool
}

// write is a statement of many rows of a table and its arguments for one round.
type write struct {
	kind string
	sql  string
	args func(dice *rand.Rand) []any
}

// Writes measures rounds that are rolled back, triggers and foreign keys included. What they leave is dead and is cleared away.
func (s *Scratch) Writes(ctx context.Context, table string, crowd Crowd, spec Spec) (Written, error) {
	w := writeOf(table, crowd, spec.withDefaults())
	result := Written{Kind: w.kind}
	conn, err := s.connect(ctx)
	if err != nil {
		return result, err
	}
	defer closeConn(ctx, conn)
	if result.Fresh, err = checkpoint(ctx, conn); err != nil {
		return result, err
	}
	dice := rand.New(rand.NewPCG(17, 17)) //nolint:gosec // not a secret: the same rows without and with an index
	var took, wal []float64
	for round := range firstRounds + rounds {
		us, bytes, err := once(ctx, conn, w, dice)
		if err != nil {
			return result, fmt.Errorf("write to %s: %w", table, err)
		}
		if round >= firstRounds {
			took, wal = append(took, us), append(wal, bytes)
		}
	}
	if err := vacuum(ctx, conn, table); err != nil {
		return result, fmt.Errorf("vacuum %s: %w", table, err)
	}
	slices.Sort(took)
	slices.Sort(wal)
	result.Median, result.WAL = took[rounds/2], int64(wal[rounds/2])
	result.Noise = (took[rounds*3/4] - took[rounds/4]) / 2
	return result, nil
}

func once(ctx context.Context, conn *pgx.Conn, w write, dice *rand.Rand) (us, wal float64, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var raw []byte
	if err := tx.QueryRow(ctx, "EXPLAIN (ANALYZE, WAL, TIMING OFF, FORMAT JSON) "+w.sql, w.args(dice)...).Scan(&raw); err != nil {
		return 0, 0, err
	}
	var found []struct {
		Plan struct {
			WAL float64 `json:"WAL Bytes"`
		} `json:"Plan"`
		Time float64 `json:"Execution Time"`
	}
	if err := json.Unmarshal(raw, &found); err != nil || len(found) != 1 {
		return 0, 0, errors.Join(err, errors.New("the server's plan cannot be read"))
	}
	return found[0].Time * 1000 / rowsInRound, found[0].Plan.WAL / rowsInRound, nil
}

func writeOf(table string, crowd Crowd, spec Spec) write {
	switch table {
	case "conversation_history":
		return writeMessages(crowd)
	case "food_entries":
		return writeFoods(crowd, spec)
	case "reminders":
		return writeReminders(crowd, spec)
	case "users":
		return writeUsers()
	default:
		return writePoints(crowd)
	}
}

// each makes one value for each row of a round.
func each[T any](make1 func(i int) T) []T {
	values := make([]T, rowsInRound)
	for i := range values {
		values[i] = make1(i)
	}
	return values
}

func (c Crowd) askEach(dice *rand.Rand) []int64 {
	return each(func(int) int64 {
		id, _ := c.Ask(dice)
		return id
	})
}

func writeMessages(crowd Crowd) write {
	return write{
		"insert", `INSERT INTO conversation_history (user_id, role, content, message_type, metadata)
SELECT m.user_id, m.role, m.content, 'text', m.metadata::jsonb
FROM   unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS m (user_id, role, content, metadata)`,
		func(dice *rand.Rand) []any {
			w := newPen(dice)
			metadata := `{"lang": "en"}`
			return []any{
				crowd.askEach(dice),
				each(func(i int) string { return []string{"user", "assistant"}[i%2] }),
				each(func(i int) string { return string(w.message(i%2 == 1)) }),
				each(func(i int) *string {
					if i%5 > 0 {
						return nil
					}
					return &metadata
				}),
			}
		},
	}
}

func writeFoods(crowd Crowd, spec Spec) write {
	return write{
		"insert", `INSERT INTO food_entries (user_id, food_name, quantity, grams, calories, protein, carbs, fat, meal_type, telegram_message_id)
SELECT f.user_id, f.food_name, '150 g', 150, 210.5, 12.3, 30.1, 4.2, 'lunch', f.message
FROM   unnest($1::bigint[], $2::text[], $3::bigint[]) AS f (user_id, food_name, message)`,
		func(dice *rand.Rand) []any {
			return []any{
				crowd.askEach(dice),
				each(func(int) string { return spec.FoodNames[dice.IntN(len(spec.FoodNames))] }),
				each(func(int) int64 { return dice.Int64N(1 << 40) }),
			}
		},
	}
}

func writeReminders(crowd Crowd, spec Spec) write {
	return write{
		"insert", `INSERT INTO reminders (user_id, message, next_execution_time)
SELECT r.user_id, 'drink a glass of water', r.at FROM unnest($1::bigint[], $2::timestamptz[]) AS r (user_id, at)`,
		func(dice *rand.Rand) []any {
			return []any{
				crowd.askEach(dice),
				each(func(int) time.Time { return spec.Now.Add(time.Duration(dice.Int64N(int64(leastSpan)))) }),
			}
		},
	}
}

func writeUsers() write {
	return write{
		"insert", `INSERT INTO users (telegram_id, display_name) SELECT id, 'somebody new' FROM unnest($1::bigint[]) AS id`,
		func(dice *rand.Rand) []any {
			from := dice.Int64N(math.MaxInt32)
			return []any{each(func(i int) int64 { return 1<<40 + from + int64(i) })}
		},
	}
}

// writePoints is an update, for that is how the table is written: a row is inserted once in a life.
func writePoints(crowd Crowd) write {
	return write{
		"update", `UPDATE user_gamification SET total_xp = total_xp + 10 WHERE user_id = ANY ($1)`,
		func(dice *rand.Rand) []any { return []any{crowd.askEach(dice)} },
	}
}
