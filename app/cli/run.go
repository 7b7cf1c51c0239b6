// Package cli is the command line: one file per verb, each of which parses its
// arguments and calls one function that does the work. It is the only package that
// knows cobra, and nothing in it is needed by any other.
//
// On standard output stands what was asked for and nothing else; with -o json that is
// exactly one object. Errors, warnings and questions go to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/tui"
)

// Build is what the linker may know about the binary. Empty fields are filled from
// what the Go tool recorded.
type Build struct {
	Version, Commit, Date string
}

// Run runs the program with the arguments that follow its name and returns its exit
// code: 0 success, 1 failure, 2 usage, 69 a dependency is away, 78 configuration, 130
// tui that was interrupted. Save for tui, which takes the terminal and the signals, it
// keeps no state and touches no global, so that tests may call it side by side.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	return Build{}.Run(ctx, args, stdin, stdout, stderr, environ)
}

// Run does what the function Run does, for a binary that knows its version.
func (b Build) Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	t := &terminal{
		build: b, in: stdin, out: stdout, errs: stderr, environ: environ,
		system: operatingSystem(), now: time.Now,
		redact: func(text string) string { return text },
	}
	return t.run(ctx, args)
}

// terminal is everything a verb may touch of the world outside.
type terminal struct {
	build     Build
	in        io.Reader
	out, errs io.Writer
	environ   []string
	system    system
	now       func() time.Time

	redact  func(string) string // knows the secrets once the configuration is loaded
	started bool                // arguments were understood, a verb has begun
}

func (t *terminal) run(ctx context.Context, args []string) int {
	root := t.root()
	root.SetArgs(append([]string{}, args...)) // nil would mean the arguments of the process
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.errs)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return fault.ExitOK
	}
	if !t.started && fault.KindOf(err) == fault.Internal {
		err = fault.New(fault.Usage, err.Error()) // cobra's own errors all mean that
	}
	if errors.Is(err, tui.ErrInterrupted) {
		return exitInterrupted // whoever pressed ctrl+c knows why
	}
	t.complain(command, err)
	if errors.Is(err, context.Canceled) {
		return fault.ExitFailure // whatever it kept from answering
	}
	return fault.Exit(err)
}

// complain writes an error as the operator reads it: the whole chain, without secrets.
func (t *terminal) complain(command *cobra.Command, err error) {
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	t.note("healthagent: %s", strings.TrimSpace(err.Error()))
	if fault.KindOf(err) == fault.Usage {
		t.note("Run '%s --help' for usage.", command.CommandPath())
	}
}

// note writes one line to standard error. There is nobody left to tell when that
// fails.
func (t *terminal) note(format string, values ...any) {
	_, _ = fmt.Fprintln(t.errs, t.redact(fmt.Sprintf(format, values...)))
}
