package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// deployConfig goes on with /deploy once the configuration is read: which
// pipelines lead there and may begin by hand, and what the named ref may be.
func (m *intakeMachine) deployConfig(o ConfigRead) {
	c := m.in.Command.Command
	env, why := o.environment(c.Target)
	if why != nil {
		m.answer(why)
		return
	}
	var refs []string
	for _, p := range o.Spec.Pipelines {
		if p.Environment == env.Name && p.On.Manual {
			refs = append(refs, p.refsByHand(c.Ref, m.in.Repo.DefaultBranch)...)
		}
	}
	switch {
	case !slices.ContainsFunc(o.Spec.Pipelines, func(p *Pipeline) bool { return p.Environment == env.Name && p.On.Manual }):
		m.answer(&Refusal{
			Code: "not-by-hand", Reason: fmt.Sprintf("No pipeline that leads to %s says manual: true, so none begins by hand.", env.Name),
			Fix: "Push a branch that begins one, or add this under on: in .github/gatehouse.yml:", Lines: "manual: true",
		})
	case len(refs) == 0:
		m.answer(&Refusal{
			Code: "no-ref", Reason: "It must be said what goes to " + env.Name + ": several branches may.",
			Fix: "Name the version or branch:", Lines: "/deploy " + env.Name + " v1.2.0",
		})
	default:
		m.in.Spec, m.in.Refs = o.Spec, distinct(refs)
		m.tryRef()
	}
}

// refsByHand lists what a word may mean for a pipeline, the likeliest first: a
// branch on which it begins, or what stands for the * of its patterns.
func (p *Pipeline) refsByHand(word, standard string) []string {
	word = shortRef(word)
	var refs []string
	add := func(branch string) {
		if ok, _ := p.StartedByHand("", branch); ok && branch != "" {
			refs = append(refs, "refs/heads/"+branch)
		}
	}
	if word == "" {
		for _, pattern := range p.On.Push {
			if !strings.ContainsAny(pattern, "*?[") {
				add(pattern)
			}
		}
		if len(p.On.Push) == 0 {
			add(standard)
		}
		return refs
	}
	add(word)
	for _, pattern := range p.On.Push {
		if before, after, one := strings.Cut(pattern, "*"); one && !strings.ContainsAny(after, "*") {
			add(before + word + after)
		}
	}
	return refs
}

func distinct[T comparable](list []T) []T {
	var all []T
	for _, s := range list {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// tryRef reads where the next ref leads that may be meant.
func (m *intakeMachine) tryRef() {
	m.owe("read-head/"+fmt.Sprint(len(m.in.Refs)), ReadHead{Ref: m.in.Refs[0], Commit: true})
}

// deployHead shows the commit that would go, or starts what was confirmed if the
// ref still leads there.
func (m *intakeMachine) deployHead(o HeadRead) {
	ref := m.in.Refs[0]
	m.in.Refs = m.in.Refs[1:]
	c := m.in.Command.Command
	switch {
	case o.SHA == "" && len(m.in.Refs) > 0:
		m.tryRef()
	case o.SHA == "":
		m.in.Spec = nil
		m.answer(noSuchRef(c, ref))
	case c.SHA == "":
		m.in.Spec = nil
		m.answer(m.confirm("confirm", ref, o))
	case c.SHA != o.SHA:
		m.in.Spec = nil
		m.answer(m.confirm("head-moved", ref, o))
	default:
		m.startConfirmed(ref, o)
	}
}

// noSuchRef says how a tag or a commit becomes a branch: what the configuration
// lets go is named by branches, which protect what is on them.
func noSuchRef(c Command, ref string) *Refusal {
	why := &Refusal{
		Code: "no-such-ref", Reason: fmt.Sprintf("There is no branch for %s from which a release to %s may begin.", quoted(c.Ref), c.Target),
		Fix: "Push that branch first. A tag or a bare commit is not started by itself: releases begin on branches.",
	}
	if word := shortRef(c.Ref); word != "" && only(word, isPlain) {
		why.Fix += " To make one of it:"
		why.Lines = fmt.Sprintf("git push origin '%s^{commit}:%s'", word, ref)
	}
	return why
}

// isPlain is what a shell takes for nothing else.
func isPlain(r rune) bool {
	return alphanumeric(r) || strings.ContainsRune("._/-", r)
}

// shortRef is a ref as people say it.
func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

// confirm shows what would go, with the comment that starts exactly that.
func (m *intakeMachine) confirm(code, ref string, o HeadRead) *Refusal {
	c := m.in.Command.Command
	branch := Pushed{Ref: ref}.Branch()
	why := &Refusal{
		Code: code, Lines: strings.Join(strings.Fields("/deploy "+c.Target+" "+c.Ref+" @"+o.SHA), " "),
		Reason: fmt.Sprintf("%s would get %s: commit %s%s, the head of %s.", c.Target, version(branch, o.SHA), short(o.SHA), described(o), branch),
		Fix:    "Nothing has begun. To start exactly this, comment:",
	}
	if code == "head-moved" {
		why.Reason = fmt.Sprintf("%s has moved on: it leads to %s%s now, not to %s as you confirmed.", branch, short(o.SHA), described(o), short(c.SHA))
		why.Fix = "Nothing has begun. Look at what is new; to start that, comment:"
	}
	return why
}

// described is what people know a commit by.
func described(o HeadRead) string {
	text := ""
	if o.Message != "" {
		text = " (“" + o.Message + "”"
		if len(o.Authors) > 0 {
			text += " by " + strings.Join(o.Authors, ", ")
		}
		text += ")"
	}
	return text
}

// startConfirmed goes the way of a start by hand. That the branch stays there is
// looked at again by every workflow that is dispatched.
func (m *intakeMachine) startConfirmed(ref string, o HeadRead) {
	c, spec := m.in.Command, m.in.Spec
	m.in.Spec = nil
	m.in.Asked = &Asked{For: AskRelease, Ref: ref, Environment: strings.ToLower(c.Command.Target), By: c.By}
	m.in.Push = &Pushed{Ref: ref, After: o.SHA, By: c.By, Message: o.Message}
	m.startRuns(spec)
	if !slices.ContainsFunc(m.owed, func(o Owed) bool { _, starts := o.Effect.(StartRun); return starts }) {
		m.answer(&Refusal{Code: "not-started", Reason: ended("Nothing begins: " + m.in.Result), Fix: "See the check on the commit."})
	}
}
