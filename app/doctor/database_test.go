package doctor

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/config"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

// clinic is a database, and a developer's machine without anything else.
type clinic struct {
	t   *testing.T
	url string
	db  *pgx.Conn // as its superuser
}

func newClinic(t *testing.T, url string) *clinic {
	t.Helper()
	c := &clinic{t: t, url: url}
	c.connect(url)
	if c.get(`SHOW is_superuser`) == "off" {
		t.Cleanup(c.alone) // the database is dropped by a role that may not end a superuser's session
		c.connect(withRole(url, "postgres"))
	}
	return c
}

// alone waits until no superuser is left in the database.
func (c *clinic) alone() {
	db, err := pgx.Connect(context.Background(), c.url)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer db.Close(context.Background())
	for left := true; left; {
		err := db.QueryRow(context.Background(), `
			SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'postgres') FROM pg_sleep(0.005)`).Scan(&left)
		if err != nil {
			c.t.Error(err)
			return
		}
	}
}

func (c *clinic) connect(url string) {
	c.t.Helper()
	db, err := pgx.Connect(c.t.Context(), url)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = db.Close(context.Background()) })
	c.db = db
}

func (c *clinic) get(sql string) (value string) {
	c.t.Helper()
	if err := c.db.QueryRow(c.t.Context(), sql).Scan(&value); err != nil {
		c.t.Fatalf("%v\n%s", err, sql)
	}
	return value
}

func (c *clinic) exec(sql string, args ...any) {
	c.t.Helper()
	if _, err := c.db.Exec(c.t.Context(), sql, args...); err != nil {
		c.t.Fatalf("%v\n%s", err, sql)
	}
}

// patient is a developer's machine with this database.
func (c *clinic) patient(environ ...string) Patient {
	c.t.Helper()
	dir := c.t.TempDir()
	cfg, report, err := config.Load(config.Options{
		Environ: append([]string{
			"HEALTHAGENT_ENV_FILE=/dev/null", "HEALTHAGENT_STATE_DIR=" + dir, "DATABASE_URL=" + c.url, "TELEGRAM_TOKEN=" + bot,
		}, environ...),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return Patient{
		Config: cfg, Report: report, UID: os.Getuid(), Now: time.Now, Database: Database{URL: cfg.DatabaseURL.Reveal()},
		Run:      func(context.Context, string, ...string) (string, error) { return "", os.ErrNotExist },
		Telegram: answers(identityNow(), nil),
	}
}

// The whole look at a database that is in use: what is wrong with it is what the tests' servers are known for.
func TestADatabaseThatIsWell(t *testing.T) {
	t.Parallel()
	c := newClinic(t, rig.Postgres(t))
	c.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	c.exec(`CREATE EXTENSION IF NOT EXISTS pgstattuple`)
	found := findings(t, c.patient())
	for code, f := range found {
		about, _, _ := strings.Cut(code, "-")
		switch {
		case about != "database" && about != "schema" && about != "queues":
		case code == "database-role", code == "database-durable": // a server of tests may have another role, and no fsync
		case code == "database-idle", code == "database-connections": // other tests are on it
		case f.Verdict != source.OK:
			t.Errorf("%+v", f)
		}
	}
	if c.get(`SHOW fsync`) == "off" {
		says(t, found, "database-durable", "fail", "fsync", "ALTER SYSTEM SET fsync = on")
	}
	super := c.patient()
	super.Database.URL = withRole(c.url, c.get(`SELECT current_user::text`))
	says(t, findings(t, super), "database-role", "warn", "is a superuser", "NOSUPERUSER CREATEDB")
	says(t, found, "clock-agrees", "ok", "PostgreSQL's and Telegram's", "")
	says(t, found, "disk-database", "ok", "the database takes", "")
	says(t, found, "cache-reachable", "ok", "memory of the process", "")
}

func TestADatabaseThatIsNot(t *testing.T) {
	t.Parallel()
	c := newClinic(t, rig.Postgres(t))
	c.exec(`DROP EXTENSION IF EXISTS pg_stat_statements`)
	c.exec(`DROP EXTENSION IF EXISTS pgstattuple`)
	c.exec(`DROP INDEX idx_food_entries_user_name`)
	c.exec(`INSERT INTO inbox (bot_id, update_id, kind, state, received_at) VALUES
		(1, 1, 'message', 'dead', now() - interval '1 hour'), (1, 2, 'message', 'new', now() - interval '1 hour')`)
	c.exec(`UPDATE pg_database SET datcollversion = '0.1' WHERE datname = current_database() AND datcollversion IS NOT NULL`)
	idle := &clinic{t: t, url: c.url}
	idle.connect(c.url)
	idle.exec(`BEGIN`)
	p := c.patient("HEALTHAGENT_POOL_MAX=5000")
	found := findings(t, p)
	says(t, found, "database-statements", "warn", "not created", "CREATE EXTENSION pg_stat_statements")
	says(t, found, "database-pgstattuple", "warn", "not created", "CREATE EXTENSION pgstattuple")
	says(t, found, "database-connections", "fail", "5006", "HEALTHAGENT_POOL_MAX=")
	says(t, found, "schema-indexes", "fail", "idx_food_entries_user_name is missing", "healthagent migrate up 017 --index idx_food_entries_user_name")
	says(t, found, "queues-dead", "warn", "one message", "FROM inbox")
	says(t, found, "queues-waiting", "warn", "one waits to be handled, the oldest for 60 min", "")
	if c.get(`SELECT coalesce(datcollversion, '') FROM pg_database WHERE datname = current_database()`) != "" {
		says(t, found, "database-collation", "warn", "0.1", "REINDEX DATABASE CONCURRENTLY")
	}
}

// What is to be pasted into a session of the database is understood there.
func TestStatementsOfRemedies(t *testing.T) {
	t.Parallel()
	c := newClinic(t, rig.Postgres(t))
	c.exec(`DROP EXTENSION IF EXISTS pgstattuple`)
	c.exec(`INSERT INTO inbox (bot_id, update_id, kind, state) VALUES (1, 1, 'message', 'dead')`)
	pasted := 0
	for _, f := range findings(t, c.patient()) {
		for line := range strings.Lines(f.Remedy) {
			_, statement, is := strings.Cut(strings.TrimSpace(line), " -c ")
			statement, _, _ = strings.Cut(statement, "   #")
			if !is || strings.Contains(statement, "NOSUPERUSER") || strings.Contains(statement, "GRANT") { // that would be the end of the other tests
				continue
			}
			statement = strings.Trim(statement, `'"`)
			if strings.HasPrefix(statement, "ALTER SYSTEM") || strings.HasPrefix(statement, "SELECT pg_reload_conf") {
				statement = "EXPLAIN SELECT 1 /* not on a server of all tests */"
			}
			if _, err := c.db.Exec(t.Context(), statement); err != nil {
				t.Errorf("%s: %v\n%s", f.Code, err, statement)
			}
			pasted++
		}
	}
	if pasted < 3 {
		t.Errorf("only %d statements were found", pasted)
	}
}

func TestMigrationsThatAreNotWell(t *testing.T) {
	t.Parallel()
	c := newClinic(t, rig.EmptyDatabase(t))
	found := findings(t, c.patient())
	says(t, found, "schema-migrations", "warn", "001_users is pending", "healthagent migrate up")
	says(t, found, "queues-dead", "skip", "no tables yet", "")

	c = newClinic(t, rig.Postgres(t))
	c.exec(`UPDATE schema_migrations SET state = 'held' WHERE version = 17`)
	says(t, findings(t, c.patient()), "schema-migrations", "warn", "017_performance_indexes was taken back and is held", "healthagent migrate up 017")
	c.exec(`UPDATE schema_migrations SET state = 'failed', error = 'disk full' WHERE version = 17`)
	says(t, findings(t, c.patient()), "schema-migrations", "fail", "disk full", "healthagent migrate up 017")
	c.exec(`UPDATE schema_migrations SET state = 'applied', error = '' WHERE version = 17`)
	c.exec(`UPDATE schema_migrations SET checksum_up = 'other' WHERE version = 11`)
	says(t, findings(t, c.patient()), "schema-migrations", "warn", "011_audit_log differs", "migrate plan")
}

// A role that lacks what it needs is told which.
func TestARoleThatLacks(t *testing.T) {
	t.Parallel()
	c := newClinic(t, rig.Postgres(t))
	const role = "healthagent_test_patient"
	c.exec(`DO $$ BEGIN CREATE ROLE ` + role + ` LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$`)
	p := c.patient()
	p.Database.URL = withRole(c.url, role)
	found := findings(t, p)
	says(t, found, "database-role", "warn", "CREATEDB", `GRANT pg_monitor, pg_signal_backend TO "healthagent_test_patient"`)
	says(t, found, "database-reachable", "ok", "it answers", "")
}

// Nothing crashes and nothing waits long when the database is down, or cannot be asked.
func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	c := &clinic{t: t, url: "postgres://nobody@/none?host=" + url.QueryEscape(t.TempDir())}
	found := findings(t, c.patient("REDIS_URL=unix://"+filepath.Join(t.TempDir(), "s")))
	says(t, found, "database-reachable", "fail", "PostgreSQL cannot be reached", "healthagent migrate status")
	says(t, found, "database-durable", "skip", "the database cannot be asked", "")
	says(t, found, "schema-migrations", "skip", "the database cannot be asked", "")
	says(t, found, "cache-reachable", "warn", "PostgreSQL serves alone", "redis-cli -s")
	says(t, found, "cache-memory", "skip", "does not answer", "")

	p := c.patient()
	p.Database = Database{Why: "the private database does not run", Private: true}
	says(t, findings(t, p), "database-reachable", "skip", "the private database does not run", "")
}

func TestRedis(t *testing.T) {
	t.Parallel()
	redis := rig.RedisServer(t)
	c := &clinic{t: t, url: rig.Postgres(t)}
	p := c.patient("REDIS_URL=" + redis.URL())
	found := findings(t, p)
	says(t, found, "cache-reachable", "ok", "it answers in", "")
	says(t, found, "cache-version", "ok", ".", "")
	for name, x := range map[string]struct {
		info         store.RedisInfo
		code         string
		verdict      source.Verdict
		text, remedy string
	}{
		"old":      {store.RedisInfo{Version: "5.0.3"}, "cache-version", "warn", "5.0.3", "Redis 6"},
		"no limit": {store.RedisInfo{Policy: "noeviction"}, "cache-memory", "warn", "no limit, and", "config set maxmemory 64mb\nredis-cli"},
		"lru only": {store.RedisInfo{Policy: "allkeys-lru"}, "cache-memory", "warn", "no limit", "maxmemory 64mb"},
		"refuses":  {store.RedisInfo{MaxBytes: 64 << 20, Policy: "noeviction"}, "cache-memory", "warn", "refuses", "maxmemory-policy allkeys-lru"},
		"right":    {store.RedisInfo{MaxBytes: 64 << 20, UsedBytes: 2 << 20, Policy: "allkeys-lfu"}, "cache-memory", "ok", "2.0 MB of 64 MB", ""},
	} {
		p := p
		p.Redis = func(context.Context) (*store.RedisInfo, error) { return &x.info, nil }
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, findings(t, p), x.code, x.verdict, x.text, x.remedy)
		})
	}
}

// What no server of a test is: judged by what it would say.
func TestServersThatAreNotHere(t *testing.T) {
	t.Parallel()
	v := newVisit(t.Context(), Patient{Root: t.TempDir(), Database: Database{URL: "postgres://x"}})
	off := func(name string) inspect.Server {
		return inspect.Server{Settings: []inspect.Setting{{Name: name, Value: "off"}}}
	}
	for name, x := range map[string]struct {
		got     answer
		verdict source.Verdict
		text    string
	}{
		"14":         {checkServerVersion(v, inspect.Server{Major: 14, Version: "14.1"}), "fail", "15 is the oldest"},
		"19":         {checkServerVersion(v, inspect.Server{Major: 19, Version: "19"}), "warn", "does not know"},
		"standby":    {checkStandby(v, inspect.Server{Recovery: true}), "fail", "standby"},
		"restart":    {checkPending(v, inspect.Server{Settings: []inspect.Setting{{Name: "x", PendingRestart: true}}}), "warn", "x"},
		"tracking":   {checkTracking(v, off("track_io_timing")), "warn", "track_io_timing"},
		"autovacuum": {checkVacuum(v, off("autovacuum")), "fail", "autovacuum is off"},
		"checksums":  {checkChecksums(v, off("data_checksums")), "warn", "off"},
		"damaged":    {checkChecksums(v, inspect.Server{Database: inspect.Database{ChecksumFailures: 2}}), "fail", "2 pages"},
		"wraparound": {checkWraparound(v, inspect.Server{Wraparound: []inspect.Wraparound{{Database: "d", PctToWrap: 60, OfThis: true}}}), "fail", "60.0 %"},
		"encoding":   {checkEncoding(v, inspect.Checkup{Encoding: "SQL_ASCII"}), "fail", "SQL_ASCII"},
		"listens":    {checkNetwork(v, inspect.Checkup{Cluster: "15/healthagent", Listen: "localhost"}), "warn", "localhost"},
		"plain":      {checkNetwork(v, inspect.Checkup{Remote: true}), "warn", "not encrypted"},
		"encrypted":  {checkNetwork(v, inspect.Checkup{Remote: true, Encrypted: true}), "ok", "encrypted"},
		"no contrib": {checkTuple(v, inspect.Checkup{}), "warn", "does not have it"},
		"not loaded": {checkStatements(v, inspect.Checkup{Installable: true}), "warn", "not loaded"},
	} {
		if x.got.verdict != x.verdict || !strings.Contains(x.got.text, x.text) || x.verdict != source.OK && x.got.remedy == "" {
			t.Errorf("%s: %+v", name, x.got)
		}
	}
}
