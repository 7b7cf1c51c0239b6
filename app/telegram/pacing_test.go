package telegram

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
)

// clock is a clock that moves only when the sender has nothing to do.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// skip lets a time pass at once.
func (c *clock) skip(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	over := make(chan time.Time, 1)
	over <- c.now
	return over
}

// paced runs a sender whose clock, shared with Telegram, moves while nothing is under way and something is held.
func paced(t *testing.T, rate Rate) (*world, *clock, *sender) {
	t.Helper()
	c := newClock()
	w := newWorld(t, func(tg *botapi.Config, config *Config) {
		tg.Now, tg.Limits = c.Now, botapi.TelegramLimits()
		config.Now, config.Rate = c.Now, rate
	})
	snd := w.svc.newSender()
	w.svc.after = func(d time.Duration) <-chan time.Time {
		if len(snd.flying) > 0 {
			return nil // an outcome will come
		}
		if snd.queue.size == 0 && len(snd.ended) == 0 {
			return time.After(time.Millisecond) // nothing to do: the clock stands
		}
		return c.skip(d)
	}
	return w, c, snd
}

// With Telegram's limits a burst provokes not one refusal and uses the allowed rate.
func TestPacing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		chats, each int
		group       bool
		least, most time.Duration
	}{
		{"many chats", 300, 1, false, 10 * time.Second, 11 * time.Second},
		{"few chats", 8, 30, false, 27 * time.Second, 28 * time.Second},
		{"one chat", 1, 60, false, 57 * time.Second, 58 * time.Second},
		{"one group", 1, 60, true, 190 * time.Second, 205 * time.Second},
		{"groups", 8, 25, true, 60 * time.Second, 85 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, clock, snd := paced(t, Rate{Overall: 29.5, PerChat: 1})
			sign := int64(1)
			if c.group {
				sign = -1
			}
			for chat := range int64(c.chats) {
				w.meet(sign * (chat + 1))
				w.commit(w.calls(sign*(chat+1), store.ReminderNote, numbered(c.each)...)...)
			}
			start := clock.Now()
			w.send(snd)
			w.becomes(fmt.Sprint(c.chats*c.each), `SELECT count(*) FROM outbox WHERE state = 'sent'`)
			if st := w.tg.Stats(); st.TooMany != 0 {
				t.Errorf("%d refusals", st.TooMany)
			}
			sent := w.tg.Transcript().Events()
			took := sent[len(sent)-1].Time.Sub(start)
			if took < c.least || took > c.most {
				t.Errorf("%d messages took %s", c.chats*c.each, took)
			}
			for chat := range int64(c.chats) {
				if !slices.Equal(w.texts(sign*(chat+1)), numbered(c.each)) {
					t.Fatalf("chat %d: %v", chat, w.texts(sign*(chat+1)))
				}
			}
		})
	}
}

// Answers to buttons wait for no limit, not even that of their own chat.
func TestAnswersAreNotPaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.svc.config.Rate = Rate{Overall: 0.0001, PerChat: 0.0001} // after the burst hours go by
	w.tg.Say(7, "hello")
	w.commit(w.calls(7, store.Reply, numbered(6)...)...)
	w.sender()
	w.sent(7, overallBurst)
	for range 20 {
		w.tg.Tap(7, 2, "x")
	}
	for _, e := range w.tg.Transcript().Events() {
		if e.Kind != botapi.Tapped {
			continue
		}
		calls, err := w.svc.Render(coach.Incoming{UserID: 7, ChatID: 7, Kind: coach.Tapped, TapID: e.QueryID},
			[]coach.Out{{Kind: coach.Answer, Class: store.CallbackAnswer}})
		if err != nil {
			t.Fatal(err)
		}
		w.commit(calls...)
	}
	w.svc.Wake()
	w.eventually("all are answered", func() bool { return w.tg.Stats().TapsAnswered == 20 })
	w.becomes("23", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
	w.becomes("3", `SELECT count(*) FROM outbox WHERE state = 'pending' AND method = 'sendMessage'`)
}

// Without a limit nothing is paced.
func TestNoLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	w.post(1, store.Reply, numbered(200)...)
	c := newClock() // stands still
	w.svc.now = c.Now
	w.sender()
	w.sent(1, 200)
}

// limitedOnce arms 429 for one chat.
func limitedOnce(chat int64, seconds int) botapi.Fault {
	return botapi.Fault{Methods: []string{"sendMessage"}, ChatID: chat, Status: 429, RetryAfter: seconds, Times: 1}
}

func TestLimitedChatWaitsAlone(t *testing.T) {
	t.Parallel()
	w, clock, snd := paced(t, Rate{})
	w.meet(1, 2)
	w.tg.Fault(limitedOnce(1, 600))
	start := clock.Now()
	w.commit(w.calls(1, store.Reply, "a")...)
	w.commit(w.calls(2, store.Reply, numbered(5)...)...)
	w.send(snd)
	w.sent(2, 5)
	w.sent(1, 1)
	for _, m := range w.tg.Sent(2) {
		if wait := m.Time.Sub(start); wait > 10*time.Second {
			t.Errorf("the other chat waited %s", wait)
		}
	}
	if wait := w.tg.Sent(1)[0].Time.Sub(start); wait < 600*time.Second || wait > 610*time.Second {
		t.Errorf("the limited chat waited %s", wait)
	}
	if c := w.svc.State().Counters; c.Limited != 1 || c.Retried != 1 {
		t.Errorf("%+v", c)
	}
}

func TestThreeLimitedChatsHoldEverybody(t *testing.T) {
	t.Parallel()
	w, clock, snd := paced(t, Rate{})
	w.meet(1, 2, 3, 4)
	for chat := range int64(3) {
		w.tg.Fault(limitedOnce(chat+1, 60))
	}
	start := clock.Now()
	for chat := range int64(3) {
		w.commit(w.calls(chat+1, store.Reply, "a")...)
	}
	w.send(snd)
	w.eventually("held", func() bool { return w.svc.State().Counters.Limited == 3 })
	w.post(4, store.Reply, "b")
	for chat := range int64(4) {
		w.sent(chat+1, 1)
		if wait := w.tg.Sent(chat + 1)[0].Time.Sub(start); wait < 60*time.Second || wait > 70*time.Second {
			t.Errorf("chat %d waited %s", chat+1, wait)
		}
	}
	w.becomes("4", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
	if len(w.svc.State().Trouble) != 0 {
		t.Errorf("%+v", w.svc.State().Trouble)
	}
}
