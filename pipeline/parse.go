package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a configuration file: where, what, and
// what to write instead.
type Problem struct {
	File      string `json:"file"`
	Line      int    `json:"line"`                 // from 1
	Column    int    `json:"column"`               // from 1, in characters
	EndColumn int    `json:"end_column,omitempty"` // behind the last character; 0 when it is not one word
	Field     string `json:"field,omitempty"`      // pipelines.production.stages[6].deploy.verify[0]
	Message   string `json:"message"`              // what is wrong, one sentence
	Fix       string `json:"fix"`                  // what to write instead, one sentence
	Code      string `json:"code"`                 // stable, kebab-case, one per rule
}

// String renders the problem on one line, as compilers do.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s %s", p.File, p.Line, p.Column, p.Message, p.Fix)
}

// Options is what Parse cannot know by itself. The checkers are passed in
// because the core imports neither CEL nor the time zone database.
type Options struct {
	File     string                    // the name that problems show; default .github/gatehouse.yml
	Expr     func(source string) error // checks a CEL expression; nil skips the check
	Location func(name string) error   // checks an IANA time zone; nil skips the check
}

// What a file may hold at most, so that nobody can make parsing expensive.
const (
	maxBytes     = 64 << 10
	maxProblems  = 500
	maxPipelines = 20
	maxStages    = 50
)

// Parse reads a configuration file. It answers with a Spec when the file is
// right, otherwise with every problem that it has, in the file's order; never
// with both. It does not panic, and equal bytes give equal answers.
func Parse(src []byte, o Options) (*Spec, []Problem) {
	if o.File == "" {
		o.File = ".github/gatehouse.yml"
	}
	p := &parser{options: o, widths: lineWidths(src)}
	var s *Spec
	if root, ok := p.document(src); ok {
		s = p.spec(root)
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, inFileOrder)
		return nil, slices.Compact(p.problems)
	}
	sum := sha256.Sum256(src)
	s.Digest = hex.EncodeToString(sum[:])
	return s, nil
}

func inFileOrder(a, b Problem) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

// parser collects the problems of one file while the Spec is built.
type parser struct {
	options  Options
	widths   []int // characters in each line, so that no problem points outside
	problems []Problem
}

// refuse adds a problem at v. Going on afterwards is right: a Spec with a
// problem never leaves Parse.
func (p *parser) refuse(v value, c code, message, fix string) {
	if len(p.problems) == maxProblems {
		return
	}
	at := v.position()
	line := min(max(at.line, 1), len(p.widths))
	width := p.widths[line-1]
	column := min(max(at.column, 1), width+1)
	end := 0
	if at.width > 0 {
		end = min(column+at.width, width+1)
	}
	if end <= column {
		end = 0
	}
	p.problems = append(p.problems, Problem{
		File: p.options.File, Line: line, Column: column, EndColumn: end,
		Field: v.path, Message: message, Fix: fix, Code: string(c),
	})
}

func lineWidths(src []byte) []int {
	lines := strings.Split(string(src), "\n")
	widths := make([]int, len(lines))
	for i, line := range lines {
		widths[i] = len([]rune(strings.TrimSuffix(line, "\r")))
	}
	return widths
}

// spec reads the whole document.
func (p *parser) spec(root value) *Spec {
	f, ok := p.fields(root, "the file", "version", "mode", "environments", "notify", "incident", "pipelines")
	if !ok {
		return nil
	}
	p.version(f)
	s := &Spec{Mode: ModeEnforce, Environments: map[string]*Environment{}}
	if mode, ok := f.choice("mode", string(ModeEnforce), string(ModeObserve)); ok {
		s.Mode = Mode(mode)
	}
	if f.require("environments", "environments: {staging: {firebase: my-project}}") {
		p.environments(f.at("environments"), s)
	}
	if f.has("notify") {
		s.Notify = p.notify(f.at("notify"))
	}
	if f.has("incident") {
		s.Incident = p.incident(f.at("incident"))
	}
	if f.require("pipelines", "pipelines: {staging: {on: {push: main}, environment: staging, stages: [{workflow: test.yml}]}}") {
		p.pipelines(f.at("pipelines"), s)
	}
	return s
}

func (p *parser) version(f fields) {
	if !f.has("version") {
		p.refuse(f.in, codeVersion, "The file does not say its version.", "Write version: 1 as the first line.")
		return
	}
	v := f.at("version")
	if v.refused() {
		return
	}
	switch text, kind := v.scalar(); {
	case kind != scalarInteger:
		p.refuse(v, codeVersion, "The version must be a number without quotes, and this is "+v.shape()+".", "Write version: 1.")
	case text != "1":
		p.refuse(v, codeVersion, fmt.Sprintf("This version of Gatehouse reads files of version 1, not %s.", text), "Write version: 1.")
	}
}
