package live

import "cmp"

// Severity says what a finding does to a release.
type Severity string

// The severities, worst first.
const (
	Error   Severity = "error"   // A release fails, or goes where it must not.
	Warning Severity = "warning" // A release may fail, or people may be surprised.
	Note    Severity = "note"    // Nothing is wrong; it helps to know.
)

// rank sorts the worst first.
func (s Severity) rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	case Note:
		return 2
	}
	return 3
}

// Topic is what a finding is about; reports are grouped by it.
type Topic string

// The topics.
const (
	TopicRepository   Topic = "Repository"
	TopicApp          Topic = "GitHub App"
	TopicConfig       Topic = "Configuration"
	TopicWorkflows    Topic = "Workflows"
	TopicEnvironments Topic = "Environments"
	TopicPeople       Topic = "People"
	TopicSlack        Topic = "Slack"
)

// Topics lists the topics in the order of a report, from what all else rests on.
func Topics() []Topic {
	return []Topic{TopicRepository, TopicApp, TopicConfig, TopicWorkflows, TopicEnvironments, TopicPeople, TopicSlack}
}

// Finding is one thing that was found.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, kebab-case
	Topic    Topic    `json:"topic"`
	Where    string   `json:"where"`           // file:line, or the page of GitHub on which it is set
	What     string   `json:"what"`            // what is so, one sentence
	Why      string   `json:"why,omitempty"`   // what follows from it
	Fix      string   `json:"fix,omitempty"`   // what to do
	Lines    string   `json:"lines,omitempty"` // lines to paste, verbatim
}

func compare(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Severity.rank(), b.Severity.rank()), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Where, b.Where), cmp.Compare(a.What, b.What))
}
