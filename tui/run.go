package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// ErrInterrupted says that somebody pressed ctrl+c, or sent SIGINT.
var ErrInterrupted = errors.New("interrupted")

// ErrNoTerminal says that there is no terminal to draw on.
var ErrNoTerminal = errors.New("this needs a terminal: over SSH ask for one with 'ssh -t'")

// Options are what Run needs. All but ReadOnly and Traces must be given.
type Options struct {
	Source   source.Source
	ReadOnly bool         // no act is reachable, whoever it is
	Look     look.Options // see Terminal
	Version  string       // of this program
	Environ  []string
	Now      func() time.Time
	In, Out  *os.File // a terminal
	Traces   []string // files for traces of faults in this program; the first that can be written is taken
}

// exitTime is how long the end of the program may take before it is cut short: a terminal that takes nothing any more, as over a
// stalled SSH, would hold it for ever.
const exitTime = 2 * time.Second

// Run draws until somebody quits, a signal comes or ctx ends. Errors: ErrInterrupted, ErrNoTerminal. When the end itself hangs the
// process exits here with 1. It obeys the process's signals INT, TERM and HUP.
func Run(ctx context.Context, o Options) error {
	in, out := o.In.Fd(), o.Out.Fd()
	if !term.IsTerminal(in) || !term.IsTerminal(out) {
		return ErrNoTerminal
	}
	before, err := term.GetState(in)
	if err != nil {
		return fmt.Errorf("read the state of the terminal: %w", err)
	}
	end := &exit{restore: func() { restore(in, before, o.Out) }, leave: func() { os.Exit(1) }}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the end goes through the program, which puts the terminal back
	defer cancel()
	g := &guard{traces: o.Traces, now: o.Now}
	model := newModel(own, o, g)
	if width, height, err := term.GetSize(out); err == nil {
		model.resize(width, height) // the first frame is a whole one
	}
	program := tea.NewProgram(model,
		tea.WithContext(own), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ),
		tea.WithAltScreen(), tea.WithFPS(30), tea.WithoutSignalHandler(), tea.WithFilter(end.watched))
	followed := g.goroutine(own, "the way to the daemon", program.Send, func() { o.Source.Follow(own, model.states.put) })
	obeyed := g.goroutine(own, "signals", program.Send, func() { obey(ctx, own, program, end) })
	g.goroutine(own, "the terminal's end", program.Send, func() {
		if gone(own, in) {
			end.begin()
			end.by(syscall.SIGHUP)
			program.Send(tea.QuitMsg{})
		}
	})
	_, err = program.Run()
	cancel()
	for _, ended := range []<-chan struct{}{followed, obeyed} {
		select {
		case <-ended:
		case <-time.After(exitTime): // a source that does not heed its context must not keep the shell waiting
		}
	}
	end.done()
	return ending(ctx, err, end.signalled())
}

// ending is what the end of the program is called.
func ending(ctx context.Context, err error, by os.Signal) error {
	switch {
	case by == os.Interrupt, errors.Is(err, tea.ErrInterrupted):
		return ErrInterrupted
	case by != nil:
		return nil // it ended as it was told to
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("the screen ended by a fault of its own: %w", err)
	case err != nil:
		return fmt.Errorf("the screen ended: %w", err)
	case ctx.Err() != nil:
		return fmt.Errorf("the screen was ended from outside: %w", context.Cause(ctx))
	default:
		return nil
	}
}

// obey turns signals, and the end of the outer context, into messages. A hangup is obeyed also where it was to be ignored: without a
// terminal there is nobody to draw for, and Bubble Tea would go on for ever.
func obey(outer, own context.Context, program *tea.Program, e *exit) {
	came := make(chan os.Signal, 4)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(came)
	var s os.Signal
	select {
	case <-own.Done():
		return
	case s = <-came:
	case <-outer.Done():
		select { // most likely by a signal, which says more
		case s = <-came:
		case <-time.After(100 * time.Millisecond):
		}
	}
	e.begin()
	e.by(s)
	program.Send(tea.QuitMsg{})
	<-own.Done() // further ones change nothing: the end is under way, and watched
}

// gone waits until the terminal is, and reports whether it was that which ended the wait. No signal tells of it where the terminal is not
// this session's own, as under su -c, and Bubble Tea takes the end of its input for silence. It may return a second after ctx has ended.
func gone(ctx context.Context, in uintptr) bool {
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(in)}} // what is looked for without asking: hangup and error
		n, err := unix.Poll(fds, int(time.Second/time.Millisecond))
		switch {
		case n > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0:
			return ctx.Err() == nil
		case err != nil && !errors.Is(err, unix.EINTR):
			return false // it cannot be told
		}
	}
	return false
}

// restore puts the terminal back without the program's help: the line at once, and what is on the screen if it still takes anything.
func restore(in uintptr, before *term.State, out io.Writer) {
	_ = term.Restore(in, before)
	const leave = "\x1b[?2004l\x1b[?25h\x1b[?1049l\r\n"
	_, _ = io.WriteString(out, leave)
}

// variables are those of an environment.
func variables(environ []string) map[string]string {
	env := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	return env
}
