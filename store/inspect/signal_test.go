package inspect_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/inspect"
)

// victim is a session, what names it, and where its errors go.
type victim struct {
	*pgx.Conn
	pid   int
	start time.Time
}

func newVictim(t *testing.T, url string) victim {
	t.Helper()
	v := victim{Conn: connect(t, url)}
	must(t, v.QueryRow(t.Context(), `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&v.pid, &v.start))
	return v
}

func TestSignalsMeetTheVerySession(t *testing.T) {
	t.Parallel()
	w := empty(t)
	v := newVictim(t, w.url)
	failed := make(chan error, 1)
	go func() {
		_, err := v.Exec(context.Background(), `SELECT pg_sleep(600)`)
		failed <- err
	}()
	w.until("it sleeps", `SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $1`, v.pid)

	for _, what := range []inspect.Signal{inspect.CancelStatement, inspect.EndSession} {
		if _, err := w.Signal(t.Context(), v.pid, v.start.Add(time.Microsecond), what); !errors.Is(err, inspect.ErrNoSession) {
			t.Errorf("another start: %v", err)
		}
	}
	look, err := w.Signal(t.Context(), v.pid, v.start, inspect.Look)
	must(t, err)
	if look.Sent || look.Protect != "" || look.State != "active" {
		t.Errorf("a look: %+v", look)
	}
	if got, err := w.Signal(t.Context(), v.pid, v.start, inspect.CancelStatement); err != nil || !got.Sent {
		t.Errorf("cancel: %+v %v", got, err)
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "57014") {
		t.Errorf("the statement ended with %v", err)
	}
	must(t, exec(t, v.Conn, `SELECT 1`)) // the session goes on

	if got, err := w.Signal(t.Context(), v.pid, v.start, inspect.EndSession); err != nil || !got.Sent {
		t.Errorf("end: %+v %v", got, err)
	}
	w.until("it is gone", `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)`, v.pid)
	if _, err := w.Signal(t.Context(), v.pid, v.start, inspect.EndSession); !errors.Is(err, inspect.ErrNoSession) {
		t.Errorf("a second time: %v", err)
	}
}

func TestSomeSessionsGetNoSignal(t *testing.T) {
	t.Parallel()
	w := empty(t)
	plain := w.as(owner)
	w.as(monitor) // makes the role
	for _, tt := range []struct {
		who, url, application string
		by                    *inspect.Inspector
		why                   string
	}{
		{"the migrations", w.url, "healthagent-migrate", w.Inspector, "this program's own"},
		{"the bot's lock", w.url, "healthagent leader", w.Inspector, "the bot's lock"},
		{"a superuser", w.url, "psql", plain, "only a superuser may signal"},
		{"another role", user(t, w.url, monitor), "psql", plain, "GRANT pg_signal_backend TO"},
	} {
		v := newVictim(t, tt.url)
		must(t, exec(t, v.Conn, `SET application_name = '`+tt.application+`'`))
		got, err := tt.by.Signal(t.Context(), v.pid, v.start, inspect.EndSession)
		if err != nil || got.Sent || !strings.Contains(got.Protect, tt.why) {
			t.Errorf("%s: %+v %v", tt.who, got, err)
		}
		must(t, exec(t, v.Conn, `SELECT 1`))
	}
}
