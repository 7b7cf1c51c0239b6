package local_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"healthagent/store/local"
)

func startRedis(t *testing.T, o local.Options) *local.Redis {
	t.Helper()
	r, err := local.StartRedis(deadline(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, r) })
	return r
}

// ask sends one inline command and returns the last of the given number of
// reply lines.
func ask(t *testing.T, r *local.Redis, command string, lines int) string {
	t.Helper()
	u, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial(u.Scheme, u.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // only read from
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	var line string
	for range lines {
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return strings.TrimSpace(line)
}

func TestRedisLifeCycle(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := startRedis(t, local.Options{Dir: dir, Settings: map[string]string{"maxmemory": "5mb"}})
	second := startRedis(t, local.Options{Dir: dir})
	pid := first.PID()
	if pid == 0 || second.PID() != pid || second.URL() != first.URL() {
		t.Fatalf("two servers: %d %s and %d %s", pid, first.URL(), second.PID(), second.URL())
	}
	for name, want := range map[string]string{"port": "0", "maxmemory": "5242880", "maxmemory-policy": "allkeys-lru", "save": "", "appendonly": "no"} {
		if got := ask(t, second, "CONFIG GET "+name, 5); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	closeServer(t, first)
	if got := ask(t, second, "PING", 1); got != "+PONG" {
		t.Fatal(got)
	}
	closeServer(t, second)
	if second.PID() != 0 {
		t.Fatal("the last one out left the server running")
	}
	if err := second.Ensure(deadline(t)); !errors.Is(err, local.ErrClosed) {
		t.Fatalf("Ensure after Close: %v", err)
	}
}

func TestRedisEnsureAfterKill(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := startRedis(t, local.Options{Dir: dir})
	second := startRedis(t, local.Options{Dir: dir})
	for _, r := range []*local.Redis{first, second, first} {
		pid := r.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := r.Ensure(deadline(t)); err != nil {
			t.Fatal(err)
		}
		if now := r.PID(); now == 0 || now == pid {
			t.Fatalf("pid %d after %d", now, pid)
		}
	}
}

func TestRedisInALongDirectory(t *testing.T) {
	t.Parallel()
	r := startRedis(t, local.Options{Dir: filepath.Join(tempDir(t), strings.Repeat("long/", 30))})
	if got := ask(t, r, "PING", 1); got != "+PONG" {
		t.Fatal(got)
	}
}

func TestMissingRedis(t *testing.T) {
	t.Parallel()
	_, err := local.StartRedis(deadline(t), local.Options{Dir: tempDir(t), BinDir: t.TempDir()})
	var missing *local.MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt install redis-server") {
		t.Fatalf("%v", err)
	}
}

func TestBadRedisSettingShowsTheServersWords(t *testing.T) {
	t.Parallel()
	_, err := local.StartRedis(deadline(t), local.Options{Dir: tempDir(t), Settings: map[string]string{"maxmemory-policy": "whim"}})
	var start *local.StartError
	if !errors.As(err, &start) || !strings.Contains(start.Tail, "maxmemory-policy") {
		t.Fatalf("%v", err)
	}
}
