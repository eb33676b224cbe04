package pipeline

import (
	"fmt"
	"regexp"
	"strings"
)

// maxInputs is what a dispatch may carry beside the four inputs of ours:
// GitHub takes 25.
const maxInputs = 21

func (p *parser) workflow(v value) *WorkflowStage {
	if isWord(v) {
		return &WorkflowStage{File: p.workflowFile(v)}
	}
	s := &WorkflowStage{}
	f, ok := p.body(v, "workflow", "file", "inputs")
	if !ok {
		return s
	}
	if f.require("file", "workflow: test.yml") {
		s.File = p.workflowFile(f.at("file"))
	}
	s.Inputs = p.inputs(f)
	return s
}

func (p *parser) deploy(v value) *DeployStage {
	s := &DeployStage{OnFailure: OnFailureAsk}
	if isWord(v) {
		s.File = p.workflowFile(v)
		return s
	}
	f, ok := p.body(v, "deploy", "workflow", "inputs", "verify", "flags", "on_failure")
	if !ok {
		return s
	}
	if f.require("workflow", "deploy: {workflow: deploy.yml}") {
		s.File = p.workflowFile(f.at("workflow"))
	}
	s.Inputs = p.inputs(f)
	s.Verify = f.choices("verify", "rules", "functions", "hosting")
	s.Flags = p.flags(f)
	if next, ok := f.choice("on_failure", string(OnFailureAsk), string(OnFailureRollback)); ok {
		s.OnFailure = OnFailure(next)
		if s.OnFailure == OnFailureRollback && len(s.Verify) == 0 {
			p.refuse(f.at("on_failure"), codeNoVerify, "A rollback returns to what was live before, and without verify nobody looks at that.",
				"Write verify: [rules, functions, hosting] beside it, as far as the workflow deploys them.")
		}
	}
	return s
}

// flags reads names of parameters of Remote Config.
func (p *parser) flags(f fields) []string {
	var names []string
	if !f.has("flags") {
		return nil
	}
	for _, v := range p.items(f.at("flags"), "flags: [ai_companions_enabled]") {
		name, ok := p.text(v)
		if ok && !parameterForm.MatchString(name) {
			p.refuse(v, codeParameter, fmt.Sprintf("%s is no name of a parameter of Remote Config.", quoted(name)), "Write letters, digits and underscores, as the Firebase console shows it.")
		}
		names = append(names, name)
	}
	return names
}

// parameterForm is what Remote Config takes as the key of a parameter.
var parameterForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,255}$`)

// workflowFile reads the name of a file in .github/workflows.
func (p *parser) workflowFile(v value) string {
	text, ok := p.text(v)
	if !ok {
		return ""
	}
	base, yml := strings.CutSuffix(text, ".yml")
	if !yml {
		base, yml = strings.CutSuffix(text, ".yaml")
	}
	if !yml || strings.Trim(base, ".") == "" || strings.ContainsAny(text, "/\\?#%\n") {
		p.refuse(v, codeWorkflowFile, fmt.Sprintf("%s is no name of a workflow file.", quoted(text)), "Write the file's name alone, as it stands in .github/workflows"+workflowExample(text)+".")
		return ""
	}
	return text
}

func workflowExample(text string) string {
	name := text[strings.LastIndexAny(text, "/\\")+1:]
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml")
	if slugged(name) == "" {
		return ": test.yml"
	}
	return ": " + slugged(name) + ".yml"
}

// inputs reads what a workflow gets beside the inputs that Gatehouse sets.
func (p *parser) inputs(f fields) map[string]string {
	if !f.has("inputs") {
		return nil
	}
	v := f.at("inputs")
	list, ok := p.pairs(v, "inputs")
	if !ok {
		return nil
	}
	if len(list) > maxInputs {
		p.refuse(list[maxInputs].key, codeTooManyEntries, fmt.Sprintf("There are %d inputs; GitHub takes 25, and four are Gatehouse's.", len(list)), fmt.Sprintf("Keep at most %d.", maxInputs))
	}
	inputs := map[string]string{}
	for _, e := range list {
		p.inputName(e)
		if text, ok := p.inputValue(e.value); ok {
			inputs[e.name] = text
		}
	}
	return inputs
}

func (p *parser) inputName(e pair) {
	switch strings.ToLower(e.name) {
	case "gatehouse_run", "sha", "environment", "gatehouse_needs":
		p.refuse(e.key, codeInputReserved, fmt.Sprintf("The input %s is set by Gatehouse.", quoted(e.name)), "Remove it: every workflow gets it.")
		return
	}
	first := rune(0)
	if e.name != "" {
		first = rune(e.name[0])
	}
	starts := first == '_' || (alphanumeric(first) && !isDigit(first))
	if !starts || !only(e.name, func(r rune) bool { return r == '_' || r == '-' || alphanumeric(r) }) {
		p.refuse(e.key, codeInputName, fmt.Sprintf("%s cannot be the name of an input.", quoted(e.name)), "Use letters, digits, _ and -, a letter or _ first.")
	}
}

// inputValue reads any scalar: GitHub sends inputs as text. An empty text in
// quotes is one.
func (p *parser) inputValue(v value) (string, bool) {
	if text, kind := v.scalar(); kind == scalarText {
		return text, true
	}
	return p.word(v)
}
