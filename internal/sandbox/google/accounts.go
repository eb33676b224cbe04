package google

import (
	"fmt"
	"slices"
	"strings"
	"time"

	resources "google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/serviceusage/v1"
)

func accountRoutes() []route {
	const usage = "serviceusage/v1"
	return []route{
		{hostLend, "iamcredentials/v1", "iamcredentials.projects.serviceAccounts.generateAccessToken", "POST", "v1/projects/-/serviceAccounts/{account}:generateAccessToken", "", lendToken},
		{hostToken, "", "refresh a token", "POST", "oauth2/v3/token", public, refreshToken},
		{hostResources, "cloudresourcemanager/v1", "cloudresourcemanager.projects.testIamPermissions", "POST", "v1/projects/{project}:testIamPermissions", "", testPermissions},
		{hostResources, "cloudresourcemanager/v1", "cloudresourcemanager.projects.get", "GET", "v1/projects/{project}", "resourcemanager.projects.get", getProject},
		{hostResources, "cloudresourcemanager/v1", "cloudresourcemanager.projects.getIamPolicy", "POST", "v1/projects/{project}:getIamPolicy", "resourcemanager.projects.getIamPolicy", getProjectPolicy},
		{hostResources, "cloudresourcemanager/v1", "cloudresourcemanager.projects.setIamPolicy", "POST", "v1/projects/{project}:setIamPolicy", "resourcemanager.projects.setIamPolicy", setProjectPolicy},
		{hostUsage, usage, "serviceusage.services.get", "GET", "v1/projects/{project}/services/{service}", "", getUsage},
		{hostUsage, usage, "serviceusage.services.enable", "POST", "v1/projects/{project}/services/{service}:enable", "", enableService},
		{hostUsage, "serviceusage/v1beta1", "serviceusage.services.generateServiceIdentity", "POST", "v1beta1/projects/{project}/services/{service}:generateServiceIdentity", "", serviceIdentity},
		{hostFirebase, "firebase/v1beta1", "firebase.projects.get", "GET", "v1beta1/projects/{project}", "firebase.projects.get", getFirebaseProject},
		{hostFirebase, "firebase/v1beta1", "firebase.projects.getAdminSdkConfig", "GET", "v1beta1/projects/{project}/adminSdkConfig", "firebase.projects.get", adminConfig},
		{hostRuntime, "runtimeconfig/v1beta1", "runtimeconfig.projects.configs.list", "GET", "v1beta1/projects/{project}/configs", "runtimeconfig.configs.list", noConfigs},
	}
}

// noConfigs is what the CLI finds of functions.config(), which nobody should use any more.
func noConfigs(*request) (any, *refusal) { return struct{}{}, nil }

// lendToken lets the owner act as a service account that some project knows.
func lendToken(q *request) (any, *refusal) {
	account := q.args["account"]
	for _, p := range q.g.projects {
		if q.as == owner && slices.Contains(p.spec.Accounts, account) {
			token := fmt.Sprintf("ya29.sandbox-%d", q.g.nextID())
			q.g.tokens[token] = account
			return &iamcredentials.GenerateAccessTokenResponse{AccessToken: token, ExpireTime: q.g.now().Add(time.Hour).Format(time.RFC3339)}, nil
		}
	}
	return nil, denied(nil, "iam.serviceAccounts.getAccessToken")
}

// refreshToken gives whoever signs in to the Firebase CLI the owner's rights.
func refreshToken(q *request) (any, *refusal) {
	token := fmt.Sprintf("ya29.cli-%d", q.g.nextID())
	q.g.tokens[token] = owner
	return map[string]any{
		"access_token": token, "expires_in": 3599, "token_type": "Bearer",
		"scope": "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/firebase openid email",
	}, nil
}

func testPermissions(q *request) (any, *refusal) {
	body, no := decode[resources.TestIamPermissionsRequest](q)
	if no != nil {
		return nil, no
	}
	answer := &resources.TestIamPermissionsResponse{}
	for _, permission := range body.Permissions {
		if q.as == owner || !q.p.denied[permission] {
			answer.Permissions = append(answer.Permissions, permission)
		}
	}
	return answer, nil
}

func getProject(q *request) (any, *refusal) {
	var number int64
	_, _ = fmt.Sscan(q.p.number, &number) // our own digits
	return &resources.Project{ProjectId: q.p.id, ProjectNumber: number, Name: q.p.id, LifecycleState: "ACTIVE", CreateTime: "2026-01-01T00:00:00Z"}, nil
}

func getProjectPolicy(*request) (any, *refusal) {
	return &resources.Policy{Version: 1, Etag: "BwYAAAAAAAA="}, nil
}

func setProjectPolicy(q *request) (any, *refusal) {
	body, no := decode[resources.SetIamPolicyRequest](q)
	if no != nil {
		return nil, no
	}
	return body.Policy, nil
}

func getUsage(q *request) (any, *refusal) {
	state := "ENABLED"
	if q.p.off[q.args["service"]] {
		state = "DISABLED"
	}
	return &serviceusage.GoogleApiServiceusageV1Service{
		Name: "projects/" + q.p.number + "/services/" + q.args["service"], Parent: "projects/" + q.p.number, State: state,
	}, nil
}

func enableService(q *request) (any, *refusal) {
	q.p.off[q.args["service"]] = false
	return &serviceusage.Operation{Name: "operations/noop.DONE_OPERATION", Done: true}, nil
}

func serviceIdentity(q *request) (any, *refusal) {
	service, _, _ := strings.Cut(q.args["service"], ".")
	return &serviceusage.Operation{Name: "operations/finished.DONE_OPERATION", Done: true, Response: raw(map[string]any{
		"@type": "type.googleapis.com/google.api.serviceusage.v1beta1.ServiceIdentity",
		"email": "service-" + q.p.number + "@gcp-sa-" + service + ".iam.gserviceaccount.com",
	})}, nil
}

func getFirebaseProject(q *request) (any, *refusal) {
	return map[string]any{
		"name": q.p.name(), "projectId": q.p.id, "projectNumber": q.p.number, "displayName": q.p.id, "state": "ACTIVE",
		"resources": map[string]any{"hostingSite": q.p.spec.Sites[0]},
	}, nil
}

func adminConfig(q *request) (any, *refusal) {
	return map[string]any{"projectId": q.p.id, "storageBucket": q.p.id + ".appspot.com", "locationId": "us-central"}, nil
}
