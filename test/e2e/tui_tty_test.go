package e2e

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// tty is a verb on a terminal of its own, which shows what it is told and answers no question.
type tty struct {
	t      *testing.T
	ctx    *limit
	cmd    *exec.Cmd
	master *os.File
	ended  chan struct{}
	read   chan struct{} // closed when nothing comes any more

	mu      sync.Mutex
	changed chan struct{} // closed with each output
	screen  vt10x.Terminal
}

// tty runs a verb with the daemon's settings on a terminal of that size.
func (w *world) tty(columns, lines int, args ...string) *tty {
	w.t.Helper()
	cmd, err := w.Command(w.ctx, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return onTerminal(w.ctx, w.t, cmd, columns, lines)
}

// onTerminal starts a command on a terminal; what is waited for has to come before ctx ends.
func onTerminal(ctx *limit, t *testing.T, cmd *exec.Cmd, columns, lines int) *tty {
	t.Helper()
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "LANG=C.UTF-8", "HEALTHAGENT_COLOR=never")
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(columns), Rows: uint16(lines)}); err != nil {
		t.Fatal(err)
	}
	x := &tty{
		t: t, ctx: ctx, cmd: cmd, master: master, ended: make(chan struct{}), read: make(chan struct{}), changed: make(chan struct{}),
		screen: vt10x.New(vt10x.WithSize(columns, lines)),
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close() // the command has its own: when it ends, reading ends
	go func() {
		defer close(x.read)
		x.listen()
	}()
	go func() {
		_ = cmd.Wait() // what it ended with is in its state
		close(x.ended)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen:\n%s", x.text())
		}
		_ = cmd.Process.Kill()
		<-x.ended
		_ = master.Close()
		<-x.read
	})
	return x
}

func (x *tty) listen() {
	buffer := make([]byte, 4096)
	for {
		n, err := x.master.Read(buffer)
		x.mu.Lock()
		_, _ = x.screen.Write(buffer[:n])
		close(x.changed)
		x.changed = make(chan struct{})
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is what is on the screen.
func (x *tty) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// press writes keys in one piece, as they come over a slow link.
func (x *tty) press(keys string) {
	x.t.Helper()
	if _, err := x.master.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// until waits until what is on the screen meets a condition, and returns it.
func (x *tty) until(what string, ok func(screen string) bool) string {
	x.t.Helper()
	for {
		x.mu.Lock()
		screen, changed := x.screen.String(), x.changed
		x.mu.Unlock()
		if ok(screen) {
			x.ctx.came()
			return screen
		}
		select {
		case <-changed:
		case <-x.ended:
			x.t.Fatalf("it has ended (%v) and %s was not seen", x.cmd.ProcessState, what)
		case <-x.ctx.Done():
			x.t.Fatalf("%s was not seen", what)
		}
	}
}

// shows waits until all of the texts are on the screen at once.
func (x *tty) shows(texts ...string) string {
	x.t.Helper()
	return x.until(strings.Join(texts, ", "), func(screen string) bool { return all(screen, texts) })
}

// hangUp closes the terminal, as the end of an SSH connection does, and returns the exit code of the program.
func (x *tty) hangUp() int {
	x.t.Helper()
	_ = x.master.Close()
	return x.end()
}

// end waits for the end of the program and returns its exit code, -1 when a signal ended it.
func (x *tty) end() int {
	x.t.Helper()
	select {
	case <-x.ended:
		<-x.read // its last words are on the screen
		return x.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		x.t.Fatal("the program does not end")
		return 0
	}
}
