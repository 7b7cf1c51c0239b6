package store

import (
	"time"
)

// Outcome is what a person did with a reminder that fired.
type Outcome string

// What can become of an occurrence.
const (
	Sent    Outcome = "sent"
	Done    Outcome = "done"
	Skipped Outcome = "skipped"
	Snoozed Outcome = "snoozed"
)

// Occurrence is one firing of a reminder.
type Occurrence struct {
	UserID      int64     `json:"user_id"`
	ID          int64     `json:"id"`
	ReminderID  int64     `json:"reminder_id"`
	ScheduledAt time.Time `json:"scheduled_at"`
	Late        bool      `json:"late"`
	Outcome     Outcome   `json:"outcome"`
	Message     string    `json:"message"` // the reminder's
}

const insertOccurrenceSQL = `
INSERT /* insert_occurrence */ INTO reminder_occurrences (user_id, reminder_id, scheduled_at, late)
VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, reminder_id, scheduled_at) DO NOTHING
RETURNING id`

// AddOccurrence queues the record that a reminder fires; fresh is false when it has fired for that moment before, and then nothing
// may be sent. The id is filled in at the next Flush.
func (tx *Tx) AddOccurrence(o *Occurrence, fresh *bool) {
	tx.row(fresh, []any{&o.ID}, insertOccurrenceSQL, o.UserID, o.ReminderID, o.ScheduledAt, o.Late)
}

const lockOccurrenceSQL = `
SELECT /* get_occurrence */ o.user_id, o.id, o.reminder_id, o.scheduled_at, o.late, o.outcome, r.message
FROM   reminder_occurrences AS o
JOIN   reminders AS r ON r.user_id = o.user_id AND r.id = o.reminder_id
WHERE  o.user_id = $1 AND o.id = $2
FOR    UPDATE OF o`

// LockOccurrence queues one firing of that person's reminders, locked until the transaction ends; found is false when there is
// none.
func (tx *Tx) LockOccurrence(dest *Occurrence, found *bool, userID, id int64) {
	tx.row(found, []any{&dest.UserID, &dest.ID, &dest.ReminderID, &dest.ScheduledAt, &dest.Late, &dest.Outcome, &dest.Message},
		lockOccurrenceSQL, userID, id)
}

const setOutcomeSQL = `
UPDATE /* set_outcome */ reminder_occurrences SET outcome = $3, outcome_at = $4 WHERE user_id = $1 AND id = $2`

// SetOutcome queues what the person did with a firing.
func (tx *Tx) SetOutcome(userID, id int64, outcome Outcome, at time.Time) {
	tx.exec(setOutcomeSQL, userID, id, outcome, at)
}
