package acts_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// somebody is a session, and the act that means it.
func somebody(w *world, verb source.Verb) (*pgx.Conn, source.Act) {
	w.t.Helper()
	conn := w.conn()
	var start time.Time
	must(w.t, conn.QueryRow(w.t.Context(), `SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&start))
	return conn, source.Act{Object: source.OnSession, Name: strconv.Itoa(int(conn.PgConn().PID())), Verb: verb, Start: &start}
}

func TestEndingTheSessionThatOthersWaitFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	blocker, act := somebody(w, source.End)
	_, err := blocker.Exec(t.Context(), `BEGIN; SELECT FROM users WHERE telegram_id = 1 FOR UPDATE`)
	must(t, err)
	waiter := w.conn()
	freed := make(chan error, 1)
	go func() {
		_, err := waiter.Exec(context.Background(), `UPDATE users SET timezone = 'UTC' WHERE telegram_id = 1`)
		freed <- err
	}()
	w.await("somebody waits", func() bool {
		return get[bool](w, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock')`, int(waiter.PgConn().PID()))
	})
	cancelling := act
	cancelling.Verb = source.Cancel
	if p, err := w.Preview(t.Context(), root(), cancelling); err != nil || p.Token != "" || !strings.Contains(p.Refused, "it runs no statement now (idle in transaction)") {
		t.Errorf("%v %s", err, encoded(t, p))
	}
	p := w.preview(act)
	if p.Frees != 1 || p.Session == nil || p.Session.State != "idle in transaction" || p.Title != "END SESSION "+act.Name+" ?" {
		t.Errorf("%s", encoded(t, p))
	}
	run := w.do(act)
	if run.State != source.RunDone || run.Title != "ENDED SESSION "+act.Name || !strings.Contains(run.Summary, "1 session waited for it") || run.Undo != nil || run.Watch != nil {
		t.Errorf("%s", encoded(t, run))
	}
	must(t, <-freed)
	if got := w.audit(); !strings.HasSuffix(got, "session.end "+act.Name+" begun\nuid 0 (root) session.end "+act.Name+" done") {
		t.Errorf("audited\n%s", got)
	}
}

func TestCancellingAStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, act := somebody(w, source.Cancel)
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), `SELECT /* dawdle */ pg_sleep(600)`)
		failed <- err
	}()
	w.await("it sleeps", func() bool {
		return get[bool](w, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')`, int(conn.PgConn().PID()))
	})
	p := w.preview(act)
	if !strings.Contains(p.Summary, "cancels dawdle of") {
		t.Errorf("%s", p.Summary)
	}
	id, err := w.Do(t.Context(), root(), act, p.Token, "")
	must(t, err)
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "57014") {
		t.Errorf("it ended with %v", err)
	}
	if again, err := w.Do(t.Context(), root(), act, p.Token, ""); err != nil || again != id {
		t.Errorf("the same again: %s %v", again, err)
	}
	w.over(id)

	// the number is the same, the statement is another
	go func() {
		_, err := conn.Exec(context.Background(), `SELECT /* another */ pg_sleep(600)`)
		failed <- err
	}()
	sleeping := func() bool {
		return get[bool](w, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')`, int(conn.PgConn().PID()))
	}
	w.await("it sleeps again", sleeping)
	q := w.preview(act)
	w.exec(`SELECT pg_cancel_backend($1)`, int(conn.PgConn().PID()))
	<-failed
	go func() {
		_, err := conn.Exec(context.Background(), `SELECT /* a_third */ pg_sleep(600)`)
		failed <- err
	}()
	w.await("it sleeps once more", sleeping)
	_, err = w.Do(t.Context(), root(), act, q.Token, "")
	changed(t, err, "the statement that it runs has changed")
	w.do(act)
	<-failed
}

func TestASessionThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, act := somebody(w, source.End)
	p := w.preview(act)
	other := act
	later := act.Start.Add(time.Microsecond)
	other.Start = &later // the number was given to another
	if _, err := w.Preview(t.Context(), root(), other); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	_, err := w.Do(t.Context(), root(), other, p.Token, "")
	changed(t, err, "another act")
	must(t, conn.Close(t.Context()))
	w.await("it is gone", func() bool {
		_, err := w.Preview(t.Context(), root(), act)
		return fault.KindOf(err) == fault.NotFound
	})
	_, err = w.Do(t.Context(), root(), act, p.Token, "")
	changed(t, err, "session is gone")
	if len(w.Runs()) != 0 {
		t.Errorf("%s", encoded(t, w.Runs()))
	}
}

func TestOurOwnSessionsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, act := somebody(w, source.End)
	_, err := conn.Exec(t.Context(), `SET application_name = 'healthagent-migrate'`)
	must(t, err)
	p, err := w.Preview(t.Context(), root(), act)
	must(t, err)
	if p.Token != "" || !strings.Contains(p.Refused, "this program's own") || p.Session.Protect == "" {
		t.Errorf("%s", encoded(t, p))
	}
}

// TestEndingABlockerWhileAnActRuns: the one place of acts is not taken by what frees it.
func TestEndingABlockerWhileAnActRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blocker, act := somebody(w, source.End)
	_, err := blocker.Exec(t.Context(), `BEGIN; INSERT INTO users (telegram_id) VALUES (1)`)
	must(t, err)
	id := w.begin(migration("017", source.Rollback))
	w.await("it waits", func() bool { return len(w.run(id).Blockers) == 1 })
	w.do(act)
	if run := w.over(id); run.State != source.RunDone {
		t.Errorf("%s", encoded(t, run))
	}
}
