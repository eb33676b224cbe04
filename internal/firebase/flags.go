package firebase

import (
	"context"
	"encoding/json"
	"reflect"
)

// Flag is a new value of one parameter.
type Flag struct {
	Name  string
	Value string
}

// SetFlags gives parameters of a template a new default value and takes away their conditional values, so that the new one holds
// for everybody: a kill switch. A parameter that does not exist is refused, because nobody would listen to it.
func (p *Project) SetFlags(ctx context.Context, namespace string, flags []Flag, reason string) (Moved, error) {
	return p.publish(ctx, namespace, reason, func(now map[string]any) (map[string]any, error) {
		for _, f := range flags {
			parameter := parameterOf(now, f.Name)
			if parameter == nil {
				return nil, invalid(p.id, "set the flag "+f.Name, "Remote Config has no parameter of that name")
			}
			parameter["defaultValue"] = map[string]any{"value": f.Value}
			delete(parameter, "conditionalValues")
		}
		return now, nil
	})
}

// parametersOf are the maps of parameters of a template: the one outside of groups, and one for each group.
func parametersOf(template map[string]any) []map[string]any {
	all := []map[string]any{field(template, "parameters")}
	groups := field(template, "parameterGroups")
	for group := range groups {
		all = append(all, field(field(groups, group), "parameters"))
	}
	return all
}

// parameterOf finds a parameter, in a group or outside of groups.
func parameterOf(template map[string]any, name string) map[string]any {
	for _, parameters := range parametersOf(template) {
		if found := field(parameters, name); found != nil {
			return found
		}
	}
	return nil
}

func field(of map[string]any, name string) map[string]any {
	inner, _ := of[name].(map[string]any)
	return inner
}

// restore gives one parameter of a template its older state: absent, if it was absent.
func restore(now, older map[string]any, name string) {
	was := parameterOf(older, name)
	is := parameterOf(now, name)
	switch {
	case was == nil:
		for _, parameters := range parametersOf(now) {
			delete(parameters, name)
		}
	case is != nil:
		clear(is)
		for k, v := range was {
			is[k] = v
		}
	default:
		if field(now, "parameters") == nil {
			now["parameters"] = map[string]any{}
		}
		field(now, "parameters")[name] = was
	}
}

// sameFlags says that two templates give these parameters the same state.
func sameFlags(a, b *Config, names []string) bool {
	var one, other map[string]any
	if json.Unmarshal(a.Body, &one) != nil || json.Unmarshal(b.Body, &other) != nil {
		return false
	}
	for _, name := range names {
		if !reflect.DeepEqual(parameterOf(one, name), parameterOf(other, name)) {
			return false
		}
	}
	return true
}
