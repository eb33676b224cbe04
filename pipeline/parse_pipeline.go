package pipeline

import (
	"fmt"
	"maps"
	"slices"
)

func (p *parser) pipelines(v value, s *Spec) {
	list, ok := p.pairs(v, "pipelines")
	if ok && len(list) == 0 {
		p.refuse(v, codeEmptyList, "There is no pipeline.", "Write pipelines: {staging: {on: {push: main}, environment: staging, stages: [{workflow: test.yml}]}}.")
	}
	if len(list) > maxPipelines {
		p.refuse(list[maxPipelines].key, codeTooManyEntries, fmt.Sprintf("There are %d pipelines; at most %d are read.", len(list), maxPipelines), "Join those that differ only in their trigger: on: {push: [main, develop]}.")
		list = list[:maxPipelines]
	}
	for _, e := range list {
		p.name(e.key, e.name, "pipeline")
		s.Pipelines = append(s.Pipelines, p.pipeline(e, s))
	}
}

func (p *parser) pipeline(e pair, s *Spec) *Pipeline {
	pl := &Pipeline{Name: e.name}
	f, ok := p.fields(e.value, "a pipeline", "on", "environment", "stages")
	if !ok {
		return pl
	}
	if f.require("on", "on: {push: main}") {
		pl.On = p.trigger(f.at("on"))
	}
	if f.require("environment", "environment: staging") {
		pl.Environment, _ = f.text("environment")
	}
	env := s.Environments[pl.Environment]
	if env == nil && pl.Environment != "" && len(s.Environments) > 0 {
		p.unknownEnvironment(f.at("environment"), pl.Environment, s)
	}
	if f.require("stages", "stages: [{workflow: test.yml}]") {
		pl.Stages = p.stages(f.at("stages"), pl, s)
	}
	return pl
}

func (p *parser) unknownEnvironment(v value, name string, s *Spec) {
	known := slices.Sorted(maps.Keys(s.Environments))
	p.refuse(v, codeNoEnvironment, fmt.Sprintf("There is no environment %s.", quoted(name)), didYouMean(name, known, "Write one of "+listed(known)+", or add it under environments."))
}

func (p *parser) trigger(v value) Trigger {
	var t Trigger
	f, ok := p.fields(v, "on", "push", "paths", "manual")
	if !ok {
		return t
	}
	t.Push = p.patterns(f, "push", branchPattern)
	t.Paths = p.patterns(f, "paths", pathPattern)
	t.Manual = f.flag("manual", false)
	if !f.has("push") && f.has("paths") {
		p.refuse(f.at("paths"), codePathsAlone, "Paths narrow a push, and there is no push here.", "Add push: main beside paths.")
	} else if !f.has("push") && !t.Manual {
		p.refuse(v, codeNoTrigger, "Nothing can start this pipeline.", "Write on: {push: main} or on: {manual: true}.")
	}
	return t
}

// patterns reads one pattern or a list of them.
func (p *parser) patterns(f fields, name string, judge func(string) (message, fix string)) []string {
	if !f.has(name) {
		return nil
	}
	v := f.at(name)
	var list []item
	if _, kind := v.scalar(); kind != scalarNone && name == "push" {
		if text, ok := p.text(v); ok {
			list = []item{{text, v}}
		}
	} else {
		list = p.texts(v, map[string]string{"push": "push: [main, develop]", "paths": "paths: [web/**, package.json]"}[name])
	}
	for _, i := range list {
		if message, fix := judge(i.text); message != "" {
			p.refuse(i.at, codePattern, message, fix)
		}
	}
	return textsOf(list)
}
