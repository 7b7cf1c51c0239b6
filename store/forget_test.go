package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store"
)

// fill leaves something of a person in every table.
func (w *world) fill(user int64) {
	w.t.Helper()
	first := user * 100
	for id := first; id < first+5; id++ {
		u := update(id, user)
		u.Raw = fmt.Appendf(nil, `{"text":"words of %d"}`, user)
		u.Sent, u.Public = w.now, true
		w.receive(u)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		tx.Activate(user, fmt.Sprint("person ", user), nil)
		return nil
	})
	w.do(logFood(user, first))
	must(w.t, w.Park(w.t.Context(), update(first+1, user), "parked"))
	must(w.t, w.Fail(w.t.Context(), update(first+2, user), "dead", w.now, true))
	must(w.t, w.Fail(w.t.Context(), update(first+3, user), "retry", w.now, false))
	must(w.t, w.SetStatus(w.t.Context(), user, store.Active, "uid 0 (root)"))
	w.do(func(ctx context.Context, tx *store.Tx) error {
		r := store.Reminder{UserID: user, Message: fmt.Sprint("tea of ", user), Next: w.now}
		tx.AddReminder(&r)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		var fresh bool
		tx.AddOccurrence(&store.Occurrence{UserID: user, ReminderID: r.ID, ScheduledAt: w.now}, &fresh)
		tx.AddReminder(&store.Reminder{UserID: user, Message: "snoozed", Next: w.now, SnoozeOf: r.ID})
		return nil
	})
	if _, err := w.Window(w.t.Context(), user); err != nil {
		w.t.Fatal(err)
	}
	_, _, err := w.User(w.t.Context(), user)
	must(w.t, err)
}

// traces counts the rows of each table in which a person's id or words occur, wherever.
func (w *world) traces(user int64) map[string]int {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations' ORDER BY 1`)
	must(w.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(w.t, err)
	found := map[string]int{}
	for _, table := range tables {
		columns := get[[]string](w, `SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0
			AND attname IN ('user_id', 'chat_id', 'telegram_id')`, table)
		var where []string
		for _, c := range columns {
			where = append(where, fmt.Sprintf("%s = %d", c, user))
		}
		// a row as text shows bytes in hexadecimal
		where = append(where, fmt.Sprintf(`t::text ~ '(person|of|user) %d\M'`, user),
			fmt.Sprintf(`t::text LIKE '%%' || encode('words of %d"', 'hex') || '%%'`, user))
		if n := w.count(table + " AS t WHERE " + strings.Join(where, " OR ")); n > 0 {
			found[table] = n
		}
	}
	return found
}

func TestForgetLeavesNothing(t *testing.T) {
	backends(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const gone, stays = 77, 78
		w.fill(gone)
		w.fill(stays)
		before, other := w.traces(gone), w.traces(stays)
		// a group in which both write
		for _, table := range []string{
			"users", "conversation_history", "food_entries", "reminders", "reminder_occurrences",
			"user_gamification", "xp_transactions", "inbox", "outbox", "audit_log",
		} {
			if before[table] == 0 {
				t.Fatalf("nothing in %s: the test shows nothing", table)
			}
		}
		pending := update(gone*100+9, gone) // it asks to be forgotten
		w.receive(pending)
		w.do(func(_ context.Context, tx *store.Tx) error { // those that wait are ended first
			tx.Finish(update(gone*100+3, gone), false)
			tx.Finish(update(gone*100+4, gone), false)
			return nil
		})
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.Finish(pending, true)
			tx.Forget(gone)
			tx.Send(store.Outgoing{ChatID: gone, Class: store.Reply, Method: "sendMessage", Params: []byte(`{"text":"forgotten"}`), Erase: true})
			return nil
		})
		equal(t, "the last word", fmt.Sprint(w.traces(gone)), "map[outbox:1]")
		last := w.turn(nil, nil, 100, store.Broadcast)
		for _, o := range last {
			if o.ChatID == gone {
				w.turn([]store.Sending{{ID: o.ID, MessageID: 1, Erase: o.Erase}}, nil, 0, store.Broadcast)
			}
		}
		equal(t, "traces", fmt.Sprint(w.traces(gone)), "map[]")
		equal(t, "the other's", fmt.Sprint(w.traces(stays)), fmt.Sprint(other))
		equal(t, "ids that stay", w.count(`inbox WHERE update_id BETWEEN $1 AND $1 + 99 AND chat_id = 0 AND user_id = 0 AND raw IS NULL AND error IS NULL AND tg_date IS NULL`, gone*100), 6)
		equal(t, "handed over again", len(w.receive(update(gone*100, gone), pending)), 0)

		_, found, err := w.User(ctx, gone)
		must(t, err)
		equal(t, "known", found, false)
		window, err := w.Window(ctx, gone)
		must(t, err)
		equal(t, "messages", len(window), 0)
		_, found, err = w.User(ctx, stays)
		must(t, err)
		equal(t, "the other is known", found, true)
		w.do(func(_ context.Context, tx *store.Tx) error { tx.Forget(gone); return nil }) // nobody is nothing
	})
}

// What a person wrote behind their wish waits to be answered: its bytes go at once, the rest with its end.
func TestForgetKeepsWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(77)
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Forget(77); return nil })
	left := w.pending(100)
	equal(t, "pending", len(left), 2)
	for _, u := range left {
		equal(t, "bytes, chat", words(u.Raw == nil, u.ChatID), "true 77")
	}
}

// The last word to somebody who was forgotten and has blocked the bot goes too.
func TestUnreachableErases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(77)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.Finish(update(7703, 77), false)
		tx.Finish(update(7704, 77), false)
		return nil
	})
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.Forget(77)
		tx.Send(store.Outgoing{ChatID: 77, Class: store.Reply, Method: "sendMessage", Params: []byte(`{}`), Erase: true})
		return nil
	})
	must(t, w.Unreachable(t.Context(), 77, w.now))
	equal(t, "traces", fmt.Sprint(w.traces(77)), "map[]")
}
