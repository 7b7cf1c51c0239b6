package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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

	// tolerate, when set, is an error that is none: a program that ends in failure after nothing else has succeeded.
	tolerate string
}

// run runs it to its end. It dies, with what it has started, when ctx ends or this process does, in whatever manner.
func (p program) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.path, p.args...) //nolint:gosec // found by us
	complaint := complaints{tolerate: p.tolerate}
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
	if errors.As(err, &exit) && exit.ExitCode() == 1 && complaint.tolerable() {
		return nil
	}
	if text := complaint.reason(); text != "" && errors.As(err, &exit) {
		return fmt.Errorf("%s: %s", name, text)
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// complaints keeps the first words that a program writes to its standard error: the later ones follow from them.
type complaints struct {
	tolerate string
	line     []byte // what came of a line that has no end yet
	kept     []byte
	ignored  int // lines with the tolerated error
	total    int // errors that the program says it ignored
	others   bool
}

// room is how much is kept.
const room = 16 << 10

// ignoring begins the last line of pg_restore when it went on after errors.
const ignoring = "errors ignored on restore: "

// Write takes everything.
func (c *complaints) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		c.line = append(c.line, line[:min(len(line), max(room-len(c.line), 0))]...)
		if line[len(line)-1] == '\n' {
			c.end()
		}
	}
	return len(b), nil
}

// end looks at a whole line.
func (c *complaints) end() {
	text := string(c.line)
	c.line = c.line[:0]
	_, message, isError := strings.Cut(text, ": error: ")
	if _, number, found := strings.Cut(text, ignoring); found {
		c.total, _ = strconv.Atoi(strings.TrimSpace(number))
	}
	if isError && c.tolerate != "" && strings.Contains(message, c.tolerate) {
		c.ignored++
		return
	}
	c.others = c.others || isError
	c.kept = append(c.kept, text[:min(len(text), room-len(c.kept))]...)
}

// tolerable tells whether there was nothing but the tolerated error.
func (c *complaints) tolerable() bool {
	return c.tolerate != "" && !c.others && c.ignored > 0 && c.ignored == c.total
}

// reason is the first error among the words. The lines that follow it, which quote rows and statements, stay out, and so does a value
// that the error itself quotes.
func (c *complaints) reason() string {
	if len(c.line) > 0 {
		c.end()
	}
	first := ""
	for line := range strings.Lines(string(c.kept)) {
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
