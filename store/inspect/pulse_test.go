package inspect_test

import "testing"

func TestPulse(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	first, err := w.Pulse(t.Context())
	must(t, err)
	if first.Version == "" || first.Started.IsZero() || first.Used < 2 || first.Usable <= first.Used || first.XIDAge == 0 || first.Commits == 0 {
		t.Errorf("%+v", first)
	}
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	w.flush()
	holder, waiter := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, holder, `BEGIN`))
	must(t, exec(t, holder, `UPDATE users SET timezone = 'CET'`))
	done := w.waiting(waiter, `UPDATE users SET timezone = 'CET'`)
	p, err := w.Pulse(t.Context())
	must(t, err)
	if p.Waiting < 1 || p.OldestXactS == nil || p.IdleS == nil || p.IdlePID == 0 || p.Commits <= first.Commits || !p.Started.Equal(first.Started) {
		t.Errorf("with a lock in the way: %+v", p)
	}
	must(t, exec(t, holder, `ROLLBACK`))
	must(t, <-done)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	for _, sql := range []string{
		`INSERT INTO users (telegram_id) SELECT i FROM generate_series(1, 1000) AS i`, `ANALYZE users`, `SET enable_seqscan = off`,
		`SELECT FROM users WHERE telegram_id = 7`, `DELETE FROM users WHERE telegram_id > 900`,
	} {
		w.exec(sql)
	}
	w.flush()
	u, err := w.Usage(t.Context())
	must(t, err)
	if u.Live < 900 || u.Dead < 100 || u.DatabaseBytes < 1<<20 {
		t.Errorf("%d live, %d dead, %d bytes", u.Live, u.Dead, u.DatabaseBytes)
	}
	found := false
	for _, x := range u.Indexes {
		if x.Name == "users_pkey" && x.Schema == "public" {
			found = x.Scans > 0 && x.OID != 0 && x.Hit > 1000 && x.Read >= 0
		}
	}
	if !found {
		t.Errorf("users_pkey was used: %+v", u.Indexes)
	}
}
