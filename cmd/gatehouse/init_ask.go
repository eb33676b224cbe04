package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/starter"
)

// ask asks for what no flag says. An empty line takes what stands in brackets.
func ask(in io.Reader, out io.Writer, a *starter.Answers, given func(flag string) bool) error {
	q := &questions{in: bufio.NewReader(in), out: out, given: given}
	q.text("staging-project", "Firebase project of staging", &a.Staging.Project)
	q.text("production-project", "Firebase project of production", &a.Production.Project)
	if !given("staging-url") {
		a.Staging.URL = starter.HostingURL(a.Staging.Project)
	}
	if !given("production-url") {
		a.Production.URL = starter.HostingURL(a.Production.Project)
	}
	q.text("staging-url", "Address of staging", &a.Staging.URL)
	q.text("production-url", "Address of production", &a.Production.URL)
	q.text("approvers", "GitHub team whose members approve production", &a.Approvers)
	q.text("commanders", "GitHub team that may roll back", &a.Commanders)
	q.text("slack", "Slack channel that hears of releases, empty for none", &a.Slack)
	a.Slack = channel(a.Slack)
	q.yes("Build mobile apps with EAS", &a.Mobile, "mobile", "no-mobile", "mobile-dir")
	q.yes("Run database migrations", &a.Migrations, "migrations", "no-migrations")
	return q.err
}

type questions struct {
	in    *bufio.Reader
	out   io.Writer
	given func(flag string) bool
	err   error
}

func (q *questions) text(flag, what string, value *string) {
	if q.given(flag) {
		return
	}
	if line := q.line(what, *value); line != "" {
		*value = line
	}
}

// yes asks until the answer is one.
func (q *questions) yes(what string, value *bool, flags ...string) {
	for _, f := range flags {
		if q.given(f) {
			return
		}
	}
	suggested := "no"
	if *value {
		suggested = "yes"
	}
	for q.err == nil {
		switch strings.ToLower(q.line(what, suggested)) {
		case "":
			return
		case "y", "yes":
			*value = true
			return
		case "n", "no":
			*value = false
			return
		}
		fmt.Fprintln(q.out, "Please answer yes or no.")
	}
}

func (q *questions) line(what, suggested string) string {
	if q.err != nil {
		return ""
	}
	if suggested != "" {
		what += " [" + suggested + "]"
	}
	fmt.Fprint(q.out, what+": ")
	line, err := q.in.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		q.err = errors.New("the answers end before the questions; nothing was written")
	}
	return strings.TrimSpace(line)
}

// missing names the flags without which nothing can be written.
func missing(a starter.Answers) error {
	var flags []string
	if a.Staging.Project == "" {
		flags = append(flags, "--staging-project")
	}
	if a.Production.Project == "" {
		flags = append(flags, "--production-project")
	}
	if len(flags) == 0 {
		return nil
	}
	return fmt.Errorf("missing: %s; the folder's .firebaserc does not name them as the aliases staging and production, and nobody was asked", strings.Join(flags, " and "))
}

var channelID = regexp.MustCompile(`^[CGD][0-9A-Z]{7,19}$`)

// channel writes a channel's name as the configuration wants it: shells take #
// for a comment, so people leave it out.
func channel(name string) string {
	if name == "" || strings.HasPrefix(name, "#") || channelID.MatchString(name) {
		return name
	}
	return "#" + name
}
