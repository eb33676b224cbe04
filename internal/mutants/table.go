package main

import "slices"

// laws are those of the design, section 3.
func laws() []law {
	return []law{
		{number: 1, name: "Pure core"},
		{number: 2, name: "Save, then act"},
		{number: 3, name: "Two kinds of effect"},
		{number: 4, name: "At least once, safely"},
		{number: 5, name: "Nobody waits"},
		{number: 6, name: "Webhooks are hints"},
		{number: 7, name: "Fail closed"},
		{number: 8, name: "Rollback needs almost nothing"},
		{number: 9, name: "State is a snapshot plus a log"},
		{number: 10, name: "Secrets never leave"},
		{number: 11, name: "Tenants are apart"},
	}
}

// mutations is the table: how each law is broken, and which test says so.
func mutations() []mutation {
	return slices.Concat(mutationsOfTheCore(), mutationsOfTheEngine(), mutationsOfTheEdge())
}

func mutationsOfTheCore() []mutation {
	return []mutation{
		{
			law: 1, name: "read-the-environment", why: "the machine asks the process what a test may not know",
			file: "pipeline/wake.go",
			old:  "import \"time\"\n",
			new:  "import (\n\t\"os\"\n\t\"time\"\n)\n\nvar _ = os.Getenv(\"GATEHOUSE_MODE\")\n",
			test: testID{"pipeline", "TestLaw01_PureCore"},
		},
		{
			law: 6, name: "believe-the-last-webhook", why: "the status that arrives last wins, whatever its rank",
			file: "pipeline/workflow.go",
			old:  "return ra > rb",
			new:  "return ra != rb",
			test: testID{"pipeline", "TestLaw06_WebhooksAreHints"},
		},
		{
			law: 7, name: "let-unknown-roles-write", why: "a role that is not known to be powerless may write",
			file: "pipeline/run.go",
			old:  `return s.Role == "admin" || s.Role == "maintain" || s.Role == "write"`,
			new:  `return s.Role != "none" && s.Role != "read" && s.Role != "triage"`,
			test: testID{"pipeline", "TestLaw07_FailClosed"},
		},
		{
			law: 9, name: "unchain-the-log", why: "an entry's hash does not cover the entry before it",
			file: "pipeline/log.go",
			old:  "e.Hash = \"\"\n",
			new:  "e.Hash, e.Prev = \"\", \"\"\n",
			test: testID{"pipeline", "TestLaw09_SnapshotPlusLog"},
		},
	}
}

func mutationsOfTheEngine() []mutation {
	return []mutation{
		{
			law: 2, name: "act-then-save", why: "effects are performed before the swap that owes them",
			file: "internal/engine/planted_off.go",
			old:  "func (*tx) early() {}",
			new: "func (t *tx) early() {\n\tfor i := range t.jobs {\n\t\tif t.jobs[i].effect != nil {\n" +
				"\t\t\tr := t.e.do(t.ctx, t.jobs[i])\n\t\t\tt.jobs[i].early = &r\n\t\t}\n\t}\n}",
			test: testID{"internal/engine", "TestLaw02_SaveThenAct"},
		},
		{
			law: 3, name: "show-every-change", why: "a slot does not rest, so a burst of changes is a burst of calls",
			file: "internal/engine/slots.go",
			old:  "rested := latest(s.ShownAt.Add(rest), s.PaidAt)",
			new:  "rested := latest(s.ShownAt.Add(0*rest), s.ShownAt)",
			test: testID{"internal/engine", "TestLaw03_TwoKindsOfEffect"},
		},
		{
			law: 8, name: "ask-github-before-moving", why: "a pointer is moved only while GitHub answers",
			file: "internal/stage/liverestore.go",
			old:  "\tthen, err := p.loadRecord(ctx, e.Target)\n",
			new:  "\tif _, err := p.Repos(job.Repo).Head(ctx, \"heads/main\"); err != nil {\n\t\treturn nil, err\n\t}\n\tthen, err := p.loadRecord(ctx, e.Target)\n",
			test: testID{"internal/stage", "TestLaw08_RollbackNeedsAlmostNothing"},
		},
		{
			law: 5, name: "a-goroutine-per-wake", why: "each wake waits for its time in a goroutine with a timer",
			file: "internal/engine/local.go",
			old:  "\tl.mu.Lock()\n\tdefer l.mu.Unlock()\n\tif !l.draining {\n\t\tl.add(item.Ref, groupOf(item), item.WakeAt)\n\t}\n",
			new: "\tgo func() {\n\t\tdue := make(chan struct{})\n\t\tl.clock.AfterFunc(item.WakeAt.Sub(l.clock.Now()), func() { close(due) })\n" +
				"\t\tselect {\n\t\tcase <-due:\n\t\tcase <-l.done:\n\t\t}\n" +
				"\t\tl.mu.Lock()\n\t\tdefer l.mu.Unlock()\n\t\tif !l.draining {\n\t\t\tl.add(item.Ref, groupOf(item), item.WakeAt)\n\t\t}\n\t}()\n",
			test: testID{"internal/engine", "TestLaw05_NobodyWaits"},
		},
		{
			law: 11, name: "name-runs-without-tenant", why: "a run's key does not hold its installation",
			file: "internal/engine/refs.go",
			old:  "return Ref{Kind: KindRun, ID: tenant(inst) + string(id)}",
			new:  "return Ref{Kind: KindRun, ID: tenant(0*inst) + string(id)}",
			test: testID{"internal/engine", "TestLaw11_TenantsAreApart"},
		},
		{
			law: 11, name: "link-commits-without-tenant", why: "two installations share the list of a commit's runs",
			file: "internal/engine/refs.go",
			old:  "tenant(repo.Installation) + scopeOf(repo) + \"/commit/\" + sha",
			new:  "tenant(0) + scopeOf(repo) + \"/commit/\" + sha",
			test: testID{"internal/engine", "TestLaw11_TenantsAreApart"},
		},
	}
}

func mutationsOfTheEdge() []mutation {
	return []mutation{
		{
			law: 2, name: "answer-before-storing", why: "a webhook is answered 2xx though its delivery was not stored",
			file: "handlers/hook.go",
			old:  "\n\t\th.unavailable(w, r, err)",
			new:  "\n\t\th.stored(w, result)",
			test: testID{"handlers", "TestLaw02_SaveThenAct"},
		},
		{
			law: 4, name: "dispatch-blindly", why: "a workflow is started again without a look at what the first try started",
			file: "internal/stage/workflow.go",
			old:  "if job.Tries > 0 {\n\t\tfound, err := p.lookForWorkflow(",
			new:  "if job.Tries < 0 {\n\t\tfound, err := p.lookForWorkflow(",
			test: testID{"internal/stage", "TestLaw04_AtLeastOnceSafely"},
		},
		{
			law: 7, name: "start-without-a-secret", why: "the server starts though no webhook secret is set",
			file: "app/config.go",
			old:  "case len(out) == 0:",
			new:  "case len(out) == 0 && name == \"\":",
			test: testID{"app", "TestLaw07_FailClosed"},
		},
		{
			law: 7, name: "believe-any-signature", why: "a webhook that somebody else signed is taken for GitHub's",
			file: "handlers/verify.go",
			old:  "fits := false",
			new:  "fits := len(h.Secrets) > 0",
			test: testID{"handlers", "TestLaw07_FailClosed"},
		},
		{
			law: 10, name: "repeat-the-token-of-github", why: "an error repeats the token that the call carried",
			file: "internal/github/redact.go",
			old:  "text = strings.ReplaceAll(text, secret, redacted)",
			new:  "text = strings.ReplaceAll(text, secret, secret)",
			test: testID{"internal/github", "TestLaw10_SecretsNeverLeave"},
		},
		{
			law: 10, name: "repeat-the-token-of-slack", why: "an error repeats the token that the call carried",
			file: "internal/slack/redact.go",
			old:  "s = strings.ReplaceAll(s, r.token, \"[redacted]\")",
			new:  "s = strings.ReplaceAll(s, r.token, r.token)",
			test: testID{"internal/slack", "TestLaw10_SecretsNeverLeave"},
		},
		{
			law: 10, name: "repeat-the-address-of-a-webhook", why: "an error repeats the words of the transport, which hold the URL",
			file: "internal/answer/sender.go",
			old:  "check the network and \"+s.opt.Variable",
			new:  "check the network and \"+s.opt.Variable+err.Error()",
			test: testID{"internal/answer", "TestLaw10_SecretsNeverLeave"},
		},
		{
			law: 10, name: "repeat-the-token-of-google", why: "an error repeats the token that the call carried",
			file: "internal/firebase/redact.go",
			old:  "text = strings.ReplaceAll(text, secret, redacted)",
			new:  "text = strings.ReplaceAll(text, secret, secret)",
			test: testID{"internal/firebase", "TestLaw10_SecretsNeverLeave"},
		},
	}
}
