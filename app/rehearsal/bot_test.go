package rehearsal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/app/rehearsal"
	"healthagent/app/rehearsal/botapi"
)

const token = "4242:secret"

// The times by which the tests tell one timer from another.
const (
	runTime    = time.Hour
	drainTime  = 77 * time.Second
	settleTime = 55 * time.Second
)

// clock is a clock that the tests turn; thinking takes no time under it, and the
// ends of a rehearsal come when a test says so.
type clock struct {
	mu                  sync.Mutex
	now                 time.Time
	over, drain, settle chan time.Time
}

func newClock() *clock {
	return &clock{
		now:  time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		over: make(chan time.Time, 1), drain: make(chan time.Time, 1), settle: make(chan time.Time, 1),
	}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	switch d {
	case runTime:
		return c.over
	case drainTime:
		return c.drain
	case settleTime:
		return c.settle
	}
	ch := make(chan time.Time, 1)
	ch <- time.Time{}
	return ch
}

// update is what the test's bot reads of one.
type update struct {
	ID      int64 `json:"update_id"`
	Message *text `json:"message"`
	Edited  *text `json:"edited_message"`
	Query   *struct {
		ID      string
		Data    string
		Message *text
	} `json:"callback_query"`
}

type text struct {
	ID   int `json:"message_id"`
	Chat struct{ ID int64 }
	Text string
}

// bot is a small bot with a poller of its own; handle gets updates one by one.
type bot struct {
	t      *testing.T
	url    string
	handle func(*bot, update)
}

// call runs a method; what Telegram refuses is not the bot's affair here.
func (b *bot) call(ctx context.Context, method string, params map[string]any) (json.RawMessage, error) {
	body, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/bot"+token+"/"+method, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var envelope struct{ Result json.RawMessage }
	err = json.NewDecoder(resp.Body).Decode(&envelope)
	return envelope.Result, err
}

// run polls until ctx ends.
func (b *bot) run(ctx context.Context) {
	offset := int64(0)
	for ctx.Err() == nil {
		raw, err := b.call(ctx, "getUpdates", map[string]any{"offset": offset, "timeout": 50})
		if err != nil {
			continue
		}
		var got []update
		if err := json.Unmarshal(raw, &got); err != nil {
			b.t.Errorf("poll: %v", err)
			return
		}
		for _, u := range got {
			b.handle(b, u)
			offset = u.ID + 1
		}
	}
}

// say sends a message, naming the one it answers unless that is 0.
func (b *bot) say(chat int64, replyTo int, words string, buttons ...string) {
	params := map[string]any{"chat_id": chat, "text": words}
	if replyTo != 0 {
		params["reply_parameters"] = map[string]any{"message_id": replyTo}
	}
	if len(buttons) > 0 {
		params["reply_markup"] = keyboard(buttons...)
	}
	if _, err := b.call(context.WithoutCancel(b.t.Context()), "sendMessage", params); err != nil {
		b.t.Errorf("send: %v", err)
	}
}

func keyboard(labels ...string) map[string]any {
	row := []map[string]string{}
	for _, l := range labels {
		row = append(row, map[string]string{"text": l, "callback_data": "do:" + l})
	}
	return map[string]any{"inline_keyboard": [][]map[string]string{row}}
}

// stage is a simulated Telegram with a bot on it.
type stage struct {
	srv   *botapi.Server
	clock *clock
}

func newStage(t *testing.T, handle func(*bot, update)) *stage {
	t.Helper()
	c := newClock()
	srv := botapi.New(botapi.Config{Token: token, Now: c.Now, NoOffsetQuirk: true})
	url, err := srv.Start("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	b := &bot{t: t, url: url, handle: handle}
	running.Go(func() { b.run(ctx) })
	t.Cleanup(func() { stop(); running.Wait(); srv.Close() })
	return &stage{srv: srv, clock: c}
}

// config is a small crowd that thinks fast.
func (s *stage) config(people, each int) rehearsal.Config {
	return rehearsal.Config{
		People: people, PerPerson: each, Seed: 1, Drain: drainTime, Settle: settleTime, After: s.clock.After,
		Mix: rehearsal.Mix{Text: 50, Food: 20, Reminder: 20, Progress: 10},
	}
}

// run rehearses; when done holds, both ends of the rehearsal come.
func (s *stage) run(t *testing.T, cfg rehearsal.Config, done func(botapi.Stats) bool) rehearsal.Report {
	t.Helper()
	var waiting sync.WaitGroup
	waiting.Go(func() {
		err := s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return done(tr.Stats()) })
		if err != nil {
			t.Error(err)
		}
		s.clock.settle <- time.Time{}
		s.clock.drain <- time.Time{}
	})
	report, err := rehearsal.Run(t.Context(), s.srv, cfg)
	waiting.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// summary is what the tests compare.
func summary(r rehearsal.Report) string {
	return fmt.Sprintf("messages %d replies %d lost %d duplicates %d errors %d extra %d",
		r.Messages, r.Replies, r.Lost, r.Duplicates, r.Errors, r.Extra)
}

// reply answers texts and corrections, by name, each in words of its own.
func reply(b *bot, u update) {
	switch {
	case u.Message != nil:
		b.say(u.Message.Chat.ID, u.Message.ID, fmt.Sprintf("re %d", u.Message.ID))
	case u.Edited != nil:
		b.say(u.Edited.Chat.ID, u.Edited.ID, "corrected to "+u.Edited.Text)
	}
}
