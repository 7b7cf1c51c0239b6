package source_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func TestFollowShowsAStateAndItsChanges(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	if s := v.seen.state(t, source.LinkWaiting); s.Host != "" {
		t.Errorf("something is known already: %+v", s)
	}
	in := v.accept(t)
	in.send(t, fixture.Healthy())
	s := v.seen.state(t, source.LinkLive)
	if s.Host != fixture.Host || len(s.Statements.List) < 10 || !s.Link.Heard.Equal(fixture.Now()) || s.You.User != "root" {
		t.Errorf("%+v", s.Link)
	}
	c := change()
	c.Pool = &source.Pool{Active: 11}
	c.Log = []source.Event{{Seq: 99, Text: "a\x1b[2Jb"}}
	in.send(t, c)
	s = v.seen.wait(t, "the change", func(s *source.Snapshot) bool { return s.Pool != nil && s.Pool.Active == 11 })
	if len(s.Statements.List) < 10 || s.Log[len(s.Log)-1].Text != "a?b" || s.History == nil {
		t.Errorf("the rest is gone, or not clean: %+v", s.Log)
	}
}

// TestDaemonDies: what was known stays, the tries become rarer but never end, and a new daemon's state replaces the old one's.
func TestDaemonDies(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.accept(t).send(t, fixture.Healthy())
	v.seen.state(t, source.LinkLive)
	v.close()
	s := v.seen.state(t, source.LinkDown)
	since := s.Link.Since
	if s.Host != fixture.Host || s.Link.Attempt != 0 || s.Link.Next.Sub(since) != 500*time.Millisecond || s.Link.Reason == "" {
		t.Errorf("%+v", s.Link)
	}
	half := 500 * time.Millisecond
	for i, pause := range []time.Duration{half, 2 * half, 4 * half, 8 * half, 10 * half, 10 * half, 10 * half} {
		v.clock.fire(t, pause)
		s = v.seen.wait(t, "the next try", func(s *source.Snapshot) bool { return s.Link.Attempt == i+1 })
		if !s.Link.Since.Equal(since) || !s.Link.Heard.Equal(fixture.Now()) || !strings.Contains(s.Link.Reason, "nobody listens on "+v.path) {
			t.Errorf("%+v", s.Link)
		}
	}
	if h := s.History.Short; h.Series[source.PoolUsed][len(h.Series[source.PoolUsed])-1] == h.Series[source.PoolUsed][len(h.Series[source.PoolUsed])-1] {
		t.Error("there is no gap where there is no daemon")
	}
	again := newDoor(t, v.path)
	v.clock.fire(t, 10*half)
	in := again.accept(t)
	fresh := fixture.Starting()
	in.send(t, fresh)
	s = v.seen.state(t, source.LinkLive)
	if s.Statements != nil || s.Phase == "" || s.Link.Attempt != 0 || s.Link.Reason != "" || len(s.Log) != len(fresh.Log) {
		t.Errorf("the old daemon's state is still there: %+v", s.Link)
	}
	in.hangUp() // and the first pause is short again
	v.clock.fire(t, half)
	again.accept(t)
}

// TestSilenceIsNotTakenForLife: a daemon that hangs, or whose machine went away, is left and asked anew.
func TestSilenceIsNotTakenForLife(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.accept(t).send(t, fixture.Healthy())
	v.seen.state(t, source.LinkLive)
	v.clock.fire(t, 15*time.Second)
	if s := v.seen.state(t, source.LinkDown); !strings.Contains(s.Link.Reason, "said nothing for 15s") {
		t.Errorf("%+v", s.Link)
	}
	v.clock.fire(t, 500*time.Millisecond)
	mute := v.accept(t) // and one that says nothing from the beginning
	v.clock.fire(t, 15*time.Second)
	if s := v.seen.state(t, source.LinkDown); s.Link.Attempt != 1 {
		t.Errorf("%+v", s.Link)
	}
	mute.hangUp()
}

func TestGarbage(t *testing.T) {
	t.Parallel()
	for what, bytes := range map[string]string{
		"half a line":  `{"protocol":1,"host":"vps-`,
		"no JSON":      "HTTP/1.1 502 Bad Gateway\n",
		"another JSON": "[1,2,3]\n",
		"nothing":      "null\n",
		"no protocol":  "{}\n",
		"a long line":  `{"protocol":1,"host":"` + strings.Repeat("x", 9<<20) + "\"}\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			v := newVisit(t)
			in := v.accept(t)
			in.send(t, fixture.Healthy())
			v.seen.state(t, source.LinkLive)
			_, _ = in.w.Write([]byte(bytes)) // they may hang up before its end
			in.hangUp()
			if s := v.seen.state(t, source.LinkDown); s.Host != fixture.Host || s.Link.Reason == "" {
				t.Errorf("%q %+v", s.Host, s.Link)
			}
			v.clock.fire(t, 500*time.Millisecond)
			v.accept(t).send(t, fixture.Healthy())
			v.seen.state(t, source.LinkLive)
		})
	}
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	in := v.accept(t)
	s := fixture.Healthy()
	for range 4000 {
		s.Migrations.List = append(s.Migrations.List, source.Migration{Up: strings.Repeat("SELECT 1;\n", 30)})
	}
	in.send(t, s) // over 1 MB
	if got := v.seen.state(t, source.LinkLive); len(got.Migrations.List) < 4000 {
		t.Errorf("%d migrations", len(got.Migrations.List))
	}
}

// TestSlowShowHoldsUpNobody: while one state is drawn many come, more than the socket holds; the daemon is rid of them, and only the
// newest is drawn.
func TestSlowShowHoldsUpNobody(t *testing.T) {
	t.Parallel()
	d := newDoor(t, socketPath(t))
	c := source.NewClient(source.ClientConfig{Sockets: []string{d.path}, Now: fixture.Now})
	seen, held, drawing := newShown(), make(chan struct{}), make(chan struct{})
	var shows atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Follow(ctx, func(s *source.Snapshot) {
			if s.Link.State == source.LinkLive && shows.Add(1) == 1 {
				close(drawing)
				<-held
			}
			seen.show(s)
		})
	}()
	in := d.accept(t)
	in.send(t, fixture.Healthy())
	<-drawing
	for i := range 60 {
		n := change()
		n.UptimeS = float64(i + 1)
		n.Log = []source.Event{{Seq: int64(i), Text: strings.Repeat("x", 100<<10)}}
		in.send(t, n)
	}
	close(held)
	s := seen.wait(t, "the newest", func(s *source.Snapshot) bool { return s.UptimeS == 60 })
	if len(s.Log) != len(fixture.Healthy().Log)+60 {
		t.Errorf("what came meanwhile is not merged: %d lines", len(s.Log))
	}
	if n := shows.Load(); n > 59 {
		t.Errorf("each of them was drawn: %d", n)
	}
	cancel()
	<-ended
}

// TestNewerDaemon: what an old screen understands of a newer daemon is shown.
func TestNewerDaemon(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	in := v.accept(t)
	in.raw(t, `{"protocol":2,"time":"2026-01-18T14:02:11Z","version":"2.0.0","host":"vps-1","uptime_s":7,"pool":{"active":3},"postgres":"fine","novel":{"a":[1]}}`+"\n")
	s := v.seen.state(t, source.LinkUpgrade)
	if s.Host != "vps-1" || s.UptimeS != 7 || s.Pool == nil || s.Pool.Active != 3 || !strings.Contains(s.Link.Reason, "version 2.0.0 and newer") {
		t.Errorf("%+v %+v", s, s.Link)
	}
	in.raw(t, `{"protocol":2,"time":"2026-01-18T14:02:12Z","version":"2.0.0","host":"vps-1","pool":{"active":4}}`+"\n")
	v.seen.wait(t, "the change", func(s *source.Snapshot) bool { return s.Pool.Active == 4 && s.Link.State == source.LinkUpgrade })
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	v.accept(t).raw(t, `{"protocol":1,"host":"vps-1","novel":[{"a":null}]}`+"\n")
	v.seen.state(t, source.LinkLive)
}

func TestRetry(t *testing.T) {
	t.Parallel()
	v := newVisit(t)
	in := v.accept(t)
	if in.query != "" {
		t.Errorf("asked with %q", in.query)
	}
	v.client.Retry() // a try under way is let be
	in.send(t, fixture.Healthy())
	v.seen.state(t, source.LinkLive)
	v.client.Retry()
	again := v.accept(t)
	if again.query != "refresh=1" {
		t.Errorf("asked anew with %q", again.query)
	}
	c := fixture.Healthy()
	c.Host = "renewed"
	again.send(t, c)
	v.seen.wait(t, "the new state without ever having been down", func(s *source.Snapshot) bool {
		if s.Link.State != source.LinkLive {
			t.Errorf("it was %+v meanwhile", s.Link)
		}
		return s.Host == "renewed"
	})
	again.hangUp()
	v.seen.state(t, source.LinkDown)
	v.client.Retry() // no timer is fired
	v.accept(t).send(t, fixture.Healthy())
	v.seen.state(t, source.LinkLive)
}

func TestTheServiceManagerIsAskedNowAndThen(t *testing.T) {
	t.Parallel()
	clock := newTimers()
	var asked atomic.Int64
	told := make(chan struct{})
	c := source.NewClient(source.ClientConfig{
		Sockets: []string{socketPath(t)}, Now: clock.Now, After: clock.After,
		Diagnose: func(ctx context.Context) (unit, journal []string) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("it could hang for ever")
			}
			<-told
			return []string{fmt.Sprintf("NRestarts=%d", asked.Add(1))}, []string{"a\x1b[2Jb"}
		},
	})
	seen := follow(t, c)
	if s := seen.state(t, source.LinkDown); s.Link.Unit != nil {
		t.Errorf("it is asked before it is said that the daemon is down: %+v", s.Link)
	}
	close(told)
	s := seen.wait(t, "what it says", func(s *source.Snapshot) bool { return len(s.Link.Unit) == 1 })
	if s.Link.Unit[0] != "NRestarts=1" || s.Link.Journal[0] != "a?b" {
		t.Errorf("%+v", s.Link)
	}
	for _, pause := range []time.Duration{500, 1000, 2000, 4000, 5000} {
		clock.fire(t, pause*time.Millisecond)
	}
	s = seen.wait(t, "what it says later", func(s *source.Snapshot) bool { return s.Link.Unit[0] == "NRestarts=2" })
	if s.Link.Attempt != 6 {
		t.Errorf("asked again after %d tries", s.Link.Attempt)
	}
}

// TestPanicIsTheCallers: they alone know how to leave the terminal whole.
func TestPanicIsTheCallers(t *testing.T) {
	t.Parallel()
	c := source.NewClient(source.ClientConfig{
		Sockets: []string{socketPath(t)}, Diagnose: func(context.Context) (unit, journal []string) { panic("planted") },
	})
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "planted") {
			t.Errorf("recovered %v", r)
		}
	}()
	c.Follow(t.Context(), func(*source.Snapshot) {})
	t.Error("it returned")
}

func TestDenied(t *testing.T) {
	t.Parallel()
	d := newDoor(t, socketPath(t))
	clock := newTimers()
	c := source.NewClient(source.ClientConfig{Sockets: []string{d.path}, Now: clock.Now, After: clock.After})
	seen := follow(t, c)
	in := d.accept(t)
	in.w.WriteHeader(403)
	in.raw(t, `{"error":"you are not in the group healthagent"}`)
	in.hangUp()
	if s := seen.state(t, source.LinkDenied); s.Link.Reason != "you are not in the group healthagent" || s.Link.Attempt != 1 {
		t.Errorf("%+v", s.Link)
	}
	clock.fire(t, 500*time.Millisecond) // they may have been let in by now
	d.accept(t).send(t, fixture.Healthy())
	seen.state(t, source.LinkLive)
}

func TestTheFirstSocketWithSomebodyBehindIt(t *testing.T) {
	t.Parallel()
	d := newDoor(t, socketPath(t))
	c := source.NewClient(source.ClientConfig{Sockets: []string{socketPath(t), d.path}})
	seen := follow(t, c)
	d.accept(t).send(t, fixture.Healthy())
	seen.state(t, source.LinkLive)
}
