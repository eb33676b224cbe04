package google

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	rules "google.golang.org/api/firebaserules/v1"
)

func rulesRoutes() []route {
	const api, m = "firebaserules/v1", "firebaserules.projects."
	const base = "v1/projects/{project}"
	return []route{
		{hostRules, api, m + "test", "POST", base + ":test", "firebaserules.rulesets.test", testRules},
		{hostRules, api, m + "rulesets.create", "POST", base + "/rulesets", "firebaserules.rulesets.create", createRuleset},
		{hostRules, api, m + "rulesets.list", "GET", base + "/rulesets", "firebaserules.rulesets.list", listRulesets},
		{hostRules, api, m + "rulesets.get", "GET", base + "/rulesets/{ruleset}", "firebaserules.rulesets.get", getRuleset},
		{hostRules, api, m + "rulesets.delete", "DELETE", base + "/rulesets/{ruleset}", "firebaserules.rulesets.delete", deleteRuleset},
		{hostRules, api, m + "releases.list", "GET", base + "/releases", "firebaserules.releases.list", listRulesReleases},
		{hostRules, api, m + "releases.create", "POST", base + "/releases", "firebaserules.releases.create", createRulesRelease},
		{hostRules, api, m + "releases.getExecutable", "GET", base + "/releases/{release+}:getExecutable", "firebaserules.releases.getExecutable", getExecutable},
		{hostRules, api, m + "releases.get", "GET", base + "/releases/{release+}", "firebaserules.releases.get", getRulesRelease},
		{hostRules, api, m + "releases.patch", "PATCH", base + "/releases/{release+}", "firebaserules.releases.update", patchRulesRelease},
	}
}

func (p *project) ruleset(name string) *rules.Ruleset {
	for _, r := range p.rulesets {
		if last(r.Name) == last(name) {
			return r
		}
	}
	return nil
}

// broken is a word that makes rules fail to compile.
const brokenRules = "SYNTAX ERROR"

func testRules(q *request) (any, *refusal) {
	body, no := decode[rules.TestRulesetRequest](q)
	if no != nil {
		return nil, no
	}
	answer := &rules.TestRulesetResponse{}
	if body.Source != nil {
		answer.Issues = issues(body.Source)
	}
	return answer, nil
}

func issues(source *rules.Source) []*rules.Issue {
	var found []*rules.Issue
	for _, f := range source.Files {
		for i, line := range strings.Split(f.Content, "\n") {
			if at := strings.Index(line, brokenRules); at >= 0 {
				found = append(found, &rules.Issue{
					Severity: "ERROR", Description: "Unexpected 'SYNTAX'.",
					SourcePosition: &rules.SourcePosition{FileName: f.Name, Line: int64(i + 1), Column: int64(at + 1)},
				})
			}
		}
	}
	return found
}

func createRuleset(q *request) (any, *refusal) {
	body, no := decode[rules.Ruleset](q)
	if no != nil {
		return nil, no
	}
	if body.Source == nil || len(body.Source.Files) == 0 {
		return nil, invalid("Ruleset must have at least one file.")
	}
	if found := issues(body.Source); len(found) > 0 {
		p := found[0].SourcePosition
		return nil, invalid(fmt.Sprintf("L%d:%d %s", p.Line, p.Column, found[0].Description))
	}
	if len(q.p.rulesets) >= q.g.opt.Rulesets {
		return nil, &refusal{status: http.StatusTooManyRequests, code: "RESOURCE_EXHAUSTED", message: "Ruleset count limit exceeded for the project."}
	}
	return q.p.addRuleset(body), nil
}

func (p *project) addRuleset(of *rules.Ruleset) *rules.Ruleset {
	id := p.g.nextID()
	of.Name, of.CreateTime = fmt.Sprintf("%s/rulesets/%08x-0000-4000-8000-%012x", p.name(), id, id), stamp(p.g.now())
	of.Metadata = &rules.Metadata{Services: services(of.Source)}
	p.rulesets = append(p.rulesets, of)
	return of
}

// services are those that the text speaks of.
func services(source *rules.Source) []string {
	var found []string
	for _, f := range source.Files {
		for _, s := range []string{"cloud.firestore", "firebase.storage"} {
			if strings.Contains(f.Content, "service "+s) && !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

func listRulesets(q *request) (any, *refusal) {
	list := &rules.ListRulesetsResponse{}
	start, size, no := q.page(len(q.p.rulesets))
	if no != nil {
		return nil, no
	}
	for i := start; i < len(q.p.rulesets) && i < start+size; i++ {
		r := q.p.rulesets[len(q.p.rulesets)-1-i]
		list.Rulesets = append(list.Rulesets, &rules.Ruleset{Name: r.Name, CreateTime: r.CreateTime, Metadata: r.Metadata})
	}
	list.NextPageToken = nextPage(start, size, len(q.p.rulesets))
	return list, nil
}

func getRuleset(q *request) (any, *refusal) {
	if r := q.p.ruleset(q.args["ruleset"]); r != nil {
		return r, nil
	}
	return nil, notFound("Requested entity was not found.")
}

func deleteRuleset(q *request) (any, *refusal) {
	r := q.p.ruleset(q.args["ruleset"])
	if r == nil {
		return nil, notFound("Requested entity was not found.")
	}
	if q.p.released(r) {
		return nil, precondition("The ruleset is released.")
	}
	q.p.rulesets = slices.DeleteFunc(q.p.rulesets, func(other *rules.Ruleset) bool { return other == r })
	return struct{}{}, nil
}

func (p *project) released(r *rules.Ruleset) bool {
	for _, one := range p.releases {
		if one.RulesetName == r.Name {
			return true
		}
	}
	return false
}

func listRulesReleases(q *request) (any, *refusal) {
	list := &rules.ListReleasesResponse{}
	for _, id := range slices.Sorted(maps.Keys(q.p.releases)) {
		list.Releases = append(list.Releases, q.p.releases[id])
	}
	return list, nil
}

func getRulesRelease(q *request) (any, *refusal) {
	if r := q.p.releases[q.args["release"]]; r != nil {
		return r, nil
	}
	return nil, notFound("Requested entity was not found.")
}

func getExecutable(q *request) (any, *refusal) {
	r := q.p.releases[q.args["release"]]
	if r == nil {
		return nil, notFound("Requested entity was not found.")
	}
	return &rules.GetReleaseExecutableResponse{RulesetName: r.RulesetName, UpdateTime: r.UpdateTime, SyncTime: stamp(q.g.now()), Language: "FIREBASE_RULES"}, nil
}

func createRulesRelease(q *request) (any, *refusal) {
	body, no := decode[rules.Release](q)
	if no != nil {
		return nil, no
	}
	_, id, _ := strings.Cut(body.Name, "/releases/")
	switch {
	case id == "":
		return nil, invalid("Invalid release name.")
	case q.p.releases[id] != nil:
		return nil, &refusal{status: http.StatusConflict, code: "ALREADY_EXISTS", message: "Requested entity already exists"}
	}
	return q.p.setRelease(id, body.RulesetName)
}

func patchRulesRelease(q *request) (any, *refusal) {
	body, no := decode[rules.UpdateReleaseRequest](q)
	if no != nil {
		return nil, no
	}
	if body.Release == nil {
		return nil, invalid("Request must contain a release.")
	}
	if q.p.releases[q.args["release"]] == nil {
		return nil, notFound("Requested entity was not found.")
	}
	return q.p.setRelease(q.args["release"], body.Release.RulesetName)
}

func (p *project) setRelease(id, ruleset string) (any, *refusal) {
	set := p.ruleset(ruleset)
	if set == nil {
		return nil, notFound("Requested entity was not found.")
	}
	now := stamp(p.g.now())
	r := p.releases[id]
	if r == nil {
		r = &rules.Release{Name: p.name() + "/releases/" + id, CreateTime: now}
		p.releases[id] = r
	}
	r.RulesetName, r.UpdateTime = set.Name, now
	copied := *r
	return &copied, nil
}
