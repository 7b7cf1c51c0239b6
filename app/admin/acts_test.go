package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"healthagent/app/admin"
	"healthagent/app/fault"
	"healthagent/tui/source"
)

// stage is acts that a test prepares.
type stage struct {
	err          error
	act          source.Act
	who          admin.Asker
	token, typed string
}

func (s *stage) Preview(_ context.Context, who admin.Asker, act source.Act) (source.Preview, error) {
	s.who, s.act = who, act
	return source.Preview{Act: act, Token: "t"}, s.err
}

func (s *stage) Do(_ context.Context, who admin.Asker, act source.Act, token, typed string) (string, error) {
	s.who, s.act, s.token, s.typed = who, act, token, typed
	return "r1", s.err
}

func ask(t *testing.T, s *stage, method, path, body string) (int, map[string]any) {
	t.Helper()
	h := admin.Handler(admin.Source{Acts: s}, slog.New(slog.DiscardHandler))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	var doc map[string]any
	if w.Header().Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatalf("%s: %v in %s", path, err, w.Body)
		}
	}
	return w.Code, doc
}

func TestActsByTheirPaths(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 25, 10, 0, 0, 123456000, time.UTC)
	session := "?backend_start=2026-11-25T10:00:00.123456Z"
	for _, tt := range []struct {
		path string
		code int
		act  source.Act
	}{
		{"/v1/migrations/017/rollback", 200, source.Act{Object: source.OnMigration, Name: "017", Verb: source.Rollback}},
		{"/v1/migrations/17/apply", 200, source.Act{Object: source.OnMigration, Name: "17", Verb: source.Apply}},
		{"/v1/migrations/017/cancel?after_step=1", 200, source.Act{Object: source.OnMigration, Name: "017", Verb: source.Cancel, AfterStep: true}},
		{"/v1/indexes/idx_x/drop", 200, source.Act{Object: source.OnIndex, Name: "idx_x", Verb: source.Drop}},
		{"/v1/sessions/4188/end" + session, 200, source.Act{Object: source.OnSession, Name: "4188", Verb: source.End, Start: &start}},
		{"/v1/sessions/4188/end", 400, source.Act{}},
		{"/v1/sessions/x/end" + session, 400, source.Act{}},
		{"/v1/sessions/+4188/end" + session, 200, source.Act{Object: source.OnSession, Name: "4188", Verb: source.End, Start: &start}},
		{"/v1/sessions/99999999999/end" + session, 400, source.Act{}}, // PostgreSQL has no such number, and would not be down
		{"/v1/indexes/" + strings.Repeat("x", 256) + "/drop", 400, source.Act{}},
		{"/v1/indexes/a%00b/drop", 400, source.Act{}}, // the audit log could not take it
		{"/v1/indexes/%ff/drop", 400, source.Act{}},
		{"/v1/indexes/%1b%5b31m/drop", 400, source.Act{}},
		{"/v1/indexes/..%2f/drop", 200, source.Act{Object: source.OnIndex, Name: "../", Verb: source.Drop}},
		{"/v1/indexes/%22a;b%22/drop", 200, source.Act{Object: source.OnIndex, Name: `"a;b"`, Verb: source.Drop}},
		{"/v1/sessions/4188/rollback" + session, 404, source.Act{}},
		{"/v1/migrations/017/drop", 404, source.Act{}},
		{"/v1/users/1/drop", 404, source.Act{}},
	} {
		s := &stage{}
		code, doc := ask(t, s, http.MethodGet, tt.path, "")
		if code != tt.code || code != 200 && doc["error"] == "" {
			t.Errorf("%s: %d %v", tt.path, code, doc)
		}
		if got, want := encoded(t, s.act), encoded(t, tt.act); got != want {
			t.Errorf("%s: %s, want %s", tt.path, got, want)
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestActsAreDone(t *testing.T) {
	t.Parallel()
	s := &stage{}
	code, doc := ask(t, s, http.MethodPost, "/v1/migrations/017/cancel", `{"token": "abc", "typed": "12", "after_step": true}`)
	if code != 202 || doc["id"] != "r1" || s.token != "abc" || s.typed != "12" || !s.act.AfterStep {
		t.Errorf("%d %v %+v", code, doc, s)
	}
	if s.who.You.Act || s.who.You.UID != -1 {
		t.Errorf("somebody whom no socket names may do something: %+v", s.who)
	}
	for _, body := range []string{"", "x", "[]", `"token"`, `{"token": 1}`, `{} {}`, `{"token": "` + strings.Repeat("x", 70<<10) + `"}`} {
		s := &stage{}
		if code, _ := ask(t, s, http.MethodPost, "/v1/migrations/017/rollback", body); code != 400 || s.act.Name != "" {
			t.Errorf("body %.20q: %d", body, code)
		}
	}
}

func TestRefusalsOfActs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code int
		text string
	}{
		{&source.RefusedError{Reason: "no right"}, 403, "no right"},
		{&source.ChangedError{What: "the ledger has changed"}, 409, "the ledger has changed"},
		{&source.UnavailableError{Reason: "PostgreSQL is down", Err: errors.New("secret")}, 503, "PostgreSQL is down"},
		{fault.New(fault.NotFound, "no migration 099"), 404, "no migration 099"},
		{context.DeadlineExceeded, 503, "it took too long"},
		{errors.New("a secret of ours"), 500, "something went wrong on our side; the log says what"},
	} {
		s := &stage{err: tt.err}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if code, doc := ask(t, s, method, "/v1/migrations/017/rollback", `{"token": "x"}`); code != tt.code || doc["error"] != tt.text {
				t.Errorf("%s %v: %d %v", method, tt.err, code, doc)
			}
		}
	}
}

func TestNoActsWithoutAnActor(t *testing.T) {
	t.Parallel()
	h := admin.Handler(admin.Source{}, slog.New(slog.DiscardHandler))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/migrations/017/rollback", bytes.NewReader(nil)))
	if w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
}
