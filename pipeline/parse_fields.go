package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fields is a mapping whose keys are known. Its readers refuse what is wrong
// and answer with the zero value, so that reading goes on.
type fields struct {
	p      *parser
	in     value
	values map[string]value
}

// fields reads a mapping and refuses every key that is not in known.
func (p *parser) fields(v value, what string, known ...string) (fields, bool) {
	list, ok := p.pairs(v, what)
	f := fields{p: p, in: v, values: map[string]value{}}
	for _, e := range list {
		if slices.Contains(known, e.name) {
			f.values[e.name] = e.value
			continue
		}
		p.refuse(e.key, codeUnknownKey, fmt.Sprintf("%s knows no key %s.", sentence(what), quoted(e.name)), didYouMean(e.name, known, "Known are "+listed(known)+"."))
	}
	return f, ok
}

func (f fields) has(name string) bool { _, ok := f.values[name]; return ok }

func (f fields) at(name string) value { return f.values[name] }

// require refuses a mapping without the key.
func (f fields) require(name, example string) bool {
	if f.has(name) {
		return true
	}
	if f.in.partial() {
		return false
	}
	f.p.refuse(f.in, codeMissingKey, fmt.Sprintf("%s is missing in %s.", quoted(name), f.in.name()), "Write "+example+".")
	return false
}

func (f fields) text(name string) (string, bool) {
	if !f.has(name) {
		return "", false
	}
	return f.p.text(f.at(name))
}

// choice reads one word of a closed set; false when it is not there.
func (f fields) choice(name string, known ...string) (string, bool) {
	text, ok := f.text(name)
	if !ok {
		return "", false
	}
	return text, f.p.oneOf(f.at(name), text, known)
}

func (p *parser) oneOf(v value, text string, known []string) bool {
	if slices.Contains(known, text) {
		return true
	}
	p.refuse(v, codeChoice, fmt.Sprintf("%s cannot be %s.", quoted(v.name()), quoted(text)), didYouMean(text, known, "Write one of "+listed(known)+"."))
	return false
}

// choices reads a list of words of a closed set.
func (f fields) choices(name string, known ...string) []string {
	if !f.has(name) {
		return nil
	}
	list := f.p.texts(f.at(name), name+": ["+strings.Join(known, ", ")+"]")
	for _, i := range list {
		f.p.oneOf(i.at, i.text, known)
	}
	return textsOf(list)
}

func (f fields) flag(name string, standard bool) bool {
	if !f.has(name) {
		return standard
	}
	v := f.at(name)
	text, kind := v.scalar()
	if kind != scalarBool {
		if !v.refused() {
			f.p.refuse(v, codeType, fmt.Sprintf("%s must be true or false, and this is %s.", quoted(name), v.shape()), fmt.Sprintf("Write %s: true or %s: false.", name, name))
		}
		return standard
	}
	return strings.EqualFold(text, "true")
}

// number reads an integer between low and high.
func (f fields) number(name string, standard, low, high int) int {
	if !f.has(name) {
		return standard
	}
	v := f.at(name)
	text, kind := v.scalar()
	if kind != scalarInteger {
		if !v.refused() {
			f.p.refuse(v, codeType, fmt.Sprintf("%s must be a whole number, and this is %s.", quoted(name), v.shape()), fmt.Sprintf("Write %s: %d.", name, max(standard, low)))
		}
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		f.p.refuse(v, codeRange, fmt.Sprintf("%s cannot be %s.", quoted(name), text), fmt.Sprintf("Write a number from %d to %d.", low, high))
		return standard
	}
	return n
}

// span reads a duration between low and high.
func (f fields) span(name string, standard, low, high time.Duration) time.Duration {
	if !f.has(name) {
		return standard
	}
	v := f.at(name)
	text, kind := v.scalar()
	if kind == scalarNull || kind == scalarNone {
		f.p.text(v)
		return standard
	}
	d, ok := ParseDuration(text)
	if !ok || kind != scalarText {
		f.p.refuse(v, codeDuration, fmt.Sprintf("%s is no duration: %s.", quoted(name), quoted(text)), fmt.Sprintf("Write a number with a unit: %s: 90s, 15m, 72h or 7d.", name))
		return standard
	}
	if d < low || d > high {
		f.p.refuse(v, codeRange, fmt.Sprintf("%s cannot be %s.", quoted(name), text), fmt.Sprintf("Write a duration from %s to %s.", spelled(low), spelled(high)))
		return standard
	}
	return d
}
