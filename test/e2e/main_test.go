package e2e

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	_ "time/tzdata" // as main has it

	"healthagent/app/cli"
	"healthagent/app/early"
	"healthagent/test/rig"
)

// TestMain is also the program under test: "go test" passes flags only, the stage and the demo begin with a verb.
func TestMain(m *testing.M) {
	early.Restore()
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
		stop()
		os.Exit(code)
	}
	flag.Parse()
	if given := flag.Lookup("test.parallel"); given.Value.String() == given.DefValue {
		// these tests wait far more than they compute
		if err := flag.Set("test.parallel", "6"); err != nil {
			panic(err)
		}
	}
	os.Exit(rig.Main(m))
}
