package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"healthagent/store"
)

// fire does what the scheduler does with what is due, and returns how much it sent.
func fire(ctx context.Context, s *store.Store, now time.Time, limit int) (sent int, err error) {
	err = s.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		sent = 0
		var due []store.DueReminder
		tx.DueReminders(&due, now, limit)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		fresh := make([]bool, len(due))
		for i, d := range due {
			o := store.Occurrence{UserID: d.UserID, ReminderID: d.ID, ScheduledAt: d.Next}
			tx.AddOccurrence(&o, &fresh[i])
			d.Active = false
			tx.MoveReminder(d.Reminder)
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		for i, d := range due {
			if fresh[i] {
				tx.Send(reply(d.UserID))
				sent++
			}
		}
		return nil
	})
	return sent, err
}

func TestNoMomentFiresTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.open()
	for user := range int64(20) {
		w.member(user + 1)
	}
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time)
		SELECT user_id, 'x', $1::timestamptz - n * interval '1 minute' FROM generate_series(1, 20) AS user_id, generate_series(0, 4) AS n`, w.now)
	var wg sync.WaitGroup
	for _, s := range []*store.Store{w.Store, other, w.Store, other} {
		wg.Go(func() {
			for w.t.Context().Err() == nil {
				sent, err := fire(t.Context(), s, w.now, 7)
				if err != nil {
					t.Error(err)
				}
				if sent == 0 || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for { // what was locked while somebody gave up looking
		sent, err := fire(t.Context(), w.Store, w.now, 7)
		must(t, err)
		if sent == 0 {
			break
		}
	}
	equal(t, "occurrences", w.count(`reminder_occurrences`), 100)
	equal(t, "sent", w.count(`outbox`), 100)
	// somebody sets them back to the moments that have fired
	w.exec(`UPDATE reminders SET active = true`)
	sent, err := fire(t.Context(), w.Store, w.now, 1000)
	must(t, err)
	equal(t, "sent again", sent, 0)
	equal(t, "sent", w.count(`outbox`), 100)
}

func TestDueReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id, subscription_status, timezone, unreachable_at) VALUES
		(1, 'active', 'Asia/Tokyo', NULL), (2, 'inactive', 'UTC', NULL), (3, 'active', 'UTC', now())`)
	w.exec(`INSERT INTO reminders (user_id, id, message, next_execution_time, active, rule) VALUES
		(1, 10, 'later', $1::timestamptz + interval '1 us', true, NULL), (1, 11, 'now', $1, true, 'daily'), (1, 12, 'off', $1, false, NULL),
		(2, 13, 'inactive', $1::timestamptz - interval '2 h', true, NULL), (3, 14, 'unreachable', $1::timestamptz - interval '1 h', true, NULL),
		(1, 15, 'never', 'infinity', true, NULL), (1, 16, 'ever', '-infinity', true, NULL)`, w.now)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'by others', $1::timestamptz - interval '3 h')`, w.now)
	var due []store.DueReminder
	w.do(func(_ context.Context, tx *store.Tx) error { tx.DueReminders(&due, w.now, 100); return nil })
	var got []string
	for _, d := range due {
		got = append(got, words(d.UserID, d.Message, d.Rule, d.Active, d.Paused, d.SnoozeOf, d.Timezone, d.Reachable))
	}
	if want := []string{
		"1 by others  true false 0 Asia/Tokyo true", "2 inactive  true false 0 UTC false",
		"3 unreachable  true false 0 UTC false", "1 now daily true false 0 Asia/Tokyo true",
	}; !slices.Equal(got, want) {
		t.Errorf("due %q", got)
	}
	w.do(func(_ context.Context, tx *store.Tx) error { tx.DueReminders(&due, w.now, 1); return nil })
	equal(t, "limited", len(due), 1)
	next, found, err := w.NextDue(t.Context())
	must(t, err)
	equal(t, "next", found && next.Equal(w.now.Add(-3*time.Hour)), true)
	list, err := w.Reminders(t.Context(), 1)
	must(t, err)
	equal(t, "coming", fmt.Sprint(len(list), " ", list[0].Message, " ", list[1].Message, " ", list[2].Message), "3 by others now later")
	w.exec(`UPDATE reminders SET active = false WHERE isfinite(next_execution_time)`)
	_, found, err = w.NextDue(t.Context())
	must(t, err)
	equal(t, "nothing that ever comes", found, false)
}

func TestReminderLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.member(1, 2)
	r := store.Reminder{UserID: 1, Message: "tea\x00", Next: w.now, Rule: "daily 12:00"}
	w.do(func(_ context.Context, tx *store.Tx) error { tx.AddReminder(&r); return nil })
	r.Message, r.Active = "tea\uFFFD", true
	check := func(want ...store.Reminder) {
		t.Helper()
		list, err := w.Reminders(ctx, 1)
		must(t, err)
		for i := range list {
			list[i].Next = list[i].Next.UTC()
		}
		if !slices.Equal(list, want) {
			t.Errorf("reminders %+v, want %+v", list, want)
		}
	}
	check(r)
	snooze := store.Reminder{UserID: 1, Message: "tea", Next: w.now.Add(time.Hour), SnoozeOf: r.ID}
	w.do(func(_ context.Context, tx *store.Tx) error { tx.AddReminder(&snooze); return nil })
	snooze.Active = true
	check(r, snooze)

	var locked []store.Reminder
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.LockReminders(&locked, 1)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		r.Next, r.Rule, r.Active, r.Paused = w.now.Add(2*time.Hour), "", false, true
		tx.MoveReminder(r)
		other := r
		other.UserID = 2 // not its owner
		other.Paused = false
		tx.MoveReminder(other)
		return nil
	})
	equal(t, "locked", len(locked), 2)
	check(snooze, r)

	var cancelled store.Reminder
	var found bool
	cancel := func(user, id int64) bool {
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.CancelReminder(&cancelled, &found, user, id)
			return nil
		})
		return found
	}
	equal(t, "another's", cancel(2, r.ID), false)
	equal(t, "unknown", cancel(1, 999), false)
	equal(t, "own", cancel(1, r.ID), true)
	equal(t, "cancelled", words(cancelled.ID, cancelled.Active, cancelled.Paused, cancelled.Message), words(r.ID, false, false, "tea\uFFFD"))
	equal(t, "twice", cancel(1, r.ID), false)
	check(snooze)

	// the child survives its parent
	w.exec(`DELETE FROM reminders WHERE user_id = 1 AND id = $1`, r.ID)
	snooze.SnoozeOf = 0
	check(snooze)
}

func TestOccurrences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	r := store.Reminder{UserID: 1, Message: "tea", Next: w.now}
	o := store.Occurrence{UserID: 1, ScheduledAt: w.now, Late: true}
	var fresh, again bool
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.AddReminder(&r)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		o.ReminderID = r.ID
		twice := o
		tx.AddOccurrence(&o, &fresh)
		tx.AddOccurrence(&twice, &again)
		return nil
	})
	equal(t, "fresh, again", words(fresh, again, o.ID > 0), "true false true")
	var got store.Occurrence
	var found bool
	look := func(user, id int64) {
		w.do(func(_ context.Context, tx *store.Tx) error { tx.LockOccurrence(&got, &found, user, id); return nil })
	}
	look(2, o.ID)
	equal(t, "another's", found, false)
	look(1, o.ID)
	equal(t, "own", words(found, got.ReminderID == r.ID, got.ScheduledAt.Equal(w.now), got.Late, got.Outcome, got.Message), "true true true true sent tea")
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.SetOutcome(2, o.ID, store.Skipped, w.now)
		tx.SetOutcome(1, o.ID, store.Done, w.now)
		return nil
	})
	look(1, o.ID)
	equal(t, "outcome", got.Outcome, store.Done)
	err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		o.UserID = 2
		tx.AddOccurrence(&o, &fresh)
		return nil
	})
	if !store.BadValue(err) {
		t.Errorf("of another's reminder: %v", err)
	}
}

// What somebody else has locked is left to them, without waiting.
func TestLockedRemindersAreLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) SELECT 1, n::text, $1::timestamptz - n * interval '1 s' FROM generate_series(1, 3) AS n`, w.now)
	var first, second []store.DueReminder
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.DueReminders(&first, w.now, 2)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		w.do(func(_ context.Context, tx *store.Tx) error { tx.DueReminders(&second, w.now, 2); return nil })
		return nil
	})
	equal(t, "first, second", words(first[0].Message, first[1].Message, len(second), second[0].Message), "3 2 1 1")
}
