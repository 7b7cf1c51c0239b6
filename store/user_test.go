package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"healthagent/store"
)

// state is what a person's row says.
func (w *world) state(id int64) string {
	w.t.Helper()
	return get[string](w, `SELECT concat_ws(' ', subscription_status, quote_literal(display_name), timezone, timezone_set_at IS NOT NULL,
		coalesce(leaderboard_name, '-'), unreachable_at IS NOT NULL, coalesce(invite_code, '-')) FROM users WHERE telegram_id = $1`, id)
}

func TestJoining(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	long, code := strings.Repeat("\U0001F9C3", 70)+"\x00", "CODE"
	_, found, err := w.User(ctx, 1)
	must(t, err)
	equal(t, "known", found, false)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.Register(1, store.Pending, "Ann\x00")
		tx.Register(2, store.Active, long)
		tx.Activate(3, "Eve", &code)
		return nil
	})
	equal(t, "registered", w.state(1), "pending 'Ann\uFFFD' UTC f - f -")
	equal(t, "a long name", w.state(2), "active '"+strings.Repeat("\U0001F9C3", 64)+"' UTC f - f -")
	equal(t, "with a code", w.state(3), "active 'Eve' UTC f - f CODE")
	u, found, err := w.User(ctx, 1)
	must(t, err)
	equal(t, "known", found, true)
	equal(t, "user", words(u.ID, u.Status, u.DisplayName, u.Timezone, u.TimezoneSetAt, u.LeaderboardName, u.UnreachableAt, u.CreatedAt.IsZero()),
		"1 pending Ann\uFFFD UTC <nil> <nil> <nil> false")

	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time, active, paused) VALUES
		(1, 'paused', now(), false, true), (1, 'cancelled', now(), false, false), (3, 'paused', now(), false, true)`)
	name := strings.Repeat("n", 40)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.Register(1, store.Active, "somebody else") // stays as it is
		tx.Register(2, store.Pending, "somebody else")
		tx.Activate(1, "somebody else", nil)
		tx.Activate(3, "", nil)
		tx.SetTimezone(1, "Asia/Tokyo", w.now)
		tx.SetLeaderboardName(1, &name)
		return nil
	})
	equal(t, "activated", w.state(1), "active 'Ann\uFFFD' Asia/Tokyo t "+name[:32]+" f -")
	equal(t, "registered twice", w.state(2)[:6], "active")
	equal(t, "the code stays", w.state(3), "active 'Eve' UTC f - f CODE")
	equal(t, "resumed", w.count(`reminders WHERE active AND NOT paused AND message = 'paused'`), 2)
	equal(t, "cancelled stays", w.count(`reminders WHERE NOT active AND NOT paused`), 1)
	u, _, err = w.User(ctx, 1)
	must(t, err)
	equal(t, "the copy follows", words(u.Status, u.Timezone, u.TimezoneSetAt.Equal(w.now), *u.LeaderboardName), "active Asia/Tokyo true "+name[:32])
	w.do(func(_ context.Context, tx *store.Tx) error { tx.SetLeaderboardName(1, nil); return nil })
	u, _, err = w.User(ctx, 1)
	must(t, err)
	equal(t, "off the leaderboard", u.LeaderboardName == nil, true)
	all, err := w.Users(ctx)
	must(t, err)
	equal(t, "users", words(len(all), all[0].ID, all[1].ID, all[2].ID), "3 1 2 3")
}

func TestSetStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.member(1, 2)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time, active, paused) VALUES (1, 'x', now(), false, true), (2, 'x', now(), false, true)`)
	for _, c := range []struct {
		status store.Status
		active bool
		paused int
	}{{store.Inactive, false, 2}, {store.Active, true, 1}, {store.Pending, false, 1}} {
		_, _, err := w.User(ctx, 1) // there is a copy
		must(t, err)
		must(t, w.SetStatus(ctx, 1, c.status, "uid 0 (root)"))
		u, _, err := w.User(ctx, 1)
		must(t, err)
		equal(t, "status", u.Status, c.status)
		err = w.Do(ctx, func(_ context.Context, tx *store.Tx) error { tx.MustBeActive(1, "UTC"); tx.Send(reply(1)); return nil })
		equal(t, "served", err == nil, c.active)
		active, err2 := w.IsActive(ctx, 1)
		must(t, err2)
		equal(t, "active", active, c.active)
		equal(t, "not active", errors.Is(err, store.ErrNotActive), !c.active)
		equal(t, "paused reminders", w.count(`reminders WHERE paused`), c.paused)
	}
	if err := w.SetStatus(ctx, 99, store.Active, "me"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if err := w.SetStatus(ctx, 1, "king", "me"); !store.BadValue(err) {
		t.Errorf("no such status: %v", err)
	}
	err := w.Do(ctx, func(_ context.Context, tx *store.Tx) error { tx.MustBeActive(99, "UTC"); return nil })
	equal(t, "who is unknown is not active", errors.Is(err, store.ErrNotActive), true)
	err = w.Do(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.MustBeActive(2, "Asia/Tokyo")
		tx.Send(reply(2))
		return nil
	})
	equal(t, "who lives elsewhere is refused", errors.Is(err, store.ErrNotActive), true)
	equal(t, "what was done for them", w.count(`outbox`), 1) // once, while they were active
	_, _, err = w.User(ctx, 2)
	must(t, err)
	w.exec(`UPDATE users SET timezone = 'Asia/Tokyo' WHERE telegram_id = 2`) // while nobody listens
	w.DropCopy(ctx, 2)
	u, _, err := w.User(ctx, 2)
	must(t, err)
	equal(t, "read again", u.Timezone, "Asia/Tokyo")
	equal(t, "audit", get[string](w, `SELECT string_agg(concat_ws(' | ', actor, action, subject), '; ' ORDER BY id) FROM audit_log`),
		"uid 0 (root) | user.inactive | user 1; uid 0 (root) | user.active | user 1; uid 0 (root) | user.pending | user 1")
}

func TestUnreachableAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.member(1, 2)
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.Send(reply(1), reply(2), reply(1), store.Outgoing{ChatID: 1, Class: store.Reply, Method: "sendMessage", Params: []byte(`{}`), Erase: true})
		return nil
	})
	w.turn([]store.Sending{{ID: 1, MessageID: 5}}, nil, 0, store.Broadcast)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time, active, paused) VALUES
		(1, 'paused', now(), false, true), (1, 'cancelled', now(), false, false), (2, 'paused', now(), false, true)`)
	_, _, err := w.User(ctx, 1)
	must(t, err)
	for _, at := range []time.Time{w.now, w.now.Add(time.Hour)} { // the first time counts
		must(t, w.Unreachable(ctx, 1, at))
		u, _, err := w.User(ctx, 1)
		must(t, err)
		equal(t, "since", u.UnreachableAt != nil && u.UnreachableAt.Equal(w.now), true)
	}
	must(t, w.Unreachable(ctx, 99, w.now)) // of nobody's concern
	equal(t, "outbox", get[string](w, `SELECT string_agg(id || ' ' || state, '; ' ORDER BY id) FROM outbox`), "1 sent; 2 pending; 3 dropped")

	for range 2 {
		w.do(func(_ context.Context, tx *store.Tx) error { tx.Reachable(1); tx.Reachable(2); return nil })
	}
	u, _, err := w.User(ctx, 1)
	must(t, err)
	equal(t, "reachable", u.UnreachableAt == nil, true)
	equal(t, "resumed", w.count(`reminders WHERE user_id = 1 AND active`), 1)
	equal(t, "who was never gone", w.count(`reminders WHERE user_id = 2 AND paused`), 1)
}

func TestInvites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	expires := w.now.Add(time.Hour)
	once, err := w.CreateInvite(ctx, 1, nil, "for Ann\x00", "uid 0 (root)")
	must(t, err)
	thrice, err := w.CreateInvite(ctx, 3, &expires, "", "uid 0 (root)")
	must(t, err)
	equal(t, "codes", len(once.Code) == 10 && once.Code != thrice.Code, true)
	redeem := func(code string, at time.Time) (n int64) {
		w.do(func(_ context.Context, tx *store.Tx) error { tx.RedeemInvite(&n, code, at); return nil })
		return n
	}
	equal(t, "once", redeem(once.Code, w.now), 1)
	equal(t, "twice", redeem(once.Code, w.now), 0)
	equal(t, "unknown", redeem("\x00NONE", w.now), 0)
	equal(t, "in time", redeem(thrice.Code, expires.Add(-1*time.Second)), 1)
	equal(t, "too late", redeem(thrice.Code, expires), 0)
	must(t, w.RevokeInvite(ctx, thrice.Code, "me"))
	equal(t, "revoked", redeem(thrice.Code, w.now), 0)
	must(t, w.RevokeInvite(ctx, thrice.Code, "me"))
	if err := w.RevokeInvite(ctx, "NONE", "me"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	if _, err := w.CreateInvite(ctx, 0, nil, "", "me"); !store.BadValue(err) {
		t.Errorf("for nobody: %v", err)
	}
	list, err := w.Invites(ctx)
	must(t, err)
	equal(t, "invites", len(list), 2)
	equal(t, "newest", words(list[0].Code == thrice.Code, list[0].Uses, list[0].RevokedAt != nil, list[0].ExpiresAt.Equal(expires)), "true 1 true true")
	equal(t, "oldest", words(list[1].Uses, list[1].MaxUses, list[1].Note, list[1].CreatedBy), "1 1 for Ann\uFFFD uid 0 (root)")
	equal(t, "audit", get[string](w, `SELECT string_agg(concat_ws('|', actor, action, subject), '; ' ORDER BY id) FROM audit_log`),
		"uid 0 (root)|invite.create|for Ann\uFFFD; uid 0 (root)|invite.create|; me|invite.revoke|; me|invite.revoke|")
	equal(t, "codes in the audit", w.count(`audit_log WHERE subject LIKE '%' || $1 || '%' OR detail::text LIKE '%' || $1 || '%'`, thrice.Code), 0)
}

// A code for one is redeemed by one, however many try at once.
func TestRedeemedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invite, err := w.CreateInvite(t.Context(), 3, nil, "", "me")
	must(t, err)
	results := make(chan int64)
	for range 12 {
		go func() {
			var n int64
			if err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
				tx.RedeemInvite(&n, invite.Code, w.now)
				return nil
			}); err != nil {
				t.Error(err)
			}
			results <- n
		}()
	}
	sum := int64(0)
	for range 12 {
		sum += receiveFrom(t, "a redemption", results)
	}
	equal(t, "redeemed", sum, 3)
}
