package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// kind reads what belongs to the kind of the stage; it answers the workflow
// file that the stage runs, if any.
func (p *parser) kind(s *Stage, v value, l *plan) (file string) {
	switch s.Kind {
	case KindWorkflow:
		s.Workflow = p.workflow(v)
		return s.Workflow.File
	case KindChecks:
		s.Checks = p.checks(v)
	case KindPrerequisites:
		s.Prerequisites = p.prerequisites(v, l)
	case KindCompliance:
		s.Compliance = p.compliance(v)
	case KindSecurity:
		s.Security = p.security(v)
	case KindBackup:
		s.Backup = p.backup(v)
	case KindApproval:
		s.Approval = p.approval(v)
	case KindMigrate:
		s.Migrate = p.migrate(v)
	case KindDeploy:
		s.Deploy = p.deploy(v)
		return s.Deploy.File
	case KindSmoke:
		s.Smoke = p.smoke(v, l)
	case KindWatch:
		s.Watch = p.watch(v)
	case KindNotify:
		s.Notify = p.notifyStage(v)
	case KindMobile:
		s.Mobile = p.mobile(v)
	}
	return ""
}

// body reads the long form of a kind. What belongs beside the kind, but stands
// inside, gets a sentence of its own.
func (p *parser) body(v value, what string, known ...string) (fields, bool) {
	if isMapping(v) {
		list, ok := p.pairs(v, what)
		f := fields{p: p, in: v, values: map[string]value{}}
		for _, e := range list {
			switch {
			case slices.Contains(known, e.name):
				f.values[e.name] = e.value
			case slices.Contains(commonKeys(), e.name):
				p.refuse(e.key, codeMisplacedKey, fmt.Sprintf("%s belongs beside %s, not inside.", quoted(e.name), what), fmt.Sprintf("Write - {%s: …, %s: …}.", what, e.name))
			case len(known) == 0:
				p.refuse(e.key, codeUnknownKey, fmt.Sprintf("%s takes no settings.", sentence(what)), "Write - "+what+"; who must approve is said by the environment.")
			default:
				p.refuse(e.key, codeUnknownKey, fmt.Sprintf("%s knows no key %s.", sentence(what), quoted(e.name)), didYouMean(e.name, known, "Known are "+listed(known)+"."))
			}
		}
		return f, ok
	}
	if !v.refused() && !v.null() {
		p.refuse(v, codeType, fmt.Sprintf("%s cannot be %s.", quoted(what), v.shape()), "Write its settings as key: value pairs"+knownHint(known)+".")
	}
	return fields{p: p, in: v}, v.null()
}

func knownHint(known []string) string {
	if len(known) == 0 {
		return ""
	}
	return "; known are " + listed(known)
}

func isMapping(v value) bool {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	default:
		return false
	}
}

func isList(v value) bool { _, ok := v.node.(*ast.SequenceNode); return ok }

func isEmptyList(v value) bool {
	n, ok := v.node.(*ast.SequenceNode)
	return ok && len(n.Values) == 0
}

// isWord reports whether a kind is written in its short form: one value.
func isWord(v value) bool {
	_, kind := v.scalar()
	return kind != scalarNone && kind != scalarNull
}

func (p *parser) checks(v value) *ChecksStage {
	const example = "checks: [build, test]"
	if isWord(v) || isList(v) {
		return &ChecksStage{Names: p.checkNames(v, example)}
	}
	s := &ChecksStage{}
	if f, ok := p.body(v, "checks", "names"); ok && f.require("names", example) {
		s.Names = p.checkNames(f.at("names"), example)
	}
	return s
}

func (p *parser) checkNames(v value, example string) []string {
	if isWord(v) {
		if text, ok := p.text(v); ok {
			return []string{text}
		}
		return nil
	}
	items := p.texts(v, example)
	return textsOf(items)
}

func (p *parser) prerequisites(v value, l *plan) *PrerequisitesStage {
	s := &PrerequisitesStage{}
	f, ok := p.body(v, "prerequisites", "changelog", "version", "verified_in", "secrets", "rotate")
	if !ok {
		return s
	}
	if f.has("changelog") {
		s.Changelog = p.file(f.at("changelog"))
	}
	if f.has("version") {
		s.Version = p.file(f.at("version"))
	}
	if name, ok := f.text("verified_in"); ok {
		s.VerifiedIn = name
		switch {
		case l.spec.Environments[name] == nil:
			p.unknownEnvironment(f.at("verified_in"), name, l.spec)
		case name == l.pipeline.Environment:
			p.refuse(f.at("verified_in"), codeVerifiedHere, fmt.Sprintf("%s is the environment that this pipeline deploys to.", quoted(name)), "Name the environment that comes before it.")
		}
	}
	if f.has("secrets") {
		s.Secrets = p.secrets(f.at("secrets"))
	}
	s.Rotate = f.span("rotate", 0, day, 3650*day)
	if f.has("rotate") && !f.has("secrets") {
		p.refuse(f.at("rotate"), codeRotateNothing, "There is no secret here whose age could be asked.", "Add secrets: [STRIPE_LIVE_KEY] beside rotate.")
	}
	return s
}

func (p *parser) secrets(v value) []string {
	items := p.texts(v, "secrets: [STRIPE_LIVE_KEY]")
	for _, i := range items {
		good := !isDigit(rune(i.text[0])) && only(i.text, func(r rune) bool { return r == '_' || alphanumeric(r) })
		if !good {
			p.refuse(i.at, codeSecretName, fmt.Sprintf("%s is no name of a secret.", quoted(i.text)), "Write the name that GitHub shows, never the secret itself: STRIPE_LIVE_KEY.")
		}
	}
	return textsOf(items)
}

func (p *parser) compliance(v value) *ComplianceStage {
	s := &ComplianceStage{}
	const example = "documents: [legal/terms.md, legal/privacy.md]"
	if isList(v) {
		s.Documents = p.documents(v, example)
		return s
	}
	f, ok := p.body(v, "compliance", "documents", "attestations")
	if !ok {
		return s
	}
	if f.require("documents", example) {
		s.Documents = p.documents(f.at("documents"), example)
	}
	if f.has("attestations") {
		s.Attestations = p.file(f.at("attestations"))
	}
	return s
}

func (p *parser) documents(v value, example string) []string {
	items := p.texts(v, example)
	for _, i := range items {
		p.file(i.at)
	}
	return textsOf(items)
}

// security is strict by default: every scanner, from severity high upwards.
func (p *parser) security(v value) *SecurityStage {
	scanners := []string{"code", "dependencies", "secrets"}
	s := &SecurityStage{FailOn: "high", Scanners: scanners}
	f, ok := p.body(v, "security", "fail_on", "scanners", "waive")
	if !ok {
		return s
	}
	if severity, ok := f.choice("fail_on", "low", "medium", "high", "critical"); ok {
		s.FailOn = severity
	}
	if f.has("scanners") {
		s.Scanners = f.choices("scanners", scanners...)
	}
	s.Waive = f.choices("waive", scanners...)
	return s
}

func (p *parser) backup(v value) *BackupStage {
	s := &BackupStage{}
	f, ok := p.body(v, "backup", "export")
	if !ok {
		return s
	}
	text, ok := f.text("export")
	if !ok {
		return s
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(text, "gs://"), "/")
	good := strings.HasPrefix(text, "gs://") && len(bucket) >= 3 && !strings.ContainsAny(text, " \\\n") &&
		only(bucket, func(r rune) bool { return strings.ContainsRune("-_.", r) || (alphanumeric(r) && (r < 'A' || r > 'Z')) })
	if !good {
		p.refuse(f.at("export"), codeBucket, fmt.Sprintf("%s is no bucket of Cloud Storage.", quoted(text)), "Write export: gs://my-backups.")
	}
	s.Export = text
	return s
}

func (p *parser) approval(v value) *ApprovalStage {
	p.body(v, "approval")
	return &ApprovalStage{}
}

func (p *parser) migrate(v value) *MigrateStage {
	if isWord(v) {
		return &MigrateStage{Dir: p.file(v)}
	}
	s := &MigrateStage{}
	f, ok := p.body(v, "migrate", "dir", "force")
	if !ok {
		return s
	}
	if f.require("dir", "migrate: {dir: migrations}") {
		s.Dir = p.file(f.at("dir"))
	}
	s.Force = f.flag("force", false)
	return s
}

func (p *parser) notifyStage(v value) *NotifyStage {
	s := &NotifyStage{}
	if f, ok := p.body(v, "notify", "slack"); ok && f.has("slack") {
		s.Slack = p.slack(f.at("slack"))
	}
	return s
}

func (p *parser) mobile(v value) *MobileStage {
	s := &MobileStage{}
	f, ok := p.body(v, "mobile", "android", "ios", "track", "steps")
	if !ok {
		return s
	}
	if !f.has("android") && !f.has("ios") {
		p.refuse(v, codeStore, "No app is named.", "Write android: app.avalo, or ios: \"1234567890\", or both.")
	}
	s.Android, _ = f.text("android")
	if f.has("ios") {
		s.IOS, _ = p.word(f.at("ios"))
	}
	if f.require("track", "track: internal") {
		s.Track, _ = f.text("track")
	}
	if f.has("steps") {
		s.Steps = p.steps(f.at("steps"))
	}
	return s
}

func (p *parser) steps(v value) []float64 {
	var list []float64
	for _, e := range p.items(v, "steps: [5%, 20%, 100%]") {
		text, ok := p.word(e)
		if !ok {
			continue
		}
		n, ok := share(text)
		if !ok || n <= 0 || n > 1 || (len(list) > 0 && n <= list[len(list)-1]) {
			p.refuse(e, codeSteps, fmt.Sprintf("%s is no next step.", quoted(text)), "Write growing shares up to 100%: steps: [5%, 20%, 100%].")
			continue
		}
		list = append(list, n)
	}
	return list
}

// watchFor is read here because the standard time-out depends on it.
func (p *parser) watchFor(f fields) time.Duration {
	if !f.require("for", "for: 15m") {
		return 0
	}
	return f.span("for", 0, time.Second, maxSpan-10*time.Minute)
}
