package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// lawPackages are the folders that hold a law_test.go, from the root.
func lawPackages(root string) ([]string, error) {
	var pkgs []string
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.Name() != "law_test.go":
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		pkgs = append(pkgs, filepath.ToSlash(rel))
		return err
	})
	slices.Sort(pkgs)
	return pkgs, err
}

// dependents say which of the packages, or their tests, are built from which
// folders: a mutation elsewhere cannot change them.
type dependents map[string]map[string]bool

func (d dependents) of(file string) []string {
	var pkgs []string
	for pkg, needs := range d {
		if needs[path.Dir(file)] {
			pkgs = append(pkgs, pkg)
		}
	}
	slices.Sort(pkgs)
	return pkgs
}

func findDependents(ctx context.Context, root, module string, pkgs []string) (dependents, error) {
	args := []string{"list", "-e", "-test", "-json=ImportPath,Deps"}
	for _, pkg := range pkgs {
		args = append(args, "./"+pkg)
	}
	out, err := command(ctx, root, args...)
	if err != nil {
		return nil, err
	}
	found := dependents{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		name, ok := strings.CutSuffix(p.ImportPath, ".test")
		if !ok {
			continue
		}
		pkg := strings.TrimPrefix(name, module+"/")
		found[pkg] = map[string]bool{pkg: true}
		for _, dep := range p.Deps {
			dep, _, _ = strings.Cut(dep, " ") // a variant for this test has its name in brackets
			found[pkg][strings.TrimPrefix(dep, module+"/")] = true
		}
	}
}

// findModule gives the root of the module and its path.
func findModule(ctx context.Context) (root, module string, err error) {
	out, err := command(ctx, "", "list", "-m", "-f", "{{.Dir}}\n{{.Path}}")
	root, module, ok := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err == nil && !ok {
		err = errors.New("run it inside the checkout of Gatehouse")
	}
	return root, module, err
}

func command(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, exit.Stderr)
	}
	return out, err
}
