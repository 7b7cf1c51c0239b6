package store_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/store"
)

// adversarial are updates whose bytes jsonb or text would refuse or change.
func adversarial() [][]byte {
	return [][]byte{
		[]byte(`{"message":{"text":"a\u0000b"}}`),
		[]byte(`{"message":{"text":"\ud800 alone"}}`),
		[]byte(`{"message":{"n":1e999999}}`),
		[]byte("{\"text\":\"\xff\xfe broken\x00\"}"),
		[]byte(`{"a":1, "a":2 ,"b" : 1.0}`),
		{},
		bytes.Repeat([]byte("\x00\xff"), 50000),
	}
}

func (w *world) pending(limit int) []store.Update {
	w.t.Helper()
	var all []store.Update
	for page := (store.PendingPage{}); ; {
		updates, err := w.Pending(w.t.Context(), bot, &page, limit)
		must(w.t, err)
		if len(updates) == 0 {
			return all
		}
		all = append(all, updates...)
	}
}

func ids(updates []store.Update) (list []int64) {
	for _, u := range updates {
		list = append(list, u.ID)
	}
	return list
}

func TestReceiveKeepsTheBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	var batch []store.Update
	for i, raw := range adversarial() {
		u := update(int64(100+i), 1)
		u.Raw, u.Sent = raw, w.now.Add(time.Duration(i)*time.Second)
		batch = append(batch, u)
	}
	equal(t, "new updates", len(w.receive(batch...)), len(batch))
	left := w.pending(1000)
	equal(t, "pending updates", len(left), len(batch))
	for i, u := range left {
		if want := batch[i]; u.ID != want.ID || u.ChatID != 1 || u.UserID != 1 || u.BotID != bot || u.Kind != "message" ||
			!u.Sent.Equal(want.Sent) || u.Raw == nil || !bytes.Equal(u.Raw, want.Raw) {
			t.Errorf("update %d came back as %+v", want.ID, u)
		}
	}
}

func TestReceiveIgnoresDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	changed := update(1, 1)
	changed.Raw = []byte(`{"changed":true}`)
	if got := w.receive(update(1, 1), update(2, 1), changed); !maps.Equal(got, map[int64]bool{1: true, 2: true}) {
		t.Errorf("first %v", got)
	}
	if got := w.receive(changed, update(2, 1), update(3, 1)); !maps.Equal(got, map[int64]bool{3: true}) {
		t.Errorf("second %v", got)
	}
	other, err := w.Receive(t.Context(), bot+1, []store.Update{update(1, 1)}, false) // another bot counts for itself
	must(t, err)
	equal(t, "new for another bot", other[1], true)
	equal(t, "first bytes", string(get[[]byte](w, `SELECT raw FROM inbox WHERE bot_id = $1 AND update_id = 1`, bot)), `{}`)

	w.do(func(_ context.Context, tx *store.Tx) error { tx.Finish(update(1, 1), false); return nil })
	equal(t, "new after it is done", len(w.receive(update(1, 1))), 0)
	equal(t, "still done", w.count(`inbox WHERE update_id = 1 AND state = 'done'`), 1)
}

func TestStrangersWordsAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.exec(`INSERT INTO users (telegram_id, subscription_status) VALUES (2, 'inactive'), (3, 'pending')`)
	const stranger, nobody = 4, 0
	public := func(u store.Update) store.Update { u.Public = true; return u }
	parked := func(u store.Update) store.Update { u.Parked = "of no known shape"; return u }
	for i, c := range []struct {
		u    store.Update
		all  bool
		kept bool
	}{
		{u: update(0, 1), kept: true},
		{u: update(0, 2)},
		{u: update(0, 3)},
		{u: update(0, stranger)},
		{u: update(0, nobody)},
		{u: public(update(0, stranger)), kept: true},
		{u: public(update(0, 2)), kept: true},
		{u: update(0, stranger), all: true, kept: true},
		{u: update(0, 2), all: true, kept: true},
		{u: parked(update(0, 1)), kept: true},
		{u: parked(update(0, stranger))},
	} {
		c.u.ID = int64(i + 1)
		_, err := w.Receive(t.Context(), bot, []store.Update{c.u}, c.all)
		must(t, err)
		equal(t, fmt.Sprintf("case %d: bytes kept", i), get[bool](w, `SELECT raw IS NOT NULL FROM inbox WHERE update_id = $1`, c.u.ID), c.kept)
	}
	for _, u := range w.pending(100) {
		if u.UserID == 3 && u.Raw != nil {
			t.Error("bytes out of nothing")
		}
	}
	equal(t, "parked", w.count(`inbox WHERE state = 'parked' AND error = 'of no known shape' AND done_at IS NOT NULL`), 2)
}

func TestRefusedUpdateIsParkedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	long, far := update(2, 1), update(4, 1)
	long.Kind = strings.Repeat("k", 65)
	long.Raw = []byte(`{"secret":"planted"}`)
	far.Sent = time.Date(294277, 1, 1, 0, 0, 0, 0, time.UTC)
	got := w.receive(update(1, 1), long, update(3, 1), far, update(5, 1))
	if !maps.Equal(got, map[int64]bool{1: true, 3: true, 5: true}) {
		t.Errorf("new: %v", got)
	}
	if left := ids(w.pending(100)); !slices.Equal(left, []int64{1, 3, 5}) {
		t.Errorf("pending %v", left)
	}
	equal(t, "stubs", w.count(`inbox WHERE state = 'parked' AND kind = 'refused' AND raw IS NULL AND user_id = 0 AND chat_id = 0`), 2)
	equal(t, "reason", get[string](w, `SELECT error FROM inbox WHERE update_id = 2`), "insert into inbox: PostgreSQL error 23514 on inbox_kind_check")
	equal(t, "new the second time", len(w.receive(long, far)), 0)
}

// The order of coming rules, whatever the ids: after a week of silence Telegram may begin again lower.
func TestPendingInTheOrderOfComing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	var want []int64
	for batch := range 4 {
		var updates []store.Update
		for i := range 100 {
			id := int64(10_000 - 2_000*batch - i) // falling, in a batch and between them
			updates = append(updates, update(id, 1))
			want = append(want, id)
		}
		w.receive(updates...)
	}
	for _, limit := range []int{1, 7, 100, 1000} {
		if got := ids(w.pending(limit)); !slices.Equal(got, want) {
			t.Fatalf("pages of %d: %v", limit, got)
		}
	}
	// and rows of one and the same instant are neither skipped nor repeated
	w.exec(`UPDATE inbox SET received_at = '2026-01-01'`)
	slices.Sort(want)
	if got := ids(w.pending(7)); !slices.Equal(got, want) {
		t.Errorf("of one instant: %v", got)
	}
}

func TestPendingLeavesOutWhatIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	w.receive(update(1, 1), update(2, 1), update(3, 1), update(4, 1), update(5, 1), update(6, 1))
	ctx := t.Context()
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Finish(update(1, 1), true); return nil })
	must(t, w.Park(ctx, update(2, 1), "reason\x00"))
	must(t, w.Fail(ctx, update(3, 1), "first", w.now, false))
	must(t, w.Fail(ctx, update(4, 1), "last", w.now, true))
	w.do(func(_ context.Context, tx *store.Tx) error { tx.Bury(update(5, 1), "buried"); return nil })
	left := w.pending(100)
	if !slices.Equal(ids(left), []int64{3, 6}) || left[0].Attempts != 1 {
		t.Errorf("pending %+v", left)
	}
	equal(t, "erased", w.count(`inbox WHERE update_id = 1 AND raw IS NULL AND done_at IS NOT NULL`), 1)
	// what is ended stays as it is
	for _, id := range []int64{1, 2, 4, 5} {
		must(t, w.Park(ctx, update(id, 1), "again"))
		must(t, w.Fail(ctx, update(id, 1), "again", w.now, true))
	}
	equal(t, "changed afterwards", w.count(`inbox WHERE error = 'again'`), 0)
	q, err := w.Queues(ctx)
	must(t, err)
	equal(t, "queues", q, store.Queues{InboxPending: 1, InboxRetry: 1, InboxParked: 1, InboxDead: 2})
}

// The server commits the updates and its answer is lost: they must not be taken for old at the second try.
func TestReceiveAfterALostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	p, s := w.proxied(func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	p.losing("INSERT 0 2\x00")
	_, err := s.Receive(t.Context(), bot, []store.Update{update(1, 1), update(2, 1)}, false)
	if !store.Unavailable(err) {
		t.Fatalf("a lost answer: %v", err)
	}
	equal(t, "committed", w.count(`inbox`), 2)
	p.losing("")
	fresh, err := s.Receive(t.Context(), bot, []store.Update{update(1, 1), update(2, 1), update(3, 1)}, false)
	must(t, err)
	if !maps.Equal(fresh, map[int64]bool{1: true, 2: true, 3: true}) {
		t.Errorf("new: %v", fresh)
	}
	fresh, err = s.Receive(t.Context(), bot, []store.Update{update(1, 1)}, false)
	must(t, err)
	equal(t, "new the third time", len(fresh), 0)
}

func TestPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO inbox (bot_id, update_id, kind, state, received_at)
		SELECT 1, row_number() OVER (), 'message', state, $1::timestamptz - age
		FROM unnest(ARRAY['new', 'retry', 'done', 'parked', 'dead']) AS state, unnest(ARRAY['73h', '71h']::interval[]) AS age`, w.now)
	w.exec(`INSERT INTO outbox (chat_id, method, params, state, created_at)
		SELECT 1, 'sendMessage', '{}', state, $1::timestamptz - age
		FROM unnest(ARRAY['pending', 'sent', 'failed', 'dropped']) AS state, unnest(ARRAY['73h', '71h']::interval[]) AS age`, w.now)
	w.exec(`INSERT INTO audit_log (actor, action, "timestamp")
		SELECT 'daemon', 'test', $1::timestamptz - age FROM unnest(ARRAY['401 days', '399 days']::interval[]) AS age`, w.now)
	w.exec(`INSERT INTO inbox (bot_id, update_id, kind, state, received_at)
		SELECT 2, n, 'message', 'done', $1::timestamptz - interval '4 days' FROM generate_series(1, 20001) AS n`, w.now)
	n, err := w.Purge(t.Context(), w.now)
	must(t, err)
	equal(t, "rows removed", n, 20001+1+3+1)
	equal(t, "inbox", w.count(`inbox`), 9)
	equal(t, "outbox", w.count(`outbox`), 5)
	equal(t, "audit", w.count(`audit_log`), 1)
	equal(t, "old rows that are kept", w.count(`inbox WHERE received_at < $1::timestamptz - interval '72h' AND state <> 'done'`, w.now), 4)
	n, err = w.Purge(t.Context(), w.now)
	must(t, err)
	equal(t, "rows removed the second time", n, 0)
}
