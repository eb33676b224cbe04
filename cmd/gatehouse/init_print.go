package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/internal/starter"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// placed is a file and what became of it.
type placed struct {
	starter.File
	state starter.State
	note  *pipeline.Refusal // why Gatehouse cannot use the file that was kept
}

// place writes the files, or with dry looks what writing would do. What was
// done before an error is told too.
func place(root *os.Root, files []starter.File, dry bool) ([]placed, error) {
	act := starter.Write
	if dry {
		act = starter.Look
	}
	var done []placed
	for _, f := range files {
		state, err := act(root, f)
		if err != nil {
			return done, fmt.Errorf("%s cannot be written: %w; run init again when that is put right: what is there already is left alone", f.Path, err)
		}
		p := placed{File: f, state: state}
		if state == starter.Kept {
			p.note = unusable(root, f)
		}
		done = append(done, p)
	}
	return done, nil
}

// unusable says why Gatehouse could not start the workflow that is there, or nil.
func unusable(root *os.Root, f starter.File) *pipeline.Refusal {
	if f.Path == starter.Config {
		return nil
	}
	src, err := root.ReadFile(f.Path)
	if err != nil {
		return &pipeline.Refusal{Code: "workflow-unreadable", Reason: "It cannot be read: " + err.Error() + "."}
	}
	return stage.Startable(path.Base(f.Path), src)
}

func printPlaced(w io.Writer, done []placed, o initOptions) error {
	var b strings.Builder
	for _, p := range done {
		switch {
		case o.json:
			line, err := json.Marshal(struct {
				Path    string            `json:"path"`
				State   starter.State     `json:"state"`
				What    string            `json:"what"`
				Refused *pipeline.Refusal `json:"refused,omitempty"`
			}{p.Path, p.state, p.What, p.note})
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s\n", line)
		case o.dry:
			fmt.Fprintf(&b, "==> %s (%s)\n%s\n", p.Path, dryWords(p.state), p.Content)
		default:
			fmt.Fprintf(&b, "%-7s  %-36s  %s\n", words(p.state), p.Path, p.What)
		}
	}
	if !o.json && !o.dry {
		printKept(&b, done, o)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printKept says what to do about files that are other than Gatehouse's.
func printKept(b *strings.Builder, done []placed, o initOptions) {
	kept := 0
	for _, p := range done {
		if p.state == starter.Kept {
			kept++
		}
		if p.note != nil {
			fmt.Fprintf(b, "\nkept %s as it is, but: %s\n", p.Path, p.note.Error())
			for line := range strings.Lines(p.note.Lines) {
				b.WriteString("    " + line)
			}
		}
	}
	if kept > 0 {
		fmt.Fprintf(b, "\nkept means: a file of yours was there and was not touched. Compare it with: gatehouse init --dry-run%s, with the same flags.\n", argument(o.dir))
	}
}

func argument(dir string) string {
	if dir == "." {
		return ""
	}
	return " " + dir
}

func words(s starter.State) string {
	if s == starter.Same {
		return "there"
	}
	return string(s)
}

func dryWords(s starter.State) string {
	switch s {
	case starter.Same:
		return "is there, word for word"
	case starter.Kept:
		return "would be kept as it is; this is what it would have been"
	default:
		return "would be written"
	}
}

// outcome is an error only when there was something to write and all of it was
// in the way of what is there.
func outcome(done []placed, o initOptions) error {
	kept := 0
	for _, p := range done {
		switch p.state {
		case starter.Written:
			return nil
		case starter.Kept:
			kept++
		case starter.Same:
		}
	}
	if kept == 0 || o.dry {
		return nil
	}
	return fmt.Errorf("nothing was written: %d file%s of these names but with other content %s there already", kept, plural(kept), map[bool]string{true: "is", false: "are"}[kept == 1])
}

// printHints says what to look at, and what comes next.
func printHints(w io.Writer, root *os.Root, a starter.Answers, o initOptions) {
	var b strings.Builder
	warn(&b, root, a, o)
	repo := remote(o.dir)
	if repo == "" {
		repo = "OWNER/REPO"
	}
	if !o.dry {
		fmt.Fprintf(&b, "\nNext:\n"+
			"  1. gatehouse check, then commit the files to the default branch and push.\n"+
			"  2. Install the Gatehouse App on %[1]s (App settings, Install App).\n"+
			"  3. In Settings, Environments: make staging and production, allow production for release/* only,\n"+
			"     and enable Gatehouse there as a deployment protection rule.\n"+
			"  4. Set the variables and secrets that each workflow names in its first lines. Google is entered by workload\n"+
			"     identity, so no key is stored.\n"+
			"  5. gatehouse check --live %[1]s\n", repo)
	}
	fmt.Fprint(w, b.String())
}

func warn(b *strings.Builder, root *os.Root, a starter.Answers, o initOptions) {
	say := func(format string, args ...any) { fmt.Fprintf(b, "\nnote: "+format+"\n", args...) }
	known := slices.Sorted(maps.Values(starter.Projects(root.FS())))
	if _, err := root.Stat(".firebaserc"); err == nil {
		for _, p := range []string{a.Staging.Project, a.Production.Project} {
			if !slices.Contains(known, p) {
				say(".firebaserc names %s, not %s: look for a slip, and whether the project exists (firebase projects:list).", list(known), p)
			}
		}
	}
	if a.Discord {
		say("discord: true is written; whether your Gatehouse tells Discord depends on its version and DISCORD_WEBHOOK_URL.")
	}
	switch top := repository(o.dir); {
	case top == "":
		say("%s is in no git repository. Gatehouse reads these files from GitHub: git init, commit, and push them there.", o.dir)
	case !sameFolder(top, o.dir):
		say("%s is inside of the repository %s, and GitHub reads .github only at its root: run gatehouse init %s.", o.dir, top, top)
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "no project"
	}
	return strings.Join(names, ", ")
}

// repository is the root of the repository that a folder is in, or empty.
func repository(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errors.Join(errX, errY) == nil && os.SameFile(x, y)
}

var remoteURL = regexp.MustCompile(`(?m)^\s*url\s*=\s*\S+[:/]([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?\s*$`)

// remote is owner/repository of the first remote of a clone, or empty.
func remote(dir string) string {
	b, err := os.ReadFile(filepath.Join(repository(dir), ".git", "config"))
	if err != nil {
		return ""
	}
	if m := remoteURL.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}
