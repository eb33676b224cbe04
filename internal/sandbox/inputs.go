package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// since filters runs by GitHub's date syntax: >=T, <=T, >T, <T, A..B, or a day.
func since(created string, at time.Time) bool {
	text := at.UTC().Format(time.RFC3339)
	if from, to, isRange := strings.Cut(created, ".."); isRange {
		return (from == "*" || text >= from) && (to == "*" || text <= to)
	}
	for _, op := range []string{">=", "<=", ">", "<"} {
		value, found := strings.CutPrefix(created, op)
		if !found {
			continue
		}
		limit := isTime(value)
		if limit.IsZero() {
			limit, _ = time.Parse(time.DateOnly, value)
		}
		return map[string]bool{">=": !at.Before(limit), "<=": !at.After(limit), ">": at.After(limit), "<": at.Before(limit)}[op]
	}
	return strings.HasPrefix(text, created)
}

// defaults completes the inputs of a dispatch; problem is GitHub's sentence when they do not fit.
func (d *dispatchSpec) defaults(given map[string]string) (inputs map[string]string, problem string) {
	inputs = maps.Clone(given)
	if inputs == nil {
		inputs = map[string]string{}
	}
	var unexpected []string
	for _, name := range sortedKeys(given) {
		if _, declared := d.inputs[name]; !declared {
			unexpected = append(unexpected, fmt.Sprintf("%q", name))
		}
	}
	if len(unexpected) > 0 {
		return nil, "Unexpected inputs provided: [" + strings.Join(unexpected, ", ") + "]"
	}
	for _, name := range d.names {
		in := d.inputs[name]
		value, set := inputs[name]
		if !set && in.Default != nil {
			inputs[name] = fmt.Sprint(in.Default)
		}
		if in.Required && value == "" && in.Default == nil {
			return nil, "Required input '" + name + "' not provided"
		}
		if set && len(in.Options) > 0 && !slices.Contains(words(in.Options), value) {
			return nil, "Provided value '" + value + "' for input '" + name + "' not in the list of allowed values"
		}
	}
	return inputs, ""
}
