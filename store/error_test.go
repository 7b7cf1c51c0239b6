package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"healthagent/store"
	"healthagent/test/rig"
)

func TestClassification(t *testing.T) {
	t.Parallel()
	pg := func(code string) error {
		return fmt.Errorf("get: %w", &pgconn.PgError{Severity: "ERROR", Code: code, Message: "text", Detail: "planted"})
	}
	for _, c := range []struct {
		err                       error
		unavailable, bad, noSpace bool
		reason                    string
	}{
		{err: nil},
		{err: errWork, reason: "work failed"},
		{err: store.ErrNotFound, reason: "not found"},
		{err: store.ErrAlreadyDone, reason: "update was done already"},
		{err: context.Canceled, reason: "context canceled"},
		{err: fmt.Errorf("x: %w", context.DeadlineExceeded), unavailable: true, reason: "x: context deadline exceeded"},
		{err: &net.OpError{Op: "read", Err: errors.New("broken pipe")}, unavailable: true, reason: "read: broken pipe"},
		{err: fmt.Errorf("x: %w", io.ErrUnexpectedEOF), unavailable: true, reason: "x: unexpected EOF"},
		{err: pgconn.ErrConnClosed, unavailable: true, reason: "conn closed"},
		{err: pg("08006"), unavailable: true, reason: "get: PostgreSQL error 08006: text"},
		{err: pg("53100"), unavailable: true, noSpace: true, reason: "get: PostgreSQL error 53100: the database's disk is full"},
		{err: pg("53300"), unavailable: true, reason: "get: PostgreSQL error 53300: text"},
		{err: pg("57P01"), unavailable: true, reason: "get: PostgreSQL error 57P01: text"},
		{err: pg("57P03"), unavailable: true, reason: "get: PostgreSQL error 57P03: text"},
		{err: pg("57014"), unavailable: true, reason: "get: PostgreSQL error 57014: text"},
		{err: pg("58030"), unavailable: true, reason: "get: PostgreSQL error 58030: text"},
		{err: pg("40001"), unavailable: true, reason: "get: PostgreSQL error 40001: text"},
		{err: pg("40P01"), unavailable: true, reason: "get: PostgreSQL error 40P01: text"},
		{err: pg("55P03"), unavailable: true, reason: "get: PostgreSQL error 55P03: text"},
		{err: pg("25006"), unavailable: true, reason: "get: PostgreSQL error 25006: text"},
		{err: pg("3D000"), unavailable: true, reason: "get: PostgreSQL error 3D000: text"},
		{err: pg("28P01"), reason: "get: PostgreSQL error 28P01: text"},
		{err: pg("42P01"), reason: "get: PostgreSQL error 42P01: text"},
		{err: pg("42501"), reason: "get: PostgreSQL error 42501: text"},
		{err: pg("22001"), bad: true, reason: "get: PostgreSQL error 22001"},
		{err: pg("22P05"), bad: true, reason: "get: PostgreSQL error 22P05"},
		{err: pg("23514"), bad: true, reason: "get: PostgreSQL error 23514: text"},
		{err: pg("54000"), bad: true, reason: "get: PostgreSQL error 54000: text"},
		{err: pg(""), reason: "get: PostgreSQL error : text"},
		{
			err:         &pgconn.PgError{Code: "0A000", Message: "cached plan must not change result type"},
			unavailable: true, reason: "PostgreSQL error 0A000: cached plan must not change result type",
		},
		{err: &pgconn.PgError{Code: "0A000", Message: "not supported"}, reason: "PostgreSQL error 0A000: not supported"},
		{
			err: &pgconn.PgError{Code: "23505", Message: "planted", ConstraintName: "users_pkey"},
			bad: true, reason: "PostgreSQL error 23505 on users_pkey",
		},
		{
			err: own{&pgconn.PgError{Code: "23505", Message: "planted", ConstraintName: "users_pkey"}},
			bad: true, reason: "words of our own; in two lines",
		},
		{err: errors.New(`args[1]: unable to encode "planted" into text`), reason: "args[1]: a value cannot be encoded"},
	} {
		name := fmt.Sprint(c.err)
		equal(t, name+": Unavailable", store.Unavailable(c.err), c.unavailable)
		equal(t, name+": BadValue", store.BadValue(c.err), c.bad)
		equal(t, name+": DiskFull", store.DiskFull(c.err), c.noSpace)
		equal(t, name+": Reason", store.Reason(c.err), c.reason)
	}
}

// own is an error of the server that somebody has told in words of their own.
type own struct{ error }

func (own) Error() string   { return "words of our own\nin two lines" }
func (e own) Unwrap() error { return e.error }

// Every way in which a server goes away is recognised, and every kind of call works again when it is back.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Migrate()
	s, err := store.Open(t.Context(), store.Config{URL: server.URL(), PoolMin: 1, PoolMax: 2})
	must(t, err)
	t.Cleanup(s.Close)
	ctx := t.Context()
	person := int64(0) // one that is not in the cache
	calls := map[string]func(context.Context) error{
		"ping":   s.Ping,
		"user":   func(ctx context.Context) error { person++; _, _, err := s.User(ctx, person); return err },
		"window": func(ctx context.Context) error { person++; _, err := s.Window(ctx, person); return err },
		"receive": func(ctx context.Context) error {
			_, err := s.Receive(ctx, bot, []store.Update{update(1, 1)}, false)
			return err
		},
		"outbox": func(ctx context.Context) error {
			_, err := s.TurnOutbox(ctx, nil, nil, time.Now(), 1, store.Broadcast)
			return err
		},
		"do": func(ctx context.Context) error {
			return s.Do(ctx, func(_ context.Context, tx *store.Tx) error { tx.Send(reply(1)); return nil })
		},
		"lead": func(ctx context.Context) error {
			return s.Lead(ctx, bot, func() {}, func(context.Context) error { return nil })
		},
	}
	work := func() {
		t.Helper()
		for name, call := range calls {
			eventually(t, name+" works", func() bool { return call(ctx) == nil })
		}
	}
	work()
	for how, down := range map[string]func(){"stopped": server.Stop, "killed": server.Kill} {
		down()
		for name, call := range calls {
			for range 3 { // the connections of before, then new ones
				if err := call(ctx); !store.Unavailable(err) || store.BadValue(err) {
					t.Errorf("%s, %s: %v", name, how, err)
				}
			}
		}
		server.Start()
		work()
	}
	// a server that hangs: the caller's deadline ends the call
	server.Freeze()
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := s.Ping(short); !store.Unavailable(err) {
		t.Errorf("frozen: %v", err)
	}
	server.Thaw()
	eventually(t, "ping works again", func() bool { return s.Ping(ctx) == nil })
}

func TestRealRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.member(1)
	const planted = "planted words"
	long := strings.Repeat(planted, 20)
	for name, work := range map[string]func(tx *store.Tx){
		"a text too long": func(tx *store.Tx) {
			tx.AddFood(1, []store.FoodEntry{{Name: long, Grams: 1, Meal: "snack", Time: w.now}})
		},
		"no JSON": func(tx *store.Tx) {
			tx.Send(store.Outgoing{ChatID: 1, Class: store.Reply, Method: "sendMessage", Params: []byte(planted)})
		},
		"an instant that cannot be": func(tx *store.Tx) {
			tx.AddReminder(&store.Reminder{UserID: 1, Message: planted, Next: time.Date(294277, 1, 1, 0, 0, 0, 0, time.UTC)})
		},
		"no such meal": func(tx *store.Tx) {
			tx.AddFood(1, []store.FoodEntry{{Name: planted, Grams: 1, Meal: planted, Time: w.now}})
		},
		"nobody's message": func(tx *store.Tx) {
			tx.AddMessage(5, store.Message{Role: store.FromUser, Content: planted, Type: "text"})
		},
	} {
		err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { work(tx); return nil })
		if !store.BadValue(err) || store.Unavailable(err) || strings.Contains(store.Reason(err), "planted") {
			t.Errorf("%s: %s", name, store.Reason(err))
		}
	}
	w.exec(`ALTER ROLE CURRENT_USER IN DATABASE ` + get[string](w, `SELECT quote_ident(current_database())`) + ` SET lock_timeout = '20ms'`)
	locked := w.open(func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 1 })
	w.exec(`BEGIN; LOCK TABLE outbox`)
	err := locked.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Send(reply(1)); return nil })
	if !store.Unavailable(err) {
		t.Errorf("a lock that is not to be had: %v", err)
	}
	w.exec(`ROLLBACK`)
	// a statement that takes too long, or that an operator ends
	other := connect(t, w.url)
	w.exec(`BEGIN; LOCK TABLE outbox`)
	cancelled := make(chan error, 1)
	go func() {
		cancelled <- w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Send(reply(1)); return nil })
	}()
	eventually(t, "the statement is ended", func() bool {
		var ended bool
		must(t, other.QueryRow(t.Context(), `SELECT coalesce(bool_or(pg_cancel_backend(pid)), false) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&ended))
		return ended
	})
	if err := receiveFrom(t, "the failure", cancelled); !store.Unavailable(err) || !strings.Contains(store.Reason(err), "57014") {
		t.Errorf("a statement that was ended: %v", err)
	}
	w.exec(`ROLLBACK`)
	must(t, w.Ping(t.Context()))
	// another process changes a table under prepared statements
	_, _, err = locked.User(t.Context(), 9)
	must(t, err)
	w.exec(`ALTER TABLE users ALTER COLUMN display_name TYPE varchar(600)`)
	if _, _, err = locked.User(t.Context(), 9); err != nil && !store.Unavailable(err) {
		t.Errorf("a changed table: %v", err)
	}
	_, _, err = locked.User(t.Context(), 9)
	must(t, err)
}

func TestBadURLsDoNotTellThePassword(t *testing.T) {
	t.Parallel()
	for _, c := range []store.Config{
		{URL: "postgres://me:planted@host:port/db"},
		{URL: "host=x password=planted port=none"},
		{URL: "postgres:///db", RedisURL: "redis://:planted@host:port/0"},
		{URL: "postgres:///db", RedisURL: "planted"},
	} {
		s, err := store.Open(t.Context(), c)
		if err == nil {
			s.Close()
			t.Errorf("%s %s was accepted", c.URL, c.RedisURL)
		} else if strings.Contains(err.Error(), "planted") {
			t.Errorf("told: %v", err)
		}
	}
}

// TestAFullDiskOfOursIsNotADatabaseThatIsAway: an error number of the operating system has the shape of a network error.
func TestAFullDiskOfOursIsNotADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	if store.Unavailable(fmt.Errorf("write: %w", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})) {
		t.Error("a file of ours was taken for the database")
	}
	if !store.Unavailable(&net.OpError{Op: "read", Net: "unix", Err: &os.SyscallError{Syscall: "read", Err: syscall.ECONNRESET}}) {
		t.Error("a connection that was reset is not away")
	}
}
