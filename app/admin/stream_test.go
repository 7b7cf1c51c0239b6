package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"healthagent/app/admin"
	"healthagent/app/fault"
	"healthagent/tui/source"
)

// door is a socket with somebody behind it, until the test or stop ends it.
func door(t *testing.T, s admin.Source) (c *http.Client, stop func()) {
	t.Helper()
	path := filepath.Join(dir(t), "admin.sock")
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- admin.Serve(ctx, l, admin.Handler(s, slog.New(slog.DiscardHandler))) }()
	end := func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		served <- nil
	}
	t.Cleanup(end)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, end
}

// TestEvents reads a stream whose states are handed over by the test, so that every line is known to come at once.
func TestEvents(t *testing.T) {
	t.Parallel()
	states := make(chan *source.Snapshot, 1)
	ended := make(chan error, 1)
	refreshed := make(chan struct{}, 1)
	c, stop := door(t, admin.Source{
		Follow: func(ctx context.Context, send func(*source.Snapshot) error) error {
			for {
				select {
				case <-ctx.Done():
					ended <- context.Cause(ctx)
					return nil
				case s := <-states:
					if err := send(s); err != nil {
						return err
					}
				}
			}
		},
		Refresh: func() { refreshed <- struct{}{} },
		Rights:  func(p admin.Peer) source.You { return source.You{UID: p.UID, Act: true, Why: "by the test"} },
	})
	whole := &source.Snapshot{Version: "1", History: &source.History{}}
	states <- whole
	res, err := c.Get("http://localhost/v1/events?refresh=1")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() (s source.Snapshot) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the stream has ended: ", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	<-refreshed
	if s := next(); res.StatusCode != 200 || s.Version != "1" || s.You == nil || s.You.UID != os.Getuid() || !s.You.Act || s.History == nil {
		t.Errorf("%d %+v", res.StatusCode, s)
	}
	if whole.You != nil {
		t.Error("the state that all share was altered")
	}
	states <- &source.Snapshot{Version: "2"}
	if s := next(); s.Version != "2" || s.You != nil {
		t.Errorf("a change is %+v", s)
	}
	states <- whole // the clock went back
	if s := next(); s.You == nil {
		t.Error("the second whole state does not say who asks")
	}
	stop() // the end of the server is the end of the stream
	if cause := <-ended; !errors.Is(cause, context.Canceled) {
		t.Error(cause)
	}
	if lines.Scan() {
		t.Errorf("after the end: %s", lines.Text())
	}
}

func TestEventsThatCannotBe(t *testing.T) {
	t.Parallel()
	c, _ := door(t, admin.Source{
		Follow: func(context.Context, func(*source.Snapshot) error) error {
			return fault.New(fault.Unavailable, "too many screens are open")
		},
		Plan: func(_ context.Context, name string) (any, error) {
			if name == "known one" {
				return source.Plan{Name: name}, nil
			}
			return nil, fault.New(fault.NotFound, "there is no such statement")
		},
		Activity: func(context.Context) (any, error) { return source.Activity{Used: 3}, nil },
	})
	if code, doc := get(t, c, "/v1/events"); code != 503 || doc["error"] != "too many screens are open" {
		t.Errorf("%d %v", code, doc)
	}
	if code, doc := get(t, c, "/v1/plans/known%20one"); code != 200 || doc["name"] != "known one" {
		t.Errorf("%d %v", code, doc)
	}
	if code, doc := get(t, c, "/v1/plans/unknown"); code != 404 || doc["error"] != "there is no such statement" {
		t.Errorf("%d %v", code, doc)
	}
	if code, doc := get(t, c, "/v1/plans/known%20one?analyze=1"); code != 404 || doc["error"] == nil {
		t.Errorf("%d %v", code, doc)
	}
	if code, doc := get(t, c, "/v1/activity"); code != 200 || doc["connections_used"] != 3.0 {
		t.Errorf("%d %v", code, doc)
	}
	none, _ := door(t, admin.Source{})
	for _, path := range []string{"/v1/events", "/v1/activity", "/v1/plans/x"} {
		if code, doc := get(t, none, path); code != 404 || doc["error"] == nil {
			t.Errorf("%s: %d %v", path, code, doc)
		}
	}
}

// TestAViewerThatLeavesIsLetGo: what feeds it ends.
func TestAViewerThatLeavesIsLetGo(t *testing.T) {
	t.Parallel()
	ended, begun := make(chan struct{}), make(chan struct{})
	c, _ := door(t, admin.Source{Follow: func(ctx context.Context, send func(*source.Snapshot) error) error {
		defer close(ended)
		err := send(&source.Snapshot{})
		close(begun)
		<-ctx.Done()
		return err
	}})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	leave()
	res.Body.Close()
	<-ended
}

func TestSnapshotSaysWhoAsks(t *testing.T) {
	t.Parallel()
	c, _ := door(t, admin.Source{Snapshot: func(context.Context) any { return &source.Snapshot{Version: "1"} }})
	code, doc := get(t, c, "/v1/snapshot")
	you, _ := doc["you"].(map[string]any)
	if code != 200 || doc["version"] != "1" || you["uid"] != float64(os.Getuid()) || you["act"] != false {
		t.Errorf("%d %v", code, doc)
	}
}

// slowWriter is an answer whose reader may be slow: it notes until when it may be written to.
type slowWriter struct {
	http.ResponseWriter
	until []time.Time // of each write
	next  time.Time
}

func (w *slowWriter) Header() http.Header                { return http.Header{} }
func (w *slowWriter) WriteHeader(int)                    {}
func (w *slowWriter) SetWriteDeadline(t time.Time) error { w.next = t; return nil }
func (w *slowWriter) FlushError() error                  { return nil }
func (w *slowWriter) Write(b []byte) (int, error) {
	w.until = append(w.until, w.next)
	w.next = time.Time{}
	if len(w.until) == 3 {
		return 0, os.ErrDeadlineExceeded
	}
	return len(b), nil
}

// TestAViewerThatDoesNotReadIsDropped: each line has its own deadline, and the first that is missed ends the stream.
func TestAViewerThatDoesNotReadIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := admin.Handler(admin.Source{Follow: func(_ context.Context, send func(*source.Snapshot) error) error {
			for {
				if err := send(&source.Snapshot{}); err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
		}}, slog.New(slog.DiscardHandler))
		start, w := time.Now(), &slowWriter{}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(w, req)
		if len(w.until) != 3 {
			t.Fatalf("%d lines", len(w.until))
		}
		for i, until := range w.until {
			if left := until.Sub(start) - time.Duration(i)*time.Second; left != 30*time.Second {
				t.Errorf("line %d may take %v", i, left)
			}
		}
	})
}
