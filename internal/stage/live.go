package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Google is what is asked of one Firebase project.
type Google interface {
	Snapshot(ctx context.Context) (*firebase.Snapshot, error)
	DownloadSource(ctx context.Context, f *firebase.Function) ([]byte, error)
	KeepImages(ctx context.Context, location string, count int64) (bool, error)
	Check(ctx context.Context, target firebase.Part, with firebase.With) (firebase.Return, error)
	Move(ctx context.Context, target firebase.Part, with firebase.With) (firebase.Moved, error)
	Confirm(ctx context.Context, target firebase.Part, with firebase.With) (firebase.Confirmed, error)
	ToLatest(ctx context.Context, service string) (*firebase.Service, *firebase.Operation, error)
	Export(ctx context.Context, e firebase.Export) (*firebase.Operation, error)
	FindExport(ctx context.Context, e firebase.Export) (*firebase.Operation, error)
	Look(ctx context.Context, op firebase.Operation) (firebase.Progress, error)
}

// Blobs keep what is too large for the store. What is put there is never lost.
type Blobs interface {
	Put(ctx context.Context, content []byte) (name string, err error)
	Get(ctx context.Context, name string) ([]byte, error)
}

var _ Google = (*firebase.Project)(nil)

// ProjectsOf hands out the real projects of a client.
func ProjectsOf(c *firebase.Client) func(firebase.Target) (Google, error) {
	return func(t firebase.Target) (Google, error) { return c.Project(t) }
}

// performLive carries out what has to do with what is live in Firebase.
func (p *Performers) performLive(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
	switch e := any(job.Effect).(type) {
	case pipeline.JudgeRequest:
		return judgeRequest(e), nil
	case pipeline.JudgeTrouble:
		return judgeTrouble(e), nil
	case pipeline.TakeSnapshot:
		return p.takeSnapshot(ctx, job, e)
	case pipeline.VerifyDeploy:
		return p.verifyDeploy(ctx, job, e)
	case pipeline.LoadTarget:
		return p.loadTarget(ctx, job, e)
	case pipeline.PlanRestore:
		return p.planRestore(ctx, job, e)
	case pipeline.MovePart:
		return p.movePart(ctx, job, e)
	}
	return nil, refuse("internal", fmt.Sprintf("%T has to do with nothing that is live.", job.Effect), "Report this as a bug of Gatehouse.")
}

// project opens the project of a run, as the operator's binding allows. The
// binding is asked each time: it may have been taken away since the run began.
func (p *Performers) project(job engine.Job, project string) (Google, error) {
	if p.Projects == nil || p.Store == nil {
		return nil, refuse("no-google", "Gatehouse has no way to Google here, so it cannot look at or move what is live in "+project+".",
			"The operator sets GOOGLE_APPLICATION_CREDENTIALS, and starts Gatehouse again.")
	}
	target := firebase.Target{Project: project}
	if p.Bindings != nil {
		environment := environmentOf(job)
		bound, ok := p.Bindings.find(job.Repo, environment)
		if !ok || bound.Firebase != project {
			return nil, refuse("not-bound", fmt.Sprintf("The operator does not bind %s of %s to the Firebase project %s.", environment, job.Repo.FullName(), project),
				"Ask the operator to change the file that GATEHOUSE_BINDINGS names.")
		}
		target.Impersonate = bound.Account
	}
	return p.Projects(target)
}

// environmentOf is where the job acts: that of its run, or the one that is asked about.
func environmentOf(job engine.Job) string {
	if job.Run != nil {
		return job.Run.Environment
	}
	if e, ok := job.Effect.(pipeline.PlanRestore); ok {
		return e.Environment
	}
	return ""
}

// record is a snapshot as it is stored: everything that was read, and where the
// sources of its functions are kept.
type record struct {
	V       int               `json:"v"`
	Live    firebase.Snapshot `json:"live"`
	Sources map[string]string `json:"sources,omitempty"` // by function, the blob of its source
}

const recordVersion = 1

func (p *Performers) loadRecord(ctx context.Context, name string) (*record, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no snapshot was named
	}
	body, err := p.Store.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read the snapshot %.12s: %w", name, err)
	}
	r := new(record)
	if err := json.Unmarshal(body, r); err != nil {
		return nil, fmt.Errorf("read the snapshot %.12s: %w", name, err)
	}
	if r.V != recordVersion {
		return nil, refuse("newer-snapshot", fmt.Sprintf("The snapshot %.12s was stored by another version of Gatehouse.", name), "Install the version that stored it.")
	}
	return r, nil
}

func (p *Performers) saveRecord(ctx context.Context, r *record) (name string, err error) {
	r.V = recordVersion
	body, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode a snapshot: %w", err)
	}
	return p.Store.Put(ctx, body)
}

// part finds a component of the record.
func (r *record) part(kind pipeline.ComponentKind, id string) (firebase.Part, bool) {
	for _, part := range r.Live.Parts() {
		if pipeline.ComponentKind(part.Kind) == kind && part.Name == id {
			return part, true
		}
	}
	return firebase.Part{}, false
}

// snapshot is the record in the words of the machine.
func (r *record) snapshot() pipeline.Snapshot {
	s := pipeline.Snapshot{V: pipeline.SnapshotVersion, Project: r.Live.Project, At: r.Live.At}
	for _, part := range r.Live.Parts() {
		s.Components = append(s.Components, r.component(part))
	}
	for _, db := range r.Live.Databases {
		var keys []string
		for _, i := range db.Indexes {
			keys = append(keys, i.Key())
		}
		s.Components = append(s.Components, pipeline.Component{
			Kind: pipeline.ComponentIndexes, ID: db.ID(), Pointer: fmt.Sprintf("%d indexes", len(keys)), Content: strings.Join(keys, "; "),
		})
	}
	for _, g := range r.Live.Gaps {
		if g.Class == firebase.Disabled || g.Kind == "" {
			continue // where the API is off nothing is live
		}
		s.Unread = append(s.Unread, pipeline.Unread{Kind: pipeline.ComponentKind(g.Kind), Why: pipeline.Refusal{
			Code: "google-" + strings.ReplaceAll(string(g.Class), "_", "-"), Reason: "Google could not " + g.What + words(g.Why) + ".", Fix: sentence(g.Fix),
		}})
	}
	s.Normalize()
	return s
}

// component is one part in the words of the machine. What its snapshot holds the
// text of can be made again from there.
func (r *record) component(part firebase.Part) pipeline.Component {
	c := pipeline.Component{Kind: pipeline.ComponentKind(part.Kind), ID: part.Name, Pointer: part.Pointer(), Content: part.Content()}
	switch part.Kind {
	case firebase.KindRules, firebase.KindConfig:
		c.Blob = "text"
	case firebase.KindHosting:
		c.State = part.Hosting.Status
		if part.Hosting.Off {
			c.Pointer, c.State = "off", "OFF"
		}
	case firebase.KindFunction:
		f := part.Function
		c.State, c.Gen, c.Part, c.Blob = f.State, f.Generation, f.Codebase(), r.Sources[part.Name]
	case firebase.KindService:
	}
	return c
}

// source gives the stored source of a function of the record; nil if none is kept.
func (p *Performers) source(r *record) firebase.Source {
	return func(ctx context.Context, f *firebase.Function) ([]byte, error) {
		name := r.Sources[f.ID()]
		if name == "" {
			return nil, refuse("no-source", "The source of "+f.ID()+" is not stored.", "Deploy the commit of that release again.")
		}
		return p.Store.Get(ctx, name)
	}
}

// with is what the adapter needs to bring a part of the record back.
func (p *Performers) with(r *record, part firebase.Part, reason string, flags []string) firebase.With {
	w := firebase.With{Reason: reason, Flags: flags}
	if part.Kind == firebase.KindFunction && r.Sources[part.Name] != "" {
		w.Source = p.source(r)
	}
	return w
}

func ofFirebase(e *firebase.Error) (pipeline.Outcome, error) {
	class := engine.RetryLater
	switch e.Class.Again() {
	case firebase.AgainNever:
		return pipeline.Failed{Refusal: pipeline.Refusal{
			Code: "google-" + strings.ReplaceAll(string(e.Class), "_", "-"), Reason: "Google could not " + e.Op + words(e.Message) + ".", Fix: sentence(e.Fix),
		}}, nil
	case firebase.AgainAt:
		class = engine.RetryAt
	case firebase.AgainUnsure:
		class = engine.RetryUnsure
	case firebase.AgainNow, firebase.AgainLater:
	}
	return nil, &engine.Retry{Class: class, At: e.RetryAt, Reason: e.Error(), Err: e}
}

// asFirebase finds an error of the adapter.
func asFirebase(err error) *firebase.Error {
	var e *firebase.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
