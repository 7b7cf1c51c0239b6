// Command withdb runs another command with a private PostgreSQL for tests:
//
//	withdb go test ./...
//
// The server's URL is in HEALTHAGENT_TEST_DATABASE_URL; the server and its
// files are gone afterwards. A PostgreSQL that this variable names already is
// used as it is. HEALTHAGENT_TEST_POSTGRES_BIN names the directory of the server
// to run, else it is the newest installed. "withdb -clean" removes what tests without it left behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"healthagent/store/local"
	"healthagent/test/rig"
)

const databaseEnv = "HEALTHAGENT_TEST_DATABASE_URL"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withdb COMMAND [ARGUMENT...] | withdb -clean")
		os.Exit(2)
	}
	code, err := run(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withdb:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	if args[0] == "-clean" {
		return 0, rig.Clean()
	}
	if os.Getenv(databaseEnv) != "" {
		return command(args)
	}
	tmp, err := local.NewTemp(ctx, "healthagent-withdb")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, tmp.Remove(ctx)) }()
	start, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	pg, err := local.StartPostgres(start, local.Options{Dir: tmp.Path, BinDir: rig.PostgresBin(), Fast: true, Settings: rig.Settings()})
	if err != nil {
		return 1, err
	}
	if err := os.Setenv(databaseEnv, pg.URL()); err != nil {
		return 1, err
	}
	return command(args) // Remove ends the server, faster than a Close would
}

// command runs args to its end, also when we are told to stop: a terminal's
// interrupt reaches it without us, a termination is passed on.
func command(args []string) (int, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s)
			}
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
