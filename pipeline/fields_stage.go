package pipeline

func stageFields() []Field {
	return []Field{
		{Path: "stages[].parallel", Type: TypeStages, Meaning: "Stages that run side by side; nothing else stands beside this key, and no group holds another."},
		{Path: "stages[].id", Type: TypeText, Meaning: "Its name in `needs`, comments and addresses. Without it: the workflow's file name, or the kind."},
		{Path: "stages[].title", Type: TypeText, Meaning: "The name of its check run, at most 60 characters. Without it: made of the id."},
		{Path: "stages[].needs", Type: TypeTexts, Meaning: "The ids of the stages that it waits for; `[]` for none. Without it: the entry before."},
		{
			Path: "stages[].timeout", Type: TypeDuration,
			Meaning: "From its start to its end, at most 30d. Without it: 1h for `workflow`, `checks`, `backup`, `migrate`, `deploy` and `mobile`, 10m more than `for` for `watch`, else 10m. Not on `approval`.",
		},
		{Path: "stages[].retries", Type: TypeNumber, Default: "0", Min: 0, Max: 10, Meaning: "How often it is tried again by itself. Not on `approval`, `migrate`, `deploy`."},
		{Path: "stages[].continue_on_failure", Type: TypeFlag, Default: "false", Meaning: "Whether the run goes on when it fails. Not on `approval`, `migrate`, `deploy`."},
	}
}

func workflowFields() []Field {
	const workflow, deploy = "stages[].workflow", "stages[].deploy"
	const inputs = "Further inputs of the workflow, at most 21. Gatehouse sets `gatehouse_run`, `sha`, `environment` and `gatehouse_needs`."
	return []Field{
		{Path: workflow, Type: TypeMapping, Short: "file", Meaning: "Passes when the GitHub Actions workflow that it starts concludes `success`."},
		{Path: workflow + ".file", Type: TypeFile, Required: true, Meaning: "The file's name in `.github/workflows`."},
		{Path: workflow + ".inputs", Type: TypeNames, Meaning: inputs},
		{Path: workflow + ".inputs.NAME", Type: TypeWord, Meaning: "The value; GitHub sends it as text."},
		{Path: deploy, Type: TypeMapping, Short: "workflow", Meaning: "Deploys by a GitHub Actions workflow."},
		{Path: deploy + ".workflow", Type: TypeFile, Required: true, Meaning: "The file's name in `.github/workflows`."},
		{Path: deploy + ".inputs", Type: TypeNames, Meaning: inputs},
		{Path: deploy + ".inputs.NAME", Type: TypeWord, Meaning: "The value; GitHub sends it as text."},
		{
			Path: deploy + ".verify", Type: TypeChoices, Allowed: []string{"rules", "functions", "hosting"},
			Meaning: "What the workflow deploys to Firebase. Gatehouse looks at it before and after: a deploy that did half is a failed deploy, and can be gone back from.",
		},
		{Path: deploy + ".flags", Type: TypeTexts, Meaning: "Parameters of Remote Config that belong to this release: a rollback returns them too, before everything else."},
		{
			Path: deploy + ".on_failure", Type: TypeChoice, Default: "ask", Allowed: []string{"ask", "rollback"},
			Meaning: "What follows when the deploy did half, or a critical probe behind it fails. `rollback` goes back once, by itself, to the last verified release; it needs `verify`.",
		},
	}
}

// judgeFields are those of the kinds that look and change nothing.
func judgeFields() []Field {
	const checks, pre, legal, security = "stages[].checks", "stages[].prerequisites", "stages[].compliance", "stages[].security"
	return []Field{
		{Path: checks, Type: TypeMapping, Short: "names", Meaning: "Passes when checks and statuses that others put on the commit are green."},
		{Path: checks + ".names", Type: TypeOneOrAll, Required: true, Meaning: "Their names, or patterns with `*`."},
		{Path: pre, Type: TypeMapping, Meaning: "Asks whether the release is one at all."},
		{Path: pre + ".changelog", Type: TypeText, Meaning: "The file that must name the version.", Status: FieldLater},
		{Path: pre + ".version", Type: TypeText, Meaning: "The file whose version must have grown.", Status: FieldLater},
		{Path: pre + ".verified_in", Type: TypeEnv, Meaning: "Another environment, in which the commit must be verified.", Status: FieldLater},
		{Path: pre + ".secrets", Type: TypeTexts, Meaning: "Names of secrets that the GitHub environment must have.", Status: FieldLater},
		{Path: pre + ".rotate", Type: TypeDuration, Meaning: "How old these secrets may be, from 1d to 3650d.", Status: FieldLater},
		{Path: legal, Type: TypeMapping, Short: "documents", Meaning: "Asks for the legal documents."},
		{Path: legal + ".documents", Type: TypeTexts, Required: true, Meaning: "Files that must exist.", Status: FieldLater},
		{Path: legal + ".attestations", Type: TypeText, Meaning: "The file with what their owners signed.", Status: FieldLater},
		{Path: security, Type: TypeMapping, Meaning: "Asks GitHub's scanners."},
		{
			Path: security + ".fail_on", Type: TypeChoice, Default: "high", Allowed: []string{"low", "medium", "high", "critical"},
			Meaning: "The lowest severity that fails.", Status: FieldLater,
		},
		{
			Path: security + ".scanners", Type: TypeChoices, Default: "[code, dependencies, secrets]", Allowed: []string{"code", "dependencies", "secrets"},
			Meaning: "Which are asked.", Status: FieldLater,
		},
		{
			Path: security + ".waive", Type: TypeChoices, Allowed: []string{"code", "dependencies", "secrets"},
			Meaning: "Which may be switched off.", Status: FieldLater,
		},
	}
}

// moveFields are those of the gate and of the kinds that move or store something.
func moveFields() []Field {
	const mobile = "stages[].mobile"
	return []Field{
		{Path: "stages[].approval", Type: TypeMapping, Meaning: "The gate. It has no settings: who must approve is said by the environment."},
		{Path: "stages[].backup", Type: TypeMapping, Meaning: "Stores what is live."},
		{Path: "stages[].backup.export", Type: TypeText, Meaning: "A bucket for an export of Firestore, `gs://my-backups`. The stage passes when it is written."},
		{Path: "stages[].migrate", Type: TypeMapping, Short: "dir", Meaning: "Runs migrations."},
		{Path: "stages[].migrate.dir", Type: TypeText, Required: true, Meaning: "Their directory.", Status: FieldLater},
		{Path: "stages[].migrate.force", Type: TypeFlag, Default: "false", Meaning: "Needed for production.", Status: FieldLater},
		{Path: mobile, Type: TypeMapping, Meaning: "Moves a track of Google Play or App Store Connect."},
		{Path: mobile + ".android", Type: TypeText, Meaning: "The package's name. This, or `ios`, or both.", Status: FieldLater},
		{Path: mobile + ".ios", Type: TypeWord, Meaning: "The app's number. This, or `android`, or both.", Status: FieldLater},
		{Path: mobile + ".track", Type: TypeText, Required: true, Meaning: "The track.", Status: FieldLater},
		{Path: mobile + ".steps", Type: TypeShares, Meaning: "Growing shares up to 100%.", Status: FieldLater},
		{Path: "stages[].notify", Type: TypeMapping, Meaning: "Passes when the closing message was delivered."},
		{Path: "stages[].notify.slack", Type: TypeChannel, Meaning: "Another channel than `notify.slack`."},
	}
}

func smokeFields() []Field {
	const at = "stages[].smoke"
	return []Field{
		{Path: at, Type: TypeMapping, Short: "probes", Meaning: "Passes when every critical probe met its expectation."},
		{Path: at + ".probes", Type: TypeList, Required: true, Meaning: "The requests to make."},
		{Path: at + ".probes[].get", Type: TypeText, Required: true, Meaning: "A path below the environment's `url`, or an https address."},
		{Path: at + ".probes[].status", Type: TypeNumber, Min: 100, Max: 599, Meaning: "The expected status. Without it and without `expect`: 200."},
		{Path: at + ".probes[].within", Type: TypeDuration, Meaning: "The longest time for the answer, at most 5m."},
		{Path: at + ".probes[].headers", Type: TypeNames, Meaning: "Expected headers of the answer."},
		{Path: at + ".probes[].headers.NAME", Type: TypeWord, Meaning: "The value that the header must have."},
		{Path: at + ".probes[].expect", Type: TypeText, Meaning: "A CEL expression over `status`, `headers`, `body`, `json` and `latency` that must be true."},
		{Path: at + ".probes[].critical", Type: TypeFlag, Default: "true", Meaning: "Whether the stage fails when this probe does."},
		{Path: at + ".probes[].retries", Type: TypeNumber, Default: "2", Min: 0, Max: 10, Meaning: "Further tries before it counts as failed."},
	}
}

func watchFields() []Field {
	const at, signal = "stages[].watch", "stages[].watch.signals[]"
	return []Field{
		{Path: at, Type: TypeMapping, Meaning: "Watches signals after a deploy."},
		{Path: at + ".for", Type: TypeDuration, Required: true, Meaning: "How long.", Status: FieldLater},
		{Path: at + ".signals", Type: TypeList, Required: true, Meaning: "The figures to watch. Each has exactly one source.", Status: FieldLater},
		{Path: signal + ".name", Type: TypeText, Required: true, Meaning: "Its name, once in the list.", Status: FieldLater},
		{Path: signal + ".crashlytics", Type: TypeText, Meaning: "Source: an app's id in Firebase.", Status: FieldLater},
		{Path: signal + ".promql", Type: TypeText, Meaning: "Source: a query of Prometheus.", Status: FieldLater},
		{Path: signal + ".monitoring", Type: TypeText, Meaning: "Source: a query of Cloud Monitoring.", Status: FieldLater},
		{Path: signal + ".json", Type: TypeURL, Meaning: "Source: an address that answers with JSON.", Status: FieldLater},
		{Path: signal + ".value", Type: TypeText, Meaning: "With `json`: a CEL expression for the figure.", Status: FieldLater},
		{Path: signal + ".max", Type: TypeShare, Required: true, Meaning: "The highest value that is good: `5%`, or a plain number.", Status: FieldLater},
		{Path: signal + ".min_samples", Type: TypeNumber, Default: "0", Min: 0, Max: 1_000_000_000, Meaning: "Below so many samples the figure says nothing.", Status: FieldLater},
		{
			Path: signal + ".missing", Type: TypeChoice, Default: "hold", Allowed: []string{"fail", "hold", "ignore"},
			Meaning: "What a figure that is not there means.", Status: FieldLater,
		},
	}
}
