package acts_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// patience turns a hang into a failure and measures nothing.
const patience = time.Minute

// clock is a clock that the test turns.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a migrated database and what works on it.
type world struct {
	*acts.Runner
	t      *testing.T
	url    string
	dir    string
	clock  *clock
	engine *migrations.Engine
	config acts.Config
	stop   context.CancelFunc // ends the Runner, as the daemon does
	ended  chan struct{}
	news   chan struct{} // something has changed

	mu    sync.Mutex
	state *source.Snapshot
	notes []source.Event
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: rig.Postgres(t), dir: t.TempDir(), news: make(chan struct{}, 1), clock: &clock{now: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)}}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := store.Open(ctx, store.Config{URL: w.url, PoolMin: 1, PoolMax: 2})
	must(t, err)
	w.engine, err = schema.NewEngine(migrations.Config{URL: w.url, Watch: 5 * time.Millisecond})
	must(t, err)
	monitor, err := inspect.Open(inspect.Config{URL: w.url})
	must(t, err)
	w.config = acts.Config{
		Engine: w.engine, Monitor: monitor, StateDir: w.dir, Audit: s.Audit, Now: w.clock.Now, Every: time.Hour,
		Origin: func(int) string { return "203.0.113.9" },
		State: func() *source.Snapshot {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.state
		},
		Glance: func() *source.Snapshot {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.state
		},
		Changed: func() {
			select {
			case w.news <- struct{}{}:
			default:
			}
		},
		Note: func(e source.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notes = append(w.notes, e)
		},
	}
	w.open()
	t.Cleanup(func() {
		w.shut()
		monitor.Close()
		s.Close()
		cancel()
	})
	return w
}

// open starts a Runner over the state directory, as a new daemon does.
func (w *world) open() {
	w.Runner = acts.New(w.config)
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.ended = stop, make(chan struct{})
	ended, runner := w.ended, w.Runner
	ready := make(chan struct{})
	go func() {
		defer close(ended)
		close(ready)
		runner.Run(ctx)
	}()
	<-ready
	w.await("it can be asked", func() bool {
		_, err := runner.Do(context.Background(), root(), source.Act{Object: source.OnMigration, Name: "017", Verb: source.Hold}, stale(), "")
		var down *source.UnavailableError
		return !errors.As(err, &down)
	})
}

// stale is a token of nothing.
func stale() string { return "eyJpZCI6IngiLCJtIjpbXX0" }

func (w *world) shut() {
	w.stop()
	<-w.ended
}

func root() admin.Asker { return admin.Asker{You: source.You{UID: 0, User: "root", Act: true}} }
func viewer() admin.Asker {
	return admin.Asker{You: source.You{UID: 1000, User: "anna", Why: "you may only look"}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func on(o source.Object, name string, v source.Verb) source.Act {
	return source.Act{Object: o, Name: name, Verb: v}
}

func migration(name string, v source.Verb) source.Act { return on(source.OnMigration, name, v) }

func (w *world) conn() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	must(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs SQL like somebody with psql.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.conn().Exec(w.t.Context(), sql, args...)
	must(w.t, err)
}

func get[T any](w *world, sql string, args ...any) (v T) {
	w.t.Helper()
	must(w.t, w.conn().QueryRow(w.t.Context(), sql, args...).Scan(&v))
	return v
}

// await waits until something is so, which is looked at whenever something has changed.
func (w *world) await(what string, so func() bool) {
	w.t.Helper()
	over := time.After(patience)
	for !so() {
		select {
		case <-w.news:
		case <-time.After(10 * time.Millisecond):
		case <-over:
			w.t.Fatalf("never happened: %s; runs: %s", what, encoded(w.t, w.Runs()))
		}
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	return string(raw)
}

// preview looks, and fails unless it can be done.
func (w *world) preview(act source.Act) source.Preview {
	w.t.Helper()
	p, err := w.Preview(w.t.Context(), root(), act)
	must(w.t, err)
	if p.Token == "" {
		w.t.Fatalf("%s cannot be done: %s", act.Path(), p.Refused)
	}
	return p
}

// begin does it and returns its id.
func (w *world) begin(act source.Act) string {
	w.t.Helper()
	p := w.preview(act)
	id, err := w.Do(w.t.Context(), root(), p.Act, p.Token, p.Confirm)
	must(w.t, err)
	return id
}

// do does it and waits for its end.
func (w *world) do(act source.Act) source.Run {
	w.t.Helper()
	return w.over(w.begin(act))
}

// over waits for the end of a run, with all that is done then.
func (w *world) over(id string) source.Run {
	w.t.Helper()
	w.await(id+" ends", func() bool { return w.run(id).Over() && w.audited(id) })
	return w.run(id)
}

func (w *world) audited(id string) bool {
	return get[bool](w, `SELECT to_regclass('audit_log') IS NULL`) ||
		get[bool](w, `SELECT EXISTS (SELECT FROM audit_log WHERE detail ->> 'run' = $1 AND detail ->> 'result' NOT IN ('begun', 'changed') AND action NOT LIKE '%.cancel'
			OR detail ->> 'run' = $1 AND action LIKE 'session.%' AND detail ->> 'result' <> 'begun')`, id)
}

func (w *world) run(id string) source.Run {
	w.t.Helper()
	runs := w.Runs()
	i := slices.IndexFunc(runs, func(r source.Run) bool { return r.ID == id })
	if i < 0 {
		w.t.Fatalf("there is no run %s", id)
	}
	return runs[i]
}

// audit is what the log has, as "actor action subject result".
func (w *world) audit() string {
	w.t.Helper()
	return get[string](w, `SELECT coalesce(string_agg(actor || ' ' || action || ' ' || subject || ' ' || (detail ->> 'result'), E'\n' ORDER BY id), '') FROM audit_log`)
}

func (w *world) entry(version int) migrations.Entry {
	w.t.Helper()
	entries, err := w.engine.Status(w.t.Context())
	must(w.t, err)
	i := slices.IndexFunc(entries, func(e migrations.Entry) bool { return e.Version == version })
	return entries[i]
}

func (w *world) wantState(version int, want migrations.State) {
	w.t.Helper()
	if e := w.entry(version); e.State != want {
		w.t.Errorf("%d is %s (%s), want %s", version, e.State, e.Error, want)
	}
}

// indexes lists those of 017 that are there.
func (w *world) indexes() (names []string) {
	w.t.Helper()
	text := get[string](w, `SELECT coalesce(string_agg(c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END, ',' ORDER BY c.relname), '')
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'idx\_%'`)
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// hold keeps a transaction open that has written into a table: what is done to its indexes waits for it.
func (w *world) hold(sql string) (pid int, release func()) {
	w.t.Helper()
	conn := w.conn()
	tx, err := conn.Begin(w.t.Context())
	must(w.t, err)
	_, err = tx.Exec(w.t.Context(), sql)
	must(w.t, err)
	return int(conn.PgConn().PID()), func() { _ = tx.Rollback(context.Background()) }
}

func changed(t testing.TB, err error, part string) {
	t.Helper()
	var c *source.ChangedError
	if !errors.As(err, &c) || !strings.Contains(c.What, part) {
		t.Errorf("got %v, want a change with %q", err, part)
	}
}

func files(t testing.TB, pattern ...string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(pattern...))
	must(t, err)
	return found
}
