package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/coach"
	"healthagent/app/rehearsal/botapi"
)

func menuOf(names ...string) []coach.Command {
	var menu []coach.Command
	for _, name := range names {
		menu = append(menu, coach.Command{Name: name, Summary: "about " + name})
	}
	return menu
}

// Each way in which asking for updates fails: what is said, how long is waited, and that it recovers.
func TestPollingRecovers(t *testing.T) {
	t.Parallel()
	rising := func(naps []time.Duration) bool {
		for i, nap := range naps {
			base := min(pauseFirst<<i, 10*time.Second)
			if nap < base || nap > base+base/2 {
				return false
			}
		}
		return true
	}
	always := func(d time.Duration) func([]time.Duration) bool {
		return func(naps []time.Duration) bool {
			return !slices.ContainsFunc(naps, func(n time.Duration) bool { return n != d })
		}
	}
	for _, c := range []struct {
		name  string
		fault botapi.Fault
		text  string
		naps  func([]time.Duration) bool
		deaf  bool // not polling meanwhile
	}{
		{"bad gateway", botapi.Fault{Mode: botapi.Page}, "Telegram answered 502 with something that is not JSON", rising, false},
		{"internal error", botapi.Fault{Status: 500}, "Telegram answered 500", rising, false},
		{"garbage", botapi.Fault{Mode: botapi.Garbage}, "Telegram answered 200 with something that is not JSON", rising, false},
		{"dropped", botapi.Fault{Mode: botapi.DropBefore}, "Telegram cannot be reached", rising, false},
		{"hang", botapi.Fault{Mode: botapi.Hang}, "Telegram cannot be reached", rising, false},
		{"too many", botapi.Fault{Status: 429, RetryAfter: 17}, "Telegram answered 429", always(17 * time.Second), false},
		{"far too many", botapi.Fault{Status: 429, RetryAfter: 7200}, "Telegram answered 429", always(5 * time.Minute), false},
		{"revoked", botapi.Fault{Status: 401}, "TELEGRAM_TOKEN", always(time.Minute), true},
		{"not found", botapi.Fault{Status: 404}, "TELEGRAM_API_URL", always(time.Minute), true},
		{"not found page", botapi.Fault{Mode: botapi.Page, Status: 404}, "TELEGRAM_API_URL", always(time.Minute), true},
		{"second poller", botapi.Fault{Status: 409}, "another program polls", always(5 * time.Second), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if c.fault.Mode == botapi.Hang {
				w.svc.pollGrace, w.svc.pollTime = 200*time.Millisecond, 0
			}
			c.fault.Methods, c.fault.Times = []string{"getUpdates"}, 0
			w.tg.Fault(c.fault)
			w.tg.Say(7, "hello")
			w.start()
			w.eventually("several tries", func() bool { return len(w.pauses()) >= 8 })
			state := w.svc.State()
			if got := state.Trouble["polling"].Text; !strings.Contains(got, c.text) {
				t.Errorf("trouble %q", got)
			}
			if state.Polling == c.deaf {
				t.Errorf("polling %v", state.Polling)
			}
			if naps := w.pauses()[:8]; !c.naps(naps) {
				t.Errorf("pauses %v", naps)
			}
			w.tg.ClearFaults()
			w.sent(7, 1)
			w.eventually("all is well", func() bool {
				state := w.svc.State()
				return state.Trouble["polling"].Text == "" && state.Polling
			})
			w.secretless("hello")
		})
	}
}

// The answer is lost, or Telegram is away as a whole: nothing is lost and nothing done twice.
func TestPollingAcrossLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	for i := range 20 {
		w.tg.Say(7, fmt.Sprint(i))
		switch i {
		case 5:
			w.tg.Fault(botapi.Fault{Methods: []string{"getUpdates"}, Mode: botapi.DropAfter, Times: 3})
		case 12:
			w.tg.Outage(true)
		case 15:
			w.tg.Outage(false)
		}
	}
	w.sent(7, 20)
	for i, text := range w.coach.handled(7) {
		if text != fmt.Sprint(i) {
			t.Fatalf("%v", w.coach.handled(7))
		}
	}
	w.eventually("confirmed", func() bool { return w.tg.Stats().Unconfirmed == 0 })
}

// Another program with the same token takes the poll away; ours says so and goes on when the other one stops.
func TestSecondPoller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.tg.Say(7, "first")
	w.sent(7, 1)
	ctx, cancel := context.WithCancel(t.Context())
	other := make(chan struct{})
	go func() {
		defer close(other)
		for ctx.Err() == nil {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.svc.api+"/bot"+token+"/getUpdates?timeout=50", nil)
			if err != nil {
				return
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}
	}()
	w.eventually("the conflict is said", func() bool {
		return strings.Contains(w.svc.State().Trouble["polling"].Text, "another program")
	})
	cancel()
	<-other
	w.tg.Say(7, "second")
	w.sent(7, 2)
}

// What does not heed the offset, or has nothing but unreadable updates, is not asked in a busy loop.
func TestNoBusyPolling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, body := range []string{
		`{"ok":true,"result":[{"update_id":"no"}]}`,
		`{"ok":true,"result":[{"update_id":null}]}`,
		`{"ok":true,"result":[` + message(5, "") + `]}`,
	} {
		before := len(w.pauses())
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			_, _ = rw.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		c := w.svc.config
		c.APIURL = server.URL
		svc := w.service(c)
		w.run(svc, w.coach)
		w.eventually("it pauses", func() bool {
			return len(w.pauses()) >= before+4 && !slices.ContainsFunc(w.pauses(), func(d time.Duration) bool { return d != longPause })
		})
		w.stop()
	}
}

// A redirect would hand the token to whoever it points to.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := make(chan string, 100)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	t.Cleanup(thief.Close)
	server := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	c := w.svc.config
	c.APIURL = server.URL
	svc := w.service(c)
	if _, err := svc.getUpdates(t.Context(), 0); err == nil {
		t.Error("no error")
	}
	if err := svc.greet(t.Context(), nil); err == nil {
		t.Error("no error")
	}
	if len(asked) != 0 {
		t.Error("followed")
	}
}

// What the errors of asking say never holds the token or what Telegram's answer quoted.
func TestPollErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, api := range []string{"http://127.0.0.1:1", "http://no such host", "http://[::1", "ftp://x", "http://127.0.0.1:1/%zz"} {
		c := w.svc.config
		c.APIURL = api
		svc, err := New(c)
		if err != nil {
			continue
		}
		_, err = svc.getUpdates(t.Context(), 3)
		if err == nil {
			t.Fatalf("%s: no error", api)
		}
		for _, text := range []string{err.Error(), svc.redact(err), svc.pollTrouble(err).Error()} {
			if strings.Contains(text, "secret") {
				t.Errorf("%s: %s", api, text)
			}
		}
		if err := svc.greet(t.Context(), nil); err == nil || strings.Contains(svc.redact(err), "secret") {
			t.Errorf("%s: %v", api, err)
		}
	}
	quoting := &apiError{Code: 400, Description: `can't parse "my health"`}
	if text := w.svc.pollTrouble(quoting).Error(); strings.Contains(text, "health") {
		t.Error(text)
	}
}

func TestDecodeUpdates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		n      int
		code   int
		retry  time.Duration
	}{
		{200, `{"ok":true,"result":[{},1]}`, 2, 0, 0},
		{200, `{"ok":true}`, 0, 0, 0},
		{200, `{"ok":true,"result":{}}`, 0, 200, 0},
		{429, `{"ok":false,"error_code":429,"parameters":{"retry_after":9}}`, 0, 429, 9 * time.Second},
		{503, `{}`, 0, 503, 0},
		{502, `<html>`, 0, 502, 0},
		{200, ``, 0, 200, 0},
	} {
		got, err := decodeUpdates(c.status, []byte(c.body))
		var api *apiError
		errors.As(err, &api)
		if len(got) != c.n || (api == nil) != (c.code == 0) || api != nil && (api.Code != c.code || api.RetryAfter != c.retry) {
			t.Errorf("%d %s: %v %+v", c.status, c.body, got, api)
		}
	}
}

// Greeting is repeated until Telegram has the menu.
func TestGreet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tg.Fault(botapi.Fault{Methods: []string{"getMe"}, Mode: botapi.Page, Times: 2})
	w.tg.Fault(botapi.Fault{Methods: []string{"setMyCommands"}, Status: 500, Times: 1})
	w.svc.Greet(t.Context(), menuOf("start", "help"))
	if menu, err := json.Marshal(w.tg.Commands("")); err != nil || !strings.Contains(string(menu), "help") {
		t.Errorf("menu %s %v", menu, err)
	}
	if got := fmt.Sprint(w.pauses()); got != "[1s 2s 4s]" {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.tg.Fault(botapi.Fault{Methods: []string{"getMe"}, Mode: botapi.Hang})
	w.svc.Greet(ctx, nil) // returns
}
