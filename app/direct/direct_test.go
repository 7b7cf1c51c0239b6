package direct_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/direct"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// patience turns a hang into a failure and measures nothing.
const patience = time.Minute

// screen is a Source that is followed.
type screen struct {
	*direct.Source
	t   *testing.T
	url string
	dir string

	mu   sync.Mutex
	all  []*source.Snapshot
	news chan struct{}
}

func open(t *testing.T, url string, change func(*direct.Config)) *screen {
	t.Helper()
	s := &screen{t: t, url: url, dir: t.TempDir(), news: make(chan struct{})}
	conf := direct.Config{URL: url, Version: "1.4.0", Host: "vps-1", StateDir: s.dir}
	if change != nil {
		change(&conf)
	}
	d, err := direct.Open(conf)
	must(t, err)
	s.Source = d
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Follow(ctx, s.show)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		d.Close()
	})
	return s
}

func (s *screen) show(state *source.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, state)
	close(s.news)
	s.news = make(chan struct{})
}

func (s *screen) wait(what string, ok func(*source.Snapshot) bool) *source.Snapshot {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		for i, state := range s.all {
			if ok(state) {
				s.all = s.all[i:]
				s.mu.Unlock()
				return state
			}
		}
		s.all = s.all[max(0, len(s.all)-1):]
		news := s.news
		s.mu.Unlock()
		select {
		case <-news:
		case <-late:
			s.t.Fatalf("it does not show %s", what)
		}
	}
}

// preview asks for an act's.
func (s *screen) preview(act source.Act) source.Preview {
	s.t.Helper()
	var p source.Preview
	must(s.t, s.Ask(s.t.Context(), act.Path(), &p))
	return p
}

// run waits for the end of a run.
func (s *screen) run(id string) source.Run {
	s.t.Helper()
	var run source.Run
	s.wait("the end of the run", func(n *source.Snapshot) bool {
		i := slices.IndexFunc(n.Runs, func(r source.Run) bool { return r.ID == id && r.Over() })
		if i >= 0 {
			run = n.Runs[i]
		}
		return i >= 0
	})
	return run
}

func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), sql)
	must(t, err)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	must(t, err)
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func on017(v source.Verb) source.Act {
	return source.Act{Verb: v, Object: source.OnMigration, Name: "017"}
}

func TestWhatTheDatabaseKnows(t *testing.T) {
	t.Parallel()
	s := open(t, rig.Postgres(t), nil)
	n := s.wait("everything", func(n *source.Snapshot) bool { return n.Postgres != nil && n.Indexes != nil && n.Migrations != nil })
	if n.Link.State != source.LinkLive || n.Link.Acts != direct.Warning || !n.You.Act || n.Host != "vps-1" {
		t.Errorf("%+v %+v", n.Link, n.You)
	}
	if n.Pool != nil || n.Redis != nil || n.Telegram != nil || n.System != nil || n.History != nil {
		t.Error("it tells what only the daemon knows")
	}
	if m := n.Migrations; m.Next != "017" || m.List[0].Version != "017" || !strings.Contains(m.List[0].Up, "CREATE INDEX CONCURRENTLY") || m.List[0].State != "applied" {
		t.Errorf("%+v", m)
	}
	if !slices.ContainsFunc(n.Indexes.List, func(x source.Index) bool { return x.Name == "idx_reminders_next_execution" && x.Migration == "017" }) {
		t.Errorf("%d indexes", len(n.Indexes.List))
	}
	if slices.ContainsFunc(n.Log, func(e source.Event) bool { return e.Kind == "daemon" }) {
		t.Errorf("a screen is no daemon: %+v", n.Log)
	}
	var a source.Activity
	must(t, s.Ask(t.Context(), source.ActivityPath, &a))
	if a.Usable == 0 || a.At.IsZero() {
		t.Errorf("%+v", a)
	}
	var p source.Plan
	must(t, s.Ask(t.Context(), source.PlanPath("get_leaderboard", false), &p))
	if p.Root.Type == "" || p.Expected != "idx_user_gamification_xp_desc" {
		t.Errorf("%+v", p)
	}
	for _, path := range []string{source.PlanPath("get_leaderboard", true), source.PlanPath("unheard", false), "/v1/unheard"} {
		var refused *source.RefusedError
		if err := s.Ask(t.Context(), path, &p); !errors.As(err, &refused) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestStatementsOfTheServer: their names, how often and how long; what only the daemon measures is not known.
func TestStatementsOfTheServer(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	query[int](t, url, `WITH x AS (SELECT 1) SELECT 1 FROM x`)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	must(t, err)
	for range 3 {
		_, err := conn.Exec(t.Context(), `SELECT /* get_next_due */ min(next_execution_time) FROM reminders WHERE active`)
		must(t, err)
	}
	s := open(t, url, nil)
	n := s.wait("statements with their plans", func(n *source.Snapshot) bool {
		return n.Statements != nil && slices.ContainsFunc(n.Statements.List, func(q source.Statement) bool { return q.Node != "" })
	})
	i := slices.IndexFunc(n.Statements.List, func(q source.Statement) bool { return q.Name == "get_next_due" })
	if i < 0 {
		t.Fatalf("%+v", n.Statements)
	}
	q := n.Statements.List[i]
	if q.Calls != 3 || q.MeanMS <= 0 || !math.IsNaN(q.P95MS) || !math.IsNaN(q.CallsMin) || q.Expected != "idx_reminders_next_execution" || !strings.Contains(q.SQL, "'infinity'") {
		t.Errorf("%+v", q)
	}
	if !slices.ContainsFunc(n.Statements.Partial, func(p string) bool { return strings.Contains(p, "only the daemon") }) {
		t.Errorf("%q", n.Statements.Partial)
	}
}

// TestRollbackMustBeTyped and is done here, written into the audit log, seen while it runs, and taken back.
func TestRollbackMustBeTyped(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	s := open(t, url, nil)
	p := s.preview(on017(source.Rollback))
	if p.Confirm != "017" || p.Token == "" || len(p.Indexes) != 8 {
		t.Errorf("%+v", p)
	}
	if len(p.Queries) == 0 || !math.IsNaN(p.Queries[0].P95MS) {
		t.Errorf("a p95 that nobody has measured: %+v", p.Queries)
	}
	var changed *source.ChangedError
	for _, typed := range []string{"", "y", "0017x", "16"} {
		if _, err := s.Do(t.Context(), p.Act, p.Token, typed); !errors.As(err, &changed) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	if _, err := s.Do(t.Context(), p.Act, "unseen", "017"); !errors.As(err, &changed) {
		t.Errorf("without a preview: %v", err)
	}
	id, err := s.Do(t.Context(), p.Act, p.Token, "17")
	must(t, err)
	run := s.run(id)
	if run.State != source.RunDone || !run.Here || len(run.Steps) != 8 || run.Steps[7].State != source.StepDone || run.Undo == nil {
		t.Fatalf("%+v", run)
	}
	if n := query[int](t, url, `SELECT count(*) FROM pg_class WHERE relname LIKE 'idx\_%'`); n != 0 {
		t.Errorf("%d indexes are left", n)
	}
	const audited = `SELECT count(*) FROM audit_log WHERE action = 'migration.rollback' AND subject = '017'`
	s.wait("017 held", func(n *source.Snapshot) bool { return n.Migrations != nil && n.Migrations.List[0].State == "held" })
	if n := query[int](t, url, audited); n == 0 {
		t.Errorf("the audit log knows nothing: %s", query[string](t, url, `SELECT coalesce(string_agg(action || ' ' || subject, ', '), '') FROM audit_log`))
	}
	back := s.preview(*run.Undo)
	id, err = s.Do(t.Context(), back.Act, back.Token, back.Confirm)
	must(t, err)
	if run = s.run(id); run.State != source.RunDone {
		t.Errorf("%+v", run)
	}
	if reports, err := filepath.Glob(filepath.Join(s.dir, "direct", "*")); err != nil || len(reports) == 0 {
		t.Errorf("nothing is kept for the next screen: %v", err)
	}
}

// TestOneIndex: its migration's number must be typed.
func TestOneIndex(t *testing.T) {
	t.Parallel()
	s := open(t, rig.Postgres(t), nil)
	p := s.preview(source.Act{Verb: source.Drop, Object: source.OnIndex, Name: "idx_food_entries_user_name"})
	if p.Confirm != "017" {
		t.Errorf("%+v", p)
	}
	id, err := s.Do(t.Context(), p.Act, p.Token, "017")
	must(t, err)
	if run := s.run(id); run.State != source.RunDone {
		t.Errorf("%+v", run)
	}
}

func TestSessionIsEndedByItsStartToo(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	s := open(t, url, nil)
	other, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = other.Close(context.Background()) }()
	pid := int(other.PgConn().PID())
	var a source.Activity
	must(t, s.Ask(t.Context(), source.ActivityPath, &a))
	i := slices.IndexFunc(a.Sessions, func(x source.Session) bool { return x.PID == pid })
	if i < 0 || a.Sessions[i].Start == nil {
		t.Fatalf("%+v", a.Sessions)
	}
	act := source.Act{Verb: source.End, Object: source.OnSession, Name: strconv.Itoa(pid), Start: a.Sessions[i].Start}
	before := act.Start.Add(-time.Second)
	gone := act
	gone.Start = &before
	var p source.Preview
	var refused *source.RefusedError
	if err := s.Ask(t.Context(), gone.Path(), &p); !errors.As(err, &refused) {
		t.Errorf("another session of that id: %v", err)
	}
	p = s.preview(act)
	if p.Confirm != "" {
		t.Errorf("a session is ended with one key: %q", p.Confirm)
	}
	id, err := s.Do(t.Context(), act, p.Token, "")
	must(t, err)
	if run := s.run(id); run.State != source.RunDone {
		t.Errorf("%+v", run)
	}
	if other.Ping(t.Context()) == nil {
		t.Error("it is still there")
	}
}

func TestReadOnlyDoesNothing(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	s := open(t, url, func(c *direct.Config) { c.ReadOnly = true })
	p := s.preview(on017(source.Rollback))
	if p.Token != "" || p.Refused == "" {
		t.Errorf("%+v", p)
	}
	if _, err := s.Do(t.Context(), p.Act, "x", "017"); err == nil {
		t.Error("it was done")
	}
	if n := query[int](t, url, `SELECT count(*) FROM pg_class WHERE relname LIKE 'idx\_%'`); n != 8 {
		t.Errorf("%d indexes are left", n)
	}
}

// TestTheDatabaseComesBack: a server that dies is said to be away, and followed again when it is back.
func TestTheDatabaseComesBack(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	s := open(t, server.URL(), nil)
	s.wait("a live database", func(n *source.Snapshot) bool { return n.Link.State == source.LinkLive })
	server.Kill()
	s.Retry()
	n := s.wait("a dead one", func(n *source.Snapshot) bool { return n.Link.State == source.LinkDown })
	if !strings.HasPrefix(n.Link.Reason, "nor does the database answer: ") || n.Postgres == nil {
		t.Errorf("%+v", n.Link)
	}
	var a source.Activity
	var gone *source.UnavailableError
	if err := s.Ask(t.Context(), source.ActivityPath, &a); !errors.As(err, &gone) {
		t.Errorf("%v", err)
	}
	server.Start()
	s.wait("a live one again", func(n *source.Snapshot) bool { return n.Link.State == source.LinkLive })
}

// TestHostileNames: whoever may make an index may call it anything.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), "CREATE INDEX \"evil\x1b[2J\u202egnp\" ON users (display_name)")
	must(t, err)
	s := open(t, url, nil)
	n := s.wait("the index", func(n *source.Snapshot) bool { return n.Indexes != nil && len(n.Indexes.List) > 20 })
	for _, x := range n.Indexes.List {
		if strings.HasPrefix(x.Name, "evil") && (x.Name != "evil??gnp" || strings.ContainsAny(x.Definition, "\x1b\u202e")) {
			t.Errorf("%q %q", x.Name, x.Definition)
		}
	}
	if !slices.ContainsFunc(n.Indexes.List, func(x source.Index) bool { return x.Name == "evil??gnp" }) {
		t.Error("it is not shown")
	}
}

func TestOpenRefusesWhatIsNoURL(t *testing.T) {
	t.Parallel()
	if _, err := direct.Open(direct.Config{URL: "postgres://secret@:x:/"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// TestWhatGoesWrongIsInTheLogOfTheScreen: written anywhere else it would be drawn over, or be lost.
func TestWhatGoesWrongIsInTheLogOfTheScreen(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), `ALTER TABLE audit_log RENAME TO elsewhere`)
	must(t, err)
	s := open(t, url, nil)
	s.wait("the ledger", func(n *source.Snapshot) bool { return n.Migrations != nil })
	p := s.preview(source.Act{Verb: source.Drop, Object: source.OnIndex, Name: "idx_food_entries_user_name"})
	_, err = s.Do(t.Context(), p.Act, p.Token, p.Confirm)
	must(t, err)
	s.wait("that it is not audited", func(n *source.Snapshot) bool {
		return slices.ContainsFunc(n.Log, func(e source.Event) bool {
			return e.Kind == "screen" && e.Level == "warn" && strings.HasPrefix(e.Text, "an act is not in the audit log action=")
		})
	})
}
