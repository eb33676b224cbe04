package pipeline

// code names the rule that a problem breaks. The values are stable: links to
// the documentation end in them. Every one is reached by a fixture in
// testdata/config.
type code string

// What is wrong with the file as YAML.
const (
	codeEmptyFile    code = "empty-file"
	codeTooLarge     code = "too-large"
	codeTooDeep      code = "too-deep"
	codeCharacter    code = "character"
	codeSyntax       code = "syntax"
	codeAnchor       code = "anchor"
	codeTag          code = "tag"
	codeComplexKey   code = "complex-key"
	codeDocuments    code = "multiple-documents"
	codeDuplicateKey code = "duplicate-key"
	codeUnknownKey   code = "unknown-key"
	codeMissingKey   code = "missing-key"
	codeType         code = "wrong-type"
	codeEmpty        code = "empty-value"
	codeEmptyList    code = "empty-list"
	codeRepeated     code = "repeated-item"
	codeChoice       code = "unknown-value"
)

// What is wrong with one value.
const (
	codeVersion    code = "version"
	codeName       code = "name"
	codeReserved   code = "reserved-name"
	codeTitle      code = "title"
	codeDuration   code = "duration"
	codeRange      code = "out-of-range"
	codePercent    code = "percent"
	codeURL        code = "url"
	codePath       code = "path"
	codePattern    code = "pattern"
	codeExpression code = "expression"
)

// What is wrong with an environment, or with who is told.
const (
	codeProject         code = "firebase-project"
	codeSharedProject   code = "shared-firebase-project"
	codeTeam            code = "team"
	codeUser            code = "user"
	codeTeamOrUsers     code = "team-or-users"
	codeCount           code = "count"
	codeRemind          code = "remind-after-expiry"
	codeEscalate        code = "escalate-after-expiry"
	codeFreezeForm      code = "freeze-form"
	codeFreezeTime      code = "freeze-time"
	codeTimeZone        code = "timezone"
	codeSlack           code = "slack-channel"
	codeSlackPerson     code = "slack-person"
	codeTooManyEntries  code = "too-many"
	codeNoEnvironment   code = "unknown-environment"
	codeNoTrigger       code = "no-trigger"
	codePathsAlone      code = "paths-without-push"
	codeVerifiedHere    code = "verified-in-itself"
	codeRotateNothing   code = "rotate-without-secrets"
	codeSmokeWithoutURL code = "smoke-without-url"
)

// What is wrong with a stage, or with how stages hang together.
const (
	codeUnknownKind    code = "unknown-kind"
	codeNoKind         code = "stage-without-kind"
	codeTwoKinds       code = "stage-with-two-kinds"
	codeNestedParallel code = "nested-parallel"
	codeParallelKeys   code = "parallel-with-keys"
	codeMisplacedKey   code = "misplaced-key"
	codeDuplicateID    code = "duplicate-id"
	codeDuplicateTitle code = "duplicate-title"
	codeNotRetried     code = "not-retried"
	codeGateTimeout    code = "timeout-on-approval"
	codeWorkflowFile   code = "workflow-file"
	codeInputName      code = "input-name"
	codeInputReserved  code = "input-reserved"
	codeSecretName     code = "secret-name"
	codeBucket         code = "bucket"
	codeNoVerify       code = "rollback-without-verify"
	codeParameter      code = "parameter"
	codeProbe          code = "probe"
	codeSource         code = "signal-source"
	codeWatchTimeout   code = "watch-timeout"
	codeStore          code = "store-missing"
	codeSteps          code = "steps"
	codeUnknownNeed    code = "unknown-need"
	codeCycle          code = "cycle"
	codeNoPolicy       code = "approval-without-policy"
	codeNotApproved    code = "not-approved"
	codeNoDeploy       code = "approval-without-deploy"
	codeTwoDeploys     code = "approval-with-two-deploys"
	codeTwoApprovals   code = "deploy-with-two-approvals"
)
