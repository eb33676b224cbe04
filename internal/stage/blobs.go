package stage

import (
	"context"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// blob names a file's content or a commit in a repository: what has the same id
// never changes.
type blob struct {
	repo int64
	id   string
}

// blobsKept bounds the workflow files that are remembered; one has some kilobytes.
const blobsKept = 256

// foldersKept bounds the commits whose workflow folder is remembered.
const foldersKept = 128

// readWorkflowFile reads a file of the workflow folder, unless its content is known.
func (p *Performers) readWorkflowFile(ctx context.Context, repo Contents, name, ref string, at blob) ([]byte, error) {
	if content, ok := p.blobs.Get(at); ok && at.id != "" {
		return content, nil
	}
	f, err := repo.File(ctx, workflowDir+name, ref)
	if err == nil && at.id != "" && len(f.Content) <= workflowBytes {
		p.blobs.Add(at, f.Content)
	}
	return f.Content, err
}

// onlooker reads contents and keeps the comparisons.
type onlooker struct {
	Contents
	compared []github.Comparison
}

// Compare keeps what GitHub says.
func (o *onlooker) Compare(ctx context.Context, base, head string) (github.Comparison, error) {
	c, err := o.Contents.Compare(ctx, base, head)
	if err == nil {
		o.compared = append(o.compared, c)
	}
	return c, err
}

// workflowFolder lists the workflow folder of a commit. It is that of an earlier
// commit if a comparison of the two lists all changes, and none is in there: a
// release branch as a rule has the workflows of the main branch it left.
func (p *Performers) workflowFolder(ctx context.Context, repo Contents, id int64, sha string, compared []github.Comparison) ([]github.Entry, error) {
	at := blob{id, sha}
	if entries, ok := p.folders.Get(at); ok {
		return entries, nil
	}
	for _, c := range compared {
		if entries, ok := p.folders.Get(blob{id, c.MergeBase}); ok && leaves(c, strings.TrimSuffix(workflowDir, "/")) {
			p.folders.Add(at, entries)
			return entries, nil
		}
	}
	entries, err := repo.Dir(ctx, strings.TrimSuffix(workflowDir, "/"), sha)
	if err == nil {
		p.folders.Add(at, entries)
	}
	return entries, err
}

// leaves reports whether a comparison shows that a folder is as it was.
func leaves(c github.Comparison, folder string) bool {
	if !c.AllFiles || c.MergeBase == "" {
		return false
	}
	for _, f := range c.Files {
		for _, path := range []string{f.Path, f.Previous} {
			if strings.HasPrefix(path, folder+"/") || path != "" && strings.HasPrefix(folder+"/", path+"/") {
				return false
			}
		}
	}
	return true
}
