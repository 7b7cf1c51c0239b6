package app

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/store"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

// stream is what a viewer sees.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	state *source.Snapshot
}

// watch follows the service until stop is called.
func (h *house) watch() (s *stream, stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/v1/events", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", h.options.Config.AdminSocket)
	}}
	res, err := (&http.Client{Transport: transport}).Do(req)
	for err != nil && wait(ctx, 20*time.Millisecond) { // it has just been started
		res, err = (&http.Client{Transport: transport}).Do(req)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	return &stream{t: h.t, lines: lines}, func() { cancel(); res.Body.Close() }
}

// until reads lines until the state is as it should be. It returns how long the first line was.
func (s *stream) until(what string, ok func(*source.Snapshot) bool) (first int) {
	s.t.Helper()
	for s.lines.Scan() {
		first = max(first, len(s.lines.Bytes()))
		var change source.Snapshot
		if err := json.Unmarshal(s.lines.Bytes(), &change); err != nil {
			s.t.Fatal(err)
		}
		if s.state = s.state.Merge(&change); ok(s.state) {
			return first
		}
	}
	s.t.Fatalf("%s: it never was; the last state: %+v, error %v", what, s.state, s.lines.Err())
	return 0
}

// count is how many steps of the short history are known.
func count(s *source.Snapshot) (n int) {
	for _, v := range s.History.Short.Series[source.HostMemPct] {
		if v == v { //nolint:gocritic // NaN is a gap
			n++
		}
	}
	return n
}

// TestWhatAViewerSees follows a service from before its database is there until it knows everything, and again after a restart.
func TestWhatAViewerSees(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Stop()
	h := newHouse(t, "DATABASE_URL="+server.URL())
	h.start()
	h.manager.await(t, "STATUS=waiting for PostgreSQL")
	s, stop := h.watch()
	s.until("it waits", func(s *source.Snapshot) bool {
		return s.Phase != "" && s.System != nil && s.You != nil && s.Postgres != nil && s.Postgres.Down != "" && s.Ready != nil && !s.Ready.Ready
	})
	server.Start()
	h.manager.await(t, "READY=1")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large")
	longest := s.until("all is known", func(s *source.Snapshot) bool {
		return s.Phase == "" && s.Pool != nil && s.Cache != nil && s.Telegram != nil && s.Postgres.Down == "" && s.Postgres.DatabaseSize > 0 &&
			s.Indexes != nil && s.Migrations != nil && s.Migrations.Next == "017" && s.Queues != nil && s.Attention != nil && count(s) > 2 &&
			s.Statements != nil && slices.ContainsFunc(s.Statements.List, func(x source.Statement) bool {
			return x.Name == "get_food_totals" && x.Calls > 0 && x.Expected != "" && x.Node != "" && x.SQL != ""
		}) && slices.ContainsFunc(s.Indexes.List, func(x source.Index) bool { return x.Migration == "017" && len(x.UsedBy) > 0 })
	})
	if longest > 500_000 {
		t.Errorf("a line has %d bytes", longest)
	}
	if m := s.state.Migrations.List[0]; m.Version != "017" || m.Back != "yes" || m.Class != "index-only" || !strings.Contains(m.Up, "CREATE INDEX") || len(m.Objects) != 8 {
		t.Errorf("%+v", m)
	}
	if code, doc := h.get("/v1/activity"); code != 200 || at(doc, "connections_used").(float64) < 2 || len(doc["sessions"].([]any)) < 2 {
		t.Errorf("activity: %d %v", code, doc)
	}
	for _, q := range store.NamedQueries() {
		if code, doc := h.get("/v1/plans/" + q.Name); code != 200 || at(doc, "root", "type") == "" || at(doc, "generic") != true {
			t.Errorf("plan of %s: %d %v", q.Name, code, doc)
		}
	}
	if code, _ := h.get("/v1/plans/nosuch"); code != 404 {
		t.Errorf("plan of what is not there: %d", code)
	}
	before := count(s.state)
	stop()
	h.end()

	h.start()
	s, stop = h.watch()
	defer stop()
	s.until("the history is there at once", func(s *source.Snapshot) bool { return true })
	if n := count(s.state); n < before {
		t.Errorf("%d steps are known, %d were", n, before)
	}
	if !slices.ContainsFunc(s.state.Log, func(e source.Event) bool { return strings.HasPrefix(e.Text, "ready after ") }) {
		t.Errorf("the log begins anew: %+v", s.state.Log)
	}
	h.end()
}
