package telegram

import (
	"context"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
)

// telling prepares a Tell against a simulated Telegram that knows these persons.
func telling(t *testing.T, chats ...int64) (*botapi.Server, *Telling, *[]time.Duration) {
	t.Helper()
	tg := botapi.New(botapi.Config{Token: token})
	t.Cleanup(tg.Close)
	url, err := tg.Start("")
	if err != nil {
		t.Fatal(err)
	}
	for _, chat := range chats {
		tg.Say(chat, "hello")
	}
	var naps []time.Duration
	return tg, &Telling{
		Token: token, APIURL: url + "/", Chats: chats, Text: "<b>PostgreSQL</b> & all: away",
		sleep: func(ctx context.Context, d time.Duration) bool { naps = append(naps, d); return ctx.Err() == nil },
	}, &naps
}

func TestTellSaysItOnceToEach(t *testing.T) {
	t.Parallel()
	tg, say, naps := telling(t, 7, 8)
	told, err := Tell(t.Context(), *say)
	if told != 2 || err != nil || len(*naps) != 0 {
		t.Errorf("told %d, %v, pauses %v", told, err, *naps)
	}
	for _, chat := range say.Chats {
		if sent := tg.Sent(chat); len(sent) != 1 || sent[0].Text != say.Text {
			t.Errorf("%d got %+v", chat, sent)
		}
	}
}

func TestTellTriesAgainWhatTelegramIsTooBusyFor(t *testing.T) {
	t.Parallel()
	tg, say, naps := telling(t, 7, 8)
	tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 8, Status: 502, Times: 1})
	tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 8, Status: 429, RetryAfter: 9, Times: 1})
	tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 8, Status: 429, RetryAfter: 3600, Times: 1})
	told, err := Tell(t.Context(), *say)
	if told != 2 || err != nil || len(tg.Sent(7)) != 1 || len(tg.Sent(8)) != 1 {
		t.Errorf("told %d, %v: %d and %d", told, err, len(tg.Sent(7)), len(tg.Sent(8)))
	}
	if got := *naps; len(got) != 3 || got[0] != time.Second || got[1] != 9*time.Second || got[2] != tellLimit {
		t.Errorf("pauses %v", got)
	}
}

func TestTellGivesUp(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		fault botapi.Fault
		want  string
		tries int
	}{
		"outage":  {botapi.Fault{Mode: botapi.DropBefore}, "no answer", tellTries},
		"page":    {botapi.Fault{Mode: botapi.Page}, "JSON", tellTries},
		"revoked": {botapi.Fault{Status: 401}, "refuses the token", 1},
		"blocked": {botapi.Fault{Status: 403}, "having blocked the bot", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tg, say, naps := telling(t, 70001, 70002)
			f.fault.Methods, f.fault.ChatID = []string{"sendMessage"}, 70002
			tg.Fault(f.fault)
			told, err := Tell(t.Context(), *say)
			if Later(err) != (f.tries > 1) {
				t.Errorf("that it may go better later: %v, of %v", Later(err), err)
			}
			if told != 1 || err == nil || !strings.Contains(err.Error(), f.want) || len(*naps) != f.tries-1 || len(tg.Sent(70001)) != 1 {
				t.Errorf("told %d, %v, %d pauses", told, err, len(*naps))
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "70002") || strings.Contains(err.Error(), "PostgreSQL")) {
				t.Errorf("the error says too much: %v", err)
			}
		})
	}
}

func TestTellEndsWithItsContext(t *testing.T) {
	t.Parallel()
	tg, say, naps := telling(t, 7)
	tg.Outage(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if told, err := Tell(ctx, *say); told != 0 || err == nil || len(*naps) != 1 {
		t.Errorf("told %d, %v, pauses %v", told, err, *naps)
	}
}

func TestTellWithoutAnybody(t *testing.T) {
	t.Parallel()
	_, say, _ := telling(t)
	if told, err := Tell(t.Context(), *say); told != 0 || err != nil {
		t.Errorf("told %d, %v", told, err)
	}
}

func TestServiceTellsPastTheOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *botapi.Config, c *Config) { c.Admins = []int64{1, 2} })
	w.meet(1)
	w.tg.Block(2)
	told, err := w.svc.Tell(t.Context(), "PostgreSQL is away")
	if told != 1 || err == nil || len(w.texts(1)) != 1 {
		t.Errorf("told %d, %v, %q", told, err, w.texts(1))
	}
	if n := w.query(`SELECT count(*) FROM outbox`); n != "0" {
		t.Errorf("%s rows in the outbox", n)
	}
}
