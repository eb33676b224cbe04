package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxSpan is the longest time that a stage may take.
const maxSpan = 30 * day

// draft is a stage while its pipeline is read.
type draft struct {
	stage    *Stage
	at       value // the entry in the list
	idAt     value
	titleAt  value
	needs    []item
	hasNeeds bool
}

// plan is the list of stages while it is read. Broken means that a stage could
// not be made out, so that what hangs together is not judged.
type plan struct {
	pipeline *Pipeline
	env      *Environment // nil when it is unknown
	spec     *Spec
	drafts   []*draft
	before   []string // the ids of the entry before
	broken   bool
}

func (p *parser) stages(v value, pl *Pipeline, s *Spec) []*Stage {
	l := &plan{pipeline: pl, env: s.Environments[pl.Environment], spec: s}
	for _, e := range p.items(v, "stages: [{workflow: test.yml}]") {
		if len(l.drafts) >= maxStages {
			p.refuse(e, codeTooManyEntries, fmt.Sprintf("There are more than %d stages.", maxStages), "Join workflows, or split the pipeline.")
			break
		}
		p.entry(e, l)
	}
	p.graph(l)
	var stages []*Stage
	for _, d := range l.drafts {
		stages = append(stages, d.stage)
	}
	return stages
}

// entry reads one entry of the list: a stage, or several side by side.
func (p *parser) entry(v value, l *plan) {
	group := []value{v}
	if pairs, ok := p.parallel(v); ok {
		group = p.group(v, pairs, l)
	}
	var ids []string
	for _, e := range group {
		d := p.stage(e, l)
		if d == nil {
			l.broken = true
			continue
		}
		if !d.hasNeeds {
			d.stage.Needs = slices.Clone(l.before)
		}
		ids = append(ids, d.stage.ID)
		l.drafts = append(l.drafts, d)
	}
	l.before = ids
}

// parallel reports whether an entry is a group.
func (p *parser) parallel(v value) ([]pair, bool) {
	quiet := &parser{widths: p.widths}
	pairs, _ := quiet.pairs(v, "")
	return pairs, slices.ContainsFunc(pairs, func(e pair) bool { return e.name == "parallel" })
}

func (p *parser) group(v value, pairs []pair, l *plan) []value {
	var members []value
	for _, e := range pairs {
		if e.name != "parallel" {
			p.refuse(e.key, codeParallelKeys, fmt.Sprintf("%s cannot stand beside parallel.", quoted(e.name)), "Write it on the stages inside, or as an entry of its own.")
			continue
		}
		for _, m := range p.items(e.value, "parallel: [{workflow: lint.yml}, {workflow: test.yml}]") {
			if _, nested := p.parallel(m); nested {
				p.refuse(m, codeNestedParallel, "A parallel group cannot hold another.", "Write its stages into this group, or use needs.")
				l.broken = true
				continue
			}
			members = append(members, m)
		}
	}
	if len(l.drafts)+len(members) > maxStages {
		p.refuse(v, codeTooManyEntries, fmt.Sprintf("There are more than %d stages.", maxStages), "Join workflows, or split the pipeline.")
		l.broken = true
		return nil
	}
	return members
}

// stage reads one stage, or answers nil when it cannot be made out.
func (p *parser) stage(v value, l *plan) *draft {
	kind, body, f, ok := p.kindOf(v)
	if !ok {
		return nil
	}
	d := &draft{stage: &Stage{Kind: kind}, at: v, idAt: v, titleAt: v}
	base := string(kind)
	if file := p.kind(d.stage, body, l); file != "" && kind == KindWorkflow {
		base = strings.TrimSuffix(strings.TrimSuffix(file, ".yml"), ".yaml")
	}
	p.identity(d, f, base)
	p.common(d, f)
	if kind == KindWorkflow && d.stage.Workflow.File == "" && !f.has("id") {
		return nil // Without its file the stage has no id, and nothing can be said about its place.
	}
	return d
}

// kindOf finds the kind of a stage: a bare word, or the one key that names it.
func (p *parser) kindOf(v value) (Kind, value, fields, bool) {
	none := fields{p: p, in: v}
	if text, kind := v.scalar(); kind == scalarText {
		if !p.knownKind(v, text) {
			return "", v, none, false
		}
		return Kind(text), value{path: v.path + "." + text, key: v.position()}, none, true
	}
	pairs, ok := p.pairs(v, "a stage")
	if !ok {
		return "", v, none, false
	}
	none.values = map[string]value{}
	var kinds []pair
	for _, e := range pairs {
		switch {
		case slices.Contains(commonKeys(), e.name):
			none.values[e.name] = e.value
		case slices.Contains(Kinds(), Kind(e.name)):
			kinds = append(kinds, e)
		default:
			p.knownKind(e.key, e.name)
			ok = false
		}
	}
	switch {
	case len(kinds) > 1:
		p.refuse(kinds[1].key, codeTwoKinds, fmt.Sprintf("A stage has one kind, and this one is %s and %s.", kinds[0].name, kinds[1].name), fmt.Sprintf("Begin a new entry: - %s: …", kinds[1].name))
		return "", v, none, false
	case len(kinds) == 1:
		return Kind(kinds[0].name), kinds[0].value, none, true
	case ok:
		p.refuse(v, codeNoKind, "This stage does not say what it does.", "Name its kind, for example workflow: test.yml.")
	}
	return "", v, none, false
}

func commonKeys() []string {
	return []string{"id", "title", "timeout", "retries", "continue_on_failure", "needs"}
}

func (p *parser) knownKind(v value, word string) bool {
	var known []string
	for _, k := range Kinds() {
		known = append(known, string(k))
	}
	if slices.Contains(known, word) {
		return true
	}
	p.refuse(v, codeUnknownKind, fmt.Sprintf("%s is no kind of stage.", quoted(word)), didYouMean(word, append(known, commonKeys()...), "Write one of "+listed(known)+"."))
	return false
}

// identity gives the stage its id and title.
func (p *parser) identity(d *draft, f fields, base string) {
	d.stage.ID = slugged(base)
	d.stage.Title = titled(d.stage.ID)
	if id, ok := f.text("id"); ok {
		d.idAt = f.at("id")
		p.name(d.idAt, id, "stage")
		d.stage.ID = id
	} else if !f.has("id") && !slug(d.stage.ID) {
		p.refuse(d.at, codeName, fmt.Sprintf("No id of at most 40 characters can be made of %s.", quoted(base)), "Write id: my-stage beside it.")
	} else if !f.has("id") {
		p.name(d.at, d.stage.ID, "stage")
	}
	if title, ok := f.text("title"); ok {
		d.titleAt, d.stage.Title = f.at("title"), title
		if len([]rune(title)) > 60 || strings.ContainsAny(title, "\n\t") {
			p.refuse(d.titleAt, codeTitle, "The title is longer than 60 characters or than one line.", "Write a shorter one: it is the name of a check on the commit.")
		}
	}
}

// common reads the keys that every kind has.
func (p *parser) common(d *draft, f fields) {
	s := d.stage
	if s.Kind == KindApproval && f.has("timeout") {
		p.refuse(f.at("timeout"), codeGateTimeout, "An approval has no timeout of its own.", "Write expires in the environment's approval policy: expires: 72h.")
	} else {
		s.Timeout = f.span("timeout", s.standardTimeout(), time.Second, maxSpan)
	}
	if s.Watch != nil && f.has("timeout") && s.Timeout <= s.Watch.For {
		p.refuse(f.at("timeout"), codeWatchTimeout, fmt.Sprintf("The stage ends after %s, before it has watched for %s.", spelled(s.Timeout), spelled(s.Watch.For)), "Remove timeout, or make it longer than for.")
	}
	s.Retries = f.number("retries", 0, 0, 10)
	s.ContinueOnFailure = f.flag("continue_on_failure", false)
	for _, name := range []string{"retries", "continue_on_failure"} {
		if s.Kind.Gated() && f.has(name) {
			p.refuse(f.at(name), codeNotRetried, fmt.Sprintf("%s is not for %s: what changes the target, or lets it change, happens once or fails.", quoted(name), s.Kind), "Remove it.")
		}
	}
	if !f.has("needs") {
		return
	}
	d.hasNeeds = true
	if isEmptyList(f.at("needs")) {
		return
	}
	d.needs = p.texts(f.at("needs"), "needs: [build]")
	s.Needs = textsOf(d.needs)
}

// standardTimeout is the time-out of a stage that names none. An approval has
// none: its policy's expiry counts.
func (s *Stage) standardTimeout() time.Duration {
	switch s.Kind {
	case KindApproval:
		return 0
	case KindWorkflow, KindChecks, KindBackup, KindMigrate, KindDeploy, KindMobile:
		return time.Hour
	case KindWatch:
		return s.Watch.For + 10*time.Minute
	case KindPrerequisites, KindCompliance, KindSecurity, KindSmoke, KindNotify:
		return 10 * time.Minute
	}
	return 10 * time.Minute
}
