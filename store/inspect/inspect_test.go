package inspect_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"healthagent/store/inspect"
	"healthagent/test/rig"
)

func TestOpenTellsNothingOfAURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "postgres://u:hunter2@h:port/d", "host=a password=hunter2 port=x"} {
		_, err := inspect.Open(inspect.Config{URL: url})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

const monitorPID = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'healthagent-monitor'`

func TestTheConnectionIsMadeWhenNeededAndOnlyOnce(t *testing.T) {
	t.Parallel()
	w := empty(t)
	const count = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'healthagent-monitor'`
	equal(t, "sessions before", get[int](w, count), 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.Connections(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := w.Indexes(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	equal(t, "sessions", get[int](w, count), 1)
	w.Close()
	w.Close()
	w.until("it is closed", `SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'healthagent-monitor'`)
	if _, err := w.Tables(t.Context()); !errors.Is(err, inspect.ErrClosed) {
		t.Error(err)
	}
	if _, err := w.Explain(t.Context(), `SELECT 1`, inspect.ExplainOptions{}); !errors.Is(err, inspect.ErrClosed) {
		t.Error(err)
	}
}

// Whoever ends the monitor's session does not blind it.
func TestATerminatedConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := empty(t)
	_, err := w.Connections(t.Context())
	must(t, err)
	first := get[int](w, monitorPID)
	w.exec(`SELECT pg_terminate_backend($1, 10000)`, first)
	_, err = w.Connections(t.Context())
	must(t, err)
	if get[int](w, monitorPID) == first {
		t.Error("the same session")
	}
}

func TestAServerThatWasRestarted(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	i := open(t, cluster.URL())
	_, err := i.Activity(t.Context())
	must(t, err)
	cluster.Stop()
	if _, err := i.Activity(t.Context()); err == nil {
		t.Error("an answer of a server that is down")
	}
	cluster.Start()
	_, err = i.Activity(t.Context())
	must(t, err)

	// one that hangs costs its budget, and later answers again
	cluster.Freeze()
	var budget *inspect.BudgetError
	if _, err = i.Activity(t.Context()); !errors.As(err, &budget) {
		t.Errorf("a frozen server: %v", err)
	}
	// while it hangs a caller waits no longer than he likes
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = i.Activity(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen server, and an impatient caller: %v", err)
	}
	cluster.Thaw()
	_, err = i.Activity(t.Context())
	must(t, err)
}

// The connection cannot write, whatever is asked of it.
func TestTheSessionIsReadOnly(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`ALTER DATABASE ` + get[string](w, `SELECT quote_ident(current_database())`) + ` SET search_path = nowhere`)
	i := open(t, w.url)
	_, err := i.Explain(t.Context(), `SELECT count(*) FROM users`, inspect.ExplainOptions{Analyze: true}) // in public
	must(t, err)
	_, err = i.Drift(t.Context(), []inspect.Wanted{{Name: covering}})
	must(t, err)
	for setting, want := range map[string]string{
		"default_transaction_read_only": "on", "TimeZone": "UTC", "search_path": "public", "application_name": "healthagent-monitor",
		"idle_in_transaction_session_timeout": "10s", "lock_timeout": "200ms", "statement_timeout": "30s",
	} {
		p, err := i.Explain(t.Context(), `SELECT 1 WHERE current_setting('`+setting+`') = $1`, inspect.ExplainOptions{Analyze: true, Args: []any{want}})
		must(t, err)
		rows := p.Root.ActualRows
		if setting == "lock_timeout" { // what is run may wait a little
			rows = 1 - rows
		}
		equal(t, setting, rows, 1)
	}
}
