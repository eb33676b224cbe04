package stage

import "context"

// blob names a file's content in a repository: what has the same id never changes.
type blob struct {
	repo int64
	id   string
}

// blobsKept bounds the workflow files that are remembered; one has some kilobytes.
const blobsKept = 256

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
