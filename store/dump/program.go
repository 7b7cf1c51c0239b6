package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// program is one run of pg_dump or pg_restore.
type program struct {
	path    string
	args    []string // never with anything secret: all users see them
	environ []string
	stdin   io.Reader // nil: empty
	stdout  *os.File  // nil: discarded
}

// run runs it to its end. It dies, with what it has started, when ctx ends or this process does, in whatever manner.
func (p program) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.path, p.args...) //nolint:gosec // found by us
	var complaint tail
	cmd.Env, cmd.Stderr, cmd.Dir = p.environ, &complaint, "/"
	cmd.Stdin = p.stdin
	if p.stdout != nil {
		cmd.Stdout = p.stdout
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// The kernel sends the signal when the thread that started the program ends, so this one has to last.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	if err == nil {
		return nil
	}
	name := filepath.Base(p.path)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if text := complaint.reason(); text != "" && errors.As(err, &exit) {
		return fmt.Errorf("%s: %s", name, text)
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// tail keeps the first words that a program writes to its standard error: the later ones follow from them.
type tail struct{ text []byte }

// Write takes everything and keeps 16 kB of it.
func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b[:min(len(b), 16<<10-len(t.text))]...)
	return len(b), nil
}

// reason is the first error among the words. The lines that follow it, which quote rows and statements, stay out, and so does a value
// that the error itself quotes.
func (t *tail) reason() string {
	first := ""
	for line := range strings.Lines(string(t.text)) {
		line = strings.TrimSpace(line)
		if _, message, found := strings.Cut(line, ": error: "); found {
			first = message
			break
		}
		if first == "" {
			first = line
		}
	}
	first, _, _ = strings.Cut(first, `: "`)
	return strings.ToValidUTF8(first, "?")
}
