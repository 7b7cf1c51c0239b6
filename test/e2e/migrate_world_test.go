package e2e

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// hot are the indexes of migration 017: six that were asked for and two helpers.
var hot = []string{
	"idx_conversation_history_user_timestamp",
	"idx_conversation_history_user_timestamp_covering",
	"idx_conversation_history_user_timestamp_long",
	"idx_food_entries_user_date_range",
	"idx_food_entries_user_name",
	"idx_reminders_next_execution",
	"idx_user_gamification_xp_desc",
	"idx_users_telegram_id_active",
}

// foodNames is one of them that can be missed.
const foodNames = "idx_food_entries_user_name"

// without017 puts up a world in which 017 is pending: as it is after an upgrade to the binary that brings it.
func without017(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.pend017()
	return w
}

func (w *world) pend017() {
	w.t.Helper()
	w.run("migrate", "down", "017")
	w.run("migrate", "release", "017")
	if e := w.entry(); e.State != "pending" || len(e.Held) != 0 {
		w.t.Fatalf("017 is not pending: %+v", e)
	}
	w.noneLeft()
}

// entry is what 'migrate status' says of 017.
type entry struct {
	Version, State, Class string
	Held                  []string // sorted by name
}

func (w *world) entry() entry {
	w.t.Helper()
	var doc struct{ Migrations []entry }
	if err := oneObject(w.run("migrate", "status", "-o", "json"), &doc); err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(doc.Migrations, func(e entry) bool { return e.Version == "017" })
	if i < 0 {
		w.t.Fatal("no 017 in the status")
	}
	slices.Sort(doc.Migrations[i].Held)
	return doc.Migrations[i]
}

// is017 fails unless 017 is in that state with those indexes held.
func (w *world) is017(state string, held ...string) {
	w.t.Helper()
	if e := w.entry(); e.State != state || !slices.Equal(e.Held, held) || e.Class != "index-only" {
		w.t.Errorf("017 is %+v, want it %s and %q held", e, state, held)
	}
}

// valid are the indexes of 017 that are there and usable.
func (w *world) valid() []string {
	w.t.Helper()
	return w.texts(`SELECT c.relname::text FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid
		WHERE indisvalid AND indisready AND c.relname = ANY ($1) ORDER BY c.relname::text COLLATE "C"`, hot)
}

func (w *world) invalid() []string {
	w.t.Helper()
	return w.texts(`SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)`)
}

func (w *world) noneLeft() {
	w.t.Helper()
	if n := w.number(`SELECT count(*) FROM pg_class WHERE relname = ANY ($1)`, hot); n != 0 {
		w.t.Errorf("%d indexes of 017 are still there", n)
	}
}

// until017 waits until the ledger says that 017 is applied, and checks that it is true.
func (w *world) until017() {
	w.t.Helper()
	w.until("017 is applied", func() bool {
		return w.number(`SELECT count(*) FROM schema_migrations WHERE version = 17 AND state = 'applied'`) == 1
	})
	w.all017()
}

// all017 checks that all of 017 is there, and nothing that is broken.
func (w *world) all017() {
	w.t.Helper()
	w.is017("applied")
	if got := w.valid(); !slices.Equal(got, hot) {
		w.t.Errorf("valid are only %q", got)
	}
	if bad := w.invalid(); len(bad) != 0 {
		w.t.Errorf("invalid: %q", bad)
	}
	w.verified()
}

// verified runs 'migrate verify', which must find everything in order.
func (w *world) verified(flags ...string) {
	w.t.Helper()
	var doc struct {
		OK      bool
		Indexes []struct {
			Name, Definition, Query, Node, Verdict string
			Exists, Valid                          bool
		}
	}
	v := w.begin(nil, append([]string{"migrate", "verify", "-o", "json"}, flags...)...)
	code := v.code()
	if err := oneObject(v.out.Bytes(), &doc); err != nil {
		w.t.Fatalf("%v: %s%s", err, v.out.String(), v.errs.String())
	}
	if !doc.OK || code != 0 {
		w.t.Errorf("verify is not content: exit code %d: %s", code, v.out.String())
	}
	var names []string
	for _, i := range doc.Indexes {
		names = append(names, i.Name)
		if !i.Exists || !i.Valid || !strings.HasPrefix(i.Definition, "CREATE INDEX "+i.Name+" ON ") || i.Verdict != "chosen" && i.Verdict != "usable" {
			w.t.Errorf("verify: %+v", i)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, hot) {
		w.t.Errorf("verify looked at %q", names)
	}
}

// builder is the process id of the backend that is building an index, 0 when none is; phase begins with what it is at.
func (w *world) builder(phase string) int64 {
	w.t.Helper()
	return w.number(`SELECT coalesce(max(pid), 0) FROM pg_stat_progress_create_index
		WHERE datname = current_database() AND phase LIKE $1 || '%'`, phase)
}

// untilBuilding waits until a build is held up in a phase and returns its backend.
func (w *world) untilBuilding(phase string) (pid int64) {
	w.t.Helper()
	w.until("an index is being built, "+phase, func() bool { pid = w.builder(phase); return pid != 0 })
	return pid
}

const (
	forWriters   = "waiting for writers before build"
	forSnapshots = "waiting for old snapshots"
)

// holder is an open transaction that a build has to wait for.
type holder struct {
	w    *world
	conn *pgx.Conn
	pid  uint32
}

// hold opens a transaction on a connection of its own and runs what makes it a hindrance.
func (w *world) hold(application, begin string, sql ...string) *holder {
	w.t.Helper()
	config, err := pgx.ParseConfig(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = application
	conn, err := pgx.ConnectConfig(w.ctx, config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, s := range append([]string{begin}, sql...) {
		if _, err := conn.Exec(w.ctx, s); err != nil {
			w.t.Fatal(err)
		}
	}
	return &holder{w: w, conn: conn, pid: conn.PgConn().PID()}
}

// writer has written to the first table that 017 indexes, and does not commit.
func (w *world) writer() *holder {
	w.t.Helper()
	return w.hold("somebody's psql", `BEGIN`,
		`INSERT INTO users (telegram_id, timezone_set_at) VALUES (4711, now())`,
		`INSERT INTO conversation_history (user_id, role, content) VALUES (4711, 'user', 'not committed yet')`)
}

func (h *holder) commit() {
	h.w.t.Helper()
	if _, err := h.conn.Exec(h.w.ctx, `COMMIT`); err != nil {
		h.w.t.Fatal(err)
	}
}

// verb is a one-shot verb while it runs.
type verb struct {
	w       *world
	command *exec.Cmd
	out     bytes.Buffer
	errs    said
	done    chan struct{} // closed when it has ended
}

// said collects what a process says while it runs.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// begin starts a one-shot verb, as change has changed it.
func (w *world) begin(change func(*exec.Cmd), args ...string) *verb {
	w.t.Helper()
	command, err := w.Command(w.ctx, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	if change != nil {
		change(command)
	}
	v := &verb{w: w, command: command, done: make(chan struct{})}
	command.Stdout, command.Stderr = &v.out, &v.errs
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = command.Wait() // its exit code is asked for
		close(v.done)
	}()
	w.t.Cleanup(func() { _ = command.Process.Kill(); <-v.done })
	return v
}

// code waits for the verb's end and returns its exit code.
func (v *verb) code() int {
	v.w.t.Helper()
	<-v.done // the end of the world's context kills it
	if err := v.w.ctx.Err(); err != nil {
		v.w.t.Fatal(errors.Join(err, errors.New(v.errs.String())))
	}
	return v.command.ProcessState.ExitCode()
}

// ended is whether the verb has ended.
func (v *verb) ended() bool {
	select {
	case <-v.done:
		return true
	default:
		return false
	}
}

// untilSays waits until standard error has all the words.
func (v *verb) untilSays(words ...string) {
	v.w.t.Helper()
	defer func() {
		if v.w.t.Failed() {
			v.w.t.Logf("wanted %q, it said:\n%s", words, v.errs.String())
		}
	}()
	v.w.until("it says so", func() bool {
		text := v.errs.String()
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
	})
}
