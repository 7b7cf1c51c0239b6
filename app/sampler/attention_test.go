package sampler

import (
	"strings"
	"testing"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// needs judges, and returns what needs somebody by kind.
func needs(s *Sampler) map[string]source.Item {
	s.judge(s.now())
	out := map[string]source.Item{}
	for _, i := range s.State().Attention.Items {
		out[i.Kind] = i
	}
	return out
}

func TestNothingNeedsAnybody(t *testing.T) {
	t.Parallel()
	s := New(Config{Now: noon})
	if got := needs(s); len(got) != 0 || s.State().Attention.Items == nil {
		t.Errorf("%+v", s.State().Attention)
	}
}

func TestWhatNeedsSomebody(t *testing.T) {
	t.Parallel()
	now := noon()
	s := New(Config{Now: func() time.Time { return now }})
	s.Attach(Sources{})
	since := now.Add(-time.Hour)
	idle := inspect.Seconds(300)
	s.lists.pulse = &inspect.Pulse{Waiting: 2, IdleS: &idle, IdlePID: 4188}
	s.lists.pulseAt = now
	s.lists.postgres = source.Postgres{Used: 95, Usable: 100}
	s.lists.activity = &source.Activity{Sessions: []source.Session{
		{PID: 4188, InTree: true, Blocks: 2, App: "psql", State: "idle in transaction"}, {PID: 4190, InTree: true, Depth: 1}, {PID: 1},
	}}
	s.lists.ready = &source.Ready{Components: map[string]source.Component{
		"cache": {Verdict: source.Warn, Text: "Redis does not answer", Since: &since}, "inbox": {Verdict: source.Fail, Text: "full"},
		"postgresql": {Verdict: source.OK}, "start": {Verdict: source.Fail},
	}}
	s.lists.migrations = &source.Migrations{List: []source.Migration{
		{Version: "018", Name: "next", State: "partial", Done: 2, Total: 8, Error: "cancelled"}, {Version: "017", State: "applied"},
	}}
	s.lists.server = &inspect.Server{Wraparound: []inspect.Wraparound{{Database: "d", PctToWrap: 60, OfThis: true}}}
	s.hub.publish(&source.Snapshot{
		System: &source.System{DiskUsed: 96, DiskTotal: 100, HostMemUsed: 50, HostMemTotal: 100}, Pool: &source.Pool{MaxSize: 10},
	})
	for i := range 15 {
		r := only(atPoolUsed, 9)
		r[atPoolWaiting] = float32(i % 3)
		s.hub.short.put(s.hub.short.number(now)-14+int64(i), r)
	}
	got := needs(s)
	for kind, want := range map[string]string{
		"blocked":     "warn activity pid 4188: 2 sessions wait for it, psql, idle in transaction",
		"idle":        "warn activity pid 4188: idle in a transaction: it holds its locks, and VACUUM up",
		"connections": "warn activity PostgreSQL: 95 of 100 connections are used",
		"redis":       "warn cache cache: Redis does not answer",
		"queues":      "fail log inbox: full",
		"migration":   "fail migrations 018 next: it is done by half, 2 of 8: cancelled",
		"disk":        "fail indexes disk: 96% full, 4B left",
		"pool":        "warn activity pool: callers wait for a connection, up to 2 at a time; 9 of 10 are lent",
		"wraparound":  "fail activity d: ",
	} {
		i := got[kind]
		if text := string(i.Severity) + " " + i.Screen + " " + i.Subject + ": " + i.Text; !strings.HasPrefix(text, want) {
			t.Errorf("%s: %q", kind, text)
		}
	}
	if len(got) != 9 {
		t.Errorf("%+v", got)
	}
	if !got["redis"].Since.Equal(since) || !got["disk"].Since.Equal(now) {
		t.Errorf("since %v and %v", got["redis"].Since, got["disk"].Since)
	}
	items, worst := s.State().Attention.Items, true
	for _, i := range items {
		if i.Severity == source.Fail && !worst {
			t.Errorf("what fails is not first: %+v", items)
		}
		worst = worst && i.Severity == source.Fail
	}
	first := now
	now = now.Add(10 * time.Minute)
	if got := needs(s); !got["disk"].Since.Equal(first) {
		t.Errorf("since %v", got["disk"].Since)
	}
	s.hub.publish(&source.Snapshot{System: &source.System{}})
	needs(s)
	s.hub.publish(&source.Snapshot{System: &source.System{DiskUsed: 96, DiskTotal: 100}})
	if got := needs(s); !got["disk"].Since.Equal(now) {
		t.Errorf("it is so again since %v", got["disk"].Since)
	}
}

func TestSlowStatementsNeedSomebody(t *testing.T) {
	t.Parallel()
	now := noon()
	s := New(Config{Now: func() time.Time { return now }})
	s.Attach(Sources{Interval: func() store.Interval { return store.Interval{} }, SlowMS: 50})
	named := []store.NamedQuery{{Name: "q", Index: "i"}}
	s.book.readPlans(now, map[string]Reading{"q": {Node: "Index Scan", Index: "i"}}, named)
	for range 3 {
		s.book.add(now, did("q", 100, 10*time.Millisecond))
		s.book.add(now, did("always", 100, 80*time.Millisecond))
		now = now.Add(time.Hour)
	}
	s.book.add(now, did("q", 100, 200*time.Millisecond))
	s.book.add(now, did("always", 100, 80*time.Millisecond))
	s.book.readPlans(now, map[string]Reading{"q": {Node: "Seq Scan"}}, named)
	s.listStatements(now)
	got := needs(s)
	i := got["slow"]
	if len(got) != 1 || i.Subject != "q" || !strings.Contains(i.Text, "over 24h; plan now Seq Scan, was Index Scan i until ") || i.Screen != onQueries {
		t.Errorf("%+v", got)
	}
	now = now.Add(16 * time.Minute) // it is not called any more
	s.listStatements(now)
	if got := needs(s); got["plan"].Subject != "q" || len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatTheLogSaysOfComponents(t *testing.T) {
	t.Parallel()
	start := &source.Ready{Components: map[string]source.Component{"start": {Verdict: source.Fail, Text: "waiting for PostgreSQL"}}}
	at := func(cache, leader source.Component) *source.Ready {
		return &source.Ready{Components: map[string]source.Component{"cache": cache, "leader": leader, "postgresql": {Verdict: source.Fail, Text: "away"}}}
	}
	ok, away := source.Component{Verdict: source.OK, Text: "redis"}, source.Component{Verdict: source.Warn, Text: "Redis does not answer"}
	not, leads := source.Component{Verdict: source.Fail, Text: "not yet"}, source.Component{Verdict: source.OK, Text: "it leads"}
	for i, tt := range []struct {
		before, after *source.Ready
		want          string
	}{
		{nil, start, "info daemon: waiting for PostgreSQL"},
		{start, start, ""},
		{start, at(ok, not), ""},
		{nil, at(away, leads), "warn redis: Redis does not answer|info leader: it leads"},
		{at(ok, not), at(ok, leads), "info leader: it leads"},
		{at(ok, leads), at(away, leads), "warn redis: Redis does not answer"},
		{at(away, leads), at(ok, leads), "info redis: well again: redis"},
		{at(ok, leads), at(ok, leads), ""},
	} {
		var all []string
		for _, e := range readyEvents(noon(), tt.before, tt.after) {
			all = append(all, e.Level+" "+e.Kind+": "+e.Text)
		}
		if got := strings.Join(all, "|"); got != tt.want {
			t.Errorf("%d: %q, not %q", i, got, tt.want)
		}
	}
}

func TestWhatTheLogSaysOfMigrations(t *testing.T) {
	t.Parallel()
	ledger := func(state string, held ...string) *source.Migrations {
		return &source.Migrations{Part: source.Part{At: noon()}, List: []source.Migration{{Version: "017", Name: "x", State: state, Held: held}}}
	}
	working := func(state string, held ...string) *source.Migrations {
		m := ledger(state, held...)
		m.Lock = "pid 7 healthagent"
		return m
	}
	for i, tt := range []struct {
		before, after *source.Migrations
		want          string
	}{
		{nil, ledger("applied"), ""},
		{ledger("pending"), ledger("applied"), "info 017 x is applied"},
		{ledger("applied"), working("applied", "i"), ""},
		{ledger("applied"), working("partial"), "error 017 x is partial"},
		{ledger("applied"), ledger("partial"), "error 017 x is partial"},
		{ledger("applied"), ledger("applied", "i"), "info 017 x: more of its indexes are held"},
		{ledger("applied", "i"), ledger("applied"), "info 017 x: fewer of its indexes are held"},
		{ledger("applied"), ledger("applied"), ""},
	} {
		var all []string
		for _, e := range ledgerEvents(noon(), tt.before, tt.before, tt.after) {
			all = append(all, e.Level+" "+e.Subject+" "+e.Text)
		}
		if got := strings.Join(all, "|"); got != tt.want {
			t.Errorf("%d: %q, not %q", i, got, tt.want)
		}
	}
}

// Eight indexes that are dropped one after another are one line, not nine; two that somebody dropped are one.
func TestTheLogSaysOnceWhatOneActDoes(t *testing.T) {
	t.Parallel()
	type look struct {
		state, lock string
		held        int
	}
	for _, tt := range []struct {
		looks []look
		want  string
	}{
		{[]look{{"applied", "", 0}, {"applied", "pid 7", 1}, {"applied", "pid 7", 5}, {"held", "pid 7", 8}, {"held", "", 8}}, "x is held"},
		{[]look{{"held", "", 8}, {"held", "pid 7", 7}, {"held", "pid 7", 1}, {"applied", "", 0}, {"applied", "", 0}}, "x is applied"},
		{[]look{{"applied", "", 0}, {"applied", "pid 7", 1}, {"applied", "pid 7", 2}, {"applied", "", 2}, {"applied", "", 2}}, "x: more of its indexes are held"},
	} {
		var all []string
		var before, settled *source.Migrations
		for _, l := range tt.looks {
			m := &source.Migrations{Part: source.Part{At: noon()}, Lock: l.lock, List: []source.Migration{{Name: "x", State: l.state, Held: make([]string, l.held)}}}
			for _, e := range ledgerEvents(noon(), before, settled, m) {
				all = append(all, e.Text)
			}
			if before = m; l.lock == "" {
				settled = m
			}
		}
		if got := strings.Join(all, "|"); got != tt.want {
			t.Errorf("%v: %q, not %q", tt.looks, got, tt.want)
		}
	}
}

// What a look at the installation found needs somebody too, but for what is seen here all the time: nothing is told twice.
func TestWhatTheDoctorFoundNeedsSomebody(t *testing.T) {
	t.Parallel()
	s := New(Config{Now: noon})
	s.SetDoctor(&source.Doctor{Checks: []source.Finding{
		{Code: "backup-offsite", Title: "off-site copy", Verdict: source.Warn, Text: "none", Remedy: "make one"},
		{Code: "database-durable", Title: "durability", Verdict: source.Fail, Text: "fsync is off", Remedy: "mend it"},
		{Code: "schema-migrations", Title: "migrations", Verdict: source.Fail, Text: "it failed"},
		{Code: "disk-state", Title: "disk", Verdict: source.Fail, Text: "full"},
		{Code: "files-state", Title: "state", Verdict: source.OK},
		{Code: "cache-version", Title: "version", Verdict: source.Skip},
	}})
	got := needs(s)
	if len(got) != 2 || got["backup"].Severity != source.Warn || got["backup"].Screen != onLog || got["backup"].Remedy != "make one" ||
		got["database"].Severity != source.Fail || got["database"].Subject != "durability" || got["database"].Screen != onActivity {
		t.Errorf("%+v", got)
	}
	s.SetDoctor(&source.Doctor{OK: true})
	if got := needs(s); len(got) != 0 {
		t.Errorf("it is mended: %+v", got)
	}
}
