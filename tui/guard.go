package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// guard keeps a fault in one part of the program from taking the terminal with it. Bubble Tea prints the trace of a command that panics
// into the screen, and leaves the terminal raw when a goroutine does.
type guard struct {
	traces []string // files to append traces to; the first that can be written is taken
	now    func() time.Time
}

// fault is a panic that was recovered.
type fault struct {
	what   string // panicked
	reason any
	stack  []byte
}

// faultMsg says that something panicked, and where its trace is.
type faultMsg struct{ what, where string }

// Error makes it the answer of a request.
func (f faultMsg) Error() string { return "fault in " + f.what + ": " + f.where }

// command makes a command that cannot panic.
func (g *guard) command(what string, work func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = g.write(fault{what, r, debug.Stack()})
			}
		}()
		return work()
	}
}

// report is the command that writes the trace of a fault and tells of it.
func (g *guard) report(f fault) tea.Cmd {
	return g.command("report of a fault", func() tea.Msg { return g.write(f) })
}

// answer is the command of a request: also one that panics is answered, or nothing of its kind would be asked again.
func (g *guard) answer(kind string, number int, work func() (any, error)) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = answerMsg{kind: kind, number: number, err: g.write(fault{kind, r, debug.Stack()})}
			}
		}()
		value, err := work()
		return answerMsg{kind: kind, number: number, value: value, err: err}
	}
}

// goroutine runs work until ctx ends. When it panics that is told, and it is begun anew a second later: nothing here ends the program.
// The channel is closed when it has ended.
func (g *guard) goroutine(ctx context.Context, what string, tell func(tea.Msg), work func()) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for g.survived(what, tell, work) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}()
	return done
}

// survived runs work and reports whether it panicked.
func (g *guard) survived(what string, tell func(tea.Msg), work func()) (panicked bool) {
	defer func() {
		if r := recover(); r != nil {
			panicked = true
			tell(g.write(fault{what, r, debug.Stack()}))
		}
	}()
	work()
	return false
}

// write puts the trace of a fault into the first file that can be written.
func (g *guard) write(f fault) faultMsg {
	for _, path := range g.traces {
		if g.append(path, f) == nil {
			return faultMsg{f.what, "its trace is in " + path}
		}
	}
	return faultMsg{f.what, "its trace could not be written"}
}

func (g *guard) append(path string, f fault) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// in a directory that all may write to, nobody else's file is followed
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s %s: %v\n%s\n", g.now().Format(time.RFC3339), f.what, f.reason, f.stack)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
