package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Status of a person's subscription.
type Status string

// What a person may be.
const (
	Pending  Status = "pending"  // wrote to the bot, has no invitation yet
	Active   Status = "active"   // is served
	Inactive Status = "inactive" // was shut out by an administrator
)

// User is a person. ID is the Telegram id.
type User struct {
	ID              int64      `json:"telegram_id"`
	Status          Status     `json:"subscription_status"`
	DisplayName     string     `json:"display_name"`
	Timezone        string     `json:"timezone"`         // an IANA name
	TimezoneSetAt   *time.Time `json:"timezone_set_at"`  // nil: never chosen
	LeaderboardName *string    `json:"leaderboard_name"` // nil: not on the leaderboard
	UnreachableAt   *time.Time `json:"unreachable_at"`   // nil: can be written to
	CreatedAt       time.Time  `json:"created_at"`
}

func scanUser(row pgx.CollectableRow) (u User, err error) {
	err = row.Scan(&u.ID, &u.Status, &u.DisplayName, &u.Timezone, &u.TimezoneSetAt, &u.LeaderboardName, &u.UnreachableAt, &u.CreatedAt)
	return u, err
}

const getUserSQL = `
SELECT /* get_user */
       telegram_id, subscription_status, display_name, timezone, timezone_set_at, leaderboard_name, unreachable_at, created_at
FROM   users
WHERE  telegram_id = $1`

// User returns a person's row, from the cache for up to an hour; false when there is none. A change of the row by whomever makes
// the daemon forget its copy, see Lead.
func (s *Store) User(ctx context.Context, id int64) (User, bool, error) {
	lock := s.people.of(id)
	lock.Lock()
	defer lock.Unlock()
	key := s.cache.preference.key(personID(id))
	if u, found := s.cache.preference.get(ctx, key); found {
		return u, true, nil
	}
	keep := s.settled(ctx)
	u, found, err := s.readUser(ctx, id)
	if err == nil && found && keep {
		s.cache.preference.set(ctx, key, u)
	}
	return u, found, err
}

func (s *Store) readUser(ctx context.Context, id int64) (User, bool, error) {
	rows, err := s.pool.Query(ctx, getUserSQL, id)
	if err != nil {
		return User{}, false, fmt.Errorf("get user: %w", err)
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, false, nil
	}
	if err != nil {
		return User{}, false, fmt.Errorf("get user: %w", err)
	}
	return u, true, nil
}

// forgetUser drops the copy of a person's row.
func (s *Store) forgetUser(ctx context.Context, id int64) {
	lock := s.people.of(id)
	lock.Lock()
	defer lock.Unlock()
	s.cache.preference.forget(ctx, s.cache.preference.key(personID(id)))
}

// ErrNotActive is returned by a unit of work for a person who is not served, or no more, or whose zone is not the one that it was
// decided with; see Tx.MustBeActive.
var ErrNotActive = errors.New("the person is not active in that zone")

// The literal is what the partial index of active people needs; a parameter would never use it. The zone is in that index too. The
// division is what makes the server itself refuse the unit of work.
const activeUserSQL = `
SELECT /* get_active_user */ 1 / count(*)
FROM   users
WHERE  telegram_id = $1 AND subscription_status = 'active' AND timezone = $2`

// MustBeActive queues the question whether a person is served and lives in the given zone. When they are not, or their zone is
// another by now, the unit of work fails with ErrNotActive and nothing of it is applied, whatever the copy of their row said: what
// was decided by a stale copy would be booked on the wrong day.
func (tx *Tx) MustBeActive(id int64, zone string) { tx.guard(ErrNotActive, activeUserSQL, id, zone) }

// DropCopy makes the next User read the database: what to do after ErrNotActive.
func (s *Store) DropCopy(ctx context.Context, id int64) { s.forgetUser(ctx, id) }

const isActiveSQL = `
SELECT /* is_active_user */ telegram_id
FROM   users
WHERE  telegram_id = $1 AND subscription_status = 'active'`

// IsActive asks the database, not the cache, whether a person is served.
func (s *Store) IsActive(ctx context.Context, id int64) (bool, error) {
	var got int64
	err := s.pool.QueryRow(ctx, isActiveSQL, id).Scan(&got)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("get active user: %w", err)
	}
	return true, nil
}

const listUsersSQL = `
SELECT /* list_users */
       telegram_id, subscription_status, display_name, timezone, timezone_set_at, leaderboard_name, unreachable_at, created_at
FROM   users
ORDER  BY created_at, telegram_id`

// Users returns everybody, in the order of their coming.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	rows, err := s.pool.Query(ctx, listUsersSQL)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users, err := pgx.CollectRows(rows, scanUser)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

const setStatusSQL = `
WITH /* set_user_status */ changed AS (
    UPDATE users SET subscription_status = $2 WHERE telegram_id = $1 RETURNING telegram_id
), resumed AS (
    UPDATE reminders SET active = true, paused = false
    WHERE  user_id = $1 AND paused AND $2 = 'active' AND EXISTS (SELECT FROM changed)
), audited AS (
    INSERT INTO audit_log (actor, action, subject)
    SELECT $3, 'user.' || $2, 'user ' || telegram_id FROM changed
)
SELECT count(*) FROM changed`

// SetStatus changes whether a person is served and writes into the audit log who did it. It returns ErrNotFound for an unknown
// person.
func (s *Store) SetStatus(ctx context.Context, id int64, status Status, actor string) error {
	var n int64
	if err := s.pool.QueryRow(ctx, setStatusSQL, id, status, actor).Scan(&n); err != nil {
		return fmt.Errorf("set user status: %w", err)
	}
	s.forgetUser(ctx, id)
	if n == 0 {
		return fmt.Errorf("user %d: %w", id, ErrNotFound)
	}
	return nil
}

const registerSQL = `
INSERT /* register_user */ INTO users (telegram_id, subscription_status, display_name)
VALUES ($1, $2, left($3, 64))
ON CONFLICT (telegram_id) DO NOTHING`

// Register makes a person's row with the given status; an existing row stays as it is.
func (tx *Tx) Register(id int64, status Status, displayName string) {
	tx.exec(registerSQL, id, status, clean(displayName))
	tx.forgetUserAfter(id)
}

const activateSQL = `
INSERT /* activate_user */ INTO users (telegram_id, subscription_status, display_name, invite_code)
VALUES ($1, 'active', left($2, 64), $3)
ON CONFLICT (telegram_id) DO UPDATE
SET    subscription_status = 'active', invite_code = coalesce(excluded.invite_code, users.invite_code)`

const resumeSQL = `
UPDATE /* resume_reminders */ reminders SET active = true, paused = false WHERE user_id = $1 AND paused`

// Activate makes a person active, with the code that they redeemed or nil; reminders that waited for that go on.
func (tx *Tx) Activate(id int64, displayName string, code *string) {
	tx.exec(activateSQL, id, clean(displayName), code)
	tx.exec(resumeSQL, id)
	tx.forgetUserAfter(id)
}

const setTimezoneSQL = `
UPDATE /* set_timezone */ users SET timezone = $2, timezone_set_at = $3 WHERE telegram_id = $1`

// SetTimezone stores the zone that a person chose; the name must be an IANA name that the caller has loaded.
func (tx *Tx) SetTimezone(id int64, zone string, at time.Time) {
	tx.exec(setTimezoneSQL, id, zone, at)
	tx.forgetUserAfter(id)
}

const setLeaderboardNameSQL = `
UPDATE /* set_leaderboard_name */ users SET leaderboard_name = left($2, 32) WHERE telegram_id = $1`

// SetLeaderboardName puts a person on the leaderboard under a name, or with nil takes them off it.
func (tx *Tx) SetLeaderboardName(id int64, name *string) {
	if name != nil {
		cleaned := clean(*name)
		name = &cleaned
	}
	tx.exec(setLeaderboardNameSQL, id, name)
	tx.forgetUserAfter(id)
}

const reachableSQL = `
WITH /* set_reachable */ back AS (
    UPDATE users SET unreachable_at = NULL WHERE telegram_id = $1 AND unreachable_at IS NOT NULL RETURNING telegram_id
)
UPDATE reminders SET active = true, paused = false
FROM   back
WHERE  user_id = telegram_id AND paused`

// Reachable notes that a person who had blocked the bot is back: their paused reminders go on.
func (tx *Tx) Reachable(id int64) {
	tx.exec(reachableSQL, id)
	tx.forgetUserAfter(id)
}

const unreachableSQL = `
WITH /* set_unreachable */ gone AS (
    UPDATE users SET unreachable_at = $2 WHERE telegram_id = $1 AND unreachable_at IS NULL
), erased AS (
    DELETE FROM outbox WHERE chat_id = $1 AND state = 'pending' AND erase
)
UPDATE outbox SET state = 'dropped', error = 'the person blocked the bot'
WHERE  chat_id = $1 AND state = 'pending' AND NOT erase`

// Unreachable notes that Telegram refuses to deliver to a person: what waits for them is dropped, their reminders pause when they
// fall due, and both end when they write again.
func (s *Store) Unreachable(ctx context.Context, id int64, at time.Time) error {
	if _, err := s.pool.Exec(ctx, unreachableSQL, id, at); err != nil {
		return fmt.Errorf("set unreachable: %w", err)
	}
	s.forgetUser(ctx, id)
	return nil
}

func (tx *Tx) forgetUserAfter(id int64) {
	tx.AfterCommit(func(ctx context.Context) { tx.store.forgetUser(ctx, id) })
}
