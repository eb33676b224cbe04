package firebase

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/api/googleapi"
)

// There is no Go client for publishing Remote Config: it was taken out of google.golang.org/api in January 2026, and never knew
// etags. This one is as small as the API.

const (
	roleConfig        = "roles/cloudconfig.admin"
	longestTemplate   = 8 << 20 // Google's own limit is a million characters of values.
	longestConfigNote = 250
)

func (p *Project) getConfig(ctx context.Context, namespace, version string) (*Config, error) {
	what, query := "read the Remote Config "+namespace, url.Values{}
	if version != "" {
		what, query = what+", version "+version, url.Values{"versionNumber": {version}}
	}
	return do(ctx, p, operation{what, hostConfig, reads, roleConfig}, func(ctx context.Context) (*Config, error) {
		raw, etag, err := p.config(ctx, http.MethodGet, configPath(p.id, namespace), query, "", nil)
		if err != nil {
			return nil, err
		}
		return configOf(namespace, etag, raw)
	})
}

// putConfig publishes a whole template, if the present one still has this etag.
func (p *Project) putConfig(ctx context.Context, namespace, etag string, template map[string]any, reason string) error {
	full := map[string]any{}
	for k, v := range template {
		full[k] = v
	}
	if reason != "" {
		full["version"] = map[string]any{"description": cutBytes(reason, longestConfigNote)}
	}
	body, err := json.Marshal(full)
	if err != nil {
		return err
	}
	_, err = do(ctx, p, operation{"publish the Remote Config " + namespace, hostConfig, again, roleConfig}, func(ctx context.Context) (none, error) {
		_, _, err := p.config(ctx, http.MethodPut, configPath(p.id, namespace), nil, etag, body)
		return none{}, err
	})
	return err
}

// ConfigVersion is one line of the history of a template.
type ConfigVersion struct {
	Version     string
	UpdatedAt   time.Time
	By          string
	Description string
	Type        string // Type is FORCED_UPDATE, INCREMENTAL_UPDATE or ROLLBACK.
}

// ConfigHistory lists the newest versions of a template, at most limit, without their content.
func (p *Project) ConfigHistory(ctx context.Context, namespace string, limit int) ([]ConfigVersion, error) {
	return do(ctx, p, operation{"list the versions of the Remote Config " + namespace, hostConfig, reads, roleConfig}, func(ctx context.Context) ([]ConfigVersion, error) {
		raw, _, err := p.config(ctx, http.MethodGet, configPath(p.id, namespace)+":listVersions", url.Values{"pageSize": {strconv.Itoa(limit)}}, "", nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Versions []struct {
				VersionNumber, UpdateTime, Description, UpdateType string
				UpdateUser                                         struct{ Email string }
			}
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, err
		}
		var list []ConfigVersion
		for _, v := range page.Versions {
			list = append(list, ConfigVersion{v.VersionNumber, at(v.UpdateTime), v.UpdateUser.Email, v.Description, v.UpdateType})
		}
		return list, nil
	})
}

// config makes one request. net/http asks for gzip by itself, without which Google gives no strong etag.
func (p *Project) config(ctx context.Context, method, path string, query url.Values, etag string, body []byte) (raw []byte, newEtag string, err error) {
	address := p.client.address(hostConfig) + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	if etag != "" {
		req.Header.Set("If-Match", etag)
		req.Header.Set("Content-Type", "application/json; UTF-8")
	}
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }() // it was read to its end, or the call failed
	if err := googleapi.CheckResponse(resp); err != nil {
		return nil, "", err
	}
	raw, err = io.ReadAll(io.LimitReader(resp.Body, longestTemplate))
	return raw, resp.Header.Get("Etag"), err
}
