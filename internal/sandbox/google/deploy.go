package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	functions1 "google.golang.org/api/cloudfunctions/v1"
	"google.golang.org/api/cloudfunctions/v2"
	hosting "google.golang.org/api/firebasehosting/v1beta1"
	rules "google.golang.org/api/firebaserules/v1"
)

// Product is one thing that `firebase deploy --only` names.
type Product string

// The products, in the order in which the CLI releases them. Nothing makes the order atomic.
const (
	Rules     Product = "rules" // firestore:rules and storage
	Functions Product = "functions"
	Hosting   Product = "hosting"
	Config    Product = "remoteconfig"
)

func products() []Product { return []Product{Rules, Functions, Hosting, Config} }

// Deployment is one run of `firebase deploy`: everything that it ships is made from the commit's name.
type Deployment struct {
	Commit string
	Only   []Product // Only restricts what is deployed; none means all.
	// Parameters replace the values of Remote Config parameters.
	Parameters map[string]string
	// Pin gives hosting rewrites to one revision of each function, by a tag, as pinTag does.
	Pin bool
	// Force deploys functions whose hash has not changed, as naming them one by one does.
	Force bool
	// Without leaves out functions, by name, which deletes them.
	Without []string
}

// Half makes a deploy stop after a product: what came before is live, what comes after is not, and the CLI fails.
type Half struct {
	After Product
	// Silent makes the CLI exit with 0 nevertheless.
	Silent bool
}

// Deployed says what a deploy did.
type Deployed struct {
	Released []Product
	Skipped  []string // Skipped are functions with an unchanged hash: "No changes detected".
	Failed   bool
}

// BreakDeploys makes the following deploys of a project half-done; a zero Half mends them.
func (g *Google) BreakDeploys(projectID string, half Half) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken[projectID] = half
}

// Deploy does to a project what `firebase deploy --force` does, at once; functions are live when they are built.
func (g *Google) Deploy(projectID string, d Deployment) (Deployed, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.project(projectID)
	if p == nil {
		return Deployed{}, fmt.Errorf("the sandbox's Google has no project %q", projectID)
	}
	p.tidy()
	half, done := g.broken[projectID], Deployed{}
	for _, product := range products() {
		if len(d.Only) > 0 && !slices.Contains(d.Only, product) {
			continue
		}
		p.ship(product, d, &done)
		done.Released = append(done.Released, product)
		if half.After == product {
			done.Failed = !half.Silent
			break
		}
	}
	return done, nil
}

func (p *project) ship(product Product, d Deployment, done *Deployed) {
	switch product {
	case Rules:
		p.shipRules(d.Commit)
	case Functions:
		p.shipFunctions(d, done)
	case Hosting:
		p.shipHosting(d)
	case Config:
		p.shipConfig(d)
	}
}

func (p *project) shipRules(commit string) {
	for _, database := range slices.Sorted(maps.Keys(p.databases)) {
		id, attached := "cloud.firestore", ""
		if database != "(default)" {
			id += "/" + database
			attached = "firestore.googleapis.com/projects/" + p.number + "/databases/" + database
		}
		p.shipRuleset(id, attached, rulesText("cloud.firestore", commit))
	}
	for _, bucket := range p.spec.Buckets {
		p.shipRuleset("firebase.storage/"+bucket, "", rulesText("firebase.storage", commit))
	}
}

func rulesText(service, commit string) string {
	return "rules_version = '2';\n// commit:" + commit + "\nservice " + service + " {\n}\n"
}

// shipRuleset skips what is released already, and makes room over the quota as the CLI does: the ten oldest that nothing uses go.
func (p *project) shipRuleset(id, attached, text string) {
	if r := p.releases[id]; r != nil {
		if set := p.ruleset(r.RulesetName); set != nil && set.Source.Files[0].Content == text {
			return
		}
	}
	if len(p.rulesets) >= p.g.opt.Rulesets {
		p.dropRulesets(10)
	}
	set := p.addRuleset(&rules.Ruleset{AttachmentPoint: attached, Source: &rules.Source{Files: []*rules.File{{Name: last(id) + ".rules", Content: text}}}})
	_, _ = p.setRelease(id, set.Name) // it was made a moment ago
}

func (p *project) dropRulesets(count int) {
	p.rulesets = slices.DeleteFunc(p.rulesets, func(r *rules.Ruleset) bool {
		if count == 0 || p.released(r) {
			return false
		}
		count--
		return true
	})
}

// DropRulesets deletes the oldest rulesets that no release uses, as the CLI does on its own when the quota is used up.
func (g *Google) DropRulesets(projectID string, count int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil {
		p.dropRulesets(count)
	}
}

func (p *project) shipHosting(d Deployment) {
	for _, name := range slices.Sorted(maps.Keys(p.sites)) {
		s := p.sites[name]
		v := s.add(p.g, &hosting.Version{
			Labels: map[string]string{"deployment-tool": "cli-firebase", commitLabel: strings.ToLower(d.Commit)},
			Config: &hosting.ServingConfig{},
		}, owner)
		hash := hashOf([]byte(d.Commit))
		v.files, v.here, v.Status = map[string]string{"/index.html": hash}, map[string]bool{hash: true}, "FINALIZED"
		v.FileCount, v.VersionBytes, v.FinalizeTime = 1, int64(len(d.Commit)), stamp(p.g.now())
		if d.Pin {
			p.pin(v)
		}
		s.release(p.g, v, "DEPLOY", "", owner)
		s.retain()
	}
}

// pin tags the newest revision of each service and has the version's rewrites use the tag.
func (p *project) pin(v *version) {
	tag := "fh-" + last(v.Name)
	for _, id := range slices.Sorted(maps.Keys(p.services)) {
		s := p.services[id]
		target := latest()
		target.Percent, target.Type, target.Revision, target.Tag = 0, toRevision, last(s.shape.LatestReadyRevision), tag
		s.shape.Traffic = append(s.shape.Traffic, target)
		s.touch()
		s.observe()
		v.Config.Rewrites = append(v.Config.Rewrites, &hosting.Rewrite{
			Glob: "/" + s.id + "/**", Run: &hosting.CloudRunRewrite{ServiceId: s.id, Region: s.region, Tag: tag},
		})
	}
}

func (p *project) shipConfig(d Deployment) {
	values := maps.Clone(p.spec.Parameters)
	if values == nil {
		values = map[string]string{}
	}
	maps.Copy(values, d.Parameters)
	parameters := map[string]any{}
	for name, value := range values {
		parameters[name] = map[string]any{"defaultValue": map[string]any{"value": value}, "valueType": "STRING"}
	}
	body := map[string]any{"parameters": parameters, "version": map[string]any{"description": "commit " + d.Commit}}
	p.configs[clientConfig].publish(p, body, owner, "INCREMENTAL_UPDATE")
}

// shipFunctions deploys what has changed and deletes what is no longer there. The CLI never says where traffic goes.
func (p *project) shipFunctions(d Deployment, done *Deployed) {
	for _, spec := range p.spec.Functions {
		f := p.functions[spec.Region+"/"+spec.Name]
		if slices.Contains(d.Without, spec.Name) {
			if f != nil {
				delete(p.functions, f.id())
				delete(p.services, f.region+"/"+serviceID(f.name))
			}
			continue
		}
		hash := hashOf([]byte(spec.Name + d.Commit))[:40]
		if f != nil && f.hash() == hash && !d.Force {
			done.Skipped = append(done.Skipped, f.id())
			continue
		}
		if f == nil {
			f = &function{p: p, region: spec.Region, name: spec.Name}
			p.functions[f.id()] = f
		}
		f.ship(spec, hash, d.Commit)
	}
	for region := range regionsOf(p.spec.Functions) {
		p.repository(region).cleanAfterADay()
	}
}

func regionsOf(functions []FunctionSpec) map[string]bool {
	regions := map[string]bool{}
	for _, f := range functions {
		regions[f.Region] = true
	}
	return regions
}

func (f *function) hash() string {
	switch {
	case f.second != nil && f.second.State == "ACTIVE":
		return f.second.Labels["firebase-functions-hash"]
	case f.first != nil && f.first.Status == "ACTIVE":
		return f.first.Labels["firebase-functions-hash"]
	}
	return ""
}

func (f *function) ship(spec FunctionSpec, hash, commit string) {
	labels := map[string]string{"deployment-tool": "cli-firebase", "firebase-functions-hash": hash}
	if spec.Codebase != "default" {
		labels["firebase-functions-codebase"] = spec.Codebase
	}
	env := map[string]string{"GCLOUD_PROJECT": f.p.id, "COMMIT": commit, "LOG_EXECUTION_ID": "true", "FUNCTION_TARGET": spec.Name}
	if spec.Generation == 1 {
		f.build1(&functions1.CloudFunction{Runtime: "nodejs22", EntryPoint: spec.Name, Labels: labels, EnvironmentVariables: env, HttpsTrigger: &functions1.HttpsTrigger{}}, archiveOf(spec.Name, commit))
		return
	}
	if f.second == nil {
		f.second = &cloudfunctions.Function{Name: f.full(), Environment: "GEN_2", CreateTime: stamp(f.p.g.now()), ServiceConfig: &cloudfunctions.ServiceConfig{}}
	}
	f.second.Labels = labels
	f.second.BuildConfig = &cloudfunctions.BuildConfig{Runtime: "nodejs22", EntryPoint: spec.Name}
	f.second.ServiceConfig.EnvironmentVariables = env
	f.second.ServiceConfig.AllTrafficOnLatestRevision = false
	f.build(archiveOf(spec.Name, commit))
}
