package systemd_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/slogtest"
	"time"

	"healthagent/systemd"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// manager listens as systemd would and returns the next message on demand.
func manager(t *testing.T, name string) (receive func() string) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return func() string {
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	sockets := map[string]string{
		"path":     filepath.Join(t.TempDir(), "notify"),
		"abstract": fmt.Sprintf("@healthagent-test-%d", os.Getpid()),
	}
	for name, socket := range sockets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receive := manager(t, socket)
			n := systemd.New(environment("NOTIFY_SOCKET", socket))
			if !n.Active() {
				t.Fatal("not active")
			}
			for want, send := range map[string]func() error{
				"READY=1":                      n.Ready,
				"STOPPING=1":                   n.Stopping,
				"WATCHDOG=1":                   n.Watchdog,
				"STATUS=two lines READY=1 ünï": func() error { return n.Status("two lines\nREADY=1 ünï") },
				"EXTEND_TIMEOUT_USEC=15000000": func() error { return n.ExtendTimeout(15 * time.Second) },
				"EXTEND_TIMEOUT_USEC=0":        func() error { return n.ExtendTimeout(-time.Second) },
			} {
				if err := send(); err != nil {
					t.Fatal(err)
				}
				if got := receive(); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
}

// TestManagerThatDoesNotRead: when its queue is full a message is given up, so that a stop does not hang on it.
func TestManagerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "notify")
	manager(t, socket)
	n := systemd.New(environment("NOTIFY_SOCKET", socket))
	full := make(chan error, 1)
	go func() {
		for {
			if err := n.Stopping(); err != nil {
				full <- err
				return
			}
		}
	}()
	select {
	case err := <-full:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a full queue: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("a message waits without end for a manager that does not read")
	}
}

func TestWithoutAManager(t *testing.T) {
	t.Parallel()
	for _, socket := range []string{"", "vsock:2:1234", "/", "@", "relative"} {
		n := systemd.New(environment("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "1000"))
		if _, on := n.WatchdogInterval(); n.Active() || on {
			t.Errorf("%q is taken for a manager", socket)
		}
		if err := errors.Join(n.Ready(), n.Status("x"), n.Stopping(), n.Watchdog(), n.ExtendTimeout(1)); err != nil {
			t.Errorf("%q: %v", socket, err)
		}
	}
	gone := systemd.New(environment("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone")))
	if err := gone.Ready(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a manager that went away: %v", err)
	}
}

func TestWatchdogInterval(t *testing.T) {
	t.Parallel()
	me := fmt.Sprint(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"30000000", me, 30 * time.Second},
		{"30000000", "", 30 * time.Second},
		{"30000000", "1", 0},
		{"", me, 0},
		{"0", me, 0},
		{"-5", me, 0},
		{"soon", me, 0},
		{fmt.Sprint(uint64(math.MaxUint64)), me, 0},
		{fmt.Sprint(int64(math.MaxInt64)), me, 0},
	} {
		n := systemd.New(environment("NOTIFY_SOCKET", "/x", "WATCHDOG_USEC", c.usec, "WATCHDOG_PID", c.pid))
		if got, on := n.WatchdogInterval(); got != c.want || on != (c.want > 0) {
			t.Errorf("%q %q: %v %v, want %v", c.usec, c.pid, got, on, c.want)
		}
	}
}

func TestJournalStream(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // nothing written
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	for stream, want := range map[string]bool{
		fmt.Sprintf("%d:%d", st.Dev, st.Ino):   true,
		fmt.Sprintf("%d:%d", st.Dev, st.Ino+1): false,
		fmt.Sprintf("%d:%d", st.Dev+1, st.Ino): false,
		fmt.Sprint(st.Dev):                     false,
		":":                                    false,
		"":                                     false,
	} {
		if got := systemd.JournalStream(environment("JOURNAL_STREAM", stream), f); got != want {
			t.Errorf("%q: %v", stream, got)
		}
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(systemd.NewHandler(&out, slog.LevelDebug))
	log.Debug("d")
	log.Info("i", "text", "two\nlines", "level", "mine", "time", time.Unix(0, 0).UTC())
	log.Log(t.Context(), slog.LevelInfo+1, "n")
	log.Warn("w")
	log.WithGroup("g").With("a", 1).Error("e\nf", "b", "<3>")
	want := `<7>msg=d
<6>msg=i text="two\nlines" level=mine time=1970-01-01T00:00:00.000Z
<5>msg=n
<4>msg=w
<3>msg="e\nf" g.a=1 g.b=<3>
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLevelIsObeyed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var level slog.LevelVar
	log := slog.New(systemd.NewHandler(&out, &level))
	log.Debug("hidden")
	level.Set(slog.LevelDebug)
	log.Debug("shown")
	if got := out.String(); got != "<7>msg=shown\n" {
		t.Errorf("%q", got)
	}
}

// Records of many goroutines stay whole, one write each.
func TestConcurrentRecords(t *testing.T) {
	t.Parallel()
	var out countingWriter
	log := slog.New(systemd.NewHandler(&out, nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			child := log.With("k", "v")
			for range 50 {
				child.Info("hello")
			}
		})
	}
	wg.Wait()
	if got := strings.Count(out.String(), "<6>msg=hello k=v\n"); got != 400 || out.writes != 400 {
		t.Errorf("%d records in %d writes", got, out.writes)
	}
}

type countingWriter struct {
	bytes.Buffer
	writes int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	return w.Buffer.Write(p)
}

// The standard library's own idea of a correct handler; only the time and the
// level, which we leave out on purpose, are put back for it.
func TestHandlerIsAHandler(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	newHandler := func(*testing.T) slog.Handler {
		out.Reset()
		return systemd.NewHandler(&out, nil)
	}
	slogtest.Run(t, newHandler, func(t *testing.T) map[string]any {
		record := parse(t, out.String())
		record[slog.LevelKey] = "INFO"
		if !strings.Contains(t.Name(), "zero-time") {
			record[slog.TimeKey] = "left out"
		}
		return record
	})
}

// parse reads one line of key=value pairs; dots in keys are groups.
func parse(t *testing.T, line string) map[string]any {
	t.Helper()
	line, found := strings.CutPrefix(strings.TrimSpace(line), "<6>")
	if !found {
		t.Fatalf("no priority: %q", line)
	}
	record := map[string]any{}
	for _, pair := range strings.Fields(line) {
		key, value, _ := strings.Cut(pair, "=")
		at, parts := record, strings.Split(key, ".")
		for _, group := range parts[:len(parts)-1] {
			inner, ok := at[group].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[group] = inner
			}
			at = inner
		}
		at[parts[len(parts)-1]] = value
	}
	return record
}

func TestCredential(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"telegram-token": "1:abc\n", "windows": "x\r\n", "spaces": " a \n\n", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := environment("CREDENTIALS_DIRECTORY", dir)
	for name, want := range map[string]string{"telegram-token": "1:abc", "windows": "x", "spaces": " a \n", "empty": ""} {
		got, ok, err := systemd.Credential(env, name)
		if got != want || !ok || err != nil {
			t.Errorf("%s: %q %v %v", name, got, ok, err)
		}
	}
	if _, ok, err := systemd.Credential(env, "absent"); ok || err != nil {
		t.Errorf("absent: %v %v", ok, err)
	}
	if _, ok, err := systemd.Credential(environment(), "telegram-token"); ok || err != nil {
		t.Errorf("no directory: %v %v", ok, err)
	}
	for _, name := range []string{"", "..", "../passwd", "a/b"} {
		if _, ok, err := systemd.Credential(env, name); ok || err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := systemd.Credential(env, "folder"); ok || err == nil {
		t.Error("a directory is accepted")
	}
}
