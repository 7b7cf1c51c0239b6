package dump_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// databaseOf is the name of the database of a URL.
func databaseOf(t *testing.T, url string) string {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return c.Database
}

// beside lists the databases whose names begin like that of url, itself aside.
func beside(t *testing.T, admin *pgx.Conn, name string) []string {
	t.Helper()
	rows, err := admin.Query(t.Context(), `SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND datname <> $2 ORDER BY 1`, name[:min(len(name), 37)], name)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// admin connects to the maintenance database of the server.
func admin(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.Database = "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// dropBeside removes at the end what a test keeps.
func dropBeside(t *testing.T, url string) {
	t.Helper()
	conn, name := admin(t, url), databaseOf(t, url)
	t.Cleanup(func() {
		rows, _ := conn.Query(context.Background(), `SELECT datname FROM pg_database WHERE starts_with(datname, $1) AND datname <> $2`, name[:min(len(name), 37)], name)
		names, _ := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, n := range names {
			_, _ = conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+pgx.Identifier{n}.Sanitize()+" WITH (FORCE)")
		}
	})
}

func number(t *testing.T, url, sql string) int64 {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var n int64
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// do runs statements over a connection that is closed again.
func do(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range statements {
		exec(t, conn, sql)
	}
}

// adversary are rows that are easily mangled.
func adversary() []string {
	return []string{
		`INSERT INTO users (telegram_id, display_name) VALUES (1, E'tab\tnewline\nback\\slash \\. "quotes" ''apostrophe'''), (9223372036854775807, repeat('💚', 128))`,
		`INSERT INTO conversation_history (user_id, role, content, metadata) SELECT 1, 'user', 'hello ' || i || E'\uFFFD\\N', jsonb_build_object('n', i, 'nul', null, 'deep', '[1e-30, "\\u0001"]'::jsonb) FROM generate_series(1, 500) AS i`,
		`INSERT INTO conversation_history (user_id, role, content) SELECT 1, 'assistant', string_agg(md5(i::text), '') FROM generate_series(1, 100000) AS i`,
		`INSERT INTO conversation_history (user_id, role, content) VALUES (1, 'assistant', '')`,
		`INSERT INTO inbox (bot_id, update_id, kind, raw) SELECT 1, i, 'message', decode(lpad(to_hex(i), 2, '0') || '00ff5c0a', 'hex') FROM generate_series(0, 255) AS i`,
		`INSERT INTO outbox (chat_id, method, params, not_before) VALUES (1, 'sendMessage', '{"text": "\\u2028"}', '-infinity'), (1, 'sendMessage', '{}', 'infinity')`,
		`INSERT INTO food_entries (user_id, food_name, grams, calories) VALUES (1, 'x', 0.1::float8 + 0.2::float8, 1e-300)`,
		`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'm', '0044-03-15 BC'), (1, 'later', '294276-12-31')`,
	}
}

// everything is a checksum of all rows of all tables.
func everything(t *testing.T, url string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var out strings.Builder
	rows, err := conn.Query(t.Context(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var n int64
		var hash *string
		sql := fmt.Sprintf(`SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM %q AS t`, table)
		if err := conn.QueryRow(t.Context(), sql).Scan(&n, &hash); err != nil {
			t.Fatal(err)
		}
		if hash == nil {
			hash = new(string)
		}
		fmt.Fprintf(&out, "%s %d %s\n", table, n, *hash)
	}
	return out.String()
}

func TestRestorePutsEveryRowBackAndUndoTakesItAway(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	do(t, url, adversary()...)
	before := everything(t, url)
	path, m := write(t, url)
	if m.Unsent != 2 || m.Unread != 256 {
		t.Errorf("unsent %d, unread %d", m.Unsent, m.Unread)
	}
	do(t, url, `DELETE FROM users`, `INSERT INTO users (telegram_id) VALUES (5)`)
	damaged := everything(t, url)

	var steps []string
	o := dump.RestoreOptions{
		URL: url, Path: path, Manifest: &m, Step: func(s string) { steps = append(steps, s) },
		Last: func(_ context.Context, address string) error {
			do(t, address, `INSERT INTO audit_log (actor, action) VALUES ('test', 'restore')`)
			return nil
		},
	}
	done, err := dump.Restore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Warnings) > 0 || len(steps) != 6 {
		t.Errorf("warnings %v, steps %v", done.Warnings, steps)
	}
	do(t, url, `DELETE FROM audit_log`)
	if after := everything(t, url); after != before {
		t.Errorf("was\n%sis\n%s", before, after)
	}
	// the sequences go on where they were
	do(t, url, `INSERT INTO conversation_history (user_id, role, content) VALUES (1, 'user', 'next')`)
	if n := number(t, url, `SELECT max(id) FROM conversation_history`); n != 503 {
		t.Errorf("the next id is %d", n)
	}
	if n := number(t, url, `SELECT count(*) FROM pg_class WHERE relname = 'idx_users_telegram_id_active'`); n != 1 {
		t.Error("an index of 017 is missing")
	}

	_, spares, err := dump.Spares(t.Context(), url)
	if err != nil || len(spares) != 1 || spares[0].Name != done.Kept || spares[0].Bytes < 1<<20 || time.Since(spares[0].Since) > time.Hour {
		t.Errorf("%v, %v", spares, err)
	}
	back, kept, err := dump.Undo(t.Context(), url, time.Now().Add(time.Second))
	if err != nil || back != done.Kept {
		t.Fatal(back, err)
	}
	if now := everything(t, url); now != damaged {
		t.Errorf("undone it is\n%snot\n%s", now, damaged)
	}
	// and again: what was restored is back
	if back, _, err := dump.Undo(t.Context(), url, time.Now().Add(2*time.Second)); err != nil || back != kept {
		t.Fatal(back, err)
	}
	if n := number(t, url, `SELECT count(*) FROM conversation_history`); n != 503 {
		t.Errorf("%d rows of history", n)
	}
	_, spares, err = dump.Spares(t.Context(), url)
	if err != nil || len(spares) != 1 {
		t.Fatal(spares, err)
	}
	if _, err := dump.Prune(t.Context(), url, []string{databaseOf(t, url)}); err == nil {
		t.Error("the database itself could be pruned")
	}
	if dropped, err := dump.Prune(t.Context(), url, []string{spares[0].Name}); err != nil || len(dropped) != 1 {
		t.Error(dropped, err)
	}
	if left := beside(t, admin(t, url), databaseOf(t, url)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestRestoreRefusesWhileSomebodyIsConnected(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	path, m := write(t, url)
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.RuntimeParams["application_name"] = "a stranger"
	stranger, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Close(context.Background()) })
	exec(t, stranger, `INSERT INTO users (telegram_id) VALUES (1)`)

	_, err = dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m})
	var busy *dump.BusyError
	if !errors.As(err, &busy) || len(busy.Sessions) != 1 || busy.Sessions[0].Application != "a stranger" || !strings.Contains(err.Error(), "a stranger") {
		t.Fatal(err)
	}
	if n := number(t, url, `SELECT count(*) FROM users`); n != 1 {
		t.Error("the old database is not what it was")
	}
	if left := beside(t, admin(t, url), databaseOf(t, url)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestRestoreLeavesTheOldDatabaseWhenTheDumpIsBad(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	do(t, url, `INSERT INTO users (telegram_id) SELECT generate_series(1, 5000)`)
	path, m := write(t, url)
	do(t, url, `DELETE FROM users WHERE telegram_id > 1`)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(about string, content []byte, m *dump.Manifest, want error) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: m})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", about, err)
		}
		if n := number(t, url, `SELECT count(*) FROM users`); n != 1 {
			t.Errorf("%s: %d people in the old database", about, n)
		}
		if left := beside(t, admin(t, url), databaseOf(t, url)); len(left) != 0 {
			t.Errorf("%s: left: %v", about, left)
		}
	}
	flipped := slices.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	refuse("a flipped bit", flipped, &m, dump.ErrDamaged)
	refuse("cut off", whole[:len(whole)-10], &m, dump.ErrDamaged)
	refuse("cut off, no manifest", whole[:len(whole)*2/3], nil, nil)
	refuse("no dump", []byte("-- PostgreSQL database dump"), nil, dump.ErrNoDump)
	refuse("empty", nil, nil, dump.ErrNoDump)
	other := m
	other.Tables = slices.Clone(m.Tables)
	other.Tables[0].Rows++
	var different *dump.DifferentError
	if _, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &other}); !errors.Is(err, dump.ErrDamaged) {
		t.Error(err)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &other}); !errors.As(err, &different) {
		t.Error(err)
	}
}

// After the loss of a server there is nothing whose place is taken.
func TestRestoreMakesADatabaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	do(t, url, `INSERT INTO users (telegram_id) SELECT generate_series(1, 9)`)
	path, m := write(t, url)
	su := admin(t, url)
	exec(t, su, "DROP DATABASE "+pgx.Identifier{databaseOf(t, url)}.Sanitize()+" WITH (FORCE)")
	target, err := dump.Look(t.Context(), url)
	if err != nil || target.Exists || target.Name != databaseOf(t, url) {
		t.Errorf("%+v, %v", target, err)
	}
	done, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m})
	if err != nil || done.Kept != "" || len(done.Warnings) > 0 {
		t.Fatal(done, err)
	}
	if n := number(t, url, `SELECT count(*) FROM users`); n != 9 {
		t.Errorf("%d people", n)
	}
}

// A swap is one transaction: when its second half fails, the first has not been.
func TestASwapThatFailsHalfwayIsNone(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	do(t, url, `INSERT INTO users (telegram_id) VALUES (1)`)
	if err := dump.Put(t.Context(), url, "there_is_none_such", databaseOf(t, url)[:30]+"_kept"); err == nil {
		t.Error("it was put into its place")
	}
	if n := number(t, url, `SELECT count(*) FROM users`); n != 1 {
		t.Errorf("%d people", n)
	}
}
