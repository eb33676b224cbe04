package firebase

import (
	"context"
	"fmt"
	"time"
)

// Kind is the closed set of things whose pointer can be moved.
type Kind string

// The kinds of parts.
const (
	KindHosting  Kind = "hosting"       // A hosting site; its pointer is the version that is live.
	KindRules    Kind = "rules"         // A rules release; its pointer is a ruleset.
	KindFunction Kind = "function"      // A function of either generation; its pointer is what serves its requests.
	KindService  Kind = "service"       // A Cloud Run service that is no function; its pointer is its traffic.
	KindConfig   Kind = "remote-config" // A Remote Config template; its pointer is a version.
)

// Part is one movable thing as it was at one moment: exactly one of the pointers is set, the one of its kind.
type Part struct {
	Kind Kind `json:"kind"`
	// Name is unique within a kind, and the same in every snapshot: a site, a release's id, LOCATION/FUNCTION,
	// LOCATION/SERVICE, or a namespace of Remote Config.
	Name     string    `json:"name"`
	Hosting  *Hosting  `json:"hosting,omitempty"`
	Rules    *Rules    `json:"rules,omitempty"`
	Function *Function `json:"function,omitempty"`
	Service  *Service  `json:"service,omitempty"`
	Config   *Config   `json:"config,omitempty"`
}

// Pointer is where the part pointed, short enough for a table; "" when it pointed nowhere.
func (p Part) Pointer() string {
	switch p.Kind {
	case KindHosting:
		return last(p.Hosting.Version)
	case KindRules:
		return last(p.Rules.Ruleset)
	case KindFunction:
		return p.Function.pointer()
	case KindService:
		return shares(p.Service.Serving)
	case KindConfig:
		return p.Config.Version
	}
	return ""
}

// Content is a digest of what is there, for the kinds whose text a snapshot holds; "" for the others, which compare by pointer.
func (p Part) Content() string {
	switch p.Kind {
	case KindRules:
		return p.Rules.Digest()
	case KindConfig:
		return p.Config.Digest
	case KindHosting, KindFunction, KindService:
		return ""
	}
	return ""
}

// Same says that two parts of one name serve the same, even where the pointer has another name by now: a ruleset that was made
// again from its text, a function that Move built again from its source.
func Same(a, b Part) bool {
	if a.Kind != b.Kind || a.Name != b.Name {
		return false
	}
	switch a.Kind {
	case KindHosting:
		return a.Hosting.Version == b.Hosting.Version && a.Hosting.Off == b.Hosting.Off
	case KindRules, KindConfig:
		return a.Content() == b.Content()
	case KindFunction:
		return a.Function.serves(b.Function) || b.Function.serves(a.Function)
	case KindService:
		return sameShares(a.Service.Serving, b.Service.Serving)
	}
	return false
}

// Way is how a part gets back to where it was.
type Way string

// The ways back.
const (
	WayAlready    Way = "already"    // It is there.
	WayPoint      Way = "point"      // A pointer is moved: seconds.
	WayRecreate   Way = "recreate"   // What it points to is made again from the text in the snapshot: seconds.
	WayRebuild    Way = "rebuild"    // The function is built again from its stored source: minutes. Move needs With.Source.
	WayImpossible Way = "impossible" // It cannot be returned to; Return.Why and Return.Fix say what a person can do.
)

// Return says whether a part can still be returned to, and how.
type Return struct {
	Way Way    `json:"way"`
	Why string `json:"why,omitempty"` // Why is for people: what is missing, what comes back with it, what does not.
	Fix string `json:"fix,omitempty"` // Fix is what a person does; for WayImpossible, and where a slower way could be avoided.
	// Reaches is how long it takes until users have it, after Google took it, in Google's own words.
	Reaches string `json:"reaches,omitempty"`
}

// Source gives the stored source archive of a function. It is called only when a rebuild needs it.
type Source func(context.Context, *Function) ([]byte, error)

// With is what Check, Move and Confirm may need beside the target. Give all three the same.
type With struct {
	// Reason is shown in Google's own histories, where they have one. It is cut to what they take.
	Reason string
	// Source gives the archive for WayRebuild; nil says that there is none.
	Source Source
	// Flags restricts a Remote Config template to these parameters: they get their old state, the others keep the present one.
	// Empty means the whole template.
	Flags []string
}

// Moved is what a move did.
type Moved struct {
	Before Part `json:"before"`
	// Already says that nothing had to be done.
	Already bool `json:"already,omitempty"`
	Way     Way  `json:"way"`
	// Operation is work that goes on at Google; ask Look about it, then Confirm.
	Operation *Operation `json:"operation,omitempty"`
	// Note says what does not come back with it; for people.
	Note string `json:"note,omitempty"`
}

// Confirmed is what reading a part again showed.
type Confirmed struct {
	Done bool   `json:"done"`
	Now  Part   `json:"now"`
	Why  string `json:"why,omitempty"` // Why it is not done (yet).
	// Failed says that it will not get there by itself.
	Failed bool `json:"failed,omitempty"`
}

// Read gives a part as it is now. Only Kind and Name of the argument count; an older state of it saves a moment.
func (p *Project) Read(ctx context.Context, part Part) (Part, error) {
	now := Part{Kind: part.Kind, Name: part.Name}
	var err error
	switch part.Kind {
	case KindHosting:
		now.Hosting, err = p.Site(ctx, part.Name)
	case KindRules:
		now.Rules, err = p.Release(ctx, part.Name)
	case KindFunction:
		service := ""
		if part.Function != nil {
			service = part.Function.Service
		}
		now.Function, err = p.function(ctx, part.Name, service)
	case KindService:
		now.Service, err = p.Service(ctx, part.Name)
	case KindConfig:
		now.Config, err = p.Config(ctx, part.Name)
	default:
		err = invalid(p.id, "read a part", "%q is no kind of part", part.Kind)
	}
	return now, err
}

// Check says whether a part of an older snapshot can still be returned to. It changes nothing, and does not call With.Source.
func (p *Project) Check(ctx context.Context, target Part, with With) (Return, error) {
	switch target.Kind {
	case KindHosting:
		return p.checkSite(ctx, target.Hosting)
	case KindRules:
		return p.checkRelease(ctx, target.Rules)
	case KindFunction:
		return p.checkFunction(ctx, target.Function, with.Source != nil)
	case KindService:
		return p.checkService(ctx, target.Service)
	case KindConfig:
		return p.checkConfig(ctx, target.Config, with)
	}
	return Return{}, invalid(p.id, "check a part", "%q is no kind of part", target.Kind)
}

// Move brings one part back to where it was. It looks first, so that it may be called again after a crash or a lost answer.
func (p *Project) Move(ctx context.Context, target Part, with With) (Moved, error) {
	switch target.Kind {
	case KindHosting:
		return p.moveSite(ctx, target.Hosting, with)
	case KindRules:
		return p.moveRelease(ctx, target.Rules)
	case KindFunction:
		return p.moveFunction(ctx, target.Function, with)
	case KindService:
		return p.moveService(ctx, target.Service)
	case KindConfig:
		return p.moveConfig(ctx, target.Config, with)
	}
	return Moved{}, invalid(p.id, "move a part", "%q is no kind of part", target.Kind)
}

// Confirm reads a part again after a move and says whether it is where it should be. A move with an Operation is confirmed once
// Look says that this is done.
func (p *Project) Confirm(ctx context.Context, target Part, with With) (Confirmed, error) {
	now, err := p.Read(ctx, target)
	if isNotFound(err) {
		return Confirmed{Failed: true, Now: Part{Kind: target.Kind, Name: target.Name}, Why: "it does not exist any more"}, nil
	}
	if err != nil {
		return Confirmed{}, err
	}
	c := Confirmed{Now: now, Done: Same(now, target)}
	if now.Config != nil && len(with.Flags) > 0 {
		c.Done = sameFlags(now.Config, target.Config, with.Flags)
	}
	if now.Function != nil {
		c.settle(now.Function.Settled && !now.Function.deploying(), now.Function.Stuck)
	}
	if now.Service != nil {
		c.settle(now.Service.Settled, now.Service.Problem)
	}
	if !c.Done && c.Why == "" {
		c.Why = fmt.Sprintf("it points to %s, not to %s", orNothing(now.Pointer()), orNothing(target.Pointer()))
	}
	return c, nil
}

// settle keeps what is still changing, or broken, from being called done.
func (c *Confirmed) settle(settled bool, problem string) {
	switch {
	case problem != "":
		c.Done, c.Failed, c.Why = false, true, problem
	case !settled:
		c.Done, c.Why = false, "Google is still changing it"
	}
}

func orNothing(pointer string) string {
	if pointer == "" {
		return "nothing"
	}
	return pointer
}

// Gap is something that a snapshot could not hold.
type Gap struct {
	Kind  Kind   `json:"kind"`
	What  string `json:"what"` // What completes "could not", such as "list the functions of europe-west1".
	Class Class  `json:"class"`
	Why   string `json:"why"`
	Fix   string `json:"fix,omitempty"`
}

// Snapshot is everything live in a project at one moment, as pointers, with the text that could expire.
type Snapshot struct {
	Project      string       `json:"project"`
	At           time.Time    `json:"at"`
	Sites        []Hosting    `json:"sites,omitempty"`
	Releases     []Rules      `json:"releases,omitempty"`
	Functions    []Function   `json:"functions,omitempty"`
	Services     []Service    `json:"services,omitempty"` // Services are those of Cloud Run that are no functions.
	Configs      []Config     `json:"configs,omitempty"`
	Databases    []Database   `json:"databases,omitempty"`
	Repositories []Repository `json:"repositories,omitempty"`
	// Gaps is what could not be read. A snapshot with gaps is not everything: who depends on a kind looks here first.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Parts are the movable things of a snapshot, in the order in which a person would list them.
func (s *Snapshot) Parts() []Part {
	var parts []Part
	for i := range s.Configs {
		parts = append(parts, Part{Kind: KindConfig, Name: s.Configs[i].Namespace, Config: &s.Configs[i]})
	}
	for i := range s.Releases {
		parts = append(parts, Part{Kind: KindRules, Name: s.Releases[i].ID, Rules: &s.Releases[i]})
	}
	for i := range s.Sites {
		parts = append(parts, Part{Kind: KindHosting, Name: s.Sites[i].Site, Hosting: &s.Sites[i]})
	}
	for i := range s.Functions {
		parts = append(parts, Part{Kind: KindFunction, Name: s.Functions[i].ID(), Function: &s.Functions[i]})
	}
	for i := range s.Services {
		parts = append(parts, Part{Kind: KindService, Name: s.Services[i].ID(), Service: &s.Services[i]})
	}
	return parts
}
