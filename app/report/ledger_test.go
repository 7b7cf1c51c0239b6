package report_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/app/report"
	"healthagent/migrations"
	"healthagent/test/rig"
)

func TestTheLedgerSaysWhoMigrates(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	e := engine(t, url)
	m, err := report.ReadLedger(t.Context(), e)
	must(t, err)
	if m.Lock != "" || m.Next != "017" || len(m.List) < 10 || m.List[0].Version != "017" || m.List[0].Back != "yes" {
		t.Errorf("%+v", m)
	}
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), `SET application_name = 'somebody'`)
	must(t, err)
	_, err = conn.Exec(t.Context(), `SELECT pg_advisory_lock(x'68616d67'::int, 1)`)
	must(t, err)
	m, err = report.ReadLedger(t.Context(), e)
	must(t, err)
	if want := fmt.Sprintf("pid %d somebody", conn.PgConn().PID()); m.Lock != want {
		t.Errorf("%q, not %q", m.Lock, want)
	}
	_, err = conn.Exec(t.Context(), `SELECT pg_advisory_unlock_all()`)
	must(t, err)
	_, err = e.Down(t.Context(), migrations.DownOptions{})
	must(t, err)
	m, err = report.ReadLedger(t.Context(), e)
	must(t, err)
	if m.Next != "" || m.List[0].State != "held" || len(m.List[0].Held) != 8 {
		t.Errorf("%+v", m.List[0])
	}
}

func TestActivityAsAScreenDrawsIt(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	i := inspector(t, url)
	exec(t, url, `INSERT INTO users (telegram_id) VALUES (1)`)
	holder, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = holder.Close(t.Context()) }()
	_, err = holder.Exec(t.Context(), `BEGIN; UPDATE users SET timezone = 'CET'`)
	must(t, err)
	waiter, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = waiter.Close(t.Context()) }()
	done := make(chan error, 1)
	go func() {
		_, err := waiter.Exec(t.Context(), `UPDATE /* rename */ users SET timezone = 'a secret'`)
		done <- err
	}()
	for a, err := report.ReadActivity(t.Context(), i); ; a, err = report.ReadActivity(t.Context(), i) {
		must(t, err)
		if a.Blocked == 0 {
			continue // it does not wait yet
		}
		first, second := a.Sessions[0], a.Sessions[1]
		if first.PID != int(holder.PgConn().PID()) || first.Depth != 0 || first.Blocks != 1 || !first.InTree || first.Query != "UPDATE" && first.Query != "BEGIN" {
			t.Errorf("%+v", first)
		}
		if second.PID != int(waiter.PgConn().PID()) || second.Depth != 1 || !second.Last || second.Query != "rename" || second.Start == nil || second.Object == "" {
			t.Errorf("%+v", second)
		}
		if a.Used < 3 || a.Usable == 0 || a.XIDAge == 0 || a.OldestS == nil {
			t.Errorf("%+v", a)
		}
		break
	}
	_, err = holder.Exec(t.Context(), `ROLLBACK`)
	must(t, err)
	must(t, <-done)
}
