package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/rehearsal/botapi"
	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// world is a stage with the eyes of a test. Its methods fail the test instead of returning errors; they are for the test's own
// goroutine.
type world struct {
	t *testing.T
	*stage.Stage
	tg  *botapi.Server
	ctx *limit
	url string
	db  *pgx.Conn
}

// newWorld puts up a migrated database, with a cache in memory, and Telegram, without a daemon yet. Nothing limits the sending.
func newWorld(t *testing.T, settings ...string) *world {
	t.Helper()
	return build(t, stage.Options{DatabaseURL: rig.Postgres(t), Settings: settings})
}

// build puts up a world on the servers that the options name.
func build(t *testing.T, o stage.Options) *world {
	t.Helper()
	if o.Executable == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		o.Executable = self
	}
	o.Settings = append([]string{"HEALTHAGENT_SEND_RATE=0"}, o.Settings...)
	ctx := limited(t)
	s, err := stage.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Stage: s, tg: s.Telegram, ctx: ctx, url: s.DatabaseURL()}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log:\n%s", w.log(60))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if w.db != nil {
			_ = w.db.Close(context.Background())
		}
	})
	return w
}

// log is the end of what all daemons of this world have written.
func (w *world) log(lines int) string {
	raw, err := os.ReadFile(w.State() + "/daemon.log")
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// serve starts the daemon and waits until it is ready.
func (w *world) serve() {
	w.t.Helper()
	if err := w.Serve(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	w.ctx.came()
}

// start starts a daemon without waiting for anything.
func (w *world) start(settings ...string) *stage.Daemon {
	w.t.Helper()
	d, err := w.Start(settings...)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// run runs a one-shot verb; it must succeed.
func (w *world) run(args ...string) []byte {
	w.t.Helper()
	out, err := w.Run(w.ctx, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// conn is the test's own connection, made anew when a server went down under it.
func (w *world) conn() *pgx.Conn {
	w.t.Helper()
	if w.db == nil || w.db.Ping(w.ctx) != nil {
		var err error
		if w.db, err = pgx.Connect(w.ctx, w.url); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.db
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.conn().Exec(w.ctx, sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// number reads one number from the database.
func (w *world) number(sql string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if err := w.conn().QueryRow(w.ctx, sql, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// texts reads one column of text from the database.
func (w *world) texts(sql string, args ...any) []string {
	w.t.Helper()
	rows, err := w.conn().Query(w.ctx, sql, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// members makes the people with the ids from first to last members.
func (w *world) members(first, last int64) {
	w.t.Helper()
	w.exec(`INSERT INTO users (telegram_id, timezone_set_at) SELECT id, now() FROM generate_series($1::bigint, $2::bigint) AS id`, first, last)
}

// until asks again and again until done holds: for what nobody announces.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			w.t.Fatalf("waited in vain until %s", what)
		}
	}
	w.ctx.came()
}

// wait waits until what Telegram has seen satisfies done.
func (w *world) wait(what string, done func(*botapi.Transcript) bool) {
	w.t.Helper()
	if err := w.tg.Wait(w.ctx, done); err != nil {
		w.t.Fatalf("waited in vain until %s: %v", what, err)
	}
	w.ctx.came()
}

// sent waits until a person has got n messages and returns them.
func (w *world) sent(user int64, n int) []botapi.SentMessage {
	w.t.Helper()
	sent, err := w.tg.WaitSent(w.ctx, user, n)
	if err != nil {
		w.t.Fatalf("waited in vain until %d has got %d messages, got %d: %v", user, n, len(sent), err)
	}
	return sent
}

// ask says something and returns the next message that the person gets.
func (w *world) ask(user int64, text string) botapi.SentMessage {
	w.t.Helper()
	before := len(w.tg.Sent(user))
	w.tg.Say(user, text)
	return w.sent(user, before+1)[before]
}

// tap presses a button and waits until the tap is answered; it returns the note of the answer.
func (w *world) tap(user int64, m botapi.SentMessage, label string) string {
	w.t.Helper()
	data := ""
	for _, row := range m.Buttons {
		for _, b := range row {
			if strings.Contains(b.Text, label) {
				data = b.Data
			}
		}
	}
	if data == "" {
		w.t.Fatalf("no button %q under %q", label, m.Text)
	}
	from := w.tg.Transcript().Len()
	update := w.tg.Tap(user, m.MessageID, data)
	query, note := "", ""
	w.wait("the tap is answered", func(tr *botapi.Transcript) bool {
		for _, e := range tr.Events() {
			switch {
			case e.Seq > from && e.Kind == botapi.Tapped && e.UpdateID == update:
				query = e.QueryID
			case e.Seq > from && e.Kind == botapi.Answered && e.QueryID == query:
				note = e.Text
				return true
			}
		}
		return false
	})
	return note
}

// now returns a message as it looks now.
func (w *world) now(m botapi.SentMessage) botapi.SentMessage {
	w.t.Helper()
	for _, s := range w.tg.Sent(m.ChatID) {
		if s.MessageID == m.MessageID {
			return s
		}
	}
	w.t.Fatal("the message is gone")
	return m
}

// becomes waits until a message has been changed to one with words in it.
func (w *world) becomes(m botapi.SentMessage, words string) {
	w.t.Helper()
	w.wait("a message becomes "+words, func(*botapi.Transcript) bool { return strings.Contains(w.now(m).Text, words) })
}

// idle waits until nothing is on the way: Telegram's queue, inbox and outbox are empty.
func (w *world) idle() {
	w.t.Helper()
	w.wait("Telegram is confirmed everything", func(tr *botapi.Transcript) bool { return tr.Stats().Unconfirmed == 0 })
	w.until("inbox and outbox are empty", func() bool {
		return w.number(`SELECT (SELECT count(*) FROM inbox WHERE state IN ('new', 'retry')) +
			(SELECT count(*) FROM outbox WHERE state = 'pending')`) == 0
	})
}

// ready is what /readyz says.
type ready struct {
	Ready      bool
	Status     string
	Components map[string]struct{ Verdict, Text string }
}

func (r ready) String() string {
	raw, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// readyz asks a daemon whether it is ready; the status is 0 while nobody answers.
func (w *world) readyz(d *stage.Daemon) (int, ready) {
	var r ready
	status, err := d.Ask(w.ctx, "/readyz", &r)
	if err != nil {
		return 0, r
	}
	return status, r
}

// untilReady waits until /readyz answers with a status and a text about a component.
func (w *world) untilReady(d *stage.Daemon, status int, component, text string) {
	w.t.Helper()
	var last string
	defer func() {
		if w.t.Failed() {
			w.t.Logf("wanted %d and %s %q, got %s", status, component, text, last)
		}
	}()
	w.until("/readyz says so", func() bool {
		got, r := w.readyz(d)
		last = fmt.Sprint(got, " ", r)
		return got == status && strings.Contains(r.Components[component].Text, text)
	})
}

// snapshot is the part of /v1/snapshot that tests look at.
type snapshot struct {
	Queues struct {
		Pending int `json:"inbox_pending"`
		Parked  int `json:"inbox_parked"`
		Dead    int `json:"inbox_dead"`
		Outbox  int `json:"outbox_pending"`
		Failed  int `json:"outbox_failed"`
	}
}

func (w *world) snapshot() snapshot {
	w.t.Helper()
	var s snapshot
	if _, err := w.Daemon.Ask(w.ctx, "/v1/snapshot", &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// stillRunning fails when the daemon has ended.
func (w *world) stillRunning(d *stage.Daemon) {
	w.t.Helper()
	select {
	case <-d.Done():
		w.t.Fatal("the daemon has ended")
	default:
	}
}

// balanced checks what must hold whatever happened: points add up, nothing is left on the way, nothing was refused.
func (w *world) balanced() {
	w.t.Helper()
	w.idle()
	if n := w.number(`SELECT count(*) FROM user_gamification AS g
		WHERE total_xp <> (SELECT coalesce(sum(amount), 0) FROM xp_transactions AS x WHERE x.user_id = g.user_id)`); n != 0 {
		w.t.Errorf("the points of %d people do not add up", n)
	}
	if n := w.number(`SELECT count(*) FROM outbox WHERE state = 'failed'`); n != 0 {
		w.t.Errorf("Telegram refused %d messages: %v", n, w.texts(`SELECT error FROM outbox WHERE state = 'failed'`))
	}
}

// code is the exit code of a daemon that is about to end.
func (w *world) code(d *stage.Daemon) int {
	w.t.Helper()
	code, err := d.ExitCode(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// everywhere says where in the database words stand: every column of every table.
func (w *world) everywhere(words string) []string {
	w.t.Helper()
	var found []string
	for _, table := range w.texts(`SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'`) {
		rows := w.texts(`SELECT coalesce(t::text, '') FROM ` + table + ` AS t`)
		for _, row := range rows {
			if strings.Contains(row, words) {
				found = append(found, table+": "+row)
			}
		}
	}
	// bytea is shown in hexadecimal
	if n := w.number(`SELECT count(*) FROM inbox WHERE position(convert_to($1, 'UTF8') IN raw) > 0`, words); n > 0 {
		found = append(found, "inbox.raw")
	}
	return found
}

var errNotJSON = errors.New("not exactly one JSON object")

// oneObject decodes what must be exactly one JSON object.
func oneObject(raw []byte, into any) error {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if err := decoder.Decode(into); err != nil {
		return errors.Join(errNotJSON, err)
	}
	if decoder.More() {
		return errNotJSON
	}
	return nil
}
