package blobs

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/storage/v1"
)

// List yields the blobs of the bucket.
func (b *Bucket) List(ctx context.Context) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		page := ""
		for {
			answer, err := b.objects.List(b.name).PageToken(page).Fields("nextPageToken", "items(name,size,updated,metageneration)").Context(ctx).Do()
			if err != nil {
				yield(Blob{}, fmt.Errorf("list the blobs of gs://%s: %w", b.name, err))
				return
			}
			for _, o := range answer.Items {
				if nameForm.MatchString(o.Name) && !yield(listed(o)) {
					return
				}
			}
			if page = answer.NextPageToken; page == "" {
				return
			}
		}
	}
}

func listed(o *storage.Object) (Blob, error) {
	updated, err := time.Parse(time.RFC3339Nano, o.Updated)
	if err != nil {
		return Blob{}, fmt.Errorf("the blob %s has no time: %w", o.Name, err)
	}
	return Blob{Name: o.Name, Size: int64(o.Size), Used: updated, mark: o.Metageneration}, nil //nolint:gosec // no object is of 8 EiB
}

// Touch changes the object's metadata, so that Google sets its time.
func (b *Bucket) Touch(ctx context.Context, name string) error {
	change := &storage.Object{Metadata: map[string]string{"touched": rand.Text()}}
	_, err := b.objects.Patch(b.name, name, change).Fields("name").Context(ctx).Do()
	if answered(err, http.StatusNotFound) {
		return fmt.Errorf("%w: %s in gs://%s", ErrNotFound, name, b.name)
	}
	if err != nil {
		return fmt.Errorf("touch a blob of gs://%s: %w", b.name, err)
	}
	return nil
}

// Remove deletes the object as it was listed.
func (b *Bucket) Remove(ctx context.Context, blob Blob) (bool, error) {
	err := b.objects.Delete(b.name, blob.Name).IfMetagenerationMatch(blob.mark).Context(ctx).Do()
	if answered(err, http.StatusPreconditionFailed) || answered(err, http.StatusNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("delete a blob of gs://%s: %w", b.name, err)
	}
	return true, nil
}

// Claim writes an object with the owner's name.
func (b *Bucket) Claim(ctx context.Context, owner string) ([]string, error) {
	name := owners + "/" + owner
	_, err := b.objects.Insert(b.name, &storage.Object{Name: name}).IfGenerationMatch(0).Media(bytes.NewReader(nil)).Context(ctx).Do()
	if err != nil && !answered(err, http.StatusPreconditionFailed) {
		return nil, fmt.Errorf("say who keeps blobs in gs://%s: %w", b.name, err)
	}
	answer, err := b.objects.List(b.name).Prefix(owners + "/").Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("read who keeps blobs in gs://%s: %w", b.name, err)
	}
	var all []string
	for _, o := range answer.Items {
		all = append(all, strings.TrimPrefix(o.Name, owners+"/"))
	}
	return all, nil
}
