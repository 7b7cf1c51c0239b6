package migrations_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is the private server of this test binary. The engine is tried as the
// plain owner of its database, never as a superuser.
type cluster struct {
	bin, dir string
	cred     *syscall.Credential // the server refuses root
	serial   atomic.Int64
}

var server cluster

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if err := server.start(); err != nil {
		fmt.Fprintln(os.Stderr, "private PostgreSQL:", err)
		server.stop()
		return 1
	}
	defer server.stop()
	return m.Run()
}

func (c *cluster) start() error {
	var err error
	if c.bin, err = binaries(); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "migrations"); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if err := c.yield(); err != nil {
			return err
		}
	}
	data := filepath.Join(c.dir, "data")
	if err := c.command("initdb", "-D", data, "-U", "super", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return err
	}
	options := fmt.Sprintf("-c listen_addresses= -c unix_socket_directories=%s -c fsync=off -c max_connections=60", c.dir)
	if err := c.command("pg_ctl", "-D", data, "-w", "-l", filepath.Join(c.dir, "log"), "-o", options, "start"); err != nil {
		return err
	}
	return c.sql("CREATE ROLE owner LOGIN")
}

// yield gives the directory to the OS user postgres, as whom the server runs.
func (c *cluster) yield() error {
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	c.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, uid, gid)
}

func (c *cluster) stop() {
	if c.dir == "" {
		return
	}
	if err := c.command("pg_ctl", "-D", filepath.Join(c.dir, "data"), "-m", "immediate", "stop"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(c.dir)
}

func (c *cluster) command(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	if c.cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (c *cluster) url(role, database string) string {
	return fmt.Sprintf("host=%s user=%s dbname=%s", c.dir, role, database)
}

func (c *cluster) sql(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("super", "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, text)
	return err
}

// binaries finds the newest installed server, or the one on PATH.
func binaries() (string, error) {
	if dir := os.Getenv("HEALTHAGENT_TEST_POSTGRES_BIN"); dir != "" {
		return dir, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err
}

// emptyDatabase makes a database for one test and returns its URL as its owner.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("t%d", server.serial.Add(1))
	if err := server.sql("CREATE DATABASE " + name + " OWNER owner"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.sql("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return server.url("owner", name)
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

// exec runs SQL that must succeed.
func exec1(t *testing.T, url, sql string, args ...any) {
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

// schema returns pg_dump's view of the schema without what differs by run.
func schema(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(server.bin, "pg_dump"), "--schema-only", "--dbname", url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	var keep []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, `\restrict`) && !strings.HasPrefix(line, `\unrestrict`) {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "")
}
