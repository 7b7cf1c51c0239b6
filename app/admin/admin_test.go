package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"healthagent/app/admin"
)

// The service runs with this umask: what the group may use must not depend on it.
func TestMain(m *testing.M) {
	syscall.Umask(0o077)
	goleak.VerifyTestMain(m)
}

// dir is short enough for a socket.
func dir(t *testing.T) string {
	t.Helper()
	d, err := os.MkdirTemp("", "adm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(d); err != nil {
			t.Error(err)
		}
	})
	return d
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestListenOpensToTheGroup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(dir(t), "run", "admin.sock")
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := mode(t, path); got != 0o660 {
		t.Errorf("the socket is %o", got)
	}
	if got := mode(t, filepath.Dir(path)); got != 0o750 {
		t.Errorf("its directory is %o", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}

	own := dir(t) // of a mode that somebody chose
	if l, err = admin.Listen(filepath.Join(own, "admin.sock")); err != nil {
		t.Fatal(err)
	}
	if got := mode(t, own); got != 0o700 {
		t.Errorf("a directory that was there became %o", got)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestListenTakesOverFromTheDeadOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(dir(t), "admin.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Listen(path); !errors.Is(err, admin.ErrRunning) {
		t.Errorf("beside a living daemon: %v", err)
	}
	dead.SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatalf("after a dead daemon: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Listen(path); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("over a file: %v", err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "precious" {
		t.Errorf("the file is %q, %v", raw, err)
	}
	if _, err := admin.Listen(filepath.Join(dir(t), strings.Repeat("x", 100), "admin.sock")); err == nil || !strings.Contains(err.Error(), "107 bytes") {
		t.Errorf("a long path: %v", err)
	}
	if _, err := admin.Listen(filepath.Join(path, "admin.sock")); err == nil {
		t.Error("a directory that is a file")
	}
}

// client asks over the socket.
func client(t *testing.T, path string) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, path string) (int, map[string]any) {
	t.Helper()
	res, err := c.Get("http://localhost" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if res.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatalf("%s: %v in %s", path, err, raw)
		}
	}
	return res.StatusCode, doc
}

func TestServe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(dir(t), "admin.sock")
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ready := admin.Judge(map[string]admin.Component{"a": {Verdict: admin.OK, Text: "fine"}})
	asked := make(chan struct{})
	source := admin.Source{
		Ready:    func(context.Context) admin.Readiness { return ready },
		Snapshot: func(context.Context) any { return map[string]any{"bad": func() {}} },
		Metrics: func(ctx context.Context) any {
			if _, has := ctx.Deadline(); !has {
				t.Error("an answer has no end")
			}
			close(asked)
			<-ctx.Done() // ends with the asker
			return nil
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- admin.Serve(ctx, l, admin.Handler(source, slog.New(slog.DiscardHandler))) }()
	c := client(t, path)

	if code, doc := get(t, c, "/livez"); code != 200 || doc["live"] != true {
		t.Errorf("livez: %d %v", code, doc)
	}
	if code, doc := get(t, c, "/readyz"); code != 200 || doc["ready"] != true || doc["status"] != "ok" {
		t.Errorf("readyz: %d %v", code, doc)
	}
	ready = admin.Judge(map[string]admin.Component{"a": {Verdict: admin.Fail, Text: "broken"}})
	if code, doc := get(t, c, "/readyz"); code != 503 || doc["components"].(map[string]any)["a"].(map[string]any)["text"] != "broken" {
		t.Errorf("readyz: %d %v", code, doc)
	}
	if code, _ := get(t, c, "/v1/snapshot"); code != 500 {
		t.Errorf("what cannot be encoded: %d", code)
	}
	if code, _ := get(t, c, "/nosuch"); code != 404 {
		t.Errorf("an unknown path: %d", code)
	}
	if res, err := c.Post("http://localhost/livez", "text/plain", strings.NewReader("x")); err != nil || res.StatusCode != 405 {
		t.Errorf("POST: %v %v", res, err)
	} else {
		res.Body.Close()
	}

	asking, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(asking, http.MethodGet, "http://localhost/api/v1/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if res, err := c.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	<-asked
	leave()
	<-gone
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}
}

func TestServeEndsThoughSomebodyHangsOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(dir(t), "admin.sock")
	l, err := admin.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	source := admin.Source{Metrics: func(ctx context.Context) any { close(asked); <-ctx.Done(); return nil }}
	served := make(chan error, 1)
	go func() { served <- admin.Serve(ctx, l, admin.Handler(source, slog.New(slog.DiscardHandler))) }()
	got := make(chan struct{})
	c := client(t, path)
	go func() {
		defer close(got)
		if res, err := c.Get("http://localhost/api/v1/metrics"); err == nil {
			res.Body.Close()
		}
	}()
	<-asked
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	<-got
}

func TestJudge(t *testing.T) {
	t.Parallel()
	ok, warn, fail := admin.Component{Verdict: admin.OK}, admin.Component{Verdict: admin.Warn}, admin.Component{Verdict: admin.Fail}
	for _, tt := range []struct {
		parts         map[string]admin.Component
		ready         bool
		status, worst string
	}{
		{nil, true, "ok", ""},
		{map[string]admin.Component{"a": ok}, true, "ok", ""},
		{map[string]admin.Component{"a": ok, "c": warn, "b": warn}, true, "degraded", "b"},
		{map[string]admin.Component{"a": warn, "z": fail, "y": fail, "b": ok}, false, "failing", "y"},
	} {
		if r := admin.Judge(tt.parts); r.Ready != tt.ready || r.Status != tt.status || r.Worst() != tt.worst {
			t.Errorf("%v: %+v, worst %q", tt.parts, r, r.Worst())
		}
	}
}
