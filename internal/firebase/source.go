package firebase

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/googleapi"

	functions1 "google.golang.org/api/cloudfunctions/v1"
)

// longestArchive is what Google takes for one function.
const longestArchive = 100 << 20

// DownloadSource gives the zip archive that a function is built from now. Google deletes older ones at its own time: keep it.
func (p *Project) DownloadSource(ctx context.Context, f *Function) ([]byte, error) {
	if f.Generation == 1 {
		return p.download1(ctx, f, 0)
	}
	got, err := do(ctx, p, operation{describe("ask for", f), hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*cloudfunctions.GenerateDownloadUrlResponse, error) {
		return p.functions.Projects.Locations.Functions.GenerateDownloadUrl(p.functionName(f.ID()), &cloudfunctions.GenerateDownloadUrlRequest{}).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return p.download(ctx, describe("download", f), got.DownloadUrl)
}

func (p *Project) downloadAddress1(ctx context.Context, f *Function, version int64) (string, error) {
	req := &functions1.GenerateDownloadUrlRequest{}
	if version > 0 {
		req.VersionId = uint64(version)
	}
	got, err := do(ctx, p, operation{describe("ask for", f), hostFunctions, reads, roleFunctions}, func(ctx context.Context) (*functions1.GenerateDownloadUrlResponse, error) {
		return p.functions1.Projects.Locations.Functions.GenerateDownloadUrl(p.functionName(f.ID()), req).Context(ctx).Do()
	})
	if err != nil {
		return "", err
	}
	return got.DownloadUrl, nil
}

func (p *Project) download1(ctx context.Context, f *Function, version int64) ([]byte, error) {
	address, err := p.downloadAddress1(ctx, f, version)
	if isNotFound(err) {
		return nil, p.gone(describe("download", f), "Google does not have it any more", "deploy the commit of that release again")
	}
	if err != nil {
		return nil, err
	}
	return p.download(ctx, describe("download", f), address)
}

// download reads a signed address. No token of ours goes there.
func (p *Project) download(ctx context.Context, what, address string) ([]byte, error) {
	if err := p.trust(what, address); err != nil {
		return nil, err
	}
	return do(ctx, p, operation{what, hostStorage, reads, ""}, func(ctx context.Context) ([]byte, error) {
		return p.exchange(ctx, http.MethodGet, address, nil, nil)
	})
}

func (p *Project) upload2(ctx context.Context, f *Function, zip []byte) (*cloudfunctions.StorageSource, error) {
	if err := p.sized(describe("upload", f), zip); err != nil {
		return nil, err
	}
	parent := p.name() + "/locations/" + segment(f.Name, "locations")
	got, err := do(ctx, p, operation{describe("ask where to put", f), hostFunctions, again, roleFunctions}, func(ctx context.Context) (*cloudfunctions.GenerateUploadUrlResponse, error) {
		return p.functions.Projects.Locations.Functions.GenerateUploadUrl(parent, &cloudfunctions.GenerateUploadUrlRequest{Environment: "GEN_2"}).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return got.StorageSource, p.upload(ctx, f, got.UploadUrl, zip, nil)
}

func (p *Project) upload1(ctx context.Context, f *Function, zip []byte) (string, error) {
	if err := p.sized(describe("upload", f), zip); err != nil {
		return "", err
	}
	parent := p.name() + "/locations/" + segment(f.Name, "locations")
	got, err := do(ctx, p, operation{describe("ask where to put", f), hostFunctions, again, roleFunctions}, func(ctx context.Context) (*functions1.GenerateUploadUrlResponse, error) {
		return p.functions1.Projects.Locations.Functions.GenerateUploadUrl(parent, &functions1.GenerateUploadUrlRequest{}).Context(ctx).Do()
	})
	if err != nil {
		return "", err
	}
	// The range is part of what Google signed.
	return got.UploadUrl, p.upload(ctx, f, got.UploadUrl, zip, http.Header{"X-Goog-Content-Length-Range": {fmt.Sprintf("0,%d", longestArchive)}})
}

func (p *Project) upload(ctx context.Context, f *Function, address string, zip []byte, header http.Header) error {
	if err := p.trust(describe("upload", f), address); err != nil {
		return err
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/zip")
	_, err := do(ctx, p, operation{describe("upload", f), hostStorage, again, ""}, func(ctx context.Context) ([]byte, error) {
		return p.exchange(ctx, http.MethodPut, address, zip, header)
	})
	return err
}

// trust accepts only addresses at Google, or below the base that replaces it.
func (p *Project) trust(what, address string) error {
	u, err := url.Parse(address)
	atGoogle := err == nil && p.client.base == "" && u.Scheme == "https" && (u.Host == hostStorage || strings.HasSuffix(u.Host, "."+hostStorage))
	atBase := err == nil && p.client.base != "" && strings.HasPrefix(address, p.client.base+"/")
	if atGoogle || atBase {
		return nil
	}
	return &Error{Class: Unexpected, Project: p.id, Op: what, Message: "the address that Google gave is not one of Google's storage"}
}

// exchange sends one request that carries its own signature.
func (p *Project) exchange(ctx context.Context, method, address string, body []byte, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := p.plain.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was read to its end, or the call failed
	if err := googleapi.CheckResponse(resp); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(resp.Body, longestArchive))
}
