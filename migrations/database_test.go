package migrations_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// owner is the role that the engine is tried as: the plain owner of its database,
// never a superuser.
const owner = "healthagent_test_owner"

// emptyDatabase makes a database for one test and returns its URL as its owner.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	raw := rig.EmptyDatabase(t)
	conn := connect(t, raw)
	var super bool
	var name string
	err := conn.QueryRow(t.Context(), `SELECT rolsuper, current_database() FROM pg_roles WHERE rolname = current_user`).Scan(&super, &name)
	if err != nil {
		t.Fatal(err)
	}
	if !super {
		return raw
	}
	_, err = conn.Exec(t.Context(), "CREATE ROLE "+owner+" LOGIN")
	var pg *pgconn.PgError
	// Every test and every package run at once makes it: both codes mean it is there.
	if err != nil && (!errors.As(err, &pg) || pg.Code != "42710" && pg.Code != "23505") {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" OWNER TO "+owner); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(owner)
	return u.String()
}

// parameter adds a connection parameter to a URL.
func parameter(t *testing.T, raw, key, value string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(key, value)
	// libpq and pgx read + as a plus, not as a space.
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

// client returns the path of a client program: the one beside the server that is
// tested, else the newest installed.
func client(t *testing.T, program string) string {
	t.Helper()
	if bin := rig.PostgresBin(); bin != "" {
		path := filepath.Join(bin, program)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return slices.Max(found)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// connect opens a session of the test's own.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// mustExec runs SQL that must succeed.
func mustExec(t *testing.T, url, sql string, args ...any) {
	t.Helper()
	if _, err := connect(t, url).Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// value returns the one value that the query yields.
func value[T any](t *testing.T, url, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := connect(t, url).QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
