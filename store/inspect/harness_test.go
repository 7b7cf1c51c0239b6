package inspect_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"healthagent/store/inspect"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// The roles that everything is tried as, besides the superuser: one that sees all and owns nothing, and the plain owner.
const (
	monitor = "healthagent_test_monitor"
	owner   = "healthagent_test_inspected"
)

// world is one test's database and an Inspector of it.
type world struct {
	*inspect.Inspector
	t   *testing.T
	url string    // as a superuser
	db  *pgx.Conn // the test's own session
}

// migrated is a world whose database has the whole schema.
func migrated(t *testing.T) *world {
	t.Helper()
	return newWorld(t, rig.Postgres(t))
}

// empty is a world whose database has nothing.
func empty(t *testing.T) *world {
	t.Helper()
	return newWorld(t, rig.EmptyDatabase(t))
}

func newWorld(t *testing.T, raw string) *world {
	t.Helper()
	super := super(t, raw)
	if super != raw { // the database is dropped by a role that may not end a superuser's session
		t.Cleanup(func() { gone(t, raw, "postgres") })
	}
	return &world{Inspector: open(t, super), t: t, url: super, db: connect(t, super)}
}

// gone waits until a role has no session left in the database.
func gone(t *testing.T, raw, role string) {
	conn, err := pgx.Connect(context.Background(), raw)
	must(t, err)
	defer conn.Close(context.Background())
	for {
		var left bool
		err := conn.QueryRow(context.Background(), `
			SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = $1) FROM pg_sleep(0.005)`, role).Scan(&left)
		must(t, err)
		if !left {
			return
		}
	}
}

// flush makes the server count what this session did so far.
func (w *world) flush() {
	w.t.Helper()
	w.exec(`SELECT pg_stat_force_next_flush()`)
}

// super is the URL as a superuser: the role it names, or that of the rig's own servers.
func super(t *testing.T, raw string) string {
	t.Helper()
	var yes bool
	must(t, connect(t, raw).QueryRow(t.Context(), `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&yes))
	if yes {
		return raw
	}
	return user(t, raw, "postgres")
}

func open(t *testing.T, raw string) *inspect.Inspector {
	t.Helper()
	i, err := inspect.Open(inspect.Config{URL: raw})
	must(t, err)
	t.Cleanup(i.Close)
	return i
}

// as opens another Inspector of the same database as one of the two roles; the owner then owns all that is in it.
func (w *world) as(role string) *inspect.Inspector {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), "CREATE ROLE "+role+" LOGIN")
	var pg *pgconn.PgError
	// Every test makes it: both codes mean that another was faster.
	if err != nil && (!errors.As(err, &pg) || pg.Code != "42710" && pg.Code != "23505") {
		w.t.Fatal(err)
	}
	switch role {
	case monitor:
		_, err = w.db.Exec(w.t.Context(), "GRANT pg_monitor TO "+role)
		if err != nil && (!errors.As(err, &pg) || pg.Code != "XX000" && pg.Code != "23505") { // somebody else grants it just now
			w.t.Fatal(err)
		}
	case owner:
		w.exec(`DO $$
		DECLARE t record;
		BEGIN
			FOR t IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
			LOOP EXECUTE format('ALTER TABLE %s OWNER TO ` + owner + `', t.name);
			END LOOP;
		END $$`)
	}
	return open(w.t, user(w.t, w.url, role))
}

func user(t *testing.T, raw, role string) string {
	t.Helper()
	u, err := url.Parse(raw)
	must(t, err)
	q := u.Query()
	q.Del("user")
	u.User, u.RawQuery = url.User(role), q.Encode()
	return u.String()
}

func connect(t *testing.T, raw string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), raw)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs SQL like somebody with psql.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), sql, args...)
	must(w.t, err)
}

func get[T any](w *world, sql string, args ...any) (value T) {
	w.t.Helper()
	must(w.t, w.db.QueryRow(w.t.Context(), sql, args...).Scan(&value))
	return value
}

// until asks the server, which pauses in between, until the answer is yes.
func (w *world) until(what, sql string, args ...any) {
	w.t.Helper()
	for range 3000 {
		if get[bool](w, "SELECT coalesce(("+sql+"), false)", args...) {
			return
		}
		w.exec("SELECT pg_sleep(0.01)")
	}
	w.t.Fatalf("never happened: %s", what)
}

// vacuum goes on until every page is all-visible: a session that just starts, in whatever database, holds a snapshot back.
func (w *world) vacuum(table string) {
	w.t.Helper()
	for range 100 {
		w.exec("VACUUM (ANALYZE) " + table)
		if get[bool](w, `SELECT relallvisible = relpages FROM pg_class WHERE oid = $1::text::regclass`, table) {
			return
		}
	}
	w.t.Fatalf("pages of %s stay invisible", table)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (w *world) major() int {
	return get[int](w, `SELECT current_setting('server_version_num')::int / 10000`)
}

func exec(t *testing.T, conn *pgx.Conn, sql string) error {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	return err
}
