package github

import (
	"context"
	"encoding/json"
	"net/url"

	gh "github.com/google/go-github/v60/github"
)

// fileBytes is the largest file that is read, so that no repository can fill the memory that all share.
const fileBytes = 10 << 20

// File is a file at a commit.
type File struct {
	Path    string
	SHA     string // SHA is git's name for the content.
	Content []byte
}

// File reads a file. An empty ref means the default branch. A folder, a link or a submodule in its place, or more than 10 MiB, is Invalid.
func (r *Repo) File(ctx context.Context, path, ref string) (File, error) {
	const op = "read a file"
	escaped, err := segments(op, "path", path)
	if err != nil {
		return File{}, err
	}
	address := r.path("contents", escaped)
	if ref != "" {
		address += "?" + url.Values{"ref": {ref}}.Encode()
	}
	var in fileJSON
	if err := r.get(ctx, contents(op), address, &in); err != nil {
		return File{}, err
	}
	if in.Type != "file" {
		return File{}, invalid(op, "%s is a %s and not a file", path, in.Type)
	}
	if in.GetSize() > fileBytes {
		return File{}, invalid(op, "%s has %d bytes; at most %d are read", path, in.GetSize(), fileBytes)
	}
	if in.GetEncoding() == "none" { // GitHub leaves out contents above 1 MB.
		return r.blob(ctx, op, path, in.GetSHA())
	}
	text, err := in.GetContent()
	if err != nil {
		return File{}, &Error{Class: Unexpected, Op: op, Message: "the content's encoding is not understood", Err: cause(err, "")}
	}
	return File{Path: path, SHA: in.GetSHA(), Content: []byte(text)}, nil
}

func (r *Repo) blob(ctx context.Context, op, path, sha string) (File, error) {
	var content []byte
	err := r.call(ctx, contents(op), func(ctx context.Context, c *gh.Client) error {
		var err error
		content, _, err = c.Git.GetBlobRaw(ctx, r.ref.Owner, r.ref.Name, sha)
		return err
	})
	return File{Path: path, SHA: sha, Content: content}, err
}

// fileJSON is a file, or the array that GitHub answers for a folder.
type fileJSON struct {
	gh.RepositoryContent
	Type string
}

// UnmarshalJSON tells a folder from a file by its first character.
func (f *fileJSON) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		f.Type = "folder"
		return nil
	}
	if err := json.Unmarshal(data, &f.RepositoryContent); err != nil {
		return err
	}
	f.Type = f.GetType()
	return nil
}
