// Command gatehouse takes a commit from a push to production, through gates
// that people open.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

// run is main without the exit, so that tests can call it.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	io := streams{out: os.Stdout, err: os.Stderr, env: os.Getenv}
	err := root(io).ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gatehouse:", err)
	}
	return exitCode(err)
}
