package google

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Program is the Firebase CLI for the workflows of the World: `firebase deploy --project P [--only …] [--force]` ships what the
// job checked out, product by product, one each step. A job that is cancelled on the way leaves the rest as it was.
//
// Without --force it does what --non-interactive does where no cleanup policy exists: functions go live, and then it fails.
func (g *Google) Program(step time.Duration) sandbox.Program {
	return func(call sandbox.Invocation) sandbox.Effect {
		o, usable := parseDeploy(call.Args)
		if !usable {
			return sandbox.Effect{Code: 1}
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		p := g.project(o.project)
		if p == nil {
			return sandbox.Effect{Code: 1}
		}
		ships, code := p.plan(o)
		effect := sandbox.Effect{Takes: step * time.Duration(len(ships)), Code: code}
		d := Deployment{Commit: call.Commit, Force: o.named}
		for i, product := range ships {
			effect.Acts = append(effect.Acts, sandbox.Act{After: step * time.Duration(i+1), Do: func() { g.shipOne(o.project, product, d) }})
		}
		return effect
	}
}

// shipOne releases one product.
func (g *Google) shipOne(projectID string, product Product, d Deployment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.project(projectID)
	p.tidy()
	p.ship(product, d, &Deployed{})
}

// options are those of one call of the CLI.
type options struct {
	project string
	only    []Product
	force   bool
	named   bool // named says that --only names single functions, which are deployed whatever their hash.
}

func parseDeploy(args []string) (o options, usable bool) {
	if len(args) == 0 || args[0] != "deploy" {
		return o, false
	}
	for i := 1; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if !joined && i+1 < len(args) && (name == "--only" || name == "--project" || name == "-P") {
			i++
			value = args[i]
		}
		switch name {
		case "--project", "-P":
			o.project = value
		case "--force", "-f":
			o.force = true
		case "--only":
			if !o.restrict(value) {
				return o, false
			}
		}
	}
	return o, true
}

// restrict reads what --only names: products, or parts of them after a colon.
func (o *options) restrict(value string) bool {
	for _, target := range strings.Split(value, ",") {
		name, one, _ := strings.Cut(target, ":")
		product := Product(name)
		switch name {
		case "firestore", "storage":
			product = Rules
		case "functions":
			o.named = o.named || one != ""
		}
		if !slices.Contains(products(), product) || name == string(Rules) {
			return false
		}
		o.only = append(o.only, product)
	}
	return true
}

// plan is what a call will ship, and the code that it ends with.
func (p *project) plan(o options) (ships []Product, code int) {
	half := p.g.broken[p.id]
	for _, product := range products() {
		if len(o.only) > 0 && !slices.Contains(o.only, product) {
			continue
		}
		ships = append(ships, product)
		switch {
		case half.After == product && half.Silent:
			return ships, 0
		case half.After == product:
			return ships, 1
		case product == Functions && !o.force && p.lacksPolicy():
			return ships, 1
		}
	}
	return ships, 0
}

// lacksPolicy says that a region's images have no cleanup policy at all, which only --force may set without asking.
func (p *project) lacksPolicy() bool {
	for region := range regionsOf(p.spec.Functions) {
		if len(p.repository(region).shape.CleanupPolicies) == 0 {
			return true
		}
	}
	return false
}
