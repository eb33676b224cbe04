package main

import (
	"fmt"
	"slices"
	"strings"
)

// judgeUnbroken says what is wrong when nothing was mutated: every law test
// passes, and each belongs to a mutation.
func judgeUnbroken(res results, want []testID) []string {
	if res.broken != "" {
		return []string{res.broken}
	}
	surprises := notPassed(res, want)
	for _, id := range sorted(res.tests) {
		if !slices.Contains(want, id) {
			surprises = append(surprises, fmt.Sprintf("%s has no mutation in the table of internal/mutants", id))
		}
	}
	return surprises
}

// judge says what is wrong when the law was broken: its test fails and all
// others pass.
func (m mutation) judge(res results, want []testID) []string {
	if res.broken != "" {
		return []string{res.broken}
	}
	var surprises []string
	if got := res.tests[m.test]; got != "fail" {
		surprises = append(surprises, fmt.Sprintf("%s does not notice it: %s", m.test, outcome(got)))
	}
	others := slices.DeleteFunc(slices.Clone(want), func(id testID) bool { return id == m.test })
	return append(surprises, notPassed(res, others)...)
}

func notPassed(res results, want []testID) []string {
	var surprises []string
	for _, id := range want {
		if got := res.tests[id]; got != "pass" {
			surprises = append(surprises, strings.TrimSpace(fmt.Sprintf("%s: %s\n%s", id, outcome(got), res.output[id])))
		}
	}
	return surprises
}

func outcome(action string) string {
	if action == "" {
		return "did not run"
	}
	return action
}

func sorted(tests map[testID]string) []testID {
	var ids []testID
	for id := range tests {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b testID) int { return strings.Compare(a.String(), b.String()) })
	return ids
}
