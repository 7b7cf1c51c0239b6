package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Progress is a person's points, level and streak.
type Progress struct {
	TotalXP       int64      `json:"total_xp"`
	Level         int        `json:"current_level"`
	Streak        int        `json:"current_streak"`
	LongestStreak int        `json:"longest_streak"`
	Freezes       int        `json:"freezes"`
	LastActiveDay *time.Time `json:"last_active_day"` // midnight UTC of the local date; nil: never
}

const startProgressSQL = `
INSERT /* start_progress */ INTO user_gamification AS g (user_id) VALUES ($1)
ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id
RETURNING total_xp, current_level, current_streak, longest_streak, freezes, last_active_day`

const progressOf = ` total_xp, current_level, current_streak, longest_streak, freezes, last_active_day
FROM   user_gamification
WHERE  user_id = $1`

const getProgressSQL = `
SELECT /* get_progress */` + progressOf

// lockProgressSQL is what a person who has progress already needs: a lock, no write.
const lockProgressSQL = `
SELECT /* lock_progress */` + progressOf + `
FOR    UPDATE`

func (p *Progress) dest() []any {
	return []any{&p.TotalXP, &p.Level, &p.Streak, &p.LongestStreak, &p.Freezes, &p.LastActiveDay}
}

// LockProgress queues a person's progress, locked until the transaction ends so that two events cannot overwrite each other's
// points. found is false for a person without any; StartProgress then makes the row.
func (tx *Tx) LockProgress(dest *Progress, found *bool, userID int64) {
	tx.row(found, dest.dest(), lockProgressSQL, userID)
}

// StartProgress queues the making and locking of a person's progress.
func (tx *Tx) StartProgress(dest *Progress, userID int64) {
	tx.row(nil, dest.dest(), startProgressSQL, userID)
}

// Progress returns a person's progress; the zero value at level 1 when there is none yet.
func (s *Store) Progress(ctx context.Context, userID int64) (Progress, error) {
	rows, err := s.pool.Query(ctx, getProgressSQL, userID)
	if err != nil {
		return Progress{}, fmt.Errorf("get progress: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Progress, err error) {
		return p, row.Scan(p.dest()...)
	})
	if err != nil {
		return Progress{}, fmt.Errorf("get progress: %w", err)
	}
	if len(found) == 0 {
		return Progress{Level: 1}, nil
	}
	return found[0], nil
}

const saveProgressSQL = `
UPDATE /* save_progress */ user_gamification
SET    total_xp        = total_xp + $2,
       current_level   = $3,
       current_streak  = $4,
       longest_streak  = $5,
       freezes         = $6,
       last_active_day = $7
WHERE  user_id = $1`

// SaveProgress queues the addition of points and the new level and streak. The total is added to, never written.
func (tx *Tx) SaveProgress(userID, gained int64, p Progress) {
	tx.exec(saveProgressSQL, userID, gained, p.Level, p.Streak, p.LongestStreak, p.Freezes, p.LastActiveDay)
}

const countXPSQL = `
SELECT /* count_xp_sources */
       (SELECT count(*) FROM xp_transactions WHERE user_id = $1 AND day = $2 AND source LIKE $3 || ':%'),
       (SELECT count(*) FROM xp_transactions WHERE user_id = $1 AND source = $4)`

// CountXP queues how many awards of a kind ("food", "reminder") a person had on a local day, and whether this very source brought
// any before, on whatever day: same is then 1.
func (tx *Tx) CountXP(count, same *int, userID int64, day time.Time, kind, source string) {
	tx.row(nil, []any{count, same}, countXPSQL, userID, day, kind, source)
}

const addXPSQL = `
INSERT /* insert_xp */ INTO xp_transactions (user_id, source, amount, day) VALUES ($1, $2, $3, $4)`

// AddXP queues the record of points given or taken. A source that was there before makes the transaction fail: ask CountXP first,
// under LockProgress.
func (tx *Tx) AddXP(userID int64, source string, amount int64, day time.Time) {
	tx.exec(addXPSQL, userID, source, amount, day)
}

const xpOfSQL = `
SELECT /* get_xp_of_source */ coalesce(sum(amount), 0), count(*) FILTER (WHERE source = $3)
FROM   xp_transactions
WHERE  user_id = $1 AND source IN ($2, $3)`

// XPOf queues the sum of points that a source and its undoing have brought so far, and whether it was undone already.
func (tx *Tx) XPOf(sum *int64, undone *int, userID int64, source, undo string) {
	tx.row(nil, []any{sum, undone}, xpOfSQL, userID, source, undo)
}

// Rank is a place on the leaderboard.
type Rank struct {
	UserID int64  `json:"user_id"`
	Name   string `json:"name"`
	XP     int64  `json:"total_xp"`
	Level  int    `json:"current_level"`
	Streak int    `json:"current_streak"`
}

const leaderboardSQL = `
SELECT /* get_leaderboard */ g.user_id, u.leaderboard_name, g.total_xp, g.current_level, g.current_streak
FROM   user_gamification AS g
JOIN   users AS u ON u.telegram_id = g.user_id
WHERE  u.leaderboard_name IS NOT NULL AND u.subscription_status = 'active'
ORDER  BY g.total_xp DESC, g.user_id
LIMIT  $1`

// Leaderboard returns the best of those who asked to be on it, best first.
func (s *Store) Leaderboard(ctx context.Context, limit int) ([]Rank, error) {
	rows, err := s.pool.Query(ctx, leaderboardSQL, limit)
	if err != nil {
		return nil, fmt.Errorf("get leaderboard: %w", err)
	}
	ranks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Rank, err error) {
		return r, row.Scan(&r.UserID, &r.Name, &r.XP, &r.Level, &r.Streak)
	})
	if err != nil {
		return nil, fmt.Errorf("get leaderboard: %w", err)
	}
	return ranks, nil
}
