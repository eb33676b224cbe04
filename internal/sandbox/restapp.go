package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func appRoutes() []route {
	return []route{
		{"GET /app", appOnly, getApp},
		{"GET /app/installations", appOnly, listInstallations},
		{"GET /app/installations/{installation_id}", appOnly, getInstallation},
		{"POST /app/installations/{installation_id}/access_tokens", appOnly, createToken},
		{"GET /repos/{owner}/{repo}/installation", appOnly, installationOnRepo},
		{"GET /orgs/{org}/installation", appOnly, func(r *request) reply { return installationOn(r, r.path("org")) }},
		{"GET /users/{username}/installation", appOnly, func(r *request) reply { return installationOn(r, r.path("username")) }},
		{"GET /app/hook/deliveries", appOnly, listDeliveries},
		{"GET /app/hook/deliveries/{delivery_id}", appOnly, getDelivery},
		{"POST /app/hook/deliveries/{delivery_id}/attempts", appOnly, redeliver},
		{"GET /rate_limit", "", getRateLimit},
		{"GET /meta", "", getMeta},
	}
}

func getApp(r *request) reply {
	body, _ := r.w.appJSON(r.w.opt.AppSlug).(obj)
	body["installations_count"], body["events"] = len(r.w.installs), DefaultEvents()
	return ok(body)
}

// listInstallations also gives each account the fields of an enterprise, which GitHub's description of this one
// operation asks for.
func listInstallations(r *request) reply {
	return ok(list(page(r, r.w.installs), func(in *Installation) obj {
		body := r.w.installationJSON(in)
		account := r.w.userJSON(in.Account)
		account["name"], account["slug"] = in.Account, in.Account
		account["created_at"], account["updated_at"] = stamp(in.CreatedAt), stamp(in.CreatedAt)
		body["account"] = account
		return body
	}))
}

func (w *World) installationByID(id int64) *Installation {
	for _, in := range w.installs {
		if in.ID == id {
			return in
		}
	}
	return nil
}

func getInstallation(r *request) reply {
	if in := r.w.installationByID(r.number("installation_id")); in != nil {
		return ok(r.w.installationJSON(in))
	}
	return notFound()
}

// installationOnRepo finds the installation that covers the repository in the path.
func installationOnRepo(r *request) reply {
	name := r.path("owner") + "/" + r.path("repo")
	repo, found := r.w.repos[name]
	if to := r.w.moved[name]; !found && to != nil {
		return r.redirect(to)
	}
	if !found {
		return notFound()
	}
	if in := r.w.installationOf(repo.Owner); in != nil && in.covers(repo) {
		return ok(r.w.installationJSON(in))
	}
	return notFound()
}

func installationOn(r *request, account string) reply {
	if in := r.w.installationOf(account); in != nil {
		return ok(r.w.installationJSON(in))
	}
	return notFound()
}

// createToken makes an installation token that lives an hour, narrowed to the permissions that were asked for.
func createToken(r *request) reply {
	in := r.w.installationByID(r.number("installation_id"))
	if in == nil {
		return notFound()
	}
	if in.Suspended {
		return failure(http.StatusForbidden, "This installation has been suspended")
	}
	var ask struct{ Permissions map[string]string }
	if refused := r.decode(&ask); refused != nil {
		return *refused
	}
	for name, level := range ask.Permissions {
		if !enough(in.Permissions[name], level) {
			return invalid("The permissions requested are not granted to this installation.")
		}
	}
	value := r.w.newToken("ghs_")
	expires := r.w.clock.Now().UTC().Add(time.Hour)
	r.w.tokens[value] = &token{install: in.ID, expires: expires, allowed: ask.Permissions}
	granted := in.Permissions
	if ask.Permissions != nil {
		granted = ask.Permissions
	}
	return created(obj{
		"token": value, "expires_at": expires.Format(time.RFC3339), "permissions": maps.Clone(granted),
		"repository_selection": "all",
	})
}

func (w *World) deliveryJSON(d Delivery, full bool) obj {
	out := obj{
		"id": d.ID, "guid": d.GUID, "delivered_at": d.At.Format(time.RFC3339), "redelivery": d.Redelivery,
		"duration": d.Duration.Seconds(), "status": d.Status, "status_code": d.StatusCode, "event": d.Event,
		"action": orNull(d.Action), "installation_id": d.Install, "repository_id": nil, "throttled_at": nil,
	}
	if d.RepoID != 0 {
		out["repository_id"] = d.RepoID
	}
	if !full {
		return out
	}
	headers := map[string]string{}
	for k := range d.Header {
		headers[k] = d.Header.Get(k)
	}
	out["url"] = w.opt.HookURL
	out["request"] = obj{"headers": headers, "payload": json.RawMessage(d.Payload)}
	out["response"] = obj{"headers": obj{}, "payload": d.Answer}
	return out
}

// listDeliveries pages newest first with a cursor, as GitHub does for webhooks.
func listDeliveries(r *request) reply {
	all := r.w.Deliveries()
	slices.Reverse(all)
	if status := r.query("status"); status != "" {
		all = slices.DeleteFunc(all, func(d Delivery) bool { return (d.StatusCode >= 200 && d.StatusCode < 400) != (status == "success") })
	}
	size := 30
	if n, err := strconv.Atoi(r.query("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	from := 0
	if cursor, err := strconv.ParseInt(r.query("cursor"), 10, 64); err == nil {
		from = max(0, slices.IndexFunc(all, func(d Delivery) bool { return d.ID == cursor }))
	}
	if end := from + size; end < len(all) {
		q := r.http.URL.Query()
		q.Set("cursor", strconv.FormatInt(all[end].ID, 10))
		r.header.Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.w.api("/app/hook/deliveries"), q.Encode()))
		all = all[:end]
	}
	return ok(list(all[from:], func(d Delivery) obj { return r.w.deliveryJSON(d, false) }))
}

func getDelivery(r *request) reply {
	for _, d := range r.w.Deliveries() {
		if d.ID == r.number("delivery_id") {
			return ok(r.w.deliveryJSON(d, true))
		}
	}
	return notFound()
}

func redeliver(r *request) reply {
	if err := r.w.redeliver(r.number("delivery_id")); err != nil {
		return notFound()
	}
	return accepted()
}

func getRateLimit(r *request) reply {
	l, found := r.w.limits[r.id.name()]
	if !found {
		l = &limit{reset: r.w.clock.Now().Add(time.Hour)}
	}
	core := obj{
		"limit": r.w.opt.RateLimit, "used": l.used, "remaining": r.w.opt.RateLimit - l.used, "reset": l.reset.Unix(),
	}
	return ok(obj{"resources": obj{"core": core, "search": core, "graphql": core}, "rate": core})
}

func getMeta(r *request) reply {
	return ok(obj{"verifiable_password_authentication": false, "hooks": []string{"127.0.0.0/8"}, "web": []string{r.w.opt.BaseURL}})
}
