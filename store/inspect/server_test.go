package inspect_test

import (
	"strings"
	"testing"

	"healthagent/store/inspect"
)

func TestServer(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`CREATE TABLE numbered (id smallint GENERATED ALWAYS AS IDENTITY, a int)`)
	w.exec(`INSERT INTO numbered (a) SELECT generate_series(1, 16384)`)
	w.exec(`ALTER TABLE numbered ADD CONSTRAINT positive CHECK (a > 0) NOT VALID`)
	w.exec(`ALTER TABLE numbered ADD FOREIGN KEY (a) REFERENCES users NOT VALID`)
	v, err := w.Server(t.Context())
	must(t, err)
	equal(t, "partial", strings.Join(v.Partial, ";"), "")
	equal(t, "major", v.Major, w.major())
	if !strings.HasPrefix(v.Version, get[string](w, `SELECT split_part(current_setting('server_version'), ' ', 1)`)) || v.Started.IsZero() ||
		v.Recovery || !v.Superuser || !v.Monitor || v.Role == "" {
		t.Errorf("%+v", v)
	}
	equal(t, "database", v.Database.Name, get[string](w, `SELECT current_database()`))
	if v.Database.Bytes < 1<<20 || v.Database.Commits == 0 || v.Database.Backends < 2 || v.Database.ChecksumFailures != 0 || v.Hits.DatabasePct == nil {
		t.Errorf("%+v %+v", v.Database, v.Hits)
	}
	if v.Checkpoints.StatsReset == nil || v.Checkpoints.Timed+v.Checkpoints.Requested == 0 {
		t.Errorf("%+v", v.Checkpoints)
	}
	equal(t, "durable", v.Durability.Fsync, get[string](w, `SHOW fsync`) == "on")
	equal(t, "durable", v.Durability.FullPageWrites, get[string](w, `SHOW full_page_writes`) == "on")
	equal(t, "durable", v.Durability.SynchronousCommit, get[string](w, `SHOW synchronous_commit`))
	equal(t, "durable", v.Durability.Safe, false) // the servers of tests are not
	ours := false
	for _, x := range v.Wraparound {
		ours = ours || x.OfThis && x.Database == v.Database.Name
		if x.XIDAge <= 0 || x.PctToWrap >= 1 {
			t.Errorf("%+v", x)
		}
	}
	equal(t, "our database", ours, true)
	equal(t, "old tables", len(v.Oldest), 10)
	q := v.Sequences[0]
	if q.Name != "numbered_id_seq" || q.Table != "numbered" || q.Column != "id" || q.Last != 16384 || q.PctUsed != 50 {
		t.Errorf("%+v", q)
	}
	equal(t, "not valid", len(v.NotValid), 2)
	for _, n := range v.NotValid {
		w.exec(`INSERT INTO users (telegram_id) SELECT generate_series(1, 16384) ON CONFLICT DO NOTHING`)
		w.exec(n.Remedy())
	}
	v, err = w.Server(t.Context())
	must(t, err)
	equal(t, "not valid any more", len(v.NotValid), 0)
	equal(t, "foreign keys without an index", v.MissingFK[0].Table, "numbered")
}

func TestSlots(t *testing.T) {
	t.Parallel()
	w := empty(t)
	name := get[string](w, `SELECT 'slot_' || oid FROM pg_database WHERE datname = current_database()`)
	w.exec(`SELECT pg_create_physical_replication_slot($1, true)`, name)
	defer w.exec(`SELECT pg_drop_replication_slot($1)`, name)
	v, err := w.Server(t.Context())
	must(t, err)
	for _, s := range v.Slots {
		if s.Name == name && s.Type == "physical" && !s.Active && s.WALStatus != "" {
			return
		}
	}
	t.Errorf("%+v", v.Slots)
}

func TestConnections(t *testing.T) {
	t.Parallel()
	w := empty(t)
	idle, busy := connect(t, w.url), connect(t, w.url)
	must(t, exec(t, idle, `SET application_name = 'idle one'`))
	must(t, exec(t, busy, `SET application_name = 'busy one'`))
	must(t, exec(t, busy, `BEGIN`))
	const sessions = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`
	_, err := w.Connections(t.Context())
	must(t, err)
	c, err := w.Connections(t.Context())
	must(t, err)
	equal(t, "in the database", c.InDatabase, get[int](w, sessions))
	equal(t, "max", c.Max, get[int](w, `SELECT current_setting('max_connections')::int`))
	if c.Reserved < 3 || c.Usable != c.Max-c.Reserved || c.Used < 4 || c.PctUsed <= 0 || c.IdleInTx < 1 || c.IdleInTxS == nil {
		t.Errorf("%+v", c)
	}
	seen := map[string]string{}
	for _, a := range c.Apps {
		seen[a.App] = a.State
	}
	equal(t, "idle", seen["idle one"], "idle")
	equal(t, "busy", seen["busy one"], "idle in transaction")
	c, err = w.as(owner).Connections(t.Context())
	must(t, err)
	equal(t, "partial", len(c.Partial), 1)
	equal(t, "counted all the same", c.InDatabase, get[int](w, sessions))
}

// Every collector answers for every kind of role: what may not be seen makes the answer partial, never an error.
func TestRights(t *testing.T) {
	t.Parallel()
	w := talked(t)
	w.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	// a build by somebody else, invisible to the plain role
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`INSERT INTO t VALUES (1), (1)`)
	_, err := w.db.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)`)
	equal(t, "broken", err != nil, true)
	for _, role := range []struct {
		name string
		*inspect.Inspector
		partial map[string]string // collector: what it lacks
	}{
		{"superuser", w.Inspector, nil},
		{"monitor", w.as(monitor), map[string]string{"server": "sequences: this role may not read", "indexes": "bloat of "}},
		{"owner", w.as(owner), map[string]string{
			"indexes": "index builds of other roles", "statements": "statements of other roles", "activity": "what sessions of other roles do",
			"progress": "builds, drops and vacuums", "connections": "state of sessions", "server": "the setting shared_preload_libraries",
		}},
	} {
		check := func(collector string, partial []string, err error) {
			t.Helper()
			all := strings.Join(partial, "; ")
			want := role.partial[collector]
			if err != nil || (want == "") != (all == "") || !strings.Contains(all, want) {
				t.Errorf("%s as %s: %q %v", collector, role.name, all, err)
			}
			if want != "" && !strings.Contains(all, "GRANT ") {
				t.Errorf("%s as %s does not say what to do: %q", collector, role.name, all)
			}
		}
		x, err := role.Indexes(t.Context())
		check("indexes", x.Partial, err)
		tables, err := role.Tables(t.Context())
		check("tables", tables.Partial, err)
		st, err := role.Statements(t.Context(), 10)
		check("statements", st.Partial, err)
		a, err := role.Activity(t.Context())
		check("activity", a.Partial, err)
		p, err := role.Progress(t.Context())
		check("progress", p.Partial, err)
		c, err := role.Connections(t.Context())
		check("connections", c.Partial, err)
		v, err := role.Server(t.Context())
		check("server", v.Partial, err)
		_, err = role.Drift(t.Context(), []inspect.Wanted{{Name: covering}})
		check("drift", nil, err)
		_, err = role.Advice(t.Context(), nil)
		check("advice", nil, err)
		if role.name != "monitor" { // it may not read the rows either
			_, err = role.Explain(t.Context(), conversationSQL, inspect.ExplainOptions{})
			check("explain", nil, err)
		}
	}
}
