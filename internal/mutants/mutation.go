package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// law is one law of the design.
type law struct {
	number int
	name   string
}

// mutation is one way to break a law.
type mutation struct {
	law  int
	name string
	why  string // what the broken program does
	file string // from the root of the module
	old  string // occurs exactly once in the file
	new  string
	test testID // turns red, and no other
}

// testID is a law test: the package's folder from the root, and the function.
type testID struct{ pkg, name string }

func (id testID) String() string { return id.pkg + " " + id.name }

// mutate gives the text of the mutation's file with the law broken.
func (m mutation) mutate(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", fmt.Errorf("mutation %s: %w: change the table in internal/mutants", m.name, err)
	}
	if n := strings.Count(string(b), m.old); n != 1 {
		return "", fmt.Errorf("mutation %s is stale: the text that it replaces is %d times in %s, not once: change the table in internal/mutants", m.name, n, m.file)
	}
	return strings.Replace(string(b), m.old, m.new, 1), nil
}

// overlay writes the changed file and the overlay that puts it in the place of
// the original, both into dir, and gives the overlay's path.
func (m mutation) overlay(root, dir string) (string, error) {
	text, err := m.mutate(root)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, m.name+".go")
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		return "", err
	}
	original := filepath.Join(root, filepath.FromSlash(m.file))
	b, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, m.name+".json")
	return path, os.WriteFile(path, b, 0o600)
}
