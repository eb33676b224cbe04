package live

import (
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Facts are what GitHub and Slack say of a repository. What is nil or absent was not asked, because something before it
// is missing.
type Facts struct {
	Repo   pipeline.Repo
	WebURL string // of GitHub, without a slash at the end

	App           github.Self
	Installation  *github.Installation // nil: the App is not on this repository
	Elsewhere     *github.Installation // the owner's installation, where it does not cover this repository
	Installations int                  // of the App, on any account
	Unbound       *pipeline.Refusal    // why the operator does not let the configuration deploy where it says

	Info        *github.RepoInfo
	Branch      *github.Branch // the default branch; nil: the repository is empty
	BranchRules []string       // types of the rules that rulesets put on it
	NoRulesets  bool           // the account's plan has none for this repository
	ActionsOff  bool

	ActionsUnknown bool // GitHub tells only Apps that may read the repository's administration

	Config       Config
	Missing      []string // branches that a trigger names and that do not exist
	Workflows    map[At]Workflow
	States       map[string]string              // GitHub's state of the default branch's workflows, by file
	Environments map[string]*github.Environment // by the configuration's name; nil: GitHub has none
	Teams        map[string]Team                // by the configuration's name
	Users        map[string]github.Permission   // by login in lower case; absent: GitHub knows nobody of that name
	Slack        *Slack                         // nil: no token was given

	Unread []Unread
}

// Config is the configuration as the default branch has it.
type Config struct {
	Name     string // what people are shown: the path, or owner/.github/path; empty: there is none
	Source   []byte
	Spec     *pipeline.Spec
	Problems []pipeline.Problem
}

// At is a workflow file on a branch.
type At struct{ File, Branch string }

// Workflow is what a branch has under a workflow's name.
type Workflow struct {
	Found  bool
	Source []byte
	Called map[string][]byte // local reusable workflows that it calls, by path; nil: not on this branch
}

// Team is a team that a policy names.
type Team struct {
	Found   bool // GitHub shows the App such a team
	Members []pipeline.Person
}

// Slack is what Slack says of the channels that the configuration names.
type Slack struct {
	Channels map[string]slack.Channel
	Wrong    map[string]string // what is wrong with a channel, in Slack's and our words
}

// Unread is something that could not be looked at.
type Unread struct {
	What string // such as "the environment production"
	Why  pipeline.Refusal
	Mild bool // Mild says that nothing rests on it
}
