package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Act is a command to be run inside a server, as a transient unit of its own:
// its processes belong to that unit and have a server's environment, not this
// machine's.
type Act struct {
	Args  []string
	Env   []string // NAME=value, beside HOME and PATH
	Stdin string
	User  string    // "" for root
	Unit  string    // name of the unit, by which it can be killed; "" for any
	Out   io.Writer // gets the output as it comes, beside the Result; may be nil
}

// Result is what a command left.
type Result struct {
	Out  string // standard output
	Err  string // standard error
	Code int
}

// Both is everything that was said.
func (r Result) Both() string { return r.Out + r.Err }

// Failed is a command that ended with another code than 0. It does not repeat
// the arguments.
type Failed struct {
	Program string
	Result  Result
}

// Error tells the code and the end of what was said.
func (f *Failed) Error() string {
	return fmt.Sprintf("%s ended with %d: %s", f.Program, f.Result.Code, tail(f.Result.Both(), 20))
}

// enter is a command in the server's namespaces, though not in a cgroup of it.
func (m *Machine) enter(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(m.leader), "-a", "--"}, args...)...) //nolint:gosec // tests say what is run
	command.Env = []string{"HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	command.WaitDelay = 5 * time.Second
	return command
}

// Do runs an act and waits for it. The error is a *Failed when it ended with
// another code than 0; the result is given in any case.
func (m *Machine) Do(ctx context.Context, a Act) (Result, error) {
	args := []string{"systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--service-type=exec"}
	for _, pair := range a.Env {
		args = append(args, "-E", pair)
	}
	if a.User != "" {
		args = append(args, "--uid="+a.User)
	} else {
		args = append(args, "-E", "HOME=/root") // others' is known to systemd
	}
	if a.Unit != "" {
		args = append(args, "--unit="+a.Unit)
	}
	command := m.enter(ctx, append(append(args, "--"), a.Args...)...)
	var out, err bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(a.Stdin), &out, &err
	if a.Out != nil {
		command.Stdout, command.Stderr = io.MultiWriter(&out, a.Out), io.MultiWriter(&err, a.Out)
	}
	failure := command.Run()
	result := Result{Out: out.String(), Err: err.String(), Code: command.ProcessState.ExitCode()}
	var exit *exec.ExitError
	switch {
	case failure == nil:
		return result, nil
	case ctx.Err() != nil:
		return result, fmt.Errorf("%s: %w: %s", a.Args[0], context.Cause(ctx), tail(result.Both(), 20))
	case errors.As(failure, &exit):
		return result, &Failed{a.Args[0], result}
	default:
		return result, fmt.Errorf("%s: %w", a.Args[0], failure)
	}
}

// Run runs a command as root.
func (m *Machine) Run(ctx context.Context, args ...string) (Result, error) {
	return m.Do(ctx, Act{Args: args})
}

// Put writes a file, of root and with mode, making its directories.
func (m *Machine) Put(ctx context.Context, path, content string, mode int) error {
	_, err := m.Do(ctx, Act{
		Args:  []string{"install", "-D", "-m", strconv.FormatInt(int64(mode), 8), "/dev/stdin", path},
		Stdin: content,
	})
	return err
}

// Read returns the content of a file.
func (m *Machine) Read(ctx context.Context, path string) (string, error) {
	r, err := m.Run(ctx, "cat", path)
	return r.Out, err
}
