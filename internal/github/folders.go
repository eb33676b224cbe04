package github

import (
	"context"
	"net/url"

	gh "github.com/google/go-github/v60/github"
)

// Entry is one thing in a folder.
type Entry struct {
	Name string
	Path string
	SHA  string // SHA is git's name for the content.
	Type string // Type is file, dir, symlink or submodule.
}

// Dir lists a folder, at most 1,000 entries of it. An empty ref means the default branch.
func (r *Repo) Dir(ctx context.Context, path, ref string) ([]Entry, error) {
	const op = "list a folder"
	escaped, err := segments(op, "path", path)
	if err != nil {
		return nil, err
	}
	var in []*gh.RepositoryContent
	err = r.call(ctx, contents(op), func(ctx context.Context, c *gh.Client) error {
		address := r.path("contents", escaped)
		if ref != "" {
			address += "?" + url.Values{"ref": {ref}}.Encode()
		}
		_, err := send(ctx, c, "GET", address, nil, &in)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]Entry, 0, len(in))
	for _, e := range in {
		all = append(all, Entry{Name: e.GetName(), Path: e.GetPath(), SHA: e.GetSHA(), Type: e.GetType()})
	}
	return all, nil
}
