package backup_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/app/config"
)

// hooked runs a hook on a dump of its own.
func hooked(t *testing.T, ctx context.Context, h backup.Hook) (dir string, copied backup.Dump, err error) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, noon, nil)
	l, err := backup.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := open(t, dir)
	h.Environ = append(h.Environ, "PATH="+os.Getenv("PATH"))
	copied, err = d.Copy(ctx, l.Dumps[0], h, func() time.Time { return noon })
	if errors.Is(err, backup.ErrHook) != (err != nil) {
		t.Errorf("another error: %v", err)
	}
	s, lookErr := backup.Look(dir)
	if lookErr != nil || s.Newest.Copied == nil || *s.Newest.Copied != *copied.Copied || (s.Copied != nil) != (err == nil) {
		t.Errorf("written down: %+v, %v", s.Newest, lookErr)
	}
	return dir, copied, err
}

func TestHookIsToldOfTheDump(t *testing.T) {
	t.Parallel()
	dir, d, err := hooked(t, t.Context(), backup.Hook{Command: `
		cp "$HEALTHAGENT_BACKUP_FILE" copy && test -f "$HEALTHAGENT_BACKUP_MANIFEST" -a -f "$HEALTHAGENT_BACKUP_SHA256" &&
		test "$HEALTHAGENT_BACKUP_DIR" = "$(pwd)" && echo "$HEALTHAGENT_BACKUP_REASON" >reason && env >environ`})
	if err != nil || !d.Copied.OK || d.Copied.At != noon {
		t.Fatal(d.Copied, err)
	}
	for name, want := range map[string]string{"copy": "dump of " + d.File, "reason": "scheduled\n"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "environ")); err != nil || strings.Contains(string(text), "HEALTHAGENT_BACKUP_HOOK") {
		t.Errorf("what the hook runs knows the whole hook: %v", err)
	}
}

func TestHookThatFails(t *testing.T) {
	t.Parallel()
	redact := strings.NewReplacer("hunter2hunter2", "[secret]").Replace
	tests := []struct{ name, command, want string }{
		{"with a word", "echo lost; echo to nobody >&2; exit 3", "exit status 3, and it said: lost | to nobody"},
		{"silently", "exit 9", "exit status 9"},
		{"without its program", "no-such-program x", "exit status 127, and it said: hook: 1: eval: no-such-program: not found"},
		{"without sense", "if", "Syntax error"},
		{"by a signal", "kill -KILL $$", "signal: killed"},
		{"with a secret", "echo hunter2hunter2; false", "it said: [secret]"},
		{"with half a secret at the cut", `printf 'hunter2'; printf 'hunter2%16384s\nend\n' x; false`, "it said: end"},
		{"with colours", `printf '\033[31mred\033[0m\r\n\n'; false`, "it said: [31mred[0m"},
		{"with much", `for i in 1 2 3 4 5 6 7; do echo $i; done; false`, "it said: 3 | 4 | 5 | 6 | 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, d, err := hooked(t, t.Context(), backup.Hook{Command: tt.command, Redact: redact})
			if err == nil || d.Copied.OK || !strings.HasSuffix(d.Copied.Text, tt.want) && !strings.Contains(d.Copied.Text, "Syntax") {
				t.Errorf("%+v, %v", d.Copied, err)
			}
			if strings.Contains(err.Error()+d.Copied.Text, "hunter2") || !strings.Contains(err.Error(), d.Copied.Text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestHookThatTellsItsSecrets is one with -x, and with what the env file tells the programs that it runs.
func TestHookThatTellsItsSecrets(t *testing.T) {
	t.Parallel()
	_, d, err := hooked(t, t.Context(), backup.Hook{
		Command: `set -x; : "$RESTIC_PASSWORD" "$RESTIC_REPOSITORY" "$RESTIC_PASSWORD_FILE" "$LEVEL"; false`,
		Environ: []string{
			"RESTIC_PASSWORD=correct horse", "RESTIC_REPOSITORY=rest:https://ha:battery99@elsewhere/", "RESTIC_PASSWORD_FILE=/etc/restic", "LEVEL=quiet",
		},
	})
	text := d.Copied.Text + err.Error()
	if strings.Contains(text, "horse") || strings.Contains(text, "battery") {
		t.Error("secrets are told:", text)
	}
	for _, want := range []string{"rest:https://ha:[secret]@elsewhere/", "/etc/restic", "quiet"} {
		if !strings.Contains(d.Copied.Text, want) {
			t.Errorf("%q is taken out: %s", want, text)
		}
	}
}

// TestHookThatHangs leaves nobody of it behind.
func TestHookThatHangs(t *testing.T) {
	t.Parallel()
	hangs := `sh -c 'echo $$ >>pids; while :; do sleep 1000; done' & echo $$ >>pids; until [ "$(wc -l <pids)" -eq 2 ]; do :; done; echo up; wait; wait`
	// long enough for a busy machine to start both
	dir, d, err := hooked(t, t.Context(), backup.Hook{Command: hangs, Limit: 10 * time.Second})
	if err == nil || !strings.Contains(err.Error(), "it was not done after 10s, and it said: up") || d.Copied.OK {
		t.Errorf("%v", err)
	}
	gone(t, dir, 2)
}

// TestHookThatIsInterrupted leaves nobody of it behind.
func TestHookThatIsInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := filepath.Join(dir, "up")
	if err := syscall.Mkfifo(up, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		if _, err := os.ReadFile(up); err != nil { // waits until the hook runs
			t.Error(err)
		}
	}()
	_, d, err := hooked(t, ctx, backup.Hook{Command: "cd " + dir + `; sh -c 'echo $$ >>pids; while :; do sleep 1000; done' & echo $$ >>pids; until [ "$(wc -l <pids)" -eq 2 ]; do :; done; echo up >up; wait; wait`})
	if !errors.Is(err, context.Canceled) || d.Copied.OK || !strings.Contains(d.Copied.Text, "it was interrupted") {
		t.Errorf("%v, %+v", err, d.Copied)
	}
	gone(t, dir, 2)
}

// TestHookOfAProcessThatIsKilled leaves nobody of it behind either. It runs itself once more, as what is killed.
func TestHookOfAProcessThatIsKilled(t *testing.T) {
	t.Parallel()
	const role = "HEALTHAGENT_TEST_HOOK_OUTPUT"
	if out := os.Getenv(role); out != "" {
		_, _, err := hooked(t, t.Context(), backup.Hook{Command: "cd " + out + `; sh -c 'echo $$ >>pids; while :; do sleep 1000; done' & echo $$ >>pids; until [ "$(wc -l <pids)" -eq 2 ]; do :; done; echo up >up; wait`})
		t.Fatalf("the hook is over: %v", err)
	}
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "up"), 0o600); err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestHookOfAProcessThatIsKilled$") //nolint:gosec // it is this program
	victim.Env = append(os.Environ(), role+"="+dir, "TMPDIR="+dir)                   // what it cannot remove is removed here
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(filepath.Join(dir, "up")); err != nil { // waits until the hook runs
		t.Error(err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = victim.Wait() // it was killed
	gone(t, dir, 2)
}

func TestHookThatLeavesSomethingInTheBackground(t *testing.T) {
	t.Parallel()
	dir, d, err := hooked(t, t.Context(), backup.Hook{Command: `sh -c 'echo $$ >>pids; exec sleep 1000' >/dev/null 2>&1 & while ! test -s pids; do :; done`})
	if err != nil || !d.Copied.OK {
		t.Errorf("%v, %+v", err, d.Copied)
	}
	gone(t, dir, 1)
}

// gone waits until none of the processes is there.
func gone(t *testing.T, dir string, n int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pids"))
	if err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(string(text))
	if len(pids) != n {
		t.Errorf("%d processes, want %d", len(pids), n)
	}
	for _, pid := range pids {
		for range 1000 {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			if err != nil || strings.Contains(string(stat), ") Z ") {
				break
			}
			syscall.Sync() // something that takes a while
		}
		if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
			t.Errorf("process %s is there still: %s", pid, stat)
		}
	}
}

func TestHookEnviron(t *testing.T) {
	t.Parallel()
	got := backup.HookEnviron(
		[]string{
			"PATH=/bin", "TELEGRAM_TOKEN=1:hunter2", "DATABASE_URL=hunter2", "REDIS_URL=hunter2", "TELEGRAM_TOKEN_FILE=/x", "DATABASE_URL_FILE=/x",
			"CREDENTIALS_DIRECTORY=/x", "PGPASSWORD=hunter2", "NOTIFY_SOCKET=/x", "HEALTHAGENT_BACKUP_HOOK=hunter2", "AWS_PROFILE=mine", "PATH=/second", "odd",
		},
		[]config.Secret{"AWS_PROFILE=other", "RESTIC_PASSWORD=p=q", "DATABASE_URL=hunter2"},
	)
	if want := []string{"PATH=/bin", "AWS_PROFILE=mine", "RESTIC_PASSWORD=p=q"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	got = backup.AsUser([]string{"PATH=/bin", "HOME=/root", "XDG_RUNTIME_DIR=/run/user/0", "USER=root", "LANG=C"}, "ann", "/home/ann")
	if want := []string{"PATH=/bin", "LANG=C", "HOME=/home/ann", "USER=ann", "LOGNAME=ann"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
