package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"healthagent/app/cli"
	"healthagent/app/config"
	"healthagent/test/rig"
)

// TestMain lets the scripts run this test binary as healthagent.
func TestMain(m *testing.M) {
	testscript.Main(withRig{m}, map[string]func(){
		"healthagent": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
		},
	})
}

// withRig keeps the tests' database server up while they run.
type withRig struct{ *testing.M }

func (w withRig) Run() int { return rig.Main(w.M) }

// TestScripts runs the scripts. In those that begin with db_ DATABASE_URL names an
// empty database of their own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HEALTHAGENT_ENV_FILE", "/dev/null")
			env.Setenv("HEALTHAGENT_STATE_DIR", env.WorkDir+"/state")
			env.Setenv("HEALTHAGENT_ADMIN_SOCKET", env.WorkDir+"/s")
			if strings.Contains(env.WorkDir, "script-db_") {
				env.Setenv("DATABASE_URL", rig.EmptyDatabase(t))
				env.Setenv("HEALTHAGENT_SLOW_QUERY", "1h") // on a busy machine any statement may be slow, which is told on stderr
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"json": jsonCommand, "run": runCommand},
	})
}

// jsonCommand holds that the last output is exactly one JSON object and, given names,
// that it has these keys: json name...
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var object map[string]json.RawMessage
	if err := decoder.Decode(&object); err != nil || neg {
		ts.Fatalf("standard output is no JSON object: %v", err)
	}
	if decoder.More() {
		ts.Fatalf("standard output holds more than one JSON value")
	}
	for _, name := range args {
		if _, ok := object[name]; !ok {
			ts.Fatalf("the object has no %s", name)
		}
	}
}

// runCommand runs healthagent inside the test and compares its exit code: run 2 config nope.
func runCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: run code arguments...")
	}
	var stdout, stderr bytes.Buffer
	environ := []string{}
	for _, name := range append(settingNames(), "HOME", "LANG", "XDG_RUNTIME_DIR", "CREDENTIALS_DIRECTORY") {
		if value := ts.Getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	code := cli.Run(context.Background(), args[1:], strings.NewReader(""), &stdout, &stderr, environ)
	_, _ = ts.Stdout().Write(stdout.Bytes())
	_, _ = ts.Stderr().Write(stderr.Bytes())
	if got := strconv.Itoa(code); got != args[0] {
		ts.Fatalf("exit code %s, want %s\nstdout: %s\nstderr: %s", got, args[0], &stdout, &stderr)
	}
}

func settingNames() []string {
	var names []string
	for _, row := range config.Table() {
		names = append(names, row.Name, row.FileVariable())
	}
	return names
}
