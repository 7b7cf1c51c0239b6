// Command healthagent is a health coach on Telegram and the PostgreSQL and Redis store behind it, with the tools to run both.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // bare servers have no zone files

	"healthagent/app/cli"
	"healthagent/app/early"
)

// The linker fills these in; see the Makefile.
var version, commit, date string

func main() {
	early.Restore()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// the first signal asks to stop; from then on the next one ends the process at once
	context.AfterFunc(ctx, func() {
		stop()
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		<-again
		os.Exit(1)
	})
	build := cli.Build{Version: version, Commit: commit, Date: date}
	os.Exit(build.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
