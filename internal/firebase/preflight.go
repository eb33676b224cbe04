package firebase

import (
	"context"
	"slices"

	"google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/serviceusage/v1"
)

// need is one right and the role that holds it.
type need struct{ permission, role, host string }

// needs are the rights that snapshots and rollbacks use.
func needs() []need {
	return []need{
		{"firebasehosting.sites.get", roleHosting, hostHosting},
		{"firebasehosting.sites.update", roleHosting, hostHosting},
		{"firebaserules.releases.get", roleRules, hostRules},
		{"firebaserules.releases.update", roleRules, hostRules},
		{"firebaserules.rulesets.create", roleRules, hostRules},
		{"cloudconfig.configs.get", roleConfig, hostConfig},
		{"cloudconfig.configs.update", roleConfig, hostConfig},
		{"cloudfunctions.functions.list", roleFunctions, hostFunctions},
		{"cloudfunctions.functions.update", roleFunctions, hostFunctions},
		{"run.services.get", roleRun, hostRun},
		{"run.services.update", roleRun, hostRun},
		{"datastore.indexes.list", roleDatabases, hostFirestore},
		{"artifactregistry.repositories.get", roleRegistryRead, hostRegistry},
	}
}

// Preflight says, before anything depends on it, which rights the account lacks and which APIs are off: one *Error for each, with
// its Fix. The error is for a check that could not be made.
func (p *Project) Preflight(ctx context.Context) ([]*Error, error) {
	var ask []string
	for _, n := range needs() {
		ask = append(ask, n.permission)
	}
	got, err := do(ctx, p, operation{"read the rights in the project", hostResources, reads, "roles/browser"}, func(ctx context.Context) (*cloudresourcemanager.TestIamPermissionsResponse, error) {
		return p.resources.Projects.TestIamPermissions(p.id, &cloudresourcemanager.TestIamPermissionsRequest{Permissions: ask}).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	var missing []*Error
	for _, n := range needs() {
		if !slices.Contains(got.Permissions, n.permission) {
			e := &Error{Class: Forbidden, Project: p.id, Op: "use " + n.host, Permission: n.permission, Message: "the permission " + n.permission + " is missing"}
			e.Fix = p.grant(operation{role: n.role}, n.permission)
			missing = append(missing, e)
		}
	}
	off, err := p.apisOff(ctx)
	return append(missing, off...), err
}

// apisOff lists the APIs that are switched off. A project without functions needs neither Functions nor Run: the caller judges.
func (p *Project) apisOff(ctx context.Context) ([]*Error, error) {
	var hosts []string
	for _, n := range needs() {
		if !slices.Contains(hosts, n.host) {
			hosts = append(hosts, n.host)
		}
	}
	states, err := each(ctx, hosts, func(ctx context.Context, host string) (*serviceusage.GoogleApiServiceusageV1Service, error) {
		return do(ctx, p, operation{"read whether the API " + host + " is on", hostServiceUsage, reads, "roles/serviceusage.serviceUsageViewer"}, func(ctx context.Context) (*serviceusage.GoogleApiServiceusageV1Service, error) {
			return p.usage.Services.Get(p.name() + "/services/" + host).Context(ctx).Do()
		})
	})
	if err != nil {
		return nil, err
	}
	var off []*Error
	for i, s := range states {
		if s.State != "ENABLED" {
			off = append(off, &Error{
				Class: Disabled, Project: p.id, Op: "use " + hosts[i], Service: hosts[i], Code: "SERVICE_DISABLED", Message: "the API " + hosts[i] + " is off",
				Fix: enable(hosts[i], p.id),
			})
		}
	}
	return off, nil
}
