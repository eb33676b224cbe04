package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(start(ctx, os.Args[1:], os.Stdout, os.Stderr)) //nolint:forbidigo // this is a main of its own
}

// start reads the arguments and gives the exit code.
func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.Int("law", 0, "the one law to break; 0 means all")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	chosen := slices.DeleteFunc(laws(), func(l law) bool { return *only != 0 && l.number != *only })
	if len(chosen) == 0 {
		_, _ = fmt.Fprintf(stderr, "there is no law %d: the laws are 1 to %d\n", *only, len(laws()))
		return 2
	}
	surprises, err := breakAll(ctx, chosen, stdout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, err)
		return 1
	case surprises > 0:
		_, _ = fmt.Fprintf(stderr, "\nsurprises: %d\n", surprises)
		return 1
	}
	return 0
}
