package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"healthagent/test/server/machine"
)

const (
	// switchEnv turns these tests on and names the suites: "all", or some of them.
	switchEnv = "HEALTHAGENT_TEST_SERVER"
	dirEnv    = "HEALTHAGENT_TEST_SERVER_DIR"
	// runEnv tells the process that runs the tests what the one above it has made.
	runEnv = "HEALTHAGENT_TEST_SERVER_RUN"
)

// TestMain makes the machine ready and runs the tests in a process below, so that it can clean up however that one ends.
func TestMain(m *testing.M) {
	flag.Parse()
	switch {
	case os.Getenv(switchEnv) == "":
		os.Exit(m.Run()) // each says why it is skipped
	case os.Getenv(runEnv) == "":
		os.Exit(supervise())
	}
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		if err := flag.Set("test.parallel", "2"); err != nil { // the rest of a small machine is for the servers
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func supervise() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	chosen, err := suites()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	host, err := machine.Open(ctx, options(), chosen...)
	if unable := (*machine.Unable)(nil); errors.As(err, &unable) {
		fmt.Println("skipped, no servers can be booted here:", unable.Reason)
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := below(ctx, host.Run())
	if err := host.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// below runs the tests in a process of their own. It is told to stop when we are.
func below(ctx context.Context, run string) int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	command := exec.CommandContext(ctx, self, os.Args[1:]...)
	command.Env = append(os.Environ(), runEnv+"="+run)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = command.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
	}
	if command.ProcessState == nil || command.ProcessState.ExitCode() < 0 {
		return 1
	}
	return command.ProcessState.ExitCode()
}

// suites are those that the switch names.
func suites() ([]machine.Suite, error) {
	text := os.Getenv(switchEnv)
	if text == "all" || text == "1" {
		return machine.Suites(), nil
	}
	var chosen []machine.Suite
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		if !slices.Contains(machine.Suites(), machine.Suite(name)) {
			return nil, fmt.Errorf("%s=%s: the suites are %v", switchEnv, text, machine.Suites())
		}
		chosen = append(chosen, machine.Suite(name))
	}
	return chosen, nil
}

func options() machine.Options {
	dir := os.Getenv(dirEnv)
	if dir == "" {
		dir = "/var/tmp/healthagent-server-test"
	}
	return machine.Options{Dir: dir, Say: os.Stdout, Provide: func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, filepath.Join(checkout(), "test/setup.sh"), "server").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s", strings.TrimSpace(string(out)))
		}
		return nil
	}}
}

// checkout is the directory of the sources: tests run in their own.
func checkout() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}

// attach is the host of this run, the same for all tests.
var attach = sync.OnceValues(func() (*machine.Host, error) {
	return machine.Attach(options(), os.Getenv(runEnv))
})
