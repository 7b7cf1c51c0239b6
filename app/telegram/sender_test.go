package telegram

import (
	"context"
	"fmt"
	"slices"
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
