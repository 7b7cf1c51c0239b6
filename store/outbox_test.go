package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"healthagent/store"
)

func (w *world) turn(ended []store.Sending, busy []int64, limit int, least store.Class) []store.Outgoing {
	w.t.Helper()
	due, err := w.TurnOutbox(w.t.Context(), ended, busy, w.now, limit, least)
	must(w.t, err)
	return due
}

func idsOf(calls []store.Outgoing) (list []int64) {
	for _, o := range calls {
		list = append(list, o.ID)
	}
	return list
}

func TestTurnOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(_ context.Context, tx *store.Tx) error { // ids 1 to 6
		for _, class := range []store.Class{store.Broadcast, store.ReminderNote, store.Reply, store.CallbackAnswer, store.Reply, store.Digest} {
			tx.Send(store.Outgoing{ChatID: 7, Class: class, Method: fmt.Sprint("method", class), Params: []byte(`{"a": 1}`), Erase: class == store.Digest})
		}
		return nil
	})
	all := w.turn(nil, nil, 100, store.Broadcast)
	if got := idsOf(all); !slices.Equal(got, []int64{4, 3, 5, 2, 6, 1}) {
		t.Fatalf("order %v", got)
	}
	if o := all[4]; o.ChatID != 7 || o.Class != store.Digest || o.Method != "method3" || string(o.Params) != `{"a": 1}` || !o.Erase || o.Attempts != 0 {
		t.Errorf("call %+v", o)
	}
	for _, c := range []struct {
		busy  []int64
		limit int
		least store.Class
		want  []int64
	}{
		{nil, 2, store.Broadcast, []int64{4, 3}},
		{[]int64{}, 100, store.Reply, []int64{4, 3, 5}},
		{[]int64{4, 5}, 100, store.ReminderNote, []int64{3, 2}},
		{[]int64{4, 3, 5, 2, 6, 1}, 100, store.Broadcast, nil},
		{nil, 0, store.Broadcast, nil},
	} {
		if got := idsOf(w.turn(nil, c.busy, c.limit, c.least)); !slices.Equal(got, c.want) {
			t.Errorf("busy %v, limit %d, least %d: %v", c.busy, c.limit, c.least, got)
		}
	}

	later := w.now.Add(time.Minute)
	due := w.turn([]store.Sending{
		{ID: 4, MessageID: 900},
		{ID: 3, Failed: "400 Bad Request\x00"},
		{ID: 5, Until: later, Failed: "429"},
		{ID: 6, MessageID: 901, Erase: true},
		{ID: 12345, MessageID: 1},
	}, []int64{2}, 100, store.Broadcast)
	if got := idsOf(due); !slices.Equal(got, []int64{1}) {
		t.Errorf("due %v", got)
	}
	rows := get[string](w, `SELECT string_agg(concat_ws(' ', id, state, message_id, error, attempts, sent_at IS NOT NULL), '; ' ORDER BY id) FROM outbox`)
	equal(t, "rows", rows, "1 pending 0 f; 2 pending 0 f; 3 failed 400 Bad Request\uFFFD 1 t; 4 sent 900 1 t; 5 pending 429 1 f")
	w.now = later
	due = w.turn(nil, nil, 100, store.Broadcast)
	if got := idsOf(due); !slices.Equal(got, []int64{5, 2, 1}) || due[0].Attempts != 1 {
		t.Errorf("later %+v", due)
	}
	equal(t, "nothing to do, nothing asked", len(w.turn(nil, nil, 0, store.Broadcast)), 0)
	// refused, and not to be kept either
	w.turn([]store.Sending{{ID: 5, Failed: "403", Erase: true}}, nil, 0, store.Broadcast)
	equal(t, "erased", w.count(`outbox WHERE id = 5`), 0)
	equal(t, "recorded once", get[int](w, `SELECT attempts FROM outbox WHERE id = 4`), 1)
}

// Ids become visible out of the order of commits: a sender that has seen 2 must still get 1.
func TestRowsCommittedOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- w.Do(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			tx.Send(reply(1))
			err := tx.Flush(ctx) // takes id 1
			close(first)
			<-second
			return err
		})
	}()
	receiveFrom(t, "id 1 is taken", first)
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Send(reply(2)); return nil })
	seen := w.turn(nil, nil, 100, store.Broadcast)
	if got := idsOf(seen); !slices.Equal(got, []int64{2}) {
		t.Fatalf("first look %v", got)
	}
	close(second)
	must(t, receiveFrom(t, "the commit of 1", done))
	if got := idsOf(w.turn([]store.Sending{{ID: 2, MessageID: 1}}, nil, 100, store.Broadcast)); !slices.Equal(got, []int64{1}) {
		t.Errorf("second look %v", got)
	}
}

func TestMoveChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(_ context.Context, tx *store.Tx) error {
		for _, chat := range []int64{-5, -5, -6} {
			tx.Send(store.Outgoing{ChatID: chat, Class: store.Reply, Method: "sendMessage", Params: []byte(fmt.Sprintf(`{"chat_id":%d,"text":"x"}`, chat))})
		}
		return nil
	})
	w.turn([]store.Sending{{ID: 1, MessageID: 1}}, nil, 0, store.Broadcast)
	must(t, w.MoveChat(t.Context(), -5, -1005))
	rows := get[string](w, `SELECT string_agg(concat_ws(' ', id, chat_id, params ->> 'chat_id'), '; ' ORDER BY id) FROM outbox`)
	equal(t, "rows", rows, "1 -5 -5; 2 -1005 -1005; 3 -6 -6")
}

// A reply that quotes U+0000 is no reason to lose what it reports.
func TestParametersWithNUL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{"a\x00b", "\x00", "\\u0000", "\\\x00", "\\\\u0000\x00", "\\\\", `"\u0000"`} {
		params, err := json.Marshal(map[string]string{"text": text})
		must(t, err)
		original := string(params)
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.Send(store.Outgoing{ChatID: 1, Class: store.Reply, Method: "sendMessage", Params: params})
			return nil
		})
		equal(t, "the caller's bytes", string(params), original)
		got := get[string](w, `SELECT params ->> 'text' FROM outbox ORDER BY id DESC LIMIT 1`)
		want := ""
		for _, r := range text {
			if r == 0 {
				r = '\uFFFD'
			}
			want += string(r)
		}
		equal(t, fmt.Sprintf("%q", text), got, want)
	}
}
