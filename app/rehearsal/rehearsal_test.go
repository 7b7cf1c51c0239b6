package rehearsal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"healthagent/app/rehearsal"
	"healthagent/app/rehearsal/botapi"
)

func TestHonestBot(t *testing.T) {
	t.Parallel()
	s := newStage(t, reply)
	r := s.run(t, s.config(10, 20), func(st botapi.Stats) bool { return st.Sent == 200 })
	if got := summary(r); got != "messages 200 replies 200 lost 0 duplicates 0 errors 0 extra 0" {
		t.Error(got)
	}
	if r.People != 10 || r.Texts != 200 {
		t.Errorf("%+v", r)
	}
}

func TestUnnamedReplies(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) { b.say(u.Message.Chat.ID, 0, fmt.Sprintf("re %d", u.Message.ID)) })
	r := s.run(t, s.config(10, 20), func(st botapi.Stats) bool { return st.Sent == 200 })
	if got := summary(r); got != "messages 200 replies 200 lost 0 duplicates 0 errors 0 extra 0" {
		t.Error(got)
	}
}

func TestDroppingBot(t *testing.T) {
	t.Parallel()
	n := 0
	s := newStage(t, func(b *bot, u update) {
		if n++; n%7 != 0 {
			reply(b, u)
		}
	})
	r := s.run(t, s.config(5, 14), func(st botapi.Stats) bool { return st.Said == 70 && st.Sent == 60 })
	if got := summary(r); got != "messages 70 replies 60 lost 10 duplicates 0 errors 0 extra 0" {
		t.Error(got)
	}
}

func TestDoublingBot(t *testing.T) {
	t.Parallel()
	n := 0
	s := newStage(t, func(b *bot, u update) {
		reply(b, u)
		if n++; n%10 == 0 {
			reply(b, u)
		}
	})
	r := s.run(t, s.config(5, 20), func(st botapi.Stats) bool { return st.Sent == 110 })
	if got := summary(r); got != "messages 100 replies 100 lost 0 duplicates 10 errors 0 extra 0" {
		t.Error(got)
	}
}

// TestLostAnswer is the crash between sending and noting it down: who sends again,
// as one must, says it twice.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) {
		params := map[string]any{"chat_id": u.Message.Chat.ID, "text": fmt.Sprintf("re %d", u.Message.ID)}
		for {
			if _, err := b.call(context.WithoutCancel(b.t.Context()), "sendMessage", params); err == nil {
				return
			}
		}
	})
	s.srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: botapi.DropAfter, Times: 3})
	s.srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: botapi.DropBefore, Times: 2})
	r := s.run(t, s.config(1, 1), func(st botapi.Stats) bool { return st.Sent == 4 })
	if got := summary(r); got != "messages 1 replies 1 lost 0 duplicates 3 errors 0 extra 0" || r.Faults != 5 {
		t.Error(got, r.Faults)
	}
}

func TestDoublingWithoutNames(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) {
		b.say(u.Message.Chat.ID, 0, "hello")
		b.say(u.Message.Chat.ID, 0, "hello")
		b.say(u.Message.Chat.ID, 0, "and another thing")
	})
	r := s.run(t, s.config(5, 1), func(st botapi.Stats) bool { return st.Sent == 15 })
	if got := summary(r); got != "messages 5 replies 5 lost 0 duplicates 5 errors 0 extra 5" {
		t.Error(got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) {
		switch u.Message.ID {
		case 1:
			b.say(u.Message.Chat.ID, u.Message.ID, "Something went wrong, please try again later.")
		case 2:
			reply(b, u)
			b.say(u.Message.Chat.ID, 0, strings.Repeat("x", 5000))
			_, _ = b.call(context.WithoutCancel(b.t.Context()), "answerCallbackQuery", map[string]any{"callback_query_id": "1"}) // too old: usual
		default:
			reply(b, u)
		}
	})
	cfg := s.config(1, 4)
	var out bytes.Buffer
	cfg.Out = &out
	r := s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent == 4 })
	if got := summary(r); got != "messages 4 replies 4 lost 0 duplicates 0 errors 2 extra 0" {
		t.Error(got)
	}
	if r.Refusals["sendMessage: Bad Request: message is too long"] != 1 || len(r.Refusals) != 1 {
		t.Errorf("refusals %v", r.Refusals)
	}
	if !strings.Contains(out.String(), "! sendMessage  400 Bad Request: message is too long\n") {
		t.Errorf("printed %s", out.String())
	}
}

// TestLatency lets each reply come a known time after its message.
func TestLatency(t *testing.T) {
	t.Parallel()
	steps := make(chan func(), 1) // from the stage, which the bot cannot see yet
	n := 0
	s := newStage(t, func(b *bot, u update) {
		(<-steps)()
		reply(b, u)
	})
	advance := func() {
		step := 10 * time.Millisecond
		if n++; n == 10 {
			step = 500 * time.Millisecond
		}
		s.clock.Advance(step)
	}
	cfg := s.config(1, 10)
	think := make(chan time.Time) // one message after the other
	cfg.After = func(d time.Duration) <-chan time.Time {
		if d <= 3*time.Second {
			return think
		}
		return s.clock.After(d)
	}
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for i := range 10 {
			think <- time.Time{}
			steps <- advance
			_ = s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Sent > i })
		}
	}()
	r := s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent == 10 })
	<-stop
	near := func(got, want float64) bool { return got > want*0.99 && got < want*1.01 }
	if l := r.LatencyMS; !near(l.P50, 10) || !near(l.P95, 500) || !near(l.P99, 500) || !near(l.Max, 500) {
		t.Errorf("latency %+v", l)
	}
	if !near(r.Seconds, 0.59) {
		t.Errorf("took %v s", r.Seconds)
	}
}

// TestButtons lets people answer a question about their time zone, press Undo and
// correct what they wrote.
func TestButtons(t *testing.T) {
	t.Parallel()
	var zones, undone, corrected atomic.Int64
	s := newStage(t, func(b *bot, u update) {
		switch {
		case u.Message != nil && u.Message.Text == "/activate CODE":
			b.say(u.Message.Chat.ID, u.Message.ID, "Welcome. Where are you?", "Europe", "More…")
		case u.Message != nil:
			b.say(u.Message.Chat.ID, u.Message.ID, fmt.Sprintf("card %d", u.Message.ID), "↩ Undo")
		case u.Edited != nil:
			corrected.Add(1)
			b.say(u.Edited.Chat.ID, u.Edited.ID, "corrected to "+u.Edited.Text)
		default:
			edit := map[string]any{"chat_id": u.Query.Message.Chat.ID, "message_id": u.Query.Message.ID, "text": "done"}
			switch u.Query.Data {
			case "do:Europe":
				edit["text"], edit["reply_markup"] = "Which of these has your clock?", keyboard("« Back", "Stockholm")
			case "do:Stockholm":
				zones.Add(1)
			default:
				undone.Add(1)
			}
			_, _ = b.call(context.WithoutCancel(b.t.Context()), "answerCallbackQuery", map[string]any{"callback_query_id": u.Query.ID})
			_, _ = b.call(context.WithoutCancel(b.t.Context()), "editMessageText", edit)
		}
	})
	cfg := s.config(5, 40)
	cfg.Join = func(int) string { return "/activate CODE" }
	cfg.Mix = rehearsal.Mix{Food: 1, Undo: 0.3, Edit: 0.2}
	cfg.After = s.lockstep(t)
	r := s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent+st.TapsAnswered == 200 })
	if r.Messages != 200 || r.Replies != 200 || r.Lost+r.Duplicates+r.Errors+r.Extra != 0 {
		t.Error(summary(r))
	}
	if zones.Load() != 5 || undone.Load() < 10 || corrected.Load() < 10 {
		t.Errorf("zones %d, undone %d, corrected %d", zones.Load(), undone.Load(), corrected.Load())
	}
	if int64(r.Taps) != 2*zones.Load()+undone.Load() || int64(r.Edits) != corrected.Load() {
		t.Errorf("%+v", r)
	}
}

// lockstep is a clock under which people think until the bot has answered all that
// was said before.
func (s *stage) lockstep(t *testing.T) func(time.Duration) <-chan time.Time {
	return func(d time.Duration) <-chan time.Time {
		if d > 3*time.Second {
			return s.clock.After(d)
		}
		ch := make(chan time.Time, 1)
		go func() {
			_ = s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool {
				return tr.Stats().Unconfirmed == 0
			})
			ch <- time.Time{}
		}()
		return ch
	}
}

func TestReminderIsNoReply(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) {
		b.say(u.Message.Chat.ID, 0, "⏰ stretch", "✅ Done", "⏭ Skip")
		b.say(u.Message.Chat.ID, 0, fmt.Sprintf("re %d", u.Message.ID))
	})
	r := s.run(t, s.config(2, 5), func(st botapi.Stats) bool { return st.Sent == 20 })
	if got := summary(r); got != "messages 10 replies 10 lost 0 duplicates 0 errors 0 extra 0" || r.Reminders != 10 {
		t.Error(got, r.Reminders)
	}
}

func TestLiveLines(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(b *bot, u update) {
		s := "two\nlines \x1b[31m" + strings.Repeat("x", 200)
		b.say(u.Message.Chat.ID, u.Message.ID, s)
	})
	var out bytes.Buffer
	cfg := s.config(1, 1)
	cfg.Out = &out
	s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent == 1 })
	want := "12:00:00 → Maja  /start\n12:00:00 ← Maja  two · lines  [31m" + strings.Repeat("x", 85) + "… (0 ms)\n"
	if out.String() != want {
		t.Errorf("printed %q\nwant    %q", out.String(), want)
	}
	out.Reset()
	cfg.Colour, cfg.FirstUser = true, 99
	s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent == 2 })
	if !regexp.MustCompile(`^12:00:00 \x1b\[36m→\x1b\[0m Maja  /start\n`).Match(out.Bytes()) {
		t.Errorf("printed %q", out.String())
	}
}

func TestDurationEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t, reply)
	cfg := s.config(3, 0)
	cfg.Duration = runTime
	cfg.After = s.lockstep(t)
	done := make(chan error, 1)
	go func() {
		done <- s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= 30 })
		s.clock.over <- time.Time{}
		s.clock.settle <- time.Time{}
	}()
	r, err := rehearsal.Run(t.Context(), s.srv, cfg)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if r.Messages < 30 || r.Lost != 0 || r.Replies != r.Messages {
		t.Error(summary(r))
	}
}

// Who has seen enough ends the talk, and what was said until then is still answered.
func TestEnough(t *testing.T) {
	t.Parallel()
	s := newStage(t, reply)
	cfg := s.config(3, 0)
	enough := make(chan struct{})
	cfg.Enough, cfg.After = enough, s.lockstep(t)
	done := make(chan error, 1)
	go func() {
		done <- s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= 30 })
		close(enough)
		s.clock.settle <- time.Time{}
	}()
	r, err := rehearsal.Run(t.Context(), s.srv, cfg)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if r.Messages < 30 || r.Lost != 0 || r.Replies != r.Messages {
		t.Error(summary(r))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(*bot, update) {}) // never answers
	ctx, cancel := context.WithCancel(t.Context())
	cfg := s.config(2, 3)
	go func() {
		_ = s.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Said == 6 })
		cancel()
	}()
	r, err := rehearsal.Run(ctx, s.srv, cfg)
	if !errors.Is(err, context.Canceled) || r.Messages != 6 || r.Lost != 6 {
		t.Errorf("%s: %v", summary(r), err)
	}
}

func TestSeedDecidesTheWords(t *testing.T) {
	t.Parallel()
	said := func(seed uint64) string {
		s := newStage(t, reply)
		cfg := s.config(1, 30)
		cfg.Seed = seed
		s.run(t, cfg, func(st botapi.Stats) bool { return st.Sent == 30 })
		var b strings.Builder
		for _, e := range s.srv.Transcript().Events() {
			if e.Inbound() {
				b.WriteString(e.Text + "\n")
			}
		}
		return b.String()
	}
	if one := said(1); one != said(1) || one == said(2) {
		t.Error("the words do not follow the seed")
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(rehearsal.Report{Messages: 3, LatencyMS: rehearsal.Latency{P50: 1.5}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"messages":3`, `"replies":0`, `"errors":0`, `"lost":0`, `"duplicates":0`, `"latency_ms":{"p50":1.5,"p95":0,"p99":0`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	srv := botapi.New(botapi.Config{Token: token})
	for _, cfg := range []rehearsal.Config{
		{PerPerson: 1},
		{People: 1},
		{People: 1, PerPerson: 1, Think: [2]time.Duration{2, 1}},
		{People: 1, PerPerson: 1, Mix: rehearsal.Mix{Undo: 1}},
	} {
		if _, err := rehearsal.Run(t.Context(), srv, cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
