package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"healthagent/store"
)

// lead leads until end is called, and returns when it leads.
func lead(t *testing.T, s *store.Store, botID int64, reminders func()) (end func(), ended <-chan error, during context.Context) {
	t.Helper()
	stop, result, began := make(chan struct{}), make(chan error, 1), make(chan context.Context, 1)
	go func() {
		result <- s.Lead(t.Context(), botID, reminders, func(ctx context.Context) error {
			began <- ctx
			select {
			case <-stop:
				return errWork
			case <-ctx.Done():
				return nil
			}
		})
	}()
	return func() { close(stop) }, result, receiveFrom(t, "the lead", began)
}

func TestOneLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.open()
	const big = 7_912_345_678 // over 31 bits, as the ids of bots are
	end, ended, _ := lead(t, w.Store, big, func() {})
	err := other.Lead(t.Context(), big, func() {}, func(context.Context) error { t.Error("two lead"); return nil })
	if !errors.Is(err, store.ErrHeld) || !strings.Contains(err.Error(), "healthagent leader, connected since 2") || !strings.Contains(err.Error(), "(backend ") {
		t.Errorf("held: %v", err)
	}
	// another bot in the same database is another lock
	endOther, endedOther, _ := lead(t, other, big+1, func() {})
	endOther()
	if err := receiveFrom(t, "the end of the other", endedOther); !errors.Is(err, errWork) {
		t.Errorf("the other: %v", err)
	}
	end()
	if err := receiveFrom(t, "the end", ended); !errors.Is(err, errWork) || strings.Contains(err.Error(), "lost") {
		t.Errorf("the first: %v", err)
	}
	eventually(t, "the lock is free", func() bool {
		return other.Lead(t.Context(), big, func() {}, func(context.Context) error { return nil }) == nil
	})
	eventually(t, "its connection is gone", func() bool {
		return w.count(`pg_stat_activity WHERE application_name LIKE '% leader' AND datname = current_database()`) == 0
	})
}

func TestLostLeadEndsTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, ended, during := lead(t, w.Store, bot, func() {})
	w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'healthagent leader' AND datname = current_database()`)
	receiveFrom(t, "the end of the work's context", during.Done())
	err := receiveFrom(t, "the end", ended)
	if err == nil || !strings.Contains(err.Error(), "the bot's lock was lost") || !store.Unavailable(err) {
		t.Errorf("lost: %v", err)
	}
	eventually(t, "the lock is free", func() bool { // the server tells us of the end before it lets go of the lock
		return w.Lead(t.Context(), bot, func() {}, func(context.Context) error { return nil }) == nil
	})
}

// The end of the caller's own context is no loss, whatever its cause.
func TestCalledOffLeadIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	err := w.Lead(ctx, bot, func() {}, func(ctx context.Context) error {
		cancel(errors.New("a signal"))
		<-ctx.Done()
		return nil
	})
	must(t, err)
}

func TestPanicOfTheLeaderFreesTheLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	func() {
		defer func() { _ = recover() }()
		_ = w.Lead(t.Context(), bot, func() {}, func(context.Context) error { panic("work") })
	}()
	eventually(t, "the lock is free", func() bool {
		return w.open().Lead(t.Context(), bot, func() {}, func(context.Context) error { return nil }) == nil
	})
}

// Whoever changes a person's row makes the leader forget its copy.
func TestOthersChangesAreHeard(t *testing.T) {
	backends(t, func(t *testing.T, w *world) {
		w.member(1, 2)
		ctx := t.Context()
		_, _, err := w.User(ctx, 1)
		must(t, err)
		w.exec(`UPDATE users SET timezone = 'Asia/Tokyo' WHERE telegram_id = 1`) // while nobody listens
		u, _, err := w.User(ctx, 1)
		must(t, err)
		equal(t, "a copy", u.Timezone, "UTC")

		changed := make(chan struct{}, 100)
		end, ended, _ := lead(t, w.Store, bot, func() { changed <- struct{}{} })
		u, _, err = w.User(ctx, 1)
		must(t, err)
		equal(t, "after nobody listened", u.Timezone, "Asia/Tokyo")

		w.exec(`UPDATE users SET timezone = 'Europe/Oslo', subscription_status = 'inactive' WHERE telegram_id = 1`)
		eventually(t, "the change is seen", func() bool {
			u, _, err := w.User(ctx, 1)
			must(t, err)
			return u.Timezone == "Europe/Oslo" && u.Status == store.Inactive
		})
		must(t, w.open().SetStatus(ctx, 1, store.Active, "another process"))
		eventually(t, "the status is seen", func() bool {
			u, _, err := w.User(ctx, 1)
			must(t, err)
			return u.Status == store.Active
		})
		_, _, err = w.User(ctx, 2)
		must(t, err)
		w.exec(`DELETE FROM users WHERE telegram_id = 2`)
		eventually(t, "the deletion is seen", func() bool {
			_, found, err := w.User(ctx, 2)
			must(t, err)
			return !found
		})

		for len(changed) > 0 {
			<-changed
		}
		w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'tea', now())`)
		receiveFrom(t, "the new reminder is heard of", changed)
		w.exec(`UPDATE reminders SET next_execution_time = next_execution_time + interval '1 hour'`)
		receiveFrom(t, "the moved reminder is heard of", changed)
		w.exec(`NOTIFY healthagent_users, 'nonsense'`) // anybody may say anything
		w.exec(`UPDATE reminders SET active = false`)
		receiveFrom(t, "the stopped reminder is heard of", changed)
		end()
		receiveFrom(t, "the end", ended)
	})
}
