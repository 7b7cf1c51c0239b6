package app

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"healthagent/app/doctor"
	"healthagent/app/sampler"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

// checked is a check of an answer over the socket.
func checked(body map[string]any, code string) (verdict any) {
	list, _ := body["checks"].([]any)
	for _, entry := range list {
		if f, _ := entry.(map[string]any); f["code"] == code {
			return f["verdict"]
		}
	}
	return nil
}

// What the daemon finds wrong with its own installation is in /readyz, decides nothing there, and needs somebody on the screen.
func TestTheDaemonLooksAtItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL="+rig.Postgres(t))
	h.start()
	h.manager.await(t, "READY=1")
	s, stop := h.watch()
	defer stop()
	s.until("it has looked", func(s *source.Snapshot) bool { return s.Doctor != nil })
	s.until("somebody is needed", func(s *source.Snapshot) bool {
		return s.Attention != nil && slices.ContainsFunc(s.Attention.Items, func(i source.Item) bool {
			return i.Kind == "config" && i.Subject == "administrators" && i.Severity == source.Warn && i.Remedy != ""
		})
	})
	h.awaitComponent("leader", "works for the bot")
	code, ready := h.get("/readyz")
	if code != http.StatusOK || ready["ready"] != true || ready["version"] != "test" || checked(ready, "config-admins") != "warn" {
		t.Errorf("%d %v", code, ready)
	}
	code, found := h.get("/v1/doctor")
	if code != http.StatusOK || checked(found, "database-reachable") != "ok" || checked(found, "schema-indexes") == nil || checked(found, "telegram-bot") != "ok" {
		t.Errorf("%d %v", code, found)
	}
	if checked(found, "service-active") != nil || checked(found, "daemon-socket") != nil {
		t.Errorf("it asks the service manager, or itself: %v", found)
	}
	h.end()
}

func TestADaemonThatHasNotLookedYet(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL=postgres://x@/y?host="+t.TempDir())
	h.start()
	h.manager.await(t, "STATUS=waiting for PostgreSQL")
	code, answer := h.get("/v1/doctor")
	if code != http.StatusServiceUnavailable || answer["error"] == "" {
		t.Errorf("%d %v", code, answer)
	}
	_, ready := h.get("/readyz")
	if list, is := ready["checks"].([]any); !is || len(list) != 0 {
		t.Errorf("%v", ready)
	}
	h.end()
}

// It looks again when it is asked to, and does not before.
func TestTheDaemonLooksAgain(t *testing.T) {
	t.Parallel()
	looks := make(chan struct{})
	log := newLines()
	d := &daemon{Options: Options{}, log: log.logger(), now: time.Now, sampler: sampler.New(sampler.Config{})}
	report := doctor.Report{Checks: []source.Finding{{Code: "x", Title: "it", Verdict: source.Fail, Text: "it broke"}}}
	e := newExaminer(d)
	e.first, e.again, e.every = 0, 0, time.Hour
	e.look = func(context.Context) doctor.Report { looks <- struct{}{}; return report }
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); e.run(ctx) }()
	for range 3 {
		<-looks
		log.await(t, "a check of the installation fails")
		e.ask()
	}
	<-looks
	stop()
	<-done
	if n := len(log.all); n != 1 {
		t.Errorf("what fails was told %d times", n)
	}
	if last := e.last(); last == nil || last.OK || d.sampler.State().Doctor != last {
		t.Errorf("%+v", last)
	}
}
