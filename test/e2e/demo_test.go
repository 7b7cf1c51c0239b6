package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// demo prepares the verb, which is killed when ctx ends, in a temporary directory of its own, with settings in the environment that it
// must not heed.
func demo(ctx context.Context, t *testing.T, args ...string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// not t.TempDir: the users that the servers run as must get through to it
	dir, err := os.MkdirTemp("", "e2e-demo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.env")
	if err := os.WriteFile(bad, []byte("HEALTHAGENT_POOL_MAX=nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, self, append([]string{"demo"}, args...)...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "HEALTHAGENT_ENV_FILE=" + bad,
		"DATABASE_URL=postgres://nobody@127.0.0.1:1/nothing", "REDIS_URL=redis://127.0.0.1:1", "TELEGRAM_TOKEN=1:wrong",
		"TELEGRAM_API_URL=http://127.0.0.1:1", "GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}
	return command, dir
}

// leavesNothing fails when anything of a demo is left: files, sockets, processes.
func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != "bad.env" {
			t.Errorf("%s is left", entry.Name())
		}
	}
	if pids := processesOf(t, dir); len(pids) > 0 {
		t.Errorf("processes are left: %v", pids)
	}
}

// processesOf are the processes that have a directory in their command line or environment.
func processesOf(t *testing.T, dir string) (found []string) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range processes {
		line, _ := os.ReadFile(filepath.Join(process, "cmdline")) // it may have ended
		env, _ := os.ReadFile(filepath.Join(process, "environ"))
		if bytes.Contains(line, []byte(dir)) || bytes.Contains(env, []byte("="+dir)) {
			found = append(found, filepath.Base(process)+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// TestDemo: one JSON object with the contract's keys, nothing lost, nothing left behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	command, dir := demo(limited(t), t, "--headless", "--for", "5s", "--users", "5", "-o", "json")
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), errs.String())
	}
	leavesNothing(t, dir)
	var report map[string]any
	if err := oneObject(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	for _, key := range []string{"messages", "replies", "errors", "lost", "duplicates", "latency_ms", "pool", "cache", "start_to_ready_ms", "rss_mb"} {
		if _, found := report[key]; !found {
			t.Errorf("no %s in %s", key, out.String())
		}
	}
	for _, key := range []string{"errors", "lost", "duplicates"} {
		if report[key] != 0.0 {
			t.Errorf("%s: %v\n%s", key, report[key], errs.String())
		}
	}
	if report["messages"] == 0.0 || report["messages"] != report["replies"] {
		t.Errorf("%v messages, %v replies", report["messages"], report["replies"])
	}
	latency, _ := report["latency_ms"].(map[string]any)
	for _, key := range []string{"p50", "p95", "p99"} {
		if v, _ := latency[key].(float64); v <= 0 {
			t.Errorf("latency %s is %v", key, latency[key])
		}
	}
	if !strings.Contains(errs.String(), "→") || !strings.Contains(errs.String(), "←") {
		t.Errorf("nothing was shown live: %s", errs.String())
	}
}

// TestDemoInterrupted: who has seen enough leaves nothing behind either.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	command, dir := demo(limited(t), t, "--headless", "--for", "10m", "--users", "3")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	interrupted := false
	for lines.Scan() {
		if !interrupted && strings.Contains(lines.Text(), "←") {
			interrupted = true
			if err := command.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := command.Wait(); !interrupted || command.ProcessState.ExitCode() < 0 {
		t.Errorf("interrupted %v: %v", interrupted, err)
	}
	leavesNothing(t, dir)
}
