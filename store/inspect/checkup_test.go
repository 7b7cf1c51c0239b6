package inspect_test

import (
	"testing"
	"time"
)

func TestCheckup(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	w.exec(`DROP EXTENSION IF EXISTS pgstattuple`)
	c, err := w.Checkup(t.Context())
	must(t, err)
	if !c.Superuser || !c.CreateDB || !c.Monitor || !c.Signal || !c.Statements || c.Tuple || c.Remote || c.Encrypted || c.Bytes < 1<<20 {
		t.Errorf("%+v", c)
	}
	equal(t, "database", c.Database, get[string](w, `SELECT current_database()`))
	equal(t, "encoding", c.Encoding, get[string](w, `SHOW server_encoding`))
	equal(t, "data", c.Data, get[string](w, `SHOW data_directory`))
	equal(t, "port", c.Port, get[string](w, `SHOW port`))
	equal(t, "preloaded", c.Preloaded, get[bool](w, `SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'`))
	equal(t, "limit", c.Limit, -1)
	if since := time.Since(c.Now); since < -time.Minute || since > time.Minute {
		t.Errorf("the server's clock: %v", c.Now)
	}

	c, err = w.as(owner).Checkup(t.Context())
	must(t, err)
	if c.Superuser || c.CreateDB || c.Monitor || c.Signal || c.Data != "" || c.Role != owner {
		t.Errorf("as the owner: %+v", c)
	}
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	none, err := empty(t).Backlog(t.Context())
	must(t, err)
	equal(t, "tables", none.Tables, false)

	w := migrated(t)
	w.exec(`INSERT INTO inbox (bot_id, update_id, kind, state, received_at)
		SELECT 1, row_number() OVER (), 'message', state, now() - age
		FROM unnest(ARRAY['new', 'retry', 'done', 'parked', 'dead']) AS state, unnest(ARRAY['8 days', '1 hour']::interval[]) AS age`)
	w.exec(`INSERT INTO outbox (chat_id, method, params, state, created_at, not_before)
		SELECT 1, 'sendMessage', '{}', state, now() - age, now() + later
		FROM unnest(ARRAY['pending', 'sent', 'failed']) AS state, unnest(ARRAY['8 days', '1 hour']::interval[]) AS age,
		     unnest(ARRAY['-2 hours', '1 hour']::interval[]) AS later`)
	b, err := w.Backlog(t.Context())
	must(t, err)
	equal(t, "dead", b.Dead, 1)
	equal(t, "parked", b.Parked, 1)
	equal(t, "pending", b.Pending, 4)
	equal(t, "refused", b.Refused, 2)
	equal(t, "unsent", b.Unsent, 2)
	if d := b.PendS.Duration(); d < 8*24*time.Hour || d > 8*24*time.Hour+time.Hour {
		t.Errorf("the oldest update: %v", d)
	}
	if d := b.UnsentS.Duration(); d < 2*time.Hour || d > 3*time.Hour {
		t.Errorf("the oldest message: %v", d)
	}
}
