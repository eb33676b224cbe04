package firebase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/firebaserules/v1"
)

const roleRules = "roles/firebaserules.admin"

// RulesFile is one file of a ruleset.
type RulesFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Rules is a release of security rules with the text it stands for: a ruleset may vanish, its text in a snapshot does not.
type Rules struct {
	// ID is cloud.firestore, cloud.firestore/DATABASE or firebase.storage/BUCKET.
	ID        string      `json:"id"`
	Ruleset   string      `json:"ruleset"` // Ruleset is projects/P/rulesets/UUID.
	Files     []RulesFile `json:"files"`
	Attached  string      `json:"attached,omitempty"` // Attached is the attachment point, for a named database.
	UpdatedAt time.Time   `json:"updated_at"`
}

// Digest is equal for equal text.
func (r *Rules) Digest() string {
	h := sha256.New()
	for _, f := range r.Files {
		_, _ = fmt.Fprintf(h, "%d:%s%d:%s", len(f.Name), f.Name, len(f.Content), f.Content) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Releases lists the releases of Firestore's and Storage's rules with their text.
func (p *Project) Releases(ctx context.Context) ([]Rules, error) {
	var found []*firebaserules.Release
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the rules releases", hostRules, reads, roleRules}, func(ctx context.Context) (*firebaserules.ListReleasesResponse, error) {
			return p.rules.Projects.Releases.List(p.name()).PageSize(100).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Releases {
			if p.movable(r.Name) {
				found = append(found, r)
			}
		}
		token = page.NextPageToken
	}
	return each(ctx, found, p.withText)
}

// movable leaves out releases of other products.
func (p *Project) movable(release string) bool {
	id := p.releaseID(release)
	return id == "cloud.firestore" || strings.HasPrefix(id, "cloud.firestore/") || strings.HasPrefix(id, "firebase.storage/")
}

func (p *Project) releaseID(name string) string {
	_, id, _ := strings.Cut(name, "/releases/")
	return id
}

// Release reads one release with its text.
func (p *Project) Release(ctx context.Context, id string) (*Rules, error) {
	r, err := p.release(ctx, id)
	if err != nil {
		return nil, err
	}
	full, err := p.withText(ctx, r)
	return &full, err
}

func (p *Project) release(ctx context.Context, id string) (*firebaserules.Release, error) {
	return do(ctx, p, operation{"read the rules release " + id, hostRules, reads, roleRules}, func(ctx context.Context) (*firebaserules.Release, error) {
		return p.rules.Projects.Releases.Get(p.name() + "/releases/" + id).Context(ctx).Do()
	})
}

func (p *Project) withText(ctx context.Context, r *firebaserules.Release) (Rules, error) {
	full := Rules{ID: p.releaseID(r.Name), Ruleset: r.RulesetName, UpdatedAt: at(r.UpdateTime)}
	set, err := p.ruleset(ctx, r.RulesetName)
	if err != nil {
		return full, err
	}
	full.Attached = set.AttachmentPoint
	if set.Source != nil {
		for _, f := range set.Source.Files {
			full.Files = append(full.Files, RulesFile{Name: f.Name, Content: f.Content})
		}
	}
	return full, nil
}

func (p *Project) ruleset(ctx context.Context, name string) (*firebaserules.Ruleset, error) {
	return do(ctx, p, operation{"read the ruleset " + last(name), hostRules, reads, roleRules}, func(ctx context.Context) (*firebaserules.Ruleset, error) {
		return p.rules.Projects.Rulesets.Get(name).Context(ctx).Do()
	})
}

const rulesReach = "up to a minute for new requests, up to 10 minutes for listeners that are open"

func (p *Project) checkRelease(ctx context.Context, target *Rules) (Return, error) {
	now, err := p.release(ctx, target.ID)
	if err != nil && !isNotFound(err) {
		return Return{}, err
	}
	if err == nil && now.RulesetName == target.Ruleset {
		return Return{Way: WayAlready}, nil
	}
	_, err = p.ruleset(ctx, target.Ruleset)
	switch {
	case err == nil:
		return Return{Way: WayPoint, Reaches: rulesReach}, nil
	case !isNotFound(err):
		return Return{}, err
	case len(target.Files) == 0:
		return Return{Way: WayImpossible, Why: "the ruleset " + last(target.Ruleset) + " was deleted and the snapshot holds no text of it", Fix: "choose a release with a snapshot of its rules"}, nil
	}
	return Return{Way: WayRecreate, Why: "the ruleset was deleted; it is made again from its text in the snapshot", Reaches: rulesReach}, nil
}

func (p *Project) moveRelease(ctx context.Context, target *Rules) (Moved, error) {
	before, err := p.Release(ctx, target.ID)
	missing := isNotFound(err)
	if err != nil && !missing {
		return Moved{}, err
	}
	moved := Moved{Before: Part{Kind: KindRules, Name: target.ID, Rules: before}, Way: WayPoint}
	if missing {
		moved.Before.Rules = &Rules{ID: target.ID}
	}
	if !missing && Same(moved.Before, Part{Kind: KindRules, Name: target.ID, Rules: target}) {
		moved.Already, moved.Way = true, WayAlready
		return moved, nil
	}
	err = p.point(ctx, target.ID, target.Ruleset, missing)
	if !isGoneTarget(err) {
		return moved, err
	}
	moved.Way = WayRecreate
	made, err := p.recreate(ctx, target)
	if err != nil {
		return moved, err
	}
	return moved, p.point(ctx, target.ID, made, missing)
}

// isGoneTarget says that what a release should point to is not there: Google answers 404, or 400.
func isGoneTarget(err error) bool {
	class := ClassOf(err)
	return err != nil && (class == NotFound || class == Invalid)
}

// point moves a release, or makes it where there is none.
func (p *Project) point(ctx context.Context, id, ruleset string, missing bool) error {
	r := &firebaserules.Release{Name: p.name() + "/releases/" + id, RulesetName: ruleset}
	_, err := do(ctx, p, operation{"release the rules " + id, hostRules, again, roleRules}, func(ctx context.Context) (*firebaserules.Release, error) {
		if missing {
			return p.rules.Projects.Releases.Create(p.name(), r).Context(ctx).Do()
		}
		return p.rules.Projects.Releases.Patch(r.Name, &firebaserules.UpdateReleaseRequest{Release: r}).Context(ctx).Do()
	})
	return err
}

// recreate makes a ruleset from its text. A repetition leaves at worst one more ruleset that nothing points to.
func (p *Project) recreate(ctx context.Context, target *Rules) (string, error) {
	op := "make the ruleset of " + target.ID + " again"
	if len(target.Files) == 0 {
		return "", p.gone(op, "the ruleset "+last(target.Ruleset)+" was deleted and the snapshot holds no text of it", "choose a release with a snapshot of its rules")
	}
	set := &firebaserules.Ruleset{AttachmentPoint: target.Attached, Source: &firebaserules.Source{}}
	for _, f := range target.Files {
		set.Source.Files = append(set.Source.Files, &firebaserules.File{Name: f.Name, Content: f.Content})
	}
	made, err := do(ctx, p, operation{op, hostRules, again, roleRules}, func(ctx context.Context) (*firebaserules.Ruleset, error) {
		return p.rules.Projects.Rulesets.Create(p.name(), set).Context(ctx).Do()
	})
	if err != nil {
		return "", explainQuota(err)
	}
	return made.Name, nil
}

// explainQuota names the limit behind Google's 429 for rulesets: it does not go away by waiting.
func explainQuota(err error) error {
	e, isOurs := err.(*Error) //nolint:errorlint // do returns the bare type
	if isOurs && e.Class == RateLimited && strings.Contains(strings.ToLower(e.Message), "ruleset") {
		e.Class, e.Fix = Invalid, "delete rulesets that no release uses: a project holds at most 2500"
	}
	return err
}
