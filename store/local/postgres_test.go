package local_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"healthagent/store/local"
)

func TestPostgresIsPrivateAndOurs(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	p := startPostgres(t, local.Options{Dir: dir, Settings: map[string]string{"work_mem": "5MB", "application_name": `it's \ odd`}})
	for sql, want := range map[string]string{
		"SELECT current_user::text":                                           "healthagent",
		"SELECT current_database()::text":                                     "healthagent",
		"SELECT pg_encoding_to_char(encoding)::text FROM pg_database LIMIT 1": "UTF8",
		"SHOW listen_addresses":                                               "",
		"SHOW data_checksums":                                                 "on",
		"SHOW jit":                                                            "off",
		"SHOW fsync":                                                          "off",
		"SHOW work_mem":                                                       "5MB",
		"SHOW TimeZone":                                                       "UTC",
		"SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user":             "false",
		"SELECT rolcreatedb::text FROM pg_roles WHERE rolname = current_user":          "true",
		"SELECT count(*)::text FROM pg_extension WHERE extname = 'pg_stat_statements'": "1",
	} {
		if got := query(t, p.URL(), sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	for path, want := range map[string]fs.FileMode{"postgres": 0o700, "postgres.sock": 0o700, "postgres.log": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s: %o, want %o", path, got, want)
		}
	}
}

// Who only looks in finds a server that runs, and starts none.
func TestRunningURL(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if url, ok := local.RunningURL(dir); ok {
		t.Errorf("there is none, and it is at %s", url)
	}
	p := startPostgres(t, local.Options{Dir: dir})
	url, ok := local.RunningURL(dir)
	if !ok || url != p.URL() {
		t.Fatalf("it is at %s, found %q %v", p.URL(), url, ok)
	}
	if got := query(t, url, "SELECT current_user::text"); got != "healthagent" {
		t.Errorf("asked as %s", got)
	}
	if err := p.Close(deadline(t)); err != nil { // looking in is no share in it: it ends with its last handle
		t.Fatal(err)
	}
	if url, ok := local.RunningURL(dir); ok {
		t.Errorf("it has ended, and is at %s", url)
	}
}

// The log must not hold what people wrote, even where a statement fails.
func TestPostgresLogHoldsNoValues(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	p := startPostgres(t, local.Options{Dir: dir})
	conn, err := pgx.Connect(deadline(t), p.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // the server goes too
	for _, sql := range []string{
		`SELECT 'secretword'::integer`,
		`CREATE TEMP TABLE t (v text PRIMARY KEY CHECK (v <> 'secretword'))`,
		`INSERT INTO t VALUES ('secretword')`,
	} {
		_, _ = conn.Exec(deadline(t), sql)
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	if err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 || strings.Contains(string(log), "secretword") {
		t.Errorf("log: %q", log)
	}
}

func TestLastOneOutStopsPostgres(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := startPostgres(t, local.Options{Dir: dir})
	second := startPostgres(t, local.Options{Dir: dir})
	pid := first.PID()
	if pid == 0 || second.PID() != pid || second.URL() != first.URL() {
		t.Fatalf("two servers: %d %s and %d %s", pid, first.URL(), second.PID(), second.URL())
	}
	closeServer(t, first)
	if got := query(t, second.URL(), "SELECT 'up'"); got != "up" {
		t.Fatal(got)
	}
	closeServer(t, first) // twice is once
	if second.PID() != pid {
		t.Fatal("a handle closed twice took the other's server away")
	}
	closeServer(t, second)
	if second.PID() != 0 {
		t.Fatal("the last one out left the server running")
	}
	if err := second.Ensure(deadline(t)); !errors.Is(err, local.ErrClosed) {
		t.Fatalf("Ensure after Close: %v", err)
	}
	third := startPostgres(t, local.Options{Dir: dir})
	if third.PID() == pid || query(t, third.URL(), "SELECT 'again'") != "again" {
		t.Fatal("no new server")
	}
}

func TestEnsureAfterKill(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, local.Options{Dir: tempDir(t)})
	query(t, p.URL(), "WITH x AS (SELECT 1) SELECT 'warm' FROM x")
	pid := p.PID()
	if err := p.Ensure(deadline(t)); err != nil || p.PID() != pid {
		t.Fatalf("Ensure disturbed a healthy server: %v", err)
	}
	for range 2 {
		pid := p.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := p.Ensure(deadline(t)); err != nil {
			t.Fatal(err)
		}
		if p.PID() == pid || query(t, p.URL(), "SELECT 'back'") != "back" {
			t.Fatal("not restarted")
		}
	}
}

// An attached handle has no child to watch, and restarts all the same.
func TestEnsureOfAnAttachedHandle(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := startPostgres(t, local.Options{Dir: dir})
	second := startPostgres(t, local.Options{Dir: dir})
	if err := syscall.Kill(first.PID(), syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, p := range []*local.Postgres{first, second} {
		wg.Go(func() {
			if err := p.Ensure(deadline(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if first.PID() == 0 || first.PID() != second.PID() {
		t.Fatalf("servers %d and %d", first.PID(), second.PID())
	}
}

func TestManyStartersShareOneServer(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	pids := make([]int, 4)
	var wg sync.WaitGroup
	for i := range pids {
		wg.Go(func() {
			p, err := local.StartPostgres(deadline(t), local.Options{Dir: dir, BinDir: postgresBin(), Fast: true})
			if err != nil {
				t.Error(err)
				return
			}
			pids[i] = p.PID()
			t.Cleanup(func() { closeServer(t, p) })
		})
	}
	wg.Wait()
	for _, pid := range pids {
		if pid == 0 || pid != pids[0] {
			t.Fatalf("pids %v", pids)
		}
	}
}

func TestLongDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long/", 30), "with space & ünïcode")
	p := startPostgres(t, local.Options{Dir: dir})
	socket := query(t, p.URL(), "SHOW unix_socket_directories")
	if len(socket) > 90 || strings.HasPrefix(socket, dir) {
		t.Errorf("socket in %s", socket)
	}
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v %v", info, err)
	}
	closeServer(t, p)
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left behind: %v", socket, err)
	}
}

// After a reboot the number in the lock file may belong to any other program.
func TestStaleLockFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	p := startPostgres(t, local.Options{Dir: dir})
	lock := filepath.Join(dir, "postgres", "postmaster.pid")
	text, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, p)
	_, rest, _ := strings.Cut(string(text), "\n")
	// Another cluster's server: the same program, the same user, not ours.
	other := startPostgres(t, local.Options{Dir: tempDir(t)})
	for name, pid := range map[string]int{"nobody": 1 << 22, "another server": other.PID()} {
		if err := os.WriteFile(lock, []byte(strconv.Itoa(pid)+"\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Dir(lock)); err == nil {
			st := info.Sys().(*syscall.Stat_t) //nolint:errcheck,forcetypeassert // Linux
			if err := os.Chown(lock, int(st.Uid), int(st.Gid)); err != nil {
				t.Fatal(err)
			}
		}
		again := startPostgres(t, local.Options{Dir: dir})
		if again.PID() == 0 || again.PID() == pid {
			t.Errorf("%s: pid %d", name, again.PID())
		}
		closeServer(t, again)
	}
}

func TestMissingPostgres(t *testing.T) {
	t.Parallel()
	_, err := local.StartPostgres(deadline(t), local.Options{Dir: tempDir(t), BinDir: t.TempDir()})
	var missing *local.MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt install postgresql") {
		t.Fatalf("%v", err)
	}
}

func TestExistingDataRulesTheVersion(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	data := filepath.Join(dir, "postgres")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("11\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.StartPostgres(deadline(t), local.Options{Dir: dir})
	var missing *local.MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt install postgresql-11") {
		t.Fatalf("%v", err)
	}
}

func TestForeignDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	file := filepath.Join(dir, "postgres", "thesis.txt")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := local.StartPostgres(deadline(t), local.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "neither a PostgreSQL cluster nor empty") {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
}

func TestBadSettingShowsTheServersWords(t *testing.T) {
	t.Parallel()
	_, err := local.StartPostgres(deadline(t), local.Options{Dir: tempDir(t), BinDir: postgresBin(), Fast: true, Settings: map[string]string{"max_connections": "lots"}})
	var start *local.StartError
	if !errors.As(err, &start) || !strings.Contains(start.Tail, "max_connections") {
		t.Fatalf("%v", err)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := local.StartPostgres(ctx, local.Options{Dir: tempDir(t), BinDir: postgresBin(), Fast: true}); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
}

// A full server is up; attaching to it must not hang or fail.
func TestAttachToAFullServer(t *testing.T) {
	t.Parallel()
	o := local.Options{Dir: tempDir(t), Settings: map[string]string{
		"max_connections": "4", "superuser_reserved_connections": "0", "max_wal_senders": "0",
	}}
	p := startPostgres(t, o)
	for {
		conn, err := pgx.Connect(deadline(t), p.AdminURL())
		var pgErr *pgconn.PgError
		if errors.As(err, &pgErr) && pgErr.Code == "53300" {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	if second := startPostgres(t, o); second.PID() != p.PID() {
		t.Fatal("not attached")
	}
}

func TestStopAndEnsure(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for _, p := range []*local.Postgres{startPostgres(t, local.Options{Dir: dir}), startPostgres(t, local.Options{Dir: dir})} {
		if err := p.Stop(deadline(t)); err != nil || p.PID() != 0 {
			t.Fatalf("pid %d: %v", p.PID(), err)
		}
		if err := p.Ensure(deadline(t)); err != nil || p.PID() == 0 {
			t.Fatalf("pid %d: %v", p.PID(), err)
		}
	}
}
