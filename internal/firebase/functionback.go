package firebase

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"
	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/run/v2"

	functions1 "google.golang.org/api/cloudfunctions/v1"
)

const (
	rebuildReach = "1 to 3 minutes of building, then seconds"
	keptAsIs     = "its trigger, its invokers and its secrets stay as they are now"
	keepFix      = "let Gatehouse set its keep policy in Artifact Registry, so that images of older revisions stay"
)

func (p *Project) checkFunction(ctx context.Context, target *Function, haveSource bool) (Return, error) {
	now, err := p.function(ctx, target.ID(), target.Service)
	if isNotFound(err) {
		return Return{
			Way: WayImpossible, Why: "the function " + target.ID() + " was deleted; its trigger and its environment are not in a snapshot",
			Fix: "deploy the commit of that release again",
		}, nil
	}
	if err != nil {
		return Return{}, err
	}
	if now.Generation != target.Generation {
		return Return{Way: WayImpossible, Why: "the function " + target.ID() + " changed its generation since", Fix: "deploy the commit of that release again"}, nil
	}
	if now.stays(target) {
		return Return{Way: WayAlready}, nil
	}
	back, err := p.pointBack(ctx, now, target)
	if err != nil || back.Way == WayPoint || back.Way == WayAlready {
		return back, err
	}
	if !haveSource && target.Generation == 1 {
		haveSource = p.hasArchive1(ctx, target)
	}
	if !haveSource {
		back.Why += "; its source is not stored"
		return back, nil
	}
	return Return{Way: WayRebuild, Why: back.Why + "; it is built again from its stored source, and " + keptAsIs, Fix: keepFix, Reaches: rebuildReach}, nil
}

// pointBack says whether traffic alone brings a function back.
func (p *Project) pointBack(ctx context.Context, now, target *Function) (Return, error) {
	if target.Generation == 1 {
		return Return{Way: WayImpossible, Why: "a function of the first generation has no older revision to point to", Fix: "deploy the commit of that release again"}, nil
	}
	back, err := p.checkServing(ctx, &Service{Name: now.Service, Serving: now.Serving}, target.Serving)
	if back.Way == WayAlready { // It serves, and yet it has to be asked for: it is stuck, or a build is about to take the requests.
		back = Return{Way: WayPoint, Reaches: trafficReach}
	}
	return back, err
}

// stays says that a function serves as it should and that nothing on its way will change that.
func (f *Function) stays(target *Function) bool {
	return f.serves(target) && f.Stuck == "" && !f.deploying()
}

func (p *Project) moveFunction(ctx context.Context, target *Function, with With) (Moved, error) {
	now, back, err := p.prepare(ctx, target)
	if err != nil {
		return Moved{}, err
	}
	moved := Moved{Before: Part{Kind: KindFunction, Name: target.ID(), Function: now}}
	if now.stays(target) {
		moved.Already, moved.Way = true, WayAlready
		return moved, nil
	}
	if back.Way == WayPoint {
		moved.Way = WayPoint
		_, moved.Operation, err = p.serve(ctx, now.Service, now.run, target.Serving, now.deploying())
		return moved, err
	}
	if now.State == "DEPLOYING" || now.State == "DEPLOY_IN_PROGRESS" {
		return moved, &Error{Class: Unavailable, Project: p.id, Op: "build the function " + target.ID() + " again", Message: "a deploy of it is going on"}
	}
	moved.Way, moved.Note = WayRebuild, keptAsIs
	moved.Operation, err = p.rebuild(ctx, target, with, back.Why)
	return moved, err
}

// prepare reads what a move looks at: the function as it is and, side by side, whether its older revisions could serve.
func (p *Project) prepare(ctx context.Context, target *Function) (now *Function, back Return, err error) {
	if target.Generation == 1 || target.Service == "" {
		if now, err = p.function(ctx, target.ID(), target.Service); err != nil {
			return nil, back, err
		}
		back, err = p.pointBack(ctx, now, target)
		return now, back, err
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		now, err = p.function(both, target.ID(), target.Service)
		return err
	})
	group.Go(func() (err error) {
		back, err = p.checkServing(both, &Service{Name: target.Service}, target.Serving)
		return err
	})
	if err = group.Wait(); err != nil {
		return nil, back, err
	}
	if back.Way != WayPoint { // A revision that serves now needs no image: Cloud Run keeps its own copy.
		back, err = p.pointBack(ctx, now, target)
	}
	return now, back, err
}

// rebuild uploads the stored source and has Google build it.
func (p *Project) rebuild(ctx context.Context, target *Function, with With, why string) (*Operation, error) {
	what := "build the function " + target.ID() + " again"
	zip, err := p.archive(ctx, target, with, what, why)
	if err != nil {
		return nil, err
	}
	if target.Generation == 1 {
		return p.rebuild1(ctx, target, zip, what)
	}
	return p.rebuild2(ctx, target, zip, what)
}

// archive is the stored source, or for the first generation Google's own copy of that version.
func (p *Project) archive(ctx context.Context, target *Function, with With, what, why string) ([]byte, error) {
	if with.Source != nil {
		zip, err := with.Source(ctx, target)
		if err != nil {
			return nil, err
		}
		if len(zip) > 0 {
			return zip, nil
		}
	}
	if target.Generation == 1 {
		return p.download1(ctx, target, target.Version)
	}
	return nil, p.gone(what, why+"; its source is not stored", "deploy the commit of that release again")
}

func (p *Project) rebuild2(ctx context.Context, target *Function, zip []byte, what string) (*Operation, error) {
	env, err := p.environment(ctx, target)
	if err != nil {
		return nil, err
	}
	source, err := p.upload2(ctx, target, zip)
	if err != nil {
		return nil, err
	}
	body := &cloudfunctions.Function{
		Labels:        target.marked(),
		BuildConfig:   &cloudfunctions.BuildConfig{Runtime: target.Runtime, EntryPoint: target.EntryPoint, Source: &cloudfunctions.Source{StorageSource: source}},
		ServiceConfig: &cloudfunctions.ServiceConfig{AllTrafficOnLatestRevision: true, EnvironmentVariables: env},
	}
	mask := "labels,buildConfig.runtime,buildConfig.entryPoint,buildConfig.source.storageSource,serviceConfig.allTrafficOnLatestRevision"
	if env != nil {
		mask += ",serviceConfig.environmentVariables"
	}
	lro, err := do(ctx, p, operation{what, hostFunctions, once, roleFunctions}, func(ctx context.Context) (*cloudfunctions.Operation, error) {
		return p.functions.Projects.Locations.Functions.Patch(p.functionName(target.ID()), body).UpdateMask(mask).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return &Operation{API: APIFunctions, Name: lro.Name, What: what}, nil
}

// marked are the labels of a target with the mark of a rebuild, by which a repetition of Move sees that it is done.
func (f *Function) marked() map[string]string {
	labels := map[string]string{rebuilt: f.mark()}
	for k, v := range f.Labels {
		if k != rebuilt {
			labels[k] = v
		}
	}
	return labels
}

// environment is that of the older revision, which lives on in Cloud Run when only its image is gone. Nil means unknown: it stays
// as it is now. It is never stored by us, because it may hold secrets.
func (p *Project) environment(ctx context.Context, target *Function) (map[string]string, error) {
	if len(target.Serving) == 0 || target.Service == "" {
		return nil, nil
	}
	r, err := p.rawRevision(ctx, target.Service, target.Serving[0].Revision)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil || len(r.Containers) == 0 {
		return nil, err
	}
	return userEnvironment(r.Containers[0].Env), nil
}

// userEnvironment leaves out what the platform sets by itself, and what comes from the secret manager.
func userEnvironment(env []*run.GoogleCloudRunV2EnvVar) map[string]string {
	vars := map[string]string{}
	for _, e := range env {
		switch e.Name {
		case "FUNCTION_TARGET", "FUNCTION_SIGNATURE_TYPE", "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "PORT":
		default:
			if e.ValueSource == nil {
				vars[e.Name] = e.Value
			}
		}
	}
	return vars
}

func (p *Project) rebuild1(ctx context.Context, target *Function, zip []byte, what string) (*Operation, error) {
	body := &functions1.CloudFunction{Runtime: target.Runtime, EntryPoint: target.EntryPoint, Labels: target.marked()}
	mask := "sourceUploadUrl,runtime,entryPoint,labels"
	old, err := p.function1(ctx, target.ID(), target.Version)
	switch {
	case err == nil && old.EnvironmentVariables != nil:
		body.EnvironmentVariables, mask = old.EnvironmentVariables, mask+",environmentVariables"
	case err != nil && !isNotFound(err) && ClassOf(err) != Invalid:
		return nil, err // Google keeps older versions as long as it likes; without one the environment stays as it is.
	}
	if body.SourceUploadUrl, err = p.upload1(ctx, target, zip); err != nil {
		return nil, err
	}
	lro, err := do(ctx, p, operation{what, hostFunctions, once, roleFunctions}, func(ctx context.Context) (*functions1.Operation, error) {
		return p.functions1.Projects.Locations.Functions.Patch(p.functionName(target.ID()), body).UpdateMask(mask).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return &Operation{API: APIFunctions1, Name: lro.Name, What: what}, nil
}

// hasArchive1 says that Google still gives out the source of a version of the first generation.
func (p *Project) hasArchive1(ctx context.Context, target *Function) bool {
	_, err := p.downloadAddress1(ctx, target, target.Version)
	return err == nil
}

// sized checks an archive before it is sent.
func (p *Project) sized(what string, zip []byte) error {
	if len(zip) == 0 || len(zip) > longestArchive || http.DetectContentType(zip) != "application/zip" {
		return invalid(p.id, what, "the stored source is no zip archive of at most %d MiB", longestArchive>>20)
	}
	return nil
}

// describe names a function in an operation's words.
func describe(verb string, f *Function) string { return verb + " the source of " + f.ID() }
