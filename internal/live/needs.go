package live

// Permission is a permission of the App and what Gatehouse cannot do without it.
type Permission struct {
	Name    string // GitHub's key, such as pull_requests
	Level   string // read or write
	Without string // what is lost; a sentence
	Fatal   bool   // no release works without it
}

// Permissions lists what the App must be granted. README.md, docs/install.md and the sandbox say the same; a test holds them together.
func Permissions() []Permission {
	return []Permission{
		{"contents", "read", "Neither the configuration nor a commit can be read, and no push is heard.", true},
		{"actions", "write", "No workflow can be started, and no environment be read.", true},
		{"checks", "write", "No stage can be shown on a commit.", true},
		{"deployments", "write", "No door can be opened, and no deploy be recorded.", true},
		{"statuses", "read", "Stages of the kind checks do not see what other CI says by commit statuses.", false},
		{"issues", "write", "Commands such as /approve are not heard in issues, or not answered.", false},
		{"pull_requests", "write", "Commands in pull requests may not be answered.", false},
		{"members", "read", "Nobody can be recognized as a member of a team that a policy names.", true},
	}
}

// Event is a webhook event and what Gatehouse does not notice without it.
type Event struct {
	Name    string
	Without string
	Fatal   bool
}

// Events lists what the App must be subscribed to. Tests hold it to what handlers hear, to README.md and to docs/install.md.
func Events() []Event {
	return []Event{
		{"push", "No push starts a release.", true},
		{"check_run", "Buttons and Re-run do nothing, and stages of the kind checks wait in vain.", false},
		{"check_suite", "\"Re-run all\" does nothing.", false},
		{"status", "Stages of the kind checks do not see what other CI says by commit statuses.", false},
		{"workflow_run", "The end of a workflow is not noticed until it is looked for.", true},
		{"workflow_job", "Nobody notices when a waiting job is let through past Gatehouse.", false},
		{"workflow_dispatch", "\"Run workflow\" on release.yml starts no release.", false},
		{"deployment", "GitHub's own record of a deploy is found late.", false},
		{"deployment_status", "GitHub's own record of a deploy is found late.", false},
		{"deployment_review", "A click on \"Review deployments\" is not noticed until it is looked for.", true},
		{"deployment_protection_rule", "GitHub cannot ask Gatehouse to open a door, so gated deploys wait forever.", true},
		{"issue_comment", "Commands in issues and pull requests are not heard.", false},
		{"commit_comment", "Commands on commits are not heard.", false},
	}
}

// automatic reports whether GitHub subscribes the App by itself: it does to checks with the permission to write them.
func (e Event) automatic() bool { return e.Name == "check_run" || e.Name == "check_suite" }
