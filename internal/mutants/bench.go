package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// bench is where mutations are tried.
type bench struct {
	root, module string
	dir          string // for changed files
	needs        dependents
	out          io.Writer
	surprises    int
}

// breakAll runs the law tests unbroken and then under each mutation, and says
// how many surprises there were.
func breakAll(ctx context.Context, chosen []law, out io.Writer) (surprises int, err error) {
	b := &bench{out: out}
	if b.root, b.module, err = findModule(ctx); err != nil {
		return 0, err
	}
	if b.dir, err = os.MkdirTemp("", "mutants"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	pkgs, err := lawPackages(b.root)
	if err != nil {
		return 0, err
	}
	if b.needs, err = findDependents(ctx, b.root, b.module, pkgs); err != nil {
		return 0, err
	}
	if err := b.unbroken(ctx, chosen); err != nil || b.surprises > 0 {
		return b.surprises, err // mutations would say nothing
	}
	for _, l := range chosen {
		for _, m := range of(l) {
			if err := b.try(ctx, l, m); err != nil {
				return b.surprises, err
			}
		}
	}
	return b.surprises, nil
}

// of are the mutations of one law.
func of(l law) []mutation {
	return slices.DeleteFunc(mutations(), func(m mutation) bool { return m.law != l.number })
}

// unbroken runs the law tests that the chosen mutations could change, as they are.
func (b *bench) unbroken(ctx context.Context, chosen []law) error {
	var pkgs []string
	for _, l := range chosen {
		for _, m := range of(l) {
			if _, err := m.mutate(b.root); err != nil {
				return err
			}
			pkgs = append(pkgs, b.needs.of(m.file)...)
		}
	}
	slices.Sort(pkgs)
	if pkgs = slices.Compact(pkgs); len(pkgs) == 0 {
		return nil
	}
	res, err := goTest(ctx, b.root, b.module, "", pkgs)
	if err != nil {
		return err
	}
	b.line(law{name: "none"}, "—", "all green", judgeUnbroken(res, testsIn(pkgs)))
	return nil
}

// try breaks a law in one way.
func (b *bench) try(ctx context.Context, l law, m mutation) error {
	overlay, err := m.overlay(b.root, b.dir)
	if err != nil {
		return err
	}
	pkgs := b.needs.of(m.file)
	if !slices.Contains(pkgs, m.test.pkg) {
		return fmt.Errorf("mutation %s: %s is not built from %s: change the table in internal/mutants", m.name, m.test, m.file)
	}
	res, err := goTest(ctx, b.root, b.module, overlay, pkgs)
	if err != nil {
		return err
	}
	b.line(l, m.name, "red, alone: "+m.test.String(), m.judge(res, testsIn(pkgs)))
	return nil
}

// testsIn are the law tests that the table names in some packages.
func testsIn(pkgs []string) []testID {
	var ids []testID
	for _, m := range mutations() {
		if slices.Contains(pkgs, m.test.pkg) && !slices.Contains(ids, m.test) {
			ids = append(ids, m.test)
		}
	}
	return ids
}

func (b *bench) line(l law, mutation, good string, surprises []string) {
	number := fmt.Sprint(l.number)
	if l.number == 0 {
		number = "—"
	}
	if len(surprises) > 0 {
		good = "SURPRISE\n    " + strings.ReplaceAll(strings.Join(surprises, "\n"), "\n", "\n    ")
		b.surprises += len(surprises)
	}
	_, _ = fmt.Fprintf(b.out, "%-3s %-30s %-28s %s\n", number, l.name, mutation, good)
}
