package stage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	sourcesAtOnce = 4                // downloads of function sources side by side
	imagesKept    = 5                // older images of each function that stay in Artifact Registry
	exportLook    = 20 * time.Second // between two looks at an export, which takes minutes to hours
)

// takeSnapshot records what is live. An export is asked for first and followed to
// its end; the snapshot is taken when it is written.
func (p *Performers) takeSnapshot(ctx context.Context, job engine.Job, e pipeline.TakeSnapshot) (pipeline.Outcome, error) {
	g, err := p.project(job, e.Project)
	if err != nil {
		return nil, err
	}
	if e.Export != "" {
		if err := export(ctx, g, job, e); err != nil {
			return nil, err
		}
	}
	since, err := p.loadRecord(ctx, e.Since)
	if err != nil {
		p.Logger.WarnContext(ctx, "a former snapshot cannot be read: drift is not known", "error", err)
	}
	r, ref, err := p.recordLive(ctx, g, since, e.Sources)
	if err != nil {
		return nil, err
	}
	if since != nil {
		ref.Drift = pipeline.Changes(since.snapshot(), r.snapshot())
	}
	return pipeline.SnapshotTaken{Ref: ref}, nil
}

// recordLive reads and stores everything that is live.
func (p *Performers) recordLive(ctx context.Context, g Google, since *record, sources bool) (*record, pipeline.SnapshotRef, error) {
	live, err := g.Snapshot(ctx)
	if err != nil {
		return nil, pipeline.SnapshotRef{}, err
	}
	r := &record{Live: *live, Sources: map[string]string{}}
	var fragile []pipeline.Left
	if sources {
		fragile = append(p.keepSources(ctx, g, r, since), p.keepImages(ctx, g, r)...)
	}
	name, err := p.saveRecord(ctx, r)
	if err != nil {
		return nil, pipeline.SnapshotRef{}, fmt.Errorf("store the snapshot: %w", err)
	}
	s := r.snapshot()
	return r, pipeline.SnapshotRef{Blob: name, Digest: s.Digest(), At: s.At, Parts: len(s.Components), Unread: s.Unread, Fragile: fragile}, nil
}

// keepSources stores the source of every function that was not stored before.
// One that cannot be had is said, for without it a function cannot be built
// again once its image has expired.
func (p *Performers) keepSources(ctx context.Context, g Google, r, since *record) []pipeline.Left {
	left := make([]*pipeline.Left, len(r.Live.Functions))
	names := make([]string, len(r.Live.Functions))
	var group errgroup.Group
	group.SetLimit(sourcesAtOnce)
	for i := range r.Live.Functions {
		f := &r.Live.Functions[i]
		if known := since.sourceOf(f); known != "" {
			names[i] = known
			continue
		}
		group.Go(func() error {
			content, err := g.DownloadSource(ctx, f)
			if err == nil {
				names[i], err = p.Store.Put(ctx, content)
			}
			if err != nil {
				left[i] = &pipeline.Left{Kind: pipeline.ComponentFunction, ID: f.ID(), Why: pipeline.Refusal{
					Code: "source-not-kept", Reason: "The source of " + f.ID() + " could not be kept, so it cannot be built again once its image is gone: " + firebaseWords(err) + ".",
					Fix: fixOf(err),
				}}
			}
			return nil
		})
	}
	_ = group.Wait() // each says for itself what failed
	var all []pipeline.Left
	for i := range r.Live.Functions {
		if names[i] != "" {
			r.Sources[r.Live.Functions[i].ID()] = names[i]
		}
		if left[i] != nil {
			all = append(all, *left[i])
		}
	}
	return all
}

// sourceOf is the blob of a function's source, if this record has kept the same.
func (r *record) sourceOf(f *firebase.Function) string {
	if r == nil {
		return ""
	}
	for i := range r.Live.Functions {
		o := &r.Live.Functions[i]
		if o.ID() == f.ID() && o.Archive == f.Archive && o.Archive != (firebase.Archive{}) && o.Version == f.Version {
			return r.Sources[f.ID()]
		}
	}
	return ""
}

// keepImages sets our keep policy where images of functions would expire: a
// revision whose image is gone cannot serve again.
func (p *Performers) keepImages(ctx context.Context, g Google, r *record) []pipeline.Left {
	var left []pipeline.Left
	for i := range r.Live.Repositories {
		repo := &r.Live.Repositories[i]
		if repo.Keeps() >= imagesKept {
			continue
		}
		location := strings.Split(repo.Name+"/////", "/")[3]
		if _, err := g.KeepImages(ctx, location, imagesKept); err != nil {
			left = append(left, pipeline.Left{Kind: pipeline.ComponentFunction, ID: location, Why: pipeline.Refusal{
				Code: "images-expire", Reason: "Images of functions in " + location + " may be deleted, and a revision without its image cannot serve again: " + firebaseWords(err) + ".",
				Fix: fixOf(err),
			}})
		}
	}
	return left
}

func firebaseWords(err error) string {
	if e := asFirebase(err); e != nil {
		return e.Op + words(e.Message)
	}
	return err.Error()
}

func fixOf(err error) string {
	if e := asFirebase(err); e != nil {
		return sentence(e.Fix)
	}
	return ""
}

// export has Firestore exported below a place of this attempt's own, and comes
// back until it is written.
func export(ctx context.Context, g Google, job engine.Job, e pipeline.TakeSnapshot) error {
	what := firebase.Export{To: strings.TrimSuffix(e.Export, "/") + "/gatehouse/" + string(job.Run.ID) + "/" + strings.ReplaceAll(job.Key, "/", "-")}
	op, err := g.FindExport(ctx, what)
	if err != nil {
		return err
	}
	if op == nil {
		if op, err = g.Export(ctx, what); err != nil {
			return err
		}
	}
	progress, err := g.Look(ctx, *op)
	switch {
	case err != nil:
		return err
	case progress.Failed != nil:
		return progress.Failed
	case !progress.Done:
		return &engine.Retry{Class: engine.RetryAt, At: job.Now.Add(exportLook), Reason: fmt.Sprintf(
			"Firestore is being exported to %s: %d of %d documents.", what.To, progress.DoneWork, progress.AllWork)}
	}
	return nil
}
