package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

func (p *parser) smoke(v value, l *plan) *SmokeStage {
	s := &SmokeStage{}
	const example = "smoke: [{get: /, status: 200}]"
	list := v
	if !isList(v) {
		f, ok := p.body(v, "smoke", "probes")
		if !ok || !f.require("probes", example) {
			return s
		}
		list = f.at("probes")
	}
	warned := l.env == nil || l.env.URL != ""
	for _, e := range p.items(list, example) {
		probe := p.probe(e)
		s.Probes = append(s.Probes, probe)
		if !warned && strings.HasPrefix(probe.Get, "/") {
			warned = true
			p.refuse(p.child(e, "get"), codeSmokeWithoutURL, fmt.Sprintf("%s is below the environment's address, and %s has none.", quoted(probe.Get), l.env.Name), fmt.Sprintf("Add url: https://%s.example.com to the environment, or write the probe's address in full.", l.env.Name))
		}
	}
	return s
}

func (p *parser) probe(v value) Probe {
	pr := Probe{Critical: true, Retries: 2}
	f, ok := p.fields(v, "a probe", "get", "status", "within", "headers", "expect", "critical", "retries")
	if !ok {
		return pr
	}
	if f.require("get", "{get: /api/health}") {
		pr.Get = p.probeAddress(f)
	}
	pr.Status = f.number("status", 0, 100, 599)
	pr.Within = f.span("within", 0, time.Millisecond, 5*time.Minute)
	if f.has("headers") {
		pr.Headers = p.headers(f.at("headers"))
	}
	if source, ok := f.text("expect"); ok {
		pr.Expect = source
		p.expression(f.at("expect"), source)
	}
	if !f.has("status") && !f.has("expect") {
		pr.Status = 200
	}
	pr.Critical = f.flag("critical", true)
	pr.Retries = f.number("retries", 2, 0, 10)
	return pr
}

func (p *parser) probeAddress(f fields) string {
	v := f.at("get")
	text, ok := f.text("get")
	if !ok {
		return ""
	}
	if strings.HasPrefix(text, "https://") {
		return p.url(v, text, "https://status.example.com/health")
	}
	if !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, " \\\n") {
		p.refuse(v, codeProbe, fmt.Sprintf("%s is no address for a probe.", quoted(text)), "Write a path below the environment's url, get: /api/health, or an https address in full.")
		return ""
	}
	return text
}

func (p *parser) headers(v value) map[string]string {
	list, ok := p.pairs(v, "headers")
	if !ok {
		return nil
	}
	headers := map[string]string{}
	for _, e := range list {
		if !only(e.name, func(r rune) bool { return r == '-' || r == '_' || alphanumeric(r) }) {
			p.refuse(e.key, codeProbe, fmt.Sprintf("%s is no name of a header.", quoted(e.name)), "Write headers: {content-type: text/html}.")
		}
		if text, ok := p.word(e.value); ok {
			headers[e.name] = text
		}
	}
	return headers
}

func (p *parser) watch(v value) *WatchStage {
	s := &WatchStage{}
	f, ok := p.body(v, "watch", "for", "signals")
	if !ok {
		return s
	}
	s.For = p.watchFor(f)
	const example = "signals: [{name: crash rate, crashlytics: \"1:123:android:abc\", max: 5%}]"
	if !f.require("signals", example) {
		return s
	}
	seen := map[string]bool{}
	for _, e := range p.items(f.at("signals"), example) {
		signal := p.signal(e)
		if signal.Name != "" && seen[signal.Name] {
			p.refuse(p.child(e, "name"), codeRepeated, fmt.Sprintf("There are two signals %s.", quoted(signal.Name)), "Give each a name of its own.")
		}
		seen[signal.Name] = true
		s.Signals = append(s.Signals, signal)
	}
	return s
}

// signal reads one figure. Missing data holds the lane unless it says
// otherwise: not to know is not to be well.
func (p *parser) signal(v value) Signal {
	g := Signal{Missing: "hold"}
	f, ok := p.fields(v, "a signal", "name", "crashlytics", "promql", "monitoring", "json", "value", "max", "min_samples", "missing")
	if !ok {
		return g
	}
	if f.require("name", "name: crash rate") {
		g.Name, _ = f.text("name")
	}
	p.source(f, &g)
	if f.require("max", "max: 5%") {
		g.Max = p.share(f.at("max"))
	}
	g.MinSamples = f.number("min_samples", 0, 0, 1_000_000_000)
	if missing, ok := f.choice("missing", "fail", "hold", "ignore"); ok {
		g.Missing = missing
	}
	return g
}

// source reads where the figure comes from: exactly one place.
func (p *parser) source(f fields, g *Signal) {
	g.Crashlytics, _ = f.text("crashlytics")
	g.PromQL, _ = f.text("promql")
	g.Monitoring, _ = f.text("monitoring")
	if text, ok := f.text("json"); ok {
		g.JSON = p.url(f.at("json"), text, "https://status.example.com/figures.json")
	}
	sources := 0
	for _, name := range []string{"crashlytics", "promql", "monitoring", "json"} {
		if f.has(name) {
			sources++
		}
	}
	if sources != 1 {
		p.refuse(f.in, codeSource, fmt.Sprintf("A signal has exactly one source, and this one has %d.", sources), "Write one of crashlytics, promql, monitoring and json.")
		return
	}
	if f.has("json") != f.has("value") {
		p.refuse(f.in, codeSource, "Json and value belong together: the address, and the figure in its answer.", "Write {json: https://status.example.com/figures.json, value: json.error_rate}.")
	}
	if source, ok := f.text("value"); ok {
		g.Value = source
		p.expression(f.at("value"), source)
	}
}

// share reads a percentage or a plain number.
func (p *parser) share(v value) float64 {
	text, ok := p.word(v)
	if !ok {
		return 0
	}
	n, ok := share(text)
	if _, special := v.node.(*ast.NanNode); !ok || special {
		p.refuse(v, codePercent, fmt.Sprintf("%s is no share.", quoted(text)), "Write a share of at most 100%, max: 5%, or a plain number, max: 0.05.")
		return 0
	}
	return n
}
