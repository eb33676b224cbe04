package main

import (
	"context"
	"flag"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// sideBySide is how many tests run at once: most of them wait for a program that
// waits itself, so the number of processors would leave this machine idle.
const sideBySide = "6"

// TestMain lets scripts run the program itself, by the name gatehouse.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", sideBySide); err != nil { // the command line may say otherwise
		panic(err)
	}
	testscript.Main(m, map[string]func(){"gatehouse": func() { os.Exit(run()) }})
}

// TestScripts plays every file of testdata through the real main. A script's
// process starts with an empty environment but for what testscript needs.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Deadline: time.Now().Add(time.Minute),
		Setup:    setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"ready": ready,
		},
	})
}

// setup gives a script a key of an App, an address that is free, and the PEM
// with its line breaks written out.
func setup(e *testscript.Env) error {
	key, _, err := sandbox.NewAppKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.WorkDir, "app.pem"), key, 0o600); err != nil {
		return err
	}
	for _, name := range []string{"FREE", "FREE2"} {
		port, err := FreePort(context.Background())
		if err != nil {
			return err
		}
		e.Setenv(name, port)
	}
	return nil
}

// FreePort returns a port that nobody listens on, of those below 32768: the ones
// above are given to whoever asks for any, also while a program is started again.
func FreePort(ctx context.Context) (string, error) {
	for {
		port := strconv.Itoa(10000 + rand.IntN(22000)) //nolint:gosec // a test's dice
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			return port, l.Close()
		}
		if ctx.Err() != nil {
			return "", err
		}
	}
}

// exits runs a command and demands an exit code: exits CODE COMMAND ARGS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitWord(err)
	}
	if got != args[0] {
		ts.Fatalf("%v exited with %s, expected %s", args[1:], got, args[0])
	}
}

// exitWord is the code that an ended process left, else the error in words.
func exitWord(err error) string {
	if e, ok := err.(interface{ ExitCode() int }); ok {
		return string(rune('0' + e.ExitCode()))
	}
	return err.Error()
}

// ready waits until a program that was started in the background answers on
// port: ready PORT
func ready(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready PORT")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+args[0]+"/readyz", nil)
		ts.Check(err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("nothing answers on port %s", args[0])
}
