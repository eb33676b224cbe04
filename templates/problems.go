package templates

import (
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Annotation is a message on a line of a file: plain text, not Markdown.
type Annotation struct {
	Path        string
	StartLine   int
	EndLine     int
	StartColumn int // 0: the whole line
	EndColumn   int // the last character, not the one behind it
	Level       string
	Title       string
	Message     string
}

// manyProblems is how many problems the summary lists before it counts.
const manyProblems = 50

// ProblemsCheck renders what keeps a configuration from being used: on the
// pushed commit, each problem on its line. An empty pipelineName means the
// configuration as a whole; then no pipeline of it runs.
func ProblemsCheck(path string, problems []pipeline.Problem, refusals []pipeline.Refusal, pipelineName string) Check {
	subject := pipelineName
	if subject == "" {
		subject = "gatehouse"
	}
	c := Check{
		Name:   clip(plain(subject+" / configuration"), maxCheckName),
		Status: CheckCompleted, Conclusion: ConcludeFailure,
		Title: problemsTitle(path, problems, refusals),
	}
	c.Summary = cutMarkdown(problemsSummary(path, problems, refusals, pipelineName), maxSummary, "The rest was cut.")
	for _, p := range problems {
		c.Annotations = append(c.Annotations, annotation(path, p))
	}
	return c
}

// AskedCheck renders why what somebody asked for by hand does not begin.
func AskedCheck(asked pipeline.Asking, refusals []pipeline.Refusal) Check {
	var l lines
	l.text("Somebody pressed Run workflow, and nothing was started.")
	for _, r := range refusals {
		l.text("")
		whyMD(&l, r)
	}
	return Check{
		Name:   clip(plain("gatehouse / "+string(asked)), maxCheckName),
		Status: CheckCompleted, Conclusion: ConcludeFailure,
		Title:   problemsTitle("", nil, refusals),
		Summary: cutMarkdown(l.String(), maxSummary, "The rest was cut."),
	}
}

func problemsTitle(path string, problems []pipeline.Problem, refusals []pipeline.Refusal) string {
	switch {
	case len(problems) > 0:
		return clip(count(len(problems), "problem")+" in "+plain(path), maxCheckTitle)
	case len(refusals) == 1:
		return clip(plain(refusals[0].Reason), maxCheckTitle)
	}
	return count(len(refusals), "reason") + " why this cannot run"
}

func problemsSummary(path string, problems []pipeline.Problem, refusals []pipeline.Refusal, pipelineName string) string {
	var l lines
	if pipelineName == "" {
		l.text("Nothing was started: Gatehouse runs no pipeline of a configuration that it cannot use.")
	} else {
		l.add("The pipeline %s was not started.", code(pipelineName))
	}
	for _, r := range refusals {
		l.text("")
		whyMD(&l, r)
	}
	if len(problems) > 0 {
		l.head("Problems in " + code(path))
	}
	for i, p := range problems {
		if i == manyProblems {
			l.add("- and %d more", len(problems)-manyProblems)
			break
		}
		l.add("- Line %d, column %d: %s %s", p.Line, p.Column, md(sentence(p.Message)), md(sentence(p.Fix)))
	}
	l.add("\nThe file is read from the default branch. Before you push, try %s.", code("gatehouse check"))
	return l.String()
}

func annotation(path string, p pipeline.Problem) Annotation {
	if path == "" {
		path = p.File
	}
	a := Annotation{
		Path: path, StartLine: max(1, p.Line), EndLine: max(1, p.Line), Level: "failure",
		Title:   clip(plain(p.Field), maxCheckTitle),
		Message: plain(sentence(p.Message)) + " " + plain(sentence(p.Fix)),
	}
	if p.Column > 0 && p.EndColumn > p.Column {
		a.StartColumn, a.EndColumn = p.Column, p.EndColumn-1
	}
	return a
}
