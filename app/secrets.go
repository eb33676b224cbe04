package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"
)

// secretVariables are the variables whose value may lie in Google's Secret Manager: secrets, and the bindings, of which every
// process must have the same.
func secretVariables() []string {
	return []string{
		"GATEHOUSE_BINDINGS", "GATEHOUSE_OPERATOR_TOKEN", "GATEHOUSE_SEAL_KEY", "GATEHOUSE_STORE", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_WEBHOOK_SECRET",
		"GITHUB_OAUTH_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_WEBHOOK_URL", "DISCORD_WEBHOOK_URL",
	}
}

const secretForm = "sm://PROJECT/SECRET or sm://PROJECT/SECRET/VERSION"

// WithSecrets replaces values of the form sm://PROJECT/SECRET by what Secret
// Manager holds under that name, once, at the start. Without such a value Google
// is not asked. An error names the variables, and never a value.
func WithSecrets(ctx context.Context, get func(string) string) (func(string) string, error) {
	found := map[string]string{}
	var wrong []error
	var service *secretmanager.Service
	for _, name := range secretVariables() {
		if !strings.HasPrefix(get(name), "sm://") {
			continue
		}
		resource, err := secretName(get(name))
		if err == nil && service == nil {
			service, err = secretService(ctx, get)
		}
		if err == nil {
			found[name], err = readSecret(ctx, service, resource)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
	}
	return func(name string) string {
		if v, ok := found[name]; ok {
			return v
		}
		return get(name)
	}, errors.Join(wrong...)
}

// secretName is the resource that a value names; without a version it is the latest.
func secretName(v string) (string, error) {
	parts := regexp.MustCompile(`^sm://([a-z][a-z0-9-]{4,28}[a-z0-9])/([A-Za-z0-9_-]{1,255})(?:/([1-9][0-9]*|latest))?$`).FindStringSubmatch(v)
	if parts == nil {
		return "", errors.New("expected " + secretForm)
	}
	if parts[3] == "" {
		parts[3] = "latest"
	}
	return "projects/" + parts[1] + "/secrets/" + parts[2] + "/versions/" + parts[3], nil
}

func secretService(ctx context.Context, get func(string) string) (*secretmanager.Service, error) {
	l := &loader{get: get}
	base := l.googleURL()
	if len(l.wrong) > 0 {
		return nil, errors.Join(l.wrong...)
	}
	var options []option.ClientOption
	if base != "" {
		transport, err := insteadOfGoogle(base)
		if err != nil {
			return nil, err
		}
		options = append(options, option.WithHTTPClient(&http.Client{Transport: transport, Timeout: requestTime}))
	}
	service, err := secretmanager.NewService(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("no secret can be read, because Google's credentials are not right: %w", err)
	}
	return service, nil
}

// readSecret reads one version. A line break at the end comes from the shell
// that stored it and belongs to no secret.
func readSecret(ctx context.Context, service *secretmanager.Service, resource string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	got, err := service.Projects.Secrets.Versions.Access(resource).Context(ctx).Do()
	var refused *googleapi.Error
	switch {
	case errors.As(err, &refused) && refused.Code == http.StatusForbidden:
		return "", fmt.Errorf("%s may not be read: give this service account the role roles/secretmanager.secretAccessor on that secret", resource)
	case errors.As(err, &refused) && refused.Code == http.StatusNotFound:
		return "", fmt.Errorf("%s does not exist: make it with gcloud secrets create", resource)
	case errors.As(err, &refused):
		return "", fmt.Errorf("%s cannot be read: Secret Manager answered %d", resource, refused.Code)
	case err != nil:
		return "", fmt.Errorf("%s cannot be read: Secret Manager is out of reach: %w", resource, err)
	case got.Payload == nil:
		return "", fmt.Errorf("%s has no content: add a version with gcloud secrets versions add", resource)
	}
	value, err := base64.StdEncoding.DecodeString(got.Payload.Data)
	if err != nil || len(value) == 0 {
		return "", fmt.Errorf("%s has no content that can be read", resource)
	}
	return strings.TrimRight(string(value), "\r\n"), nil
}
