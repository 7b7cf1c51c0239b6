package botapi_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
)

func wantIDs(t *testing.T, got []int64, want ...int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got updates %v, want %v", got, want)
	}
}

func TestConfirmationByOffset(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for range 5 {
		r.srv.Say(7, "hello")
	}
	wantIDs(t, r.updates(`{}`), 100, 101, 102, 103, 104)
	wantIDs(t, r.updates(`{"limit":2}`), 100, 101)
	wantIDs(t, r.updates(`{"offset":100}`), 100, 101, 102, 103, 104)
	wantIDs(t, r.updates(`{"offset":103}`), 103, 104)
	wantIDs(t, r.updates(`{"offset":100}`), 103, 104) // what was confirmed is gone
	if st := r.srv.Stats(); st.Confirmed != 3 || st.Unconfirmed != 2 {
		t.Errorf("confirmed %d, unconfirmed %d", st.Confirmed, st.Unconfirmed)
	}
	wantIDs(t, r.updates(`{"offset":105}`))
}

func TestNegativeOffset(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for range 5 {
		r.srv.Say(7, "hello")
	}
	wantIDs(t, r.updates(`{"offset":-2}`), 103, 104)
	wantIDs(t, r.updates(`{}`), 103, 104)
	wantIDs(t, r.updates(`{"offset":-50}`), 103, 104)
}

func TestOffsetFromTheFuture(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello") // 100; the next one will be 101
	wantIDs(t, r.updates(`{"offset":112}`), 100)
	wantIDs(t, r.updates(`{"offset":111}`)) // ten beyond the tail still counts
	wantIDs(t, r.updates(`{}`))
}

func TestRestartedIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) { c.FirstUpdateID = 5000 })
	r.srv.Say(7, "hello")
	if err := r.srv.RestartIDs(100); err == nil {
		t.Error("restarted while an update waits")
	}
	wantIDs(t, r.updates(`{"offset":5001}`))
	if err := r.srv.RestartIDs(100); err != nil {
		t.Fatal(err)
	}
	r.srv.Say(7, "again")
	wantIDs(t, r.updates(`{"offset":5001}`), 100)
}

func TestLongPollWakesAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	got := make(chan []int64)
	go func() { got <- r.updates(`{"timeout":90}`) }()
	if d := <-r.clock.asked; d != 50*time.Second {
		t.Errorf("poll waits %v, want it clipped to 50 s", d)
	}
	r.srv.Say(7, "hello")
	wantIDs(t, <-got, 100)
}

func TestLongPollTimesOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	got := make(chan []int64)
	go func() { got <- r.updates(`{"timeout":5}`) }()
	if d := <-r.clock.asked; d != 5*time.Second {
		t.Errorf("poll waits %v", d)
	}
	r.clock.fire()
	wantIDs(t, <-got)
}

func TestSecondPollerEndsTheFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	poll := func() chan answer {
		done := make(chan answer, 1)
		go func() {
			a, _ := r.try(t.Context(), "getUpdates", `{"timeout":50}`)
			done <- a
		}()
		<-r.clock.asked
		return done
	}
	first := poll()
	second := poll()
	if a := <-first; a.ErrorCode != 409 || !strings.Contains(a.Description, "terminated by other getUpdates request") {
		t.Errorf("older poll got %d %q", a.ErrorCode, a.Description)
	}
	third := poll()
	if d := <-r.clock.asked; d != 3*time.Second { // the next conflict comes late
		t.Errorf("second conflict waits %v", d)
	}
	r.srv.Say(7, "hello")
	wantIDs(t, ids(t, (<-third).Result), 100)
	r.clock.fire()
	if a := <-second; a.ErrorCode != 409 {
		t.Errorf("second poll got %d", a.ErrorCode)
	}
	if st := r.srv.Stats(); st.Conflicts != 2 || st.Polls != 3 {
		t.Errorf("conflicts %d, polls %d", st.Conflicts, st.Polls)
	}
}

func TestSameOffsetQuirk(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) { c.NoOffsetQuirk = false })
	r.srv.Say(7, "one")
	r.srv.Say(7, "two")
	wantIDs(t, r.updates(`{}`), 100, 101)
	wantIDs(t, r.updates(`{}`), 100) // again within half a second
	r.clock.Advance(time.Second)
	wantIDs(t, r.updates(`{}`), 100, 101)
	wantIDs(t, r.updates(`{"offset":102}`))
	done := make(chan []int64)
	go func() { done <- r.updates(`{"offset":102}`) }()
	if d := <-r.clock.asked; d != 3*time.Second { // no timeout asked, 3 s given
		t.Errorf("poll waits %v", d)
	}
	r.clock.fire()
	wantIDs(t, <-done)
}

func TestGoneClientLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := r.try(ctx, "getUpdates", `{"timeout":50}`); done <- err }()
	<-r.clock.asked
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.srv.Say(7, "hello")
	wantIDs(t, r.updates(`{}`), 100)
}

func TestAllowedUpdatesPersist(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.updates(`{"allowed_updates":["callback_query"]}`)
	if id, message := r.srv.Say(7, "unheard"); id != 0 || message != 1 {
		t.Errorf("filtered message: update %d, message %d", id, message)
	}
	r.updates(`{}`) // keeps the setting
	r.srv.Say(7, "unheard")
	if id := r.srv.Tap(7, 1, "x"); id != 100 {
		t.Errorf("tap is update %d", id)
	}
	r.updates(`{"allowed_updates":[]}`) // back to the default
	r.srv.Say(7, "heard")
	wantIDs(t, r.updates(`{}`), 100, 101)
	if n := r.srv.Stats().Filtered; n != 2 {
		t.Errorf("filtered %d", n)
	}
	r.srv.SayRaw(`{"update_id":%d,"message_reaction":{}}`) // not in the default
	r.srv.SayRaw(`{"update_id":%d,"something_new":{}}`)    // unknown: cannot be filtered
	wantIDs(t, r.updates(`{"offset":102}`), 102)
}

func TestRetention(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Tap(7, 1, "early")
	r.srv.Say(7, "hello")
	r.srv.Tap(7, 1, "late")
	r.clock.Advance(149 * time.Second)
	wantIDs(t, r.updates(`{}`), 100, 101, 102)
	r.clock.Advance(time.Second)
	wantIDs(t, r.updates(`{}`), 101)
	r.clock.Advance(24 * time.Hour)
	wantIDs(t, r.updates(`{}`))
	if st := r.srv.Stats(); st.Expired != 3 || st.Unconfirmed != 0 {
		t.Errorf("expired %d, unconfirmed %d", st.Expired, st.Unconfirmed)
	}
}

func TestPoisonTravelsUnchanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.SayRaw(`{"update_id":%d,"message":{"message_id":9,"chat":{"id":7},"text":"\u0000\ud800","x":1e999999}}`)
	r.srv.SayRaw(`{"update_id":%d,"message":"wrong type"}`)
	a := r.post("getUpdates", `{}`)
	if s := string(a.Result); !strings.Contains(s, `\u0000\ud800","x":1e999999`) || !strings.Contains(s, `"wrong type"`) {
		t.Errorf("got %s", s)
	}
	r.accept("sendMessage", js("chat_id", 7, "text", "ok", "reply_parameters", map[string]any{"message_id": 9}))
}

func TestDeleteWebhookDropsPending(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	if s := string(r.accept("getWebhookInfo", `{}`)); !strings.Contains(s, `"pending_update_count":1`) {
		t.Errorf("got %s", s)
	}
	r.accept("deleteWebhook", `{}`)
	wantIDs(t, r.updates(`{}`), 100)
	r.accept("deleteWebhook", `{"drop_pending_updates":true}`)
	wantIDs(t, r.updates(`{}`))
}

func TestCloseDropsPolls(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	done := make(chan error)
	go func() { _, err := r.try(t.Context(), "getUpdates", `{"timeout":50}`); done <- err }()
	<-r.clock.asked
	r.srv.Close()
	if err := <-done; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("poll ended with %v, want %v", err, io.EOF)
	}
	r.srv.Close()
	if _, err := r.srv.Start(""); err == nil {
		t.Error("started after Close")
	}
}
