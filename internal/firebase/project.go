package firebase

import (
	"context"
	"net/http"

	"golang.org/x/oauth2"
	"google.golang.org/api/artifactregistry/v1"
	functions1 "google.golang.org/api/cloudfunctions/v1"
	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/cloudresourcemanager/v1"
	firebasehosting "google.golang.org/api/firebasehosting/v1beta1"
	"google.golang.org/api/firebaserules/v1"
	"google.golang.org/api/firestore/v1"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/option"
	"google.golang.org/api/run/v2"
	"google.golang.org/api/serviceusage/v1"
)

// The hosts of the services.
const (
	hostHosting      = "firebasehosting.googleapis.com"
	hostRules        = "firebaserules.googleapis.com"
	hostFunctions    = "cloudfunctions.googleapis.com"
	hostRun          = "run.googleapis.com"
	hostConfig       = "firebaseremoteconfig.googleapis.com"
	hostFirestore    = "firestore.googleapis.com"
	hostRegistry     = "artifactregistry.googleapis.com"
	hostCredentials  = "iamcredentials.googleapis.com"
	hostResources    = "cloudresourcemanager.googleapis.com"
	hostServiceUsage = "serviceusage.googleapis.com"
	hostStorage      = "storage.googleapis.com"
)

// Project is one Firebase project, seen with the rights of one account. It is safe for concurrent use.
type Project struct {
	id     string
	as     string // as is the impersonated account, or empty.
	client *Client
	http   *http.Client // http signs each request.
	plain  *http.Client // plain signs none: for addresses that carry their own signature.

	hosting    *firebasehosting.Service
	rules      *firebaserules.Service
	functions  *cloudfunctions.Service
	functions1 *functions1.Service
	run        *run.Service
	firestore  *firestore.Service
	registry   *artifactregistry.Service
	resources  *cloudresourcemanager.Service
	usage      *serviceusage.Service
}

// ID is the project's id.
func (p *Project) ID() string { return p.id }

// name is the project as a resource.
func (p *Project) name() string { return "projects/" + p.id }

// who names the account whose rights count, for people who have to grant some.
func (p *Project) who() string {
	if p.as != "" {
		return p.as
	}
	return "the account that Gatehouse runs as"
}

func newProject(c *Client, t Target) (*Project, error) {
	p := &Project{id: t.Project, as: t.Impersonate, client: c}
	p.plain = &http.Client{Transport: &transport{base: c.http}, Timeout: requestTimeout, CheckRedirect: stay}
	tokens := c.identity
	if t.Impersonate != "" {
		own := &http.Client{Transport: &transport{base: c.http, tokens: c.identity}, Timeout: requestTimeout, CheckRedirect: stay}
		lent, err := borrow(c, own, t.Impersonate)
		if err != nil {
			return nil, err
		}
		tokens = lent
	}
	p.http = &http.Client{Transport: &transport{base: c.http, tokens: tokens}, Timeout: requestTimeout, CheckRedirect: stay}
	return p, p.connect()
}

// stay follows no redirect: a token goes to the configured host only.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// connect makes the generated clients. None of them makes a call by that.
func (p *Project) connect() (err error) {
	ctx := context.Background()
	at := func(host string) []option.ClientOption {
		return []option.ClientOption{option.WithHTTPClient(p.http), option.WithEndpoint(p.client.address(host))}
	}
	makers := []func() error{
		func() error { p.hosting, err = firebasehosting.NewService(ctx, at(hostHosting)...); return err },
		func() error { p.rules, err = firebaserules.NewService(ctx, at(hostRules)...); return err },
		func() error { p.functions, err = cloudfunctions.NewService(ctx, at(hostFunctions)...); return err },
		func() error { p.functions1, err = functions1.NewService(ctx, at(hostFunctions)...); return err },
		func() error { p.run, err = run.NewService(ctx, at(hostRun)...); return err },
		func() error { p.firestore, err = firestore.NewService(ctx, at(hostFirestore)...); return err },
		func() error { p.registry, err = artifactregistry.NewService(ctx, at(hostRegistry)...); return err },
		func() error {
			p.resources, err = cloudresourcemanager.NewService(ctx, at(hostResources)...)
			return err
		},
		func() error { p.usage, err = serviceusage.NewService(ctx, at(hostServiceUsage)...); return err },
	}
	for _, make := range makers {
		if err := make(); err != nil {
			return err
		}
	}
	return nil
}

// borrow gives the tokens of another account, each asked for with a deadline and kept until it expires. The module's own
// package impersonate has its host written into it and answers in plain text, which could be neither redirected nor judged.
func borrow(c *Client, own *http.Client, account string) (func(context.Context) (oauth2.TokenSource, error), error) {
	svc, err := iamcredentials.NewService(context.Background(), option.WithHTTPClient(own), option.WithEndpoint(c.address(hostCredentials)))
	if err != nil {
		return nil, err
	}
	source := oauth2.ReuseTokenSource(nil, &lender{svc: svc, account: account})
	return func(context.Context) (oauth2.TokenSource, error) { return source, nil }, nil
}
