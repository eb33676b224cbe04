package starter

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/templates"
)

// Config is where a repository keeps its configuration.
const Config = ".github/gatehouse.yml"

// File is one file to write.
type File struct {
	Path    string // from the root of the repository, with slashes
	What    string // what it is for, one sentence
	Content string
}

// Plan turns answers into files, the configuration first. An error says which
// answer cannot be used, by its flag.
func Plan(a Answers) ([]File, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	var files []File
	err := fs.WalkDir(templates.Starter, "starter", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(templates.Starter, name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "starter/")
		if !a.wants(name) {
			return nil
		}
		content, err := a.fill(name, string(b))
		files = append(files, File{Path: name, What: opening(content), Content: content})
		return err
	})
	if err != nil {
		return nil, err
	}
	return files, judge(files[0].Content)
}

// wants leaves out the workflows of what a team has not.
func (a Answers) wants(name string) bool {
	switch path.Base(name) {
	case "eas-build.yml":
		return a.Mobile
	case "migrate.yml":
		return a.Migrations
	}
	return true
}

// opening is the sentence that a file begins with.
func opening(content string) string {
	line, _, _ := strings.Cut(content, "\n")
	sentence, _, _ := strings.Cut(strings.TrimPrefix(line, "# "), " Check it with:")
	return sentence
}

// fill puts a team's names into one file.
func (a Answers) fill(name, content string) (string, error) {
	e := edit{name: name, lines: strings.Split(content, "\n")}
	switch path.Base(name) {
	case path.Base(Config):
		a.config(&e)
	case "deploy.yml":
		a.project(&e)
		e.replace("          path: app-web/out", "          path: "+path.Join(a.WebDir, "out"))
		e.replace("        working-directory: functions", "        working-directory: "+a.Functions)
	case "web-build.yml":
		e.replace("        working-directory: app-web", "        working-directory: "+a.WebDir)
		e.replace("          path: app-web/out", "          path: "+path.Join(a.WebDir, "out"))
	case "eas-build.yml":
		e.replace("        working-directory: app-mobile", "        working-directory: "+a.MobileDir)
	}
	return strings.Join(e.lines, "\n"), e.err
}

func (a Answers) config(e *edit) {
	e.replace("    firebase: avalo-staging", "    firebase: "+scalar(a.Staging.Project))
	e.replace("    url: https://staging.avalo.app", "    url: "+scalar(a.Staging.URL))
	e.replace("    firebase: avalo-c8c46", "    firebase: "+scalar(a.Production.Project))
	e.replace("    url: https://avalo.app", "    url: "+scalar(a.Production.URL))
	e.replace("    approval: {need: [{team: release-approvers, count: 1}], expires: 72h, gate: auto}",
		"    approval: {need: [{team: "+scalar(a.Approvers)+", count: 1}], expires: 72h, gate: auto}")
	const commanders, notify = "    commanders: [{team: incident-commanders}]", `notify: {slack: "#releases", discord: true}`
	if a.Commanders == "" {
		e.drop(commanders)
	} else {
		e.replace(commanders, "    commanders: [{team: "+scalar(a.Commanders)+"}]")
	}
	switch {
	case a.Slack != "" && a.Discord:
		e.replace(notify, "notify: {slack: "+scalar(a.Slack)+", discord: true}")
	case a.Slack != "":
		e.replace(notify, "notify: {slack: "+scalar(a.Slack)+"}")
	case a.Discord:
		e.replace(notify, "notify: {discord: true}")
	default:
		e.drop(notify)
		e.drop("      - notify")
	}
	if !a.Mobile {
		e.drop("          - workflow: eas-build.yml")
	}
	if !a.Migrations {
		e.drop("      - workflow: migrate.yml")
	}
	// A first release must not fail at pages that the example has and the team has not.
	const health = "          - {get: /api/health, expect: json.ok == true}"
	e.replace(health, "          # when there is such a page: - {get: /api/health, expect: json.ok == true}")
	e.drop("          - {get: /beta, critical: false}")
}

func (a Answers) project(e *edit) {
	const line = "          PROJECT: ${{ inputs.environment == 'production' && '%s' || '%s' }}"
	e.replace(fmt.Sprintf(line, "avalo-c8c46", "avalo-staging"), fmt.Sprintf(line, a.Production.Project, a.Staging.Project))
}

// edit changes known lines, wherever they stand.
type edit struct {
	name  string
	lines []string
	err   error
}

func (e *edit) replace(old, with string) {
	e.known(old)
	for i, line := range e.lines {
		if line == old {
			e.lines[i] = with
		}
	}
}

func (e *edit) drop(old string) {
	e.known(old)
	e.lines = slices.DeleteFunc(e.lines, func(line string) bool { return line == old })
}

func (e *edit) known(line string) {
	if e.err == nil && !slices.Contains(e.lines, line) {
		e.err = fmt.Errorf("templates/starter/%s has no line %q any more", e.name, line)
	}
}
