package inspect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store/inspect"
)

func (w *world) activity() inspect.Activity {
	w.t.Helper()
	a, err := w.Activity(w.t.Context())
	must(w.t, err)
	return a
}

func session(t *testing.T, a inspect.Activity, conn *pgx.Conn) inspect.Session {
	t.Helper()
	for _, s := range a.Sessions {
		if s.PID == int(conn.PgConn().PID()) {
			return s
		}
	}
	t.Fatal("no such session")
	return inspect.Session{}
}

// begin runs a statement that waits for a lock, and returns when it does and with what to wait for its end.
func (w *world) waiting(conn *pgx.Conn, sql string) <-chan error {
	w.t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(w.t.Context(), sql)
		done <- err
	}()
	w.until("it waits", `SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1`, int(conn.PgConn().PID()))
	return done
}

func TestActivity(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	holder, second, third, typed := connect(t, w.url), connect(t, w.url), connect(t, w.url), connect(t, w.url)
	must(t, exec(t, typed, `SELECT '`+secret+`'`))
	must(t, exec(t, holder, `BEGIN ISOLATION LEVEL REPEATABLE READ`))
	must(t, exec(t, holder, `UPDATE /* rename */ users SET timezone = 'CET'`))
	first := w.waiting(second, `UPDATE /* rename_too */ users SET timezone = 'CET' WHERE display_name <> '`+secret+`'`)
	next := w.waiting(third, `ALTER TABLE users ADD COLUMN note text DEFAULT '`+secret+`'`)

	a := w.activity()
	equal(t, "partial", strings.Join(a.Partial, ";"), "")
	text, err := json.Marshal(a)
	must(t, err)
	if strings.Contains(string(text), secret) {
		t.Errorf("a value came out: %s", text)
	}
	equal(t, "typed", session(t, a, typed).Query, "SELECT")
	equal(t, "state", session(t, a, typed).State, "idle")
	equal(t, "wait", session(t, a, typed).Wait, "")
	h := session(t, a, holder)
	if !h.IdleInTx || h.Long || h.Query != "rename" || h.XactS == nil || h.XminAge == nil || h.BackendStart == nil || h.Kind != "client backend" {
		t.Errorf("%+v", h)
	}
	s := session(t, a, second)
	if s.State != "active" || !strings.HasPrefix(s.Wait, "Lock:") || s.WaitS == nil || s.Wants != "ShareLock" || s.Object != "transactionid" {
		t.Errorf("%+v", s)
	}
	s = session(t, a, third)
	equal(t, "object", s.Object+" "+s.Wants, "users AccessExclusiveLock")
	equal(t, "query", s.Query, "ALTER")

	equal(t, "blocking", len(a.Blocking), 3)
	equal(t, "root", a.Blocking[0].Session.PID, h.PID)
	equal(t, "depth", a.Blocking[0].Depth, 0)
	equal(t, "depth", a.Blocking[1].Depth, 1)

	found := false
	for _, x := range a.Holders {
		found = found || x.PID == h.PID && x.Kind == "session" && x.Query == "rename"
	}
	equal(t, "xmin holder", found, true)

	// someone who may not see others sees that they are there
	plain, err := w.as(monitor).Activity(t.Context())
	must(t, err)
	equal(t, "as monitor", session(t, plain, holder).Query, "rename")
	equal(t, "partial", len(plain.Partial), 0)
	must(t, exec(t, holder, `COMMIT`))
	must(t, <-first)
	must(t, <-next)

	plain, err = w.as(owner).Activity(t.Context())
	must(t, err)
	equal(t, "partial", len(plain.Partial), 1)
	equal(t, "as owner", session(t, plain, holder).Query, "?")
}

// The waits are there for a role that sees nothing else of the others.
func TestBlockingAsPlainRole(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	plain := w.as(owner)
	holder, waiter := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, holder, `BEGIN; LOCK TABLE t`))
	done := w.waiting(waiter, `SELECT a FROM t`)
	a, err := plain.Activity(t.Context())
	must(t, err)
	if len(a.Blocking) != 2 || a.Blocking[1].Session.PID != int(waiter.PgConn().PID()) || a.Blocking[1].Session.Object != "t" {
		t.Errorf("%+v", a.Blocking)
	}
	must(t, exec(t, holder, `COMMIT`))
	must(t, <-done)
}

func TestPreparedTransactionHoldsXmin(t *testing.T) {
	t.Parallel()
	w := empty(t)
	if get[int](w, `SELECT current_setting('max_prepared_transactions')::int`) == 0 {
		t.Skip("the server allows no prepared transactions")
	}
	w.exec(`CREATE TABLE t (a int)`)
	name := get[string](w, `SELECT current_database()`)
	w.exec(`BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION '` + name + `'`)
	a := w.activity()
	w.exec(`ROLLBACK PREPARED '` + name + `'`)
	equal(t, "holders", len(a.Holders), 1)
	equal(t, "kind", a.Holders[0].Kind+" "+a.Holders[0].Name, "prepared "+name)
}
