package source_test

import (
	"strings"
	"testing"
	"time"

	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// pair is a failover between two sources that the test controls.
type pair struct {
	clock           *timers
	primary, direct *fixture.Source
	both            *source.Failover
	seen            *shown
}

// directState is what the database says of itself.
func directState() *source.Snapshot {
	h := fixture.Healthy()
	p := *h.Postgres
	p.Used = 3
	return &source.Snapshot{
		Protocol: source.Protocol, Time: fixture.Now().Add(time.Second), Version: fixture.Version, Host: fixture.Host,
		You:  &source.You{User: "root", Act: true, Why: "the database lets you"},
		Link: &source.Link{State: source.LinkLive, Since: fixture.Now(), Heard: fixture.Now(), Acts: "losing SSH interrupts it"}, Postgres: &p,
	}
}

func newPair(t *testing.T, primary *source.Snapshot) *pair {
	t.Helper()
	p := &pair{clock: newTimers(), primary: fixture.New(primary), direct: fixture.New(directState())}
	p.both = source.NewFailover(source.FailoverConfig{Primary: p.primary, Direct: p.direct, Now: p.clock.Now, After: p.clock.After})
	p.seen = follow(t, p.both)
	return p
}

// down is Healthy with its daemon just gone.
func down() *source.Snapshot {
	s := fixture.DaemonDown()
	s.Link.Since = fixture.Now()
	return s
}

func TestFailover(t *testing.T) {
	t.Parallel()
	p := newPair(t, fixture.Healthy())
	if s := p.seen.state(t, source.LinkLive); s.Postgres.Used == 3 {
		t.Error("the database is asked while the daemon is there")
	}
	var page source.Activity
	must(t, p.both.Ask(t.Context(), source.ActivityPath, &page))
	p.primary.Push(down())
	p.seen.state(t, source.LinkDown)
	if len(p.direct.Asked()) != 0 || len(p.primary.Asked()) != 1 {
		t.Errorf("asked %q and %q", p.primary.Asked(), p.direct.Asked())
	}
	p.clock.fire(t, 2*time.Second)
	s := p.seen.state(t, source.LinkDirect)
	if s.Postgres.Used != 3 || s.Link.Acts != "losing SSH interrupts it" || s.You.Why != "the database lets you" {
		t.Errorf("what the database says is not shown: %+v %+v", s.Link, s.You)
	}
	if s.Pool == nil || s.Statements == nil || s.History == nil || len(s.Link.Journal) == 0 || !strings.Contains(s.Link.Reason, "not running") {
		t.Errorf("what the daemon said last is gone: %+v", s.Link)
	}
	must(t, p.both.Ask(t.Context(), source.ActivityPath, &page))
	act := fixture.PreviewRollback().Act
	if _, err := p.both.Do(t.Context(), act, "t", "017"); err != nil {
		t.Error(err)
	}
	if len(p.direct.Asked()) != 1 || len(p.direct.Done()) != 1 || p.direct.Done()[0].Typed != "017" || len(p.primary.Done()) != 0 {
		t.Errorf("asked %q, done %+v", p.direct.Asked(), p.direct.Done())
	}
	p.primary.Push(fixture.Healthy())
	if s = p.seen.state(t, source.LinkLive); s.Postgres.Used == 3 {
		t.Error("the daemon is back and does not tell")
	}
	must(t, p.both.Ask(t.Context(), source.ActivityPath, &page))
	if len(p.primary.Asked()) != 2 {
		t.Errorf("asked %q", p.primary.Asked())
	}
}

// TestARestartIsWaitedFor: a daemon that is back in time is never gone round.
func TestARestartIsWaitedFor(t *testing.T) {
	t.Parallel()
	p := newPair(t, down())
	p.seen.state(t, source.LinkDown)
	p.primary.Push(fixture.Healthy())
	p.seen.state(t, source.LinkLive)
	p.primary.Push(down())
	p.seen.state(t, source.LinkDown)
	p.clock.fire(t, 2*time.Second)
	p.seen.state(t, source.LinkDirect)
	p.primary.Push(fixture.Denied()) // there is a daemon, and it is not for us
	p.seen.state(t, source.LinkDenied)
}

// TestAWorkInThisProcessIsSeenToItsEnd: the daemon is back while a rollback runs here.
func TestAWorkInThisProcessIsSeenToItsEnd(t *testing.T) {
	t.Parallel()
	p := newPair(t, down())
	p.clock.fire(t, 2*time.Second)
	p.seen.state(t, source.LinkDirect)
	busy := directState()
	busy.Runs = []source.Run{fixture.RunWorking()}
	p.direct.Push(busy)
	p.seen.wait(t, "the work", func(s *source.Snapshot) bool { return len(s.Runs) == 1 })
	p.primary.Push(fixture.Healthy())
	s := p.seen.state(t, source.LinkLive)
	if len(s.Runs) != 1 || s.Runs[0].Over() || s.Postgres.Used == 3 {
		t.Errorf("%+v", s.Runs)
	}
	if _, err := p.both.Do(t.Context(), source.Act{Verb: source.Cancel, Object: source.OnMigration, Name: "017"}, "", ""); err != nil {
		t.Error(err)
	}
	if len(p.direct.Done()) != 1 || len(p.primary.Done()) != 0 {
		t.Errorf("the cancel went to the daemon: %+v", p.primary.Done())
	}
	over := directState()
	over.Runs = []source.Run{fixture.RunDone()}
	p.direct.Push(over)
	p.seen.wait(t, "its end", func(s *source.Snapshot) bool {
		return len(s.Runs) == 1 && s.Runs[0].Over() && s.Link.State == source.LinkLive
	})
	p.primary.Push(fixture.Busy())
	if s := p.seen.wait(t, "the next", func(s *source.Snapshot) bool { return s.Pool.Active == 13 }); len(s.Runs) != 1 {
		t.Error("what was done here is forgotten")
	}
}

// TestTheDatabaseIsDownToo: then nothing is direct, and both reasons are told.
func TestTheDatabaseIsDownToo(t *testing.T) {
	t.Parallel()
	p := newPair(t, down())
	p.direct.Push(&source.Snapshot{Protocol: source.Protocol, Link: &source.Link{State: source.LinkDown, Reason: "the database does not answer"}})
	p.seen.state(t, source.LinkDown)
	p.clock.fire(t, 2*time.Second)
	s := p.seen.wait(t, "both reasons", func(s *source.Snapshot) bool {
		return strings.HasSuffix(s.Link.Reason, "; the database does not answer")
	})
	if s.Link.State != source.LinkDown || s.Postgres == nil {
		t.Errorf("%+v", s.Link)
	}
	p.both.Retry()
	if p.primary.Retries() != 1 || p.direct.Retries() != 1 {
		t.Error("a try at once is for both")
	}
}

func TestFailoverToNothing(t *testing.T) {
	t.Parallel()
	primary := fixture.New(fixture.DaemonDown())
	both := source.NewFailover(source.FailoverConfig{Primary: primary})
	follow(t, both).state(t, source.LinkDown)
	both.Retry()
	var page source.Activity
	must(t, both.Ask(t.Context(), source.ActivityPath, &page))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
