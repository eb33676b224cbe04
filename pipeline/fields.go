package pipeline

// Field is one key of the configuration file. The list of them is what
// docs/config.md and the JSON Schema of `gatehouse schema` are made of; tests
// hold it to the parser in both directions.
type Field struct {
	// Path leads to the key. NAME stands for a name that the team chooses, [] for
	// an entry of a list. stages[] stands for an entry of pipelines.NAME.stages
	// and of its parallel groups.
	Path     string
	Type     FieldType
	Required bool
	Default  string   // as it would be written; empty when leaving the key out means that there is none
	Allowed  []string // the words of a choice
	Min, Max int      // of a number
	Short    string   // the key of this mapping whose value may be written in the mapping's place
	Meaning  string
	Status   FieldStatus
	Later    []string // of Allowed, or "true": values that this build refuses to run
}

// FieldStatus says what this build makes of a key.
type FieldStatus string

// What becomes of a key. A stage's kind has its status from [Performed].
const (
	FieldUsed    FieldStatus = ""           // it has its effect
	FieldRefused FieldStatus = "refused"    // a run of a pipeline that has it is refused by name
	FieldIdle    FieldStatus = "not used"   // it is checked, and nothing reads it yet
	FieldLater   FieldStatus = "with stage" // it belongs to a kind that Performed does not list
)

// FieldType is the shape of a value.
type FieldType string

// The shapes. The text behind each is the word of the documentation for it.
const (
	TypeMapping  FieldType = "mapping"
	TypeNames    FieldType = "mapping of names"
	TypeList     FieldType = "list of mappings"
	TypeStages   FieldType = "list of stages"
	TypeText     FieldType = "text"
	TypeTexts    FieldType = "list of texts"
	TypeOneOrAll FieldType = "text or list of texts"
	TypeChoice   FieldType = "one of"
	TypeChoices  FieldType = "list of"
	TypeFlag     FieldType = "true or false"
	TypeNumber   FieldType = "number"
	TypeWord     FieldType = "text or number"
	TypeDuration FieldType = "duration"
	TypeShare    FieldType = "share"
	TypeShares   FieldType = "list of shares"
	TypeURL      FieldType = "address"
	TypeProject  FieldType = "project id"
	TypeTeam     FieldType = "team"
	TypeLogin    FieldType = "login"
	TypeLogins   FieldType = "list of logins"
	TypeChannel  FieldType = "Slack channel"
	TypeFile     FieldType = "workflow file"
	TypeEnv      FieldType = "environment"
)

// Fields lists every key of the file, parents before their children.
func Fields() []Field {
	var list []Field
	for _, part := range [][]Field{
		fileFields(), environmentFields(), policyFields(), freezeFields(), tellFields(), pipelineFields(),
		stageFields(), workflowFields(), judgeFields(), moveFields(), smokeFields(), watchFields(),
	} {
		list = append(list, part...)
	}
	return list
}

func fileFields() []Field {
	return []Field{
		{Path: "version", Type: TypeNumber, Required: true, Min: 1, Max: 1, Meaning: "The version of this format: `1`."},
		{
			Path: "mode", Type: TypeChoice, Default: "enforce", Allowed: []string{"enforce", "observe"},
			Meaning: "`observe` shows what would happen and starts, holds and opens nothing.",
		},
		{Path: "environments", Type: TypeNames, Required: true, Meaning: "The GitHub environments, by their names: 1 to 40 small letters, digits and hyphens."},
		{Path: "notify", Type: TypeMapping, Meaning: "Where runs are told."},
		{Path: "incident", Type: TypeMapping, Meaning: "What people need when a release went wrong."},
		{Path: "pipelines", Type: TypeNames, Required: true, Meaning: "The pipelines, by their names; at most 20."},
	}
}

func environmentFields() []Field {
	const at = "environments.NAME"
	return []Field{
		{Path: at, Type: TypeMapping, Meaning: "A GitHub environment, bound to one Firebase project."},
		{Path: at + ".firebase", Type: TypeProject, Required: true, Meaning: "The id of the Firebase project. It is the lane: one run at a time deploys to it. No two environments share one."},
		{Path: at + ".url", Type: TypeURL, Meaning: "Where the environment is reached; smoke tests probe paths below it."},
		{Path: at + ".approval", Type: TypeMapping, Meaning: "Who must approve before anything changes. With it, each deploy needs an `approval` before it."},
		{Path: at + ".commanders", Type: TypeList, Meaning: "Who may ask for a rollback, and give its final approval; and, beside people with the role maintain, take over or take off somebody else's lock and lift a freeze. Without it, people with that role may all of it."},
		{Path: at + ".commanders[].team", Type: TypeTeam, Meaning: "A team; either this or `user`."},
		{Path: at + ".commanders[].user", Type: TypeLogin, Meaning: "A person; either this or `team`."},
		{Path: at + ".freeze", Type: TypeList, Meaning: "Windows in which the door stays closed. Builds and approvals go on."},
		{Path: at + ".protected", Type: TypeTexts, Meaning: "Collections that a migration may write to only if it says so.", Status: FieldIdle},
		{
			Path: at + ".foreign", Type: TypeChoice, Default: "reject", Allowed: []string{"reject", "ask"}, Later: []string{"ask"},
			Meaning: "What happens to a job that waits at the environment though Gatehouse did not start it.",
		},
		{Path: at + ".behind", Type: TypeDuration, Default: "7d", Meaning: "How long what is live may be behind the default branch before the channels are told, once; looked up once a day. `0s`: never."},
		{Path: at + ".break_glass", Type: TypeFlag, Default: "false", Meaning: "Lets one commander skip the final approval of a rollback, with `--break-glass` behind the command."},
	}
}

func policyFields() []Field {
	const at = "environments.NAME.approval"
	return []Field{
		{Path: at + ".need", Type: TypeList, Required: true, Meaning: "The places to fill. One person fills one place."},
		{Path: at + ".need[].team", Type: TypeTeam, Meaning: "Members of this team count; either this or `users`."},
		{Path: at + ".need[].users", Type: TypeLogins, Meaning: "These people count; either this or `team`."},
		{Path: at + ".need[].count", Type: TypeNumber, Default: "1", Min: 1, Max: 100, Meaning: "How many of them must approve."},
		{Path: at + ".expires", Type: TypeDuration, Default: "72h", Meaning: "How long the gate stays open for approvals; at most 29d."},
		{Path: at + ".remind", Type: TypeDuration, Meaning: "When those who can still approve are reminded in Slack and Discord, then after twice as long, and so on; shorter than `expires`."},
		{Path: at + ".escalate", Type: TypeList, Meaning: "Who else is told when the gate still waits. They are mentioned; whether they may approve is said by `may_approve`."},
		{Path: at + ".escalate[].after", Type: TypeDuration, Required: true, Meaning: "How long the gate has waited by then; shorter than `expires`."},
		{Path: at + ".escalate[].team", Type: TypeTeam, Meaning: "A team; either this or `user`."},
		{Path: at + ".escalate[].user", Type: TypeLogin, Meaning: "A person; either this or `team`."},
		{Path: at + ".escalate[].may_approve", Type: TypeFlag, Default: "false", Meaning: "Whether each of them may fill any place of `need` from then on. Without it they are only told: `need` alone says who may approve."},
		{
			Path: at + ".gate", Type: TypeChoice, Default: "auto", Allowed: []string{"auto", "environment", "gatehouse"},
			Meaning: "Where people approve: `environment` is GitHub's *Review deployments*, `gatehouse` is `/approve` and the check's button; `auto` takes the first where the environment is protected.",
		},
		{Path: at + ".author_may_approve", Type: TypeFlag, Default: "false", Meaning: "Whether who wrote, committed or pushed what ships may approve it."},
		{Path: at + ".reason_required", Type: TypeFlag, Default: "false", Meaning: "Whether an approval needs a reason: behind `/approve`, in the review's comment, in Slack's form or on the page."},
		{Path: at + ".reject", Type: TypeList, Meaning: "Who may reject, beside those who may approve. Without it: everybody with write access."},
		{Path: at + ".reject[].team", Type: TypeTeam, Meaning: "A team; either this or `user`."},
		{Path: at + ".reject[].user", Type: TypeLogin, Meaning: "A person; either this or `team`."},
	}
}

func freezeFields() []Field {
	const at = "environments.NAME.freeze[]"
	return []Field{
		{Path: at + ".every", Type: TypeText, Meaning: "Weekday and time at which it begins each week, `FRI 15:00`; either this or `from`."},
		{Path: at + ".from", Type: TypeText, Meaning: "First date of a window that comes once, `2026-12-23`; either this or `every`."},
		{Path: at + ".until", Type: TypeText, Required: true, Meaning: "The end: `MON 08:00` with `every`; the last date with `from`."},
		{Path: at + ".timezone", Type: TypeText, Default: "UTC", Meaning: "The time zone of both, `Europe/Warsaw`."},
		{Path: at + ".reason", Type: TypeText, Meaning: "What is said to whoever waits."},
	}
}

func tellFields() []Field {
	return []Field{
		{Path: "notify.slack", Type: TypeChannel, Meaning: "The channel of each run's message: `\"#releases\"` in quotes, or an id."},
		{Path: "notify.discord", Type: TypeFlag, Default: "false", Meaning: "Whether each run has a message in Discord, where the operator's webhook leads."},
		{Path: "notify.people", Type: TypeNames, Meaning: "GitHub logins with the Slack member ids to mention. Never authority.", Status: FieldIdle},
		{Path: "notify.people.NAME", Type: TypeText, Meaning: "A Slack member id, `U0123456789`.", Status: FieldIdle},
		{Path: "incident.on_call", Type: TypeURL, Meaning: "Who is on call. It stands in the issue of an incident."},
		{Path: "incident.playbook", Type: TypeURL, Meaning: "What to do. It stands in the issue of an incident."},
		{Path: "incident.escalate", Type: TypeList, Meaning: "Who is called when nobody answers an incident: one that Gatehouse rolled back by itself, one that it leaves to people, a rollback that went wrong, or a final approval that waits. Answered has who locks the environment himself (`/lock`), or unlocks it."},
		{Path: "incident.escalate[].after", Type: TypeDuration, Required: true, Meaning: "The time without an answer."},
		{Path: "incident.escalate[].team", Type: TypeTeam, Meaning: "A team; either this or `user`."},
		{Path: "incident.escalate[].user", Type: TypeLogin, Meaning: "A person; either this or `team`."},
	}
}

func pipelineFields() []Field {
	const at = "pipelines.NAME"
	return []Field{
		{Path: at, Type: TypeMapping, Meaning: "A list of stages with its trigger and its environment."},
		{Path: at + ".on", Type: TypeMapping, Required: true, Meaning: "What starts it: `push`, `manual`, or both."},
		{Path: at + ".on.push", Type: TypeOneOrAll, Meaning: "Branches. As in GitHub's branch policies, `*` is one level and `**` any number."},
		{Path: at + ".on.paths", Type: TypeTexts, Meaning: "With `push`: at least one changed file must match one of these patterns."},
		{Path: at + ".on.manual", Type: TypeFlag, Default: "false", Meaning: "Whether *Run workflow* on `release.yml`, or `/deploy`, starts it at the head of a branch."},
		{Path: at + ".environment", Type: TypeEnv, Required: true, Meaning: "The environment that it deploys to."},
		{Path: at + ".stages", Type: TypeStages, Required: true, Meaning: "The stages, in order; at most 50."},
	}
}
