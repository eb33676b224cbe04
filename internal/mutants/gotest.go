package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// results are what became of the law tests.
type results struct {
	tests  map[testID]string // pass, fail or skip
	output map[testID]string
	broken string // why a package could not be tested, e.g. it does not compile
}

// event is a line of go test -json, with those of go build.
type event struct {
	Action      string
	Package     string
	Test        string
	Output      string
	FailedBuild string
}

// goTest runs the law tests of some packages, with an overlay unless it is "".
func goTest(ctx context.Context, root, module, overlay string, pkgs []string) (results, error) {
	args := []string{"test", "-json", "-vet=off", "-count=1", "-timeout=120s", "-run", "^TestLaw"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	for _, pkg := range pkgs {
		args = append(args, "./"+pkg)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &stdout, &stderr
	cmd.Env = append(os.Environ(), "GATEHOUSE_OVERLAY="+overlay)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return results{}, errors.Join(fmt.Errorf("run go test: %w", err), ctx.Err())
	}
	res, parseErr := readEvents(&stdout, module)
	if parseErr != nil {
		return results{}, fmt.Errorf("read what go test says: %w\n%s", parseErr, stderr.String())
	}
	if err != nil && res.broken == "" && !res.anyFailed() {
		res.broken = "go test ended badly though no test failed: " + stderr.String()
	}
	return res, nil
}

// readEvents collects what go test -json prints. Subtests count with their test.
func readEvents(r io.Reader, module string) (results, error) {
	res := results{tests: map[testID]string{}, output: map[testID]string{}}
	var build strings.Builder
	failed := map[string]bool{} // packages in which a test failed
	for dec := json.NewDecoder(r); ; {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return res, nil
		} else if err != nil {
			return res, err
		}
		id := testID{pkg: strings.TrimPrefix(e.Package, module+"/"), name: e.Test}
		switch {
		case e.Action == "build-output":
			build.WriteString(e.Output)
		case e.FailedBuild != "":
			res.broken = "it does not compile:\n" + build.String()
		case e.Test == "" && e.Action == "fail" && !failed[e.Package]:
			res.broken = id.pkg + " failed though none of its tests did:\n" + res.output[id]
		case e.Action == "output":
			id.name, _, _ = strings.Cut(id.name, "/")
			res.output[id] += e.Output
		case e.Test == "" || strings.Contains(e.Test, "/"):
			// A package, or a part of a test.
		case e.Action == "pass", e.Action == "fail", e.Action == "skip":
			res.tests[id] = e.Action
			failed[e.Package] = failed[e.Package] || e.Action == "fail"
		}
	}
}

func (r results) anyFailed() bool {
	for _, action := range r.tests {
		if action == "fail" {
			return true
		}
	}
	return false
}
