package telegram

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
)

// Forty chats side by side, each in its order, never more at once than there are workers, and as many as there are.
func TestOrderWithinChats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const chats, each = 40, 12
	gate := make(chan struct{})
	var full sync.Once
	w.coach.before = func(context.Context, coach.Incoming) error {
		w.coach.mu.Lock()
		all := w.coach.running == 8
		w.coach.mu.Unlock()
		if all {
			full.Do(func() { close(gate) })
		}
		<-gate // until all eight are at work
		return nil
	}
	for i := range each {
		for chat := range int64(chats) {
			w.tg.Say(chat+1, fmt.Sprint(i))
		}
	}
	w.start()
	for chat := range int64(chats) {
		w.sent(chat+1, each)
		for i, text := range w.texts(chat + 1) {
			if want := fmt.Sprint("echo ", i); text != want {
				t.Fatalf("chat %d: %q, want %q", chat+1, text, want)
			}
		}
	}
	if w.coach.most != 8 {
		t.Errorf("%d at once", w.coach.most)
	}
	w.eventually("all are counted", func() bool { return w.svc.State().Counters.Handled == chats*each })
	if h := w.svc.Handled(); h.Count() != chats*each || h.Percentile(95) <= 0 {
		t.Errorf("%d were measured, p95 %v ms", h.Count(), h.Percentile(95))
	}
	if h := w.svc.Handled(); h.Count() != 0 {
		t.Errorf("%d were measured twice", h.Count())
	}
}

// More than memory takes waits with Telegram, and a stop does not hang on it.
func TestBackpressure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *botapi.Config, c *Config) { c.Drain = 50 * time.Millisecond })
	w.coach.before = func(ctx context.Context, _ coach.Incoming) error { <-ctx.Done(); return ctx.Err() }
	const capacity, n = 150, 500
	w.svc.capacity = capacity
	for i := range n {
		w.tg.Say(int64(1+i%50), "wait")
	}
	w.start()
	w.eventually("memory is full", func() bool { return w.svc.State().Queued == capacity })
	if st := w.tg.Stats(); st.Unconfirmed < n-capacity-pollLimit {
		t.Errorf("taken without room: %+v", st)
	}
	w.stop()
	w.coach.before = nil
	w.coach.svc = w.service(w.svc.config)
	w.run(w.coach.svc, w.coach)
	w.eventually("all of it is handled", func() bool {
		total := 0
		for chat := range int64(50) {
			total += len(w.coach.handled(chat + 1))
		}
		return total == n
	})
}

// What a former process left behind comes before what is new of the same chat.
func TestLeftBehindFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var old []store.Update
	const n = pageSize + 20
	for i := range n {
		u, err := glance(w.svc.botID, []byte(message(int64(1000+i), fmt.Sprintf(`,"text":"old %d"`, i))))
		if err != nil {
			t.Fatal(err)
		}
		old = append(old, u)
	}
	if _, err := w.store.Receive(t.Context(), w.svc.botID, old, true); err != nil {
		t.Fatal(err)
	}
	w.tg.Say(7, "new")
	w.start()
	w.eventually("all are handled", func() bool { return len(w.coach.handled(7)) == n+1 })
	for i, text := range w.coach.handled(7)[:n] {
		if want := fmt.Sprint("old ", i); text != want {
			t.Fatalf("%d is %q", i, text)
		}
	}
	w.eventually("all are counted", func() bool { return w.svc.State().Counters.Handled == n+1 })
	if h := w.svc.Handled(); h.Count() != 1 { // when those of a former process came is not known
		t.Errorf("%d were measured", h.Count())
	}
}

func TestFailingHandlers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	tried := map[string]int{}
	w.coach.before = func(ctx context.Context, in coach.Incoming) error {
		mu.Lock()
		tried[in.Text]++
		n := tried[in.Text]
		mu.Unlock()
		switch in.Text {
		case "panic":
			panic("what the person wrote: secret words")
		case "panic inside":
			return w.store.Do(ctx, func(context.Context, *store.Tx) error { panic("secret words") })
		case "error":
			return fmt.Errorf("cannot read %q: %w", "secret words", errOurs)
		case "once":
			if n == 1 {
				return errOurs
			}
		}
		return nil
	}
	for i := range 30 { // so many panics leak nothing
		w.tg.Say(int64(100+i), "panic inside")
	}
	for _, text := range []string{"panic", "error", "once", "behind"} {
		w.tg.Say(7, text)
	}
	w.start()
	w.sent(7, 4)
	if got := fmt.Sprint(w.texts(7)); got != "[sorry sorry echo once echo behind]" {
		t.Error(got)
	}
	for i := range int64(30) {
		w.sent(100+i, 1)
	}
	if tried["panic"] != tries || tried["error"] != tries || tried["once"] != 2 {
		t.Errorf("%v", tried)
	}
	if got := w.query(`SELECT count(*) FROM inbox WHERE state = 'dead' AND attempts = $1 AND error IS NOT NULL`, tries); got != "32" {
		t.Errorf("%s dead", got)
	}
	if c := w.svc.State().Counters; c.Dead != 32 {
		t.Errorf("%+v", c)
	}
	w.secretless("secret words")
	if found := w.query(`SELECT count(*) FROM inbox WHERE error LIKE '%secret%'`); found != "0" {
		t.Error("what was written is in the inbox's error")
	}
}

// The database's failures are not the update's: they are not counted.
func TestUnavailableIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`
		CREATE TABLE away (n int); INSERT INTO away VALUES (0);
		CREATE SEQUENCE attempts_seq;
		CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('attempts_seq') <= 7 THEN RAISE EXCEPTION 'shutting down' USING ERRCODE = '57P01'; END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER away BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION away()`)
	w.tg.Say(7, "patience")
	w.start()
	w.sent(7, 1)
	if got := w.texts(7)[0]; got != "echo patience" {
		t.Error(got)
	}
	if got := w.query(`SELECT attempts FROM inbox`); got != "0" {
		t.Errorf("%s attempts", got)
	}
	if !strings.Contains(w.logs.String(), "57P01") || len(w.svc.State().Trouble) != 0 {
		t.Errorf("trouble %v", w.svc.State().Trouble)
	}
}

// A handler that takes all its time while the database answers has itself to blame.
func TestHangingHandlerIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.svc.workTime = 20 * time.Millisecond
	var n atomic.Int32
	w.coach.before = func(ctx context.Context, _ coach.Incoming) error {
		n.Add(1)
		<-ctx.Done()
		return fmt.Errorf("asking for something: %w", ctx.Err())
	}
	w.tg.Say(7, "hang")
	w.start()
	w.sent(7, 1)
	if got := w.texts(7)[0]; got != "sorry" || n.Load() < tries {
		t.Errorf("%q after %d tries", got, n.Load())
	}
}

type unapologetic struct{ *scripted }

func (unapologetic) GiveUp(context.Context, coach.Incoming, string) error { panic("secret words") }

// When not even the apology can be made, the update ends, and the process goes on.
func TestPanicInTheApology(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.coach.before = func(_ context.Context, in coach.Incoming) error {
		if in.Text == "bad" {
			return errOurs
		}
		return nil
	}
	w.tg.Say(7, "bad")
	w.tg.Say(7, "good")
	w.run(w.svc, unapologetic{w.coach})
	w.sent(7, 1)
	w.becomes("dead", `SELECT state FROM inbox ORDER BY update_id LIMIT 1`)
	w.secretless("secret words")
}

// A stop lets what is at work end and sends what it said.
func TestStopFinishesWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entered, gate := make(chan struct{}), make(chan struct{})
	w.coach.before = func(context.Context, coach.Incoming) error {
		entered <- struct{}{}
		<-gate
		return nil
	}
	w.tg.Say(7, "at work")
	w.tg.Say(7, "waiting")
	w.tg.Say(8, "at work")
	w.start()
	<-entered
	<-entered
	w.end()
	if _, _, ok := w.svc.lines.Load().take(); ok { // waits, since both chats are at work, until nothing more is handed out
		t.Fatal("a chat is handled twice at once")
	}
	close(gate)
	w.returned()
	if a, b := fmt.Sprint(w.texts(7)), fmt.Sprint(w.texts(8)); a != "[echo at work]" || b != "[echo at work]" {
		t.Errorf("sent %s and %s", a, b)
	}
	if got := w.query(`SELECT string_agg(state, ' ' ORDER BY update_id) FROM inbox`); got != "done new done" {
		t.Errorf("inbox %s", got)
	}
	if got := w.query(`SELECT string_agg(state, ' ') FROM outbox`); got != "sent sent" {
		t.Errorf("outbox %s", got)
	}
}

// A handler that hangs is cut off at the end of the drain, one that does not even heed its context is left alone, and both updates
// stay in the inbox.
func TestStopCutsOffWhatHangs(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		t.Run(fmt.Sprint("deaf ", deaf), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(_ *botapi.Config, c *Config) { c.Drain = 30 * time.Millisecond })
			w.svc.after = func(d time.Duration) <-chan time.Time { return time.After(min(d, 20*time.Millisecond)) }
			entered, gate, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
			w.coach.before = func(ctx context.Context, _ coach.Incoming) error {
				close(entered)
				defer close(left)
				if deaf {
					<-gate
					return errors.New("late")
				}
				<-ctx.Done()
				return ctx.Err()
			}
			w.tg.Say(7, "hang")
			w.start()
			<-entered
			w.stop()
			close(gate)
			<-left
			if got := w.query(`SELECT state || attempts FROM inbox`); got != "new0" {
				t.Errorf("inbox %s", got)
			}
			if deaf != strings.Contains(w.logs.String(), "does not end") {
				t.Errorf("deaf %v, log %s", deaf, w.logs.String())
			}
		})
	}
}
