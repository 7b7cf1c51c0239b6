package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Reminder is a message to be sent to a person at a time, once or again and again.
type Reminder struct {
	UserID   int64     `json:"user_id"`
	ID       int64     `json:"id"`
	Message  string    `json:"message"`
	Next     time.Time `json:"next_execution_time"`
	Rule     string    `json:"rule"` // empty: once, at Next
	Active   bool      `json:"active"`
	Paused   bool      `json:"paused"` // waits for its person to come back
	SnoozeOf int64     `json:"snooze_of"`
}

const reminderColumns = `r.user_id, r.id, r.message, r.next_execution_time, coalesce(r.rule, ''), r.active, r.paused, coalesce(r.snooze_of, 0)`

func (r *Reminder) dest() []any {
	return []any{&r.UserID, &r.ID, &r.Message, &r.Next, &r.Rule, &r.Active, &r.Paused, &r.SnoozeOf}
}

func scanReminder(row pgx.CollectableRow) (r Reminder, err error) { return r, row.Scan(r.dest()...) }

const insertReminderSQL = `
INSERT /* insert_reminder */ INTO reminders (user_id, message, next_execution_time, rule, snooze_of)
VALUES ($1, $2, $3, nullif($4, ''), nullif($5::bigint, 0))
RETURNING id`

// AddReminder queues a new active reminder; its id is filled in at the next Flush.
func (tx *Tx) AddReminder(r *Reminder) {
	tx.row(nil, []any{&r.ID}, insertReminderSQL, r.UserID, clean(r.Message), r.Next, r.Rule, r.SnoozeOf)
}

// isfinite: others may insert what no clock ever reaches, and one such row must not hide the rest.
const comingReminders = reminderColumns + `
FROM   reminders AS r
WHERE  r.user_id = $1 AND (r.active OR r.paused) AND isfinite(r.next_execution_time)
ORDER  BY r.next_execution_time, r.id`

const listRemindersSQL = `
SELECT /* list_reminders */ ` + comingReminders

// Reminders returns what a person will be reminded of, soonest first.
func (s *Store) Reminders(ctx context.Context, userID int64) ([]Reminder, error) {
	rows, err := s.pool.Query(ctx, listRemindersSQL, userID)
	if err != nil {
		return nil, fmt.Errorf("list reminders: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanReminder)
	if err != nil {
		return nil, fmt.Errorf("list reminders: %w", err)
	}
	return list, nil
}

const lockRemindersSQL = `
SELECT /* lock_reminders */ ` + comingReminders + `
FOR    UPDATE`

// LockReminders queues a person's coming reminders, locked until the transaction ends.
func (tx *Tx) LockReminders(dest *[]Reminder, userID int64) {
	rows(tx, dest, scanReminder, lockRemindersSQL, userID)
}

const cancelReminderSQL = `
UPDATE /* cancel_reminder */ reminders AS r SET active = false, paused = false
WHERE  r.user_id = $1 AND r.id = $2 AND (r.active OR r.paused)
RETURNING ` + reminderColumns

// CancelReminder queues the end of a reminder of that person; found is false when there is no such coming reminder.
func (tx *Tx) CancelReminder(dest *Reminder, found *bool, userID, id int64) {
	tx.row(found, dest.dest(), cancelReminderSQL, userID, id)
}

const moveReminderSQL = `
UPDATE /* move_reminder */ reminders SET next_execution_time = $3, rule = nullif($4, ''), active = $5, paused = $6
WHERE  user_id = $1 AND id = $2`

// MoveReminder queues a reminder's next time, rule and state as r has them.
func (tx *Tx) MoveReminder(r Reminder) {
	tx.exec(moveReminderSQL, r.UserID, r.ID, r.Next, r.Rule, r.Active, r.Paused)
}

// DueReminder is a reminder whose time has come, with what firing it needs to know of its person.
type DueReminder struct {
	Reminder
	Timezone  string
	Reachable bool // active and not blocking the bot
}

// active is a literal: a parameter would never use the partial index. The person is locked too: whether they can be reached must
// stay true until a reminder that waits for them is marked so, or their return would miss it.
const dueRemindersSQL = `
SELECT /* get_due_reminders */ ` + reminderColumns + `,
       u.timezone, u.subscription_status = 'active' AND u.unreachable_at IS NULL
FROM   reminders AS r
JOIN   users AS u ON u.telegram_id = r.user_id
WHERE  r.active AND r.next_execution_time <= $1 AND r.next_execution_time > '-infinity'
ORDER  BY r.next_execution_time
LIMIT  $2
FOR    UPDATE OF r SKIP LOCKED
FOR    SHARE OF u SKIP LOCKED`

// DueReminders queues the reminders due at now, soonest first, locked until the transaction ends; those that somebody else has
// locked are left to them.
func (tx *Tx) DueReminders(dest *[]DueReminder, now time.Time, limit int) {
	rows(tx, dest, func(row pgx.CollectableRow) (d DueReminder, err error) {
		return d, row.Scan(append(d.dest(), &d.Timezone, &d.Reachable)...)
	}, dueRemindersSQL, now, limit)
}

const nextDueSQL = `
SELECT /* get_next_due */ min(next_execution_time)
FROM   reminders
WHERE  active AND next_execution_time > '-infinity' AND next_execution_time < 'infinity'`

// NextDue returns when the next reminder of anybody is due; false when there is none.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	var at *time.Time
	if err := s.pool.QueryRow(ctx, nextDueSQL).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("get next due reminder: %w", err)
	}
	if at == nil {
		return time.Time{}, false, nil
	}
	return *at, true, nil
}
