package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"healthagent/tui"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// patience is how long a test waits for what must happen. Nothing is decided by it but that a test has failed.
const patience = 2 * time.Minute

// tty is the program on a terminal that shows what it is told and answers no question.
type tty struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File // kept open, so that the state of the line can be read after the end
	ended  chan struct{}
	code   int
	err    error // of run

	stalled sync.Mutex // held while nobody reads what is written

	mu      sync.Mutex
	changed chan struct{} // closed with each output
	raw     bytes.Buffer
	screen  vt10x.Terminal
}

// start runs the program with these arguments. env comes on top of an environment that says nothing but where programs are.
func start(t *testing.T, columns, lines int, env []string, args ...string) *tty {
	t.Helper()
	return startVia(t, "", columns, lines, env, args...)
}

// startVia does so by a script of bash, which has the program and its arguments as its own; empty: directly.
func startVia(t *testing.T, script string, columns, lines int, env []string, args ...string) *tty {
	t.Helper()
	x := open(t, columns, lines)
	x.cmd = exec.Command(os.Getenv(binary), args...)
	if script != "" {
		x.cmd = exec.Command("bash", append([]string{"-c", script, os.Getenv(binary)}, args...)...)
	}
	x.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=xterm-256color", "LANG=C.UTF-8", "HEALTHAGENT_ENV_FILE=/dev/null",
	}, env...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = x.slave, x.slave, x.slave
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = x.cmd.Wait() // what it ended with is in its state
		x.code = x.cmd.ProcessState.ExitCode()
		close(x.ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-x.cmd.Process.Pid, syscall.SIGKILL) // the script's job too
		_ = x.cmd.Process.Kill()
		<-x.ended
	})
	return x
}

// run runs the screen in this very process, over any source.
func run(t *testing.T, from source.Source, traces string) *tty {
	t.Helper()
	x := open(t, 80, 24)
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(x.ended)
		x.err = tui.Run(ctx, tui.Options{
			Source: from, Look: tui.Terminal([]string{"TERM=xterm"}, tui.Wishes{Glyphs: "unicode"}), Version: "test",
			Environ: []string{"TERM=xterm"}, Now: func() time.Time { return fixture.Now().Add(time.Since(began)) }, In: x.slave, Out: x.slave, Traces: []string{traces},
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-x.ended
	})
	return x
}

// open opens a terminal of this size.
func open(t *testing.T, columns, lines int) *tty {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &tty{
		t: t, master: master, slave: slave, ended: make(chan struct{}), changed: make(chan struct{}),
		screen: vt10x.New(vt10x.WithSize(columns, lines)),
	}
	x.resize(columns, lines)
	read := make(chan struct{})
	go func() {
		defer close(read)
		x.read()
	}()
	t.Cleanup(func() {
		_ = slave.Close()
		_ = master.Close()
		<-read
	})
	return x
}

func (x *tty) read() {
	buffer := make([]byte, 4096)
	var part []byte // of a character
	for {
		x.stalled.Lock()
		n, err := x.master.Read(buffer)
		x.stalled.Unlock()
		x.mu.Lock()
		x.raw.Write(buffer[:n])
		whole, rest := characters(append(part, buffer[:n]...))
		part = bytes.Clone(rest)
		_, _ = x.screen.Write(whole)
		close(x.changed)
		x.changed = make(chan struct{})
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// characters splits off a character of which the end has not come yet.
func characters(b []byte) (whole, rest []byte) {
	for i := max(0, len(b)-utf8.UTFMax); i < len(b); i++ {
		if utf8.RuneStart(b[i]) && !utf8.FullRune(b[i:]) {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

func (x *tty) resize(columns, lines int) {
	x.t.Helper()
	if err := pty.Setsize(x.master, &pty.Winsize{Cols: uint16(columns), Rows: uint16(lines)}); err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	x.screen.Resize(columns, lines)
	x.mu.Unlock()
}

// hangUp closes the terminal, as a cut connection does.
func (x *tty) hangUp() {
	x.t.Helper()
	if err := errors.Join(x.slave.Close(), x.master.Close()); err != nil {
		x.t.Fatal(err)
	}
}

// piped runs the program without a terminal and returns what it said.
func piped(t *testing.T, env []string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(os.Getenv(binary), args...)
	cmd.Env = append([]string{"HEALTHAGENT_ENV_FILE=/dev/null", "HOME=" + t.TempDir()}, env...)
	said, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// press writes keys in one piece, as they come over a slow link.
func (x *tty) press(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.master, keys); err != nil {
		x.t.Fatal(err)
	}
}

func (x *tty) signal(s os.Signal) {
	x.t.Helper()
	if err := x.cmd.Process.Signal(s); err != nil {
		x.t.Fatal(err)
	}
}

// shown waits until what is on the screen meets the condition.
func (x *tty) shown(what string, ok func(screen string) bool) string {
	x.t.Helper()
	deadline := time.After(patience)
	for {
		x.mu.Lock()
		screen, changed := x.screen.String(), x.changed
		x.mu.Unlock()
		if ok(screen) {
			return screen
		}
		select {
		case <-changed:
		case <-deadline:
			x.t.Fatalf("%s was not seen:\n%s", what, screen)
		}
	}
}

// shows waits until the text is on the screen.
func (x *tty) shows(text string) string {
	x.t.Helper()
	return x.shown(text, func(screen string) bool { return strings.Contains(screen, text) })
}

// end waits for the end of the program and returns its exit code, -1 when a signal ended it.
func (x *tty) end() int {
	x.t.Helper()
	select {
	case <-x.ended:
		return x.code
	case <-time.After(patience):
		x.t.Fatalf("it does not end:\n%s", x.output())
		return 0
	}
}

// output is everything that was written so far.
func (x *tty) output() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

// drained is everything that was written, once the program has ended.
func (x *tty) drained() string {
	x.t.Helper()
	const last = "\x00the end\x00"
	if _, err := io.WriteString(x.slave, last); err != nil && !errors.Is(err, syscall.EIO) {
		x.t.Fatal(err)
	}
	x.shown("the end", func(string) bool { return strings.Contains(x.output(), last) })
	return strings.TrimSuffix(x.output(), last)
}
