package app

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"healthagent/test/rig"
	"healthagent/tui/source"
)

// post asks for an act over the admin socket.
func (h *house) post(path string, body any) (int, map[string]any) {
	h.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", h.options.Config.AdminSocket)
	}}
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Post("http://localhost"+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, doc
}

// runs are those that the state shows, once the newest is over.
func (h *house) runs() []source.Run {
	h.t.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		_, doc := h.get("/v1/snapshot")
		raw, err := json.Marshal(doc["runs"])
		if err != nil {
			h.t.Fatal(err)
		}
		var runs []source.Run
		if err := json.Unmarshal(raw, &runs); err != nil {
			h.t.Fatal(err)
		}
		if len(runs) > 0 && runs[0].Over() {
			return runs
		}
		wait(h.t.Context(), 10*time.Millisecond)
	}
	h.t.Fatal("no run ends")
	return nil
}

// TestServeRollsBackWhenItIsAskedTo goes the way of a screen: the preview, its token, the run in the state, and a daemon that was started
// anew leaves what was taken back alone.
func TestServeRollsBackWhenItIsAskedTo(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	h := newHouse(t, "DATABASE_URL="+url)
	h.start()
	h.manager.await(t, "READY=1")
	code, p := h.get("/v1/migrations/017/rollback")
	if code != http.StatusOK || p["token"] == "" || p["title"] != "ROLL BACK 017 ?" {
		t.Fatalf("%d %v", code, p)
	}
	if code, doc := h.post("/v1/migrations/017/rollback", map[string]any{}); code != http.StatusConflict {
		t.Errorf("without a token: %d %v", code, doc)
	}
	code, doc := h.post("/v1/migrations/017/rollback", map[string]any{"token": p["token"]})
	if code != http.StatusAccepted {
		t.Fatalf("%d %v", code, doc)
	}
	run := h.runs()[0]
	if run.ID != doc["id"] || run.State != source.RunDone || len(run.Steps) != 8 || run.Watch == nil {
		t.Errorf("%+v", run)
	}
	if info, err := os.Stat(run.Report); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("report %q: %v", run.Report, err)
	}
	h.end()

	again := newHouse(t, "DATABASE_URL="+url)
	again.options.Config.StateDir = h.options.Config.StateDir
	again.start()
	again.manager.await(t, "READY=1")
	if got := again.runs()[0]; got.ID != run.ID {
		t.Errorf("the next daemon shows %+v", got)
	}
	if _, doc := again.get("/v1/migrations"); held(doc) != "held" {
		t.Errorf("after a start 017 is %v", held(doc))
	}
	if code, doc := again.get("/v1/migrations/099/rollback"); code != http.StatusNotFound {
		t.Errorf("%d %v", code, doc)
	}
	again.end()
}

// held is the state of 017.
func held(doc map[string]any) any {
	list, _ := doc["migrations"].([]any)
	for _, m := range list {
		if at(m, "version") == "017" {
			return at(m, "state")
		}
	}
	return nil
}

// TestServeShowsWhatItBuilds by itself, when people are served already.
func TestServeShowsWhatItBuilds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL="+rig.EmptyDatabase(t))
	h.start()
	h.manager.await(t, "READY=1")
	run := h.runs()[0]
	if run.By != "daemon" || run.Title != "APPLIED 017" || run.State != source.RunDone || len(run.Steps) != 8 {
		t.Errorf("%+v", run)
	}
	h.end()
}
