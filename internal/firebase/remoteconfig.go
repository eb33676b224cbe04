package firebase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// The namespaces of Remote Config.
const (
	ConfigClient = "firebase"        // What apps fetch.
	ConfigServer = "firebase-server" // What a back end evaluates.
)

const configReach = "seconds for apps that listen, up to 12 hours for those that fetch on their own schedule"

// Config is one Remote Config template.
type Config struct {
	Namespace string `json:"namespace"`
	Version   string `json:"version,omitempty"` // Version counts up with every publication; empty before the first.
	Etag      string `json:"etag,omitempty"`
	// Body is the template without its version, as Google gave it: versions are purged after 300 newer ones or 90 days.
	Body        json.RawMessage `json:"body"`
	Digest      string          `json:"digest"` // Digest is equal for equal templates, however they are written.
	UpdatedAt   time.Time       `json:"updated_at,omitzero"`
	By          string          `json:"by,omitempty"`
	Description string          `json:"description,omitempty"`
}

// configOf takes a template apart.
func configOf(namespace, etag string, raw []byte) (*Config, error) {
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	var about struct {
		Version struct {
			VersionNumber, UpdateTime, Description string
			UpdateUser                             struct{ Email string }
		}
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return nil, err
	}
	delete(all, "version")
	delete(all, "etag")
	body, err := json.Marshal(all) // keys come out sorted
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	v := about.Version
	return &Config{
		Namespace: namespace, Version: v.VersionNumber, Etag: etag, Body: body, Digest: hex.EncodeToString(sum[:]),
		UpdatedAt: at(v.UpdateTime), By: v.UpdateUser.Email, Description: v.Description,
	}, nil
}

// Config reads a template as it is published now.
func (p *Project) Config(ctx context.Context, namespace string) (*Config, error) {
	return p.getConfig(ctx, namespace, "")
}

// Configs reads the client's template, and the server's where there is one.
func (p *Project) Configs(ctx context.Context) ([]Config, error) {
	var all []Config
	for _, namespace := range []string{ConfigClient, ConfigServer} {
		c, err := p.Config(ctx, namespace)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.Version != "" {
			all = append(all, *c)
		}
	}
	return all, nil
}

func (p *Project) checkConfig(ctx context.Context, target *Config, with With) (Return, error) {
	now, err := p.Config(ctx, target.Namespace)
	if err != nil {
		return Return{}, err
	}
	if now.Digest == target.Digest || len(with.Flags) > 0 && sameFlags(now, target, with.Flags) {
		return Return{Way: WayAlready}, nil
	}
	_, err = p.getConfig(ctx, target.Namespace, target.Version)
	switch {
	case err == nil:
		return Return{Way: WayPoint, Reaches: configReach}, nil
	case !isNotFound(err):
		return Return{}, err
	case len(target.Body) == 0:
		return Return{Way: WayImpossible, Why: "the version " + target.Version + " was purged and the snapshot holds no copy of it", Fix: "set the parameters by hand"}, nil
	}
	return Return{Way: WayRecreate, Why: "the version was purged; it is published again from the snapshot", Reaches: configReach}, nil
}

// moveConfig publishes an older template under the etag of the present one. Google's own rollback takes no etag and would
// overwrite what somebody changes meanwhile.
func (p *Project) moveConfig(ctx context.Context, target *Config, with With) (Moved, error) {
	way, body := WayPoint, target.Body
	old, err := p.getConfig(ctx, target.Namespace, target.Version)
	switch {
	case err == nil:
		body = old.Body
	case !isNotFound(err):
		return Moved{}, err
	case len(body) == 0:
		return Moved{}, p.gone("publish the Remote Config version "+target.Version, "it was purged and the snapshot holds no copy of it", "set the parameters by hand")
	default:
		way = WayRecreate
	}
	moved, err := p.publish(ctx, target.Namespace, with.Reason, func(now map[string]any) (map[string]any, error) {
		var older map[string]any
		if err := json.Unmarshal(body, &older); err != nil || len(with.Flags) == 0 {
			return older, err
		}
		for _, name := range with.Flags {
			restore(now, older, name)
		}
		return now, nil
	})
	if moved.Way == WayPoint {
		moved.Way = way
	}
	return moved, err
}

// publish reads, edits and publishes a template; if somebody else publishes meanwhile, it begins anew.
func (p *Project) publish(ctx context.Context, namespace, reason string, edit func(map[string]any) (map[string]any, error)) (Moved, error) {
	moved := Moved{Way: WayPoint}
	for try := 1; ; try++ {
		now, err := p.Config(ctx, namespace)
		if err != nil {
			return moved, err
		}
		if moved.Before.Config == nil {
			moved.Before = Part{Kind: KindConfig, Name: namespace, Config: now}
		}
		var present map[string]any
		if err := json.Unmarshal(now.Body, &present); err != nil {
			return moved, err
		}
		wanted, err := edit(present)
		if err != nil {
			return moved, err
		}
		next, err := json.Marshal(wanted)
		if err != nil {
			return moved, err
		}
		same, err := configOf(namespace, "", next)
		if err != nil {
			return moved, err
		}
		if same.Digest == now.Digest {
			moved.Already, moved.Way = try == 1, WayAlready
			return moved, nil
		}
		err = p.putConfig(ctx, namespace, now.Etag, wanted, reason)
		if err == nil || ClassOf(err) != Conflict || try == etagConflicts {
			return moved, err
		}
	}
}

func configPath(project, namespace string) string {
	if namespace == ConfigClient {
		return fmt.Sprintf("v1/projects/%s/remoteConfig", project)
	}
	return fmt.Sprintf("v1/projects/%s/namespaces/%s/remoteConfig", project, namespace)
}
