package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// clientOf is a client of a new socket that nobody follows.
func clientOf(t *testing.T) (*door, *source.Client) {
	t.Helper()
	d := newDoor(t, socketPath(t))
	return d, source.NewClient(source.ClientConfig{Sockets: []string{d.path}})
}

func (d *door) answers(pattern string, status int, body any) {
	d.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	dirty := fixture.Activity()
	dirty.Sessions[0].App = "a\x1b[2Jb"
	d.answers("GET /v1/activity", 200, dirty)
	d.answers("GET /v1/plans/get_user", 200, fixture.Plan("get_user"))
	var a source.Activity
	if err := c.Ask(t.Context(), source.ActivityPath, &a); err != nil || a.Sessions[0].App != "a?b" || len(a.Sessions) != len(dirty.Sessions) {
		t.Errorf("%v %+v", err, a.Sessions)
	}
	var p source.Plan
	if err := c.Ask(t.Context(), source.PlanPath("get_user", true), &p); err != nil || p.Name != "get_user" {
		t.Errorf("%v %+v", err, p)
	}
}

// TestPreviewOfASession: its start goes with it, and comes back.
func TestPreviewOfASession(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	asked := make(chan string, 1)
	d.mux.HandleFunc("GET /v1/sessions/{pid}/{verb}", func(w http.ResponseWriter, r *http.Request) {
		asked <- r.PathValue("pid") + " " + r.PathValue("verb") + " " + r.URL.Query().Get("backend_start")
		_ = json.NewEncoder(w).Encode(fixture.PreviewEnd())
	})
	want := fixture.PreviewEnd()
	var p source.Preview
	if err := c.Ask(t.Context(), want.Act.Path(), &p); err != nil || p.Act.Path() != want.Act.Path() {
		t.Errorf("%v %+v", err, p.Act)
	}
	if got := <-asked; got != "4188 end "+want.Act.Start.Format("2006-01-02T15:04:05.999999999Z07:00") {
		t.Errorf("asked for %q", got)
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	sent := make(chan string, 1)
	d.mux.HandleFunc("POST /v1/migrations/{name}/{verb}", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		sent <- r.PathValue("name") + " " + r.PathValue("verb") + " " + string(raw)
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"id":"8f21"}`))
	})
	act := source.Act{Verb: source.Rollback, Object: source.OnMigration, Name: "010"}
	if id, err := c.Do(t.Context(), act, "abc", "010"); err != nil || id != "8f21" {
		t.Errorf("%q %v", id, err)
	}
	if got := <-sent; got != `010 rollback {"token":"abc","typed":"010"}` {
		t.Errorf("sent %s", got)
	}
	act.Verb, act.AfterStep = source.Cancel, true
	if _, err := c.Do(t.Context(), act, "", ""); err != nil {
		t.Error(err)
	}
	if got := <-sent; got != `010 cancel {"token":"","after_step":true}` {
		t.Errorf("sent %s", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	said := map[string]string{"error": "no\x1b[2J way"}
	for status, want := range map[int]any{
		400: &source.RefusedError{}, 403: &source.RefusedError{}, 404: &source.RefusedError{}, 409: &source.ChangedError{},
		500: &source.UnavailableError{}, 503: &source.UnavailableError{}, 302: &source.UnavailableError{},
	} {
		name := http.StatusText(status)
		act := source.Act{Verb: source.Drop, Object: source.OnIndex, Name: name}
		d.answers("POST "+strings.ReplaceAll(act.Path(), "%20", " "), status, said)
		_, err := c.Do(t.Context(), act, "abc", "")
		if !strings.Contains(source.Sentence(err), "no? way") {
			t.Errorf("%d: %v", status, err)
		}
		var refused *source.RefusedError
		var changed *source.ChangedError
		var gone *source.UnavailableError
		var right bool
		switch want.(type) {
		case *source.RefusedError:
			right = errors.As(err, &refused)
		case *source.ChangedError:
			right = errors.As(err, &changed)
		default:
			right = errors.As(err, &gone)
		}
		if !right {
			t.Errorf("%d is %T", status, err)
		}
	}
	var a source.Activity
	err := c.Ask(t.Context(), "/v1/unheard", &a)
	var gone *source.UnavailableError
	if !errors.As(err, &gone) || !strings.Contains(gone.Reason, "the daemon answers /v1/unheard with 404") {
		t.Errorf("a page that an older daemon has not: %v", err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	d.mux.HandleFunc("GET /v1/activity", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var a source.Activity
	if err := c.Ask(ctx, source.ActivityPath, &a); source.Sentence(err) != "given up" {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 1)
	defer cancel()
	if err := c.Ask(ctx, source.ActivityPath, &a); source.Sentence(err) != "no answer in time" {
		t.Errorf("%v", err)
	}
	d.close()
	_, err := c.Do(t.Context(), fixture.PreviewRollback().Act, fixture.Token, "")
	var gone *source.UnavailableError
	if !errors.As(err, &gone) || !strings.Contains(gone.Reason, "the daemon is not running: nobody listens on "+d.path) {
		t.Errorf("%v", err)
	}
}

func TestAnswerThatCannotBeRead(t *testing.T) {
	t.Parallel()
	d, c := clientOf(t)
	d.mux.HandleFunc("GET /v1/activity", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"sessions":[{`)) })
	var a source.Activity
	var gone *source.UnavailableError
	if err := c.Ask(t.Context(), source.ActivityPath, &a); !errors.As(err, &gone) {
		t.Errorf("%v", err)
	}
}
