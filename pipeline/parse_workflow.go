package pipeline

import (
	"fmt"
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
	f, ok := p.body(v, "deploy", "workflow", "inputs", "verify", "on_failure")
	if !ok {
		return s
	}
	if f.require("workflow", "deploy: {workflow: deploy.yml}") {
		s.File = p.workflowFile(f.at("workflow"))
	}
	s.Inputs = p.inputs(f)
	s.Verify = f.choices("verify", "rules", "functions", "hosting")
	if next, ok := f.choice("on_failure", string(OnFailureAsk), string(OnFailureRollback)); ok {
		s.OnFailure = OnFailure(next)
	}
	return s
}

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
