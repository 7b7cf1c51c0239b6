package botapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
)

const token = "4242:secret"

// clock is a settable clock whose timers are fired by hand.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	timers []chan time.Time
	asked  chan time.Duration
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), asked: make(chan time.Duration, 64)}
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
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.timers = append(c.timers, ch)
	c.asked <- d
	return ch
}

// fire ends every timer that was asked for.
func (c *clock) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range c.timers {
		ch <- c.now
	}
	c.timers = nil
}

// rig is a server under a hand-driven clock, spoken to with raw HTTP.
type rig struct {
	t     *testing.T
	srv   *botapi.Server
	clock *clock
	url   string
}

func newRig(t *testing.T, change func(*botapi.Config)) *rig {
	t.Helper()
	c := newClock()
	cfg := botapi.Config{Token: token, Now: c.Now, After: c.After, FirstUpdateID: 100, NoOffsetQuirk: true}
	if change != nil {
		change(&cfg)
	}
	srv := botapi.New(cfg)
	url, err := srv.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	return &rig{t: t, srv: srv, clock: c, url: url}
}

// answer is a response in Telegram's envelope.
type answer struct {
	OK          bool
	Result      json.RawMessage
	ErrorCode   int `json:"error_code"`
	Description string
	Parameters  struct {
		RetryAfter int `json:"retry_after"`
	}
	status int
	header http.Header
}

// post sends a JSON body and fails the test when there is no answer.
func (r *rig) post(name, body string) answer {
	r.t.Helper()
	a, err := r.try(r.t.Context(), name, body)
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	return a
}

func (r *rig) try(ctx context.Context, name, body string) (answer, error) {
	return r.send(ctx, name, "application/json", strings.NewReader(body))
}

func (r *rig) send(ctx context.Context, name, contentType string, body io.Reader) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/bot"+token+"/"+name, body)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header}
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, err
	}
	if a.OK != (a.status == http.StatusOK) || !a.OK && a.ErrorCode != a.status {
		r.t.Errorf("%s: envelope %q does not fit status %d", name, raw, a.status)
	}
	return a, nil
}

// updates polls with a JSON body and returns the ids of what came.
func (r *rig) updates(body string) []int64 {
	r.t.Helper()
	a := r.post("getUpdates", body)
	if !a.OK {
		r.t.Fatalf("getUpdates %s: %d %s", body, a.ErrorCode, a.Description)
	}
	return ids(r.t, a.Result)
}

func ids(t *testing.T, result json.RawMessage) []int64 {
	t.Helper()
	var got []struct {
		ID int64 `json:"update_id"`
	}
	if err := json.Unmarshal(result, &got); err != nil {
		t.Fatal(err)
	}
	list := []int64{}
	for _, u := range got {
		list = append(list, u.ID)
	}
	return list
}

// js is a JSON object of name and value pairs.
func js(pairs ...any) string {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(m); err != nil {
		panic(err)
	}
	return b.String()
}

func (r *rig) refuse(name, body string, code int, part string) {
	r.t.Helper()
	a := r.post(name, body)
	if a.OK || a.ErrorCode != code || !strings.Contains(a.Description, part) {
		r.t.Errorf("%s %.80s: got ok=%v %d %q, want %d %q", name, body, a.OK, a.ErrorCode, a.Description, code, part)
	}
}

func (r *rig) accept(name, body string) json.RawMessage {
	r.t.Helper()
	a := r.post(name, body)
	if !a.OK {
		r.t.Errorf("%s %.80s: %d %q", name, body, a.ErrorCode, a.Description)
	}
	return a.Result
}
