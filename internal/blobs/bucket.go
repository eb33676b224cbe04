package blobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"
)

// Bucket keeps blobs as objects of a Cloud Storage bucket, for processes that
// have no disk.
type Bucket struct {
	objects *storage.ObjectsService
	name    string
}

// OpenBucket names a bucket. It makes no call; credentials are looked for now.
func OpenBucket(ctx context.Context, name string, options ...option.ClientOption) (*Bucket, error) {
	service, err := storage.NewService(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("the bucket of GATEHOUSE_BLOBS cannot be reached: %w", err)
	}
	return &Bucket{objects: service.Objects, name: name}, nil
}

// Put stores a content and gives its name. One that is there already is touched instead.
func (b *Bucket) Put(ctx context.Context, content []byte) (string, error) {
	name := Name(content)
	object := &storage.Object{Name: name, ContentType: "application/octet-stream"}
	for {
		_, err := b.objects.Insert(b.name, object).IfGenerationMatch(0).Media(bytes.NewReader(content)).Context(ctx).Do()
		if err == nil {
			return name, nil
		}
		if !answered(err, http.StatusPreconditionFailed) {
			return "", fmt.Errorf("store a blob in gs://%s: %w", b.name, err)
		}
		if err := b.Touch(ctx, name); !errors.Is(err, ErrNotFound) {
			return name, err
		}
		// Deleted a moment ago: it is stored anew.
	}
}

// Get reads a content by its name, and refuses one that is not what its name says.
func (b *Bucket) Get(ctx context.Context, name string) (content []byte, err error) {
	if !nameForm.MatchString(name) {
		return nil, fmt.Errorf("%w: %q is no name of one", ErrNotFound, name)
	}
	answer, err := b.objects.Get(b.name, name).Context(ctx).Download()
	if answered(err, http.StatusNotFound) {
		return nil, fmt.Errorf("%w: %s in gs://%s", ErrNotFound, name, b.name)
	}
	if err != nil {
		return nil, fmt.Errorf("read a blob of gs://%s: %w", b.name, err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if content, err = io.ReadAll(answer.Body); err != nil {
		return nil, fmt.Errorf("read a blob of gs://%s: %w", b.name, err)
	}
	if Name(content) != name {
		return nil, fmt.Errorf("the blob %s in gs://%s was changed", name, b.name)
	}
	return content, nil
}

func answered(err error, status int) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == status
}
