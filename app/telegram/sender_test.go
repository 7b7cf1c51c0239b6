package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
)

// calls are messages to a chat, rendered as the product renders them.
func (w *world) calls(chat int64, class store.Class, texts ...string) []store.Outgoing {
	w.t.Helper()
	var outs []coach.Out
	for _, text := range texts {
		outs = append(outs, coach.Out{Kind: coach.Say, Class: class, HTML: text})
	}
	calls, err := w.svc.Render(coach.Incoming{UserID: chat, ChatID: chat, Private: true}, outs)
	if err != nil {
		w.t.Fatal(err)
	}
	return calls
}

// commit puts calls into the outbox without a word to the sender.
func (w *world) commit(calls ...store.Outgoing) {
	w.t.Helper()
	err := w.store.Do(w.t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Send(calls...)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// post commits messages and wakes the sender.
func (w *world) post(chat int64, class store.Class, texts ...string) {
	w.t.Helper()
	w.commit(w.calls(chat, class, texts...)...)
	w.svc.Wake()
}

// meet makes chats exist, so that the bot may write to them.
func (w *world) meet(chats ...int64) {
	w.t.Helper()
	for _, chat := range chats {
		w.tg.SayRaw(fmt.Sprintf(`{"update_id":%%d,"message":{"chat":{"id":%d},"message_id":900000}}`, chat))
	}
}

// sender runs a sender alone, without polling.
func (w *world) sender() *sender {
	w.t.Helper()
	snd := w.svc.newSender()
	w.send(snd)
	return snd
}

// send runs a sender until stop or the test's end.
func (w *world) send(snd *sender) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); snd.run(ctx, ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

// events are the texts of what was sent, in the order of all chats.
func (w *world) events() []string {
	var list []string
	for _, e := range w.tg.Transcript().Events() {
		if e.Kind == botapi.Sent {
			list = append(list, fmt.Sprint(e.ChatID, ":", e.Text))
		}
	}
	return list
}

func TestOrderAndPriorities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1, 2, 3)
	w.commit(w.calls(1, store.Broadcast, "broadcast")...)
	w.commit(w.calls(1, store.Digest, "digest")...)
	w.commit(w.calls(1, store.ReminderNote, "reminder 1", "reminder 2")...)
	w.commit(w.calls(1, store.Reply, "reply 1", "reply 2", "reply 3")...)
	w.sender()
	w.sent(1, 7)
	if got := fmt.Sprint(w.texts(1)); got != "[reply 1 reply 2 reply 3 reminder 1 reminder 2 digest broadcast]" {
		t.Error(got)
	}
	w.becomes("7", `SELECT count(*) FROM outbox WHERE state = 'sent' AND message_id > 0 AND sent_at IS NOT NULL`)
}

// A row that becomes visible after rows of higher ids is sent, not skipped.
func TestCommittedOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1, 2)
	late, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := w.calls(1, store.Reply, "late")[0]
	_, err = late.Exec(t.Context(), `INSERT INTO outbox (chat_id, class, method, params) VALUES ($1, $2, $3, $4)`,
		first.ChatID, first.Class, first.Method, first.Params)
	if err != nil {
		t.Fatal(err)
	}
	w.sender()
	w.post(2, store.Reply, "early")
	w.sent(2, 1)
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.svc.Wake()
	w.sent(1, 1)
}

// Three thousand reminders do not hold a reply up: it goes out among the very next messages.
func TestReplyOvertakesReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const chats = 130
	for chat := range int64(chats) {
		w.meet(100 + chat)
		w.commit(w.calls(100+chat, store.ReminderNote, numbered(10)...)...)
	}
	w.meet(1)
	var once sync.Once
	w.svc.config.Rate = Rate{Overall: 100000}
	halt := make(chan struct{})
	w.svc.now = time.Now
	snd := w.svc.newSender()
	at := 0
	w.svc.after = func(d time.Duration) <-chan time.Time {
		if snd.queue.size >= holdAtMost {
			once.Do(func() {
				at = len(w.events())
				w.post(1, store.Reply, "reply")
				close(halt)
			})
		}
		return time.After(d)
	}
	w.send(snd)
	<-halt
	w.sent(1, 1)
	got := slices.Index(w.events(), "1:reply") - at
	if got > 4*underWay {
		t.Errorf("%d reminders went before the reply", got)
	}
	w.becomes(fmt.Sprint(chats*10+1), `SELECT count(*) FROM outbox WHERE state = 'sent'`)
	for chat := range int64(chats) {
		if !slices.Equal(w.texts(100+chat), numbered(10)) {
			t.Fatalf("chat %d: %v", chat, w.texts(100+chat))
		}
	}
}

// A chat with more than memory may hold of it neither loses its order nor keeps the others waiting.
func TestOneChatDoesNotFillTheMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1, 2)
	const n = 150
	w.commit(w.calls(1, store.Reply, numbered(n)...)...)
	w.commit(w.calls(2, store.ReminderNote, "mine")...)
	w.tg.Fault(botapi.Fault{ChatID: 1, Status: 429, RetryAfter: 3600, Times: 1})
	clock := newClock()
	w.svc.now = clock.Now
	snd := w.svc.newSender()
	most := 0
	w.svc.after = func(d time.Duration) <-chan time.Time {
		most = max(most, snd.queue.size)
		if len(snd.flying) > 0 || len(w.tg.Sent(2)) == 0 {
			return time.After(d)
		}
		return clock.skip(d)
	}
	stop := w.send(snd)
	w.sent(2, 1)
	w.sent(1, n)
	stop()
	if !slices.Equal(w.texts(1), numbered(n)) {
		t.Errorf("%v", w.texts(1))
	}
	if most > laneHolds+1 {
		t.Errorf("%d in memory", most)
	}
}

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
	w, _, snd := paced(t, Rate{Overall: 0.01, PerChat: 0.01})
	w.tg.Say(7, "hello")
	w.commit(w.calls(7, store.Reply, numbered(6)...)...)
	w.send(snd)
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
	w.becomes("26", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
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

func TestBlockedPersonIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	w.meet(1, 2)
	w.tg.Block(1)
	w.commit(w.calls(1, store.Reply, numbered(50)...)...)
	w.commit(w.calls(2, store.Reply, "still")...)
	w.sender()
	w.sent(2, 1)
	w.becomes("f t", `SELECT string_agg((unreachable_at IS NULL)::text::char(1), ' ' ORDER BY telegram_id) FROM users`)
	w.becomes("dropped 49, failed 1, sent 1", `SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
		FROM (SELECT state, count(*) AS n FROM outbox GROUP BY state) AS s`)
	if c := w.svc.State().Counters; c.Unreachable != 1 {
		t.Errorf("%+v", c)
	}
}

// Whatever Telegram's servers do, nothing is lost and each chat keeps its order.
func TestSendingSurvives(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]botapi.Fault{
		"bad gateway": {Mode: botapi.Page}, "internal": {Status: 500}, "garbage": {Mode: botapi.Garbage},
		"dropped": {Mode: botapi.DropBefore}, "hang": {Mode: botapi.Hang}, "revoked": {Status: 401}, "unknown status": {Status: 418},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, snd := paced(t, Rate{})
			if f.Mode == botapi.Hang {
				w.svc.callTime = 100 * time.Millisecond
			}
			f.Methods = []string{"sendMessage"}
			w.tg.Fault(f)
			for chat := range int64(5) {
				w.meet(chat + 1)
				w.commit(w.calls(chat+1, store.Reply, numbered(4)...)...)
			}
			w.send(snd)
			w.eventually("several tries", func() bool { return w.svc.State().Counters.Retried >= 20 })
			if trouble := w.svc.State().Trouble["sending"]; trouble.Text == "" {
				t.Error("nothing is said")
			}
			w.tg.ClearFaults()
			for chat := range int64(5) {
				w.sent(chat+1, 4)
				w.eventually("the last", func() bool { return slices.Contains(w.texts(chat+1), "3") })
				if !slices.Equal(slices.Compact(w.texts(chat+1)), numbered(4)) { // on a slow machine one may come twice
					t.Errorf("%v", w.texts(chat+1))
				}
			}
			w.becomes("20", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
			if len(w.svc.State().Trouble) != 0 {
				t.Errorf("%+v", w.svc.State().Trouble)
			}
			w.secretless()
		})
	}
}

// One message that Telegram never takes holds nobody else up, and in the end not even its own chat.
func TestOneMessageThatAlwaysFails(t *testing.T) {
	t.Parallel()
	w, clock, snd := paced(t, Rate{})
	w.meet(1, 2)
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 1, Status: 500})
	w.commit(w.calls(1, store.Reply, "bad", "good")...)
	w.commit(w.calls(2, store.Reply, "mine")...)
	start := clock.Now()
	w.send(snd)
	w.sent(2, 1)
	if wait := w.tg.Sent(2)[0].Time.Sub(start); wait > time.Second {
		t.Errorf("the others waited %s", wait)
	}
	for i := 2; w.svc.State().Counters.Refused == 0; i++ {
		w.post(2, store.Reply, "more")
		w.sent(2, i)
	}
	w.tg.ClearFaults()
	w.becomes("failed sent", `SELECT string_agg(state, ' ' ORDER BY id) FROM outbox WHERE chat_id = 1`)
	if reason := w.query(`SELECT error FROM outbox WHERE state = 'failed'`); !strings.Contains(reason, "500") {
		t.Error(reason)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, description string
		status            int
		state, reason     string
	}{
		{"not modified", "Bad Request: message is not modified: specified new…", 400, "sent", ""},
		{"too old", "Bad Request: query is too old and response timeout expired or query ID is invalid", 400, "sent", ""},
		{"nothing to edit", "Bad Request: message to edit not found", 400, "sent", ""},
		{"empty", "Bad Request: message text is empty", 400, "failed", "message text is empty"},
		{"quoting", `Bad Request: wrong parameter "my health" in request`, 400, "failed", "wrong parameter …"},
		{"chat not found", "Bad Request: chat not found", 400, "failed", "chat not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.meet(1)
			w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Status: c.status, Description: c.description, Times: 1})
			w.commit(w.calls(1, store.Reply, "a")...)
			w.sender()
			w.becomes(c.state, `SELECT state FROM outbox`)
			if got := w.query(`SELECT coalesce(error, '') FROM outbox`); !strings.Contains(got, c.reason) || strings.Contains(got, "health") {
				t.Errorf("reason %q", got)
			}
			w.post(1, store.Reply, "b")
			w.sent(1, 1)
			w.secretless("health")
		})
	}
}

func TestStrangeRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	insert := func(method, params string, erase bool) {
		w.exec(`INSERT INTO outbox (chat_id, class, method, params, erase) VALUES (1, 1, $1, $2, $3)`, method, json.RawMessage(params), erase)
	}
	insert("sendHologram", `{}`, false)
	insert("sendMessage", `{"text":42}`, false)
	insert("sendMessage", `[]`, false)
	insert("sendMessage", `{"text":"<b>half &amp; half","parse_mode":"HTML"}`, false)
	insert("sendMessage", `{"text":"forget me","parse_mode":"HTML"}`, true)
	insert("sendMessage", `{"text":""}`, true)
	insert("sendMessage", `{"text":"last","chat_id":"somebody else"}`, false)
	w.sender()
	w.becomes("failed failed failed sent sent", `SELECT string_agg(state, ' ' ORDER BY id) FROM outbox WHERE state <> 'pending'`)
	if got := fmt.Sprint(w.texts(1)); got != "[half & half forget me last]" {
		t.Error(got)
	}
	if n := w.query(`SELECT count(*) FROM outbox WHERE erase`); n != "0" {
		t.Errorf("%s rows were to be erased", n)
	}
}

// A process that dies between the call and the record sends again: at least once, never skipped.
func TestCrashBetweenSendAndRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	w.exec(`
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$;
		CREATE TRIGGER refuse BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION refuse()`)
	w.commit(w.calls(1, store.Reply, numbered(5)...)...)
	snd := w.svc.newSender()
	ctx, cancel := context.WithCancel(context.Background())
	died := make(chan struct{})
	go func() { defer close(died); snd.run(ctx, ctx) }()
	w.sent(1, 5)
	w.eventually("the trouble is said", func() bool { return w.svc.State().Trouble["outbox"].Text != "" })
	if n := len(w.tg.Sent(1)); n != 5 {
		t.Errorf("%d sent while nothing could be recorded", n)
	}
	cancel()
	<-died
	w.exec(`DROP TRIGGER refuse ON outbox`)
	w.sender()
	w.becomes("5", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
	if got := w.texts(1); !slices.Equal(got, slices.Concat(numbered(5), numbered(5))) {
		t.Errorf("%v", got)
	}
}

// The answer is lost after Telegram did it: it is sent again, once, and in order.
func TestAnswerOfASendIsLost(t *testing.T) {
	t.Parallel()
	w, _, snd := paced(t, Rate{})
	w.meet(1)
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: botapi.DropAfter, Times: 1})
	w.commit(w.calls(1, store.Reply, "a", "b")...)
	w.send(snd)
	w.sent(1, 3)
	if got := fmt.Sprint(w.texts(1)); got != "[a a b]" {
		t.Error(got)
	}
}
