package rig_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/local"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func count(t *testing.T, url, sql string) int {
	t.Helper()
	var n int
	if err := connect(t, url).QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const tables = `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`

func TestPostgresHasTheSchemaAndNoRows(t *testing.T) {
	t.Parallel()
	first, second := rig.Postgres(t), rig.Postgres(t)
	if first == second {
		t.Fatal("one database for two")
	}
	if count(t, first, tables) < 5 {
		t.Fatal("no schema")
	}
	if _, err := connect(t, first).Exec(t.Context(), `INSERT INTO users (telegram_id) VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if n := count(t, second, `SELECT count(*) FROM users`); n != 0 {
		t.Fatalf("%d rows of another test", n)
	}
}

func TestEmptyDatabaseIsEmptyAndGoesAway(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = rig.EmptyDatabase(t)
		if n := count(t, url, tables); n != 0 {
			t.Fatalf("%d tables", n)
		}
	})
	if _, err := pgx.Connect(t.Context(), url); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Fatalf("still there: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			conn, err := pgx.Connect(t.Context(), rig.Postgres(t))
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
		})
	}
	wg.Wait()
}

func TestClusterStopsKillsFreezes(t *testing.T) {
	t.Parallel()
	c := rig.Cluster(t)
	c.Migrate()
	if count(t, c.URL(), tables) < 5 {
		t.Fatal("no schema")
	}
	for name, down := range map[string]func(){"stop": c.Stop, "kill": c.Kill} {
		conn := connect(t, c.URL())
		down()
		if c.PID() != 0 || conn.Ping(t.Context()) == nil {
			t.Fatalf("%s: the server is still up", name)
		}
		c.Start()
		if n := count(t, c.URL(), `SELECT 1`); n != 1 {
			t.Fatal(name)
		}
	}
	conn := connect(t, c.URL())
	c.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := conn.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a frozen server answered: %v", err)
	}
	c.Thaw()
	if n := count(t, c.URL(), `SELECT 1`); n != 1 {
		t.Fatal("not thawed")
	}
}

func TestRedisServer(t *testing.T) {
	t.Parallel()
	r := rig.RedisServer(t)
	for _, down := range []func(){r.Stop, r.Kill, func() { r.Freeze(); r.Thaw() }} {
		down()
		r.Start()
		if r.PID() == 0 {
			t.Fatal("not up again")
		}
	}
	if rig.Redis(t) == r.URL() {
		t.Fatal("one server for two")
	}
}

// With a server from the environment the claims keep tests apart. This one
// sets the environment, so it cannot run in parallel.
func TestRedisFromTheEnvironment(t *testing.T) {
	server := rig.RedisServer(t)
	t.Setenv("HEALTHAGENT_TEST_REDIS_URL", server.URL())
	seen := map[string]bool{}
	for range 3 {
		t.Run("inner", func(t *testing.T) {
			for range 15 { // all there are, and all given back
				url := rig.Redis(t)
				if !strings.HasPrefix(url, server.URL()+"?db=") {
					t.Errorf("url %s", url)
				}
				seen[url] = true
			}
		})
	}
	if len(seen) != 15 {
		t.Errorf("%d databases", len(seen))
	}
}

// The shared cluster also serves processes that never call Main.
func TestWithoutMain(t *testing.T) {
	tmp, err := local.NewTemp(t.Context(), "healthagent-rig")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tmp.Remove(context.Background()) })
	t.Setenv("HEALTHAGENT_TEST_DATABASE_URL", "")
	t.Setenv("TMPDIR", tmp.Path) // its cluster shall not stay
	if n := count(t, rig.Postgres(t), `SELECT count(*) FROM users`); n != 0 {
		t.Fatal(n)
	}
}

func TestSettingsAreAccepted(t *testing.T) {
	t.Parallel()
	tmp, err := local.NewTemp(t.Context(), "healthagent-rig")
	if err != nil {
		t.Fatal(err)
	}
	defer tmp.Remove(context.Background()) //nolint:errcheck // stops the server too
	pg, err := local.StartPostgres(t.Context(), local.Options{Dir: tmp.Path, BinDir: rig.PostgresBin(), Fast: true, Settings: rig.Settings()})
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
