package google

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	clientConfig = "firebase"
	serverConfig = "firebase-server"
	keepVersions = 300
	keepFor      = 90 * 24 * time.Hour
)

// config is a Remote Config template with its history.
type config struct {
	versions []*template // the newest last.
	count    int64
}

// template is one published version.
type template struct {
	number int64
	at     time.Time
	body   map[string]any // body is without the version.
	about  map[string]any
}

func configRoutes() []route {
	const view, change = "cloudconfig.configs.get", "cloudconfig.configs.update"
	var all []route
	for _, path := range []string{"v1/projects/{project}/remoteConfig", "v1/projects/{project}/namespaces/{namespace}/remoteConfig"} {
		all = append(all,
			route{hostConfig, "", "remoteconfig get", "GET", path, view, getConfig},
			route{hostConfig, "", "remoteconfig put", "PUT", path, change, putConfig},
			route{hostConfig, "", "remoteconfig listVersions", "GET", path + ":listVersions", view, listConfigVersions},
			route{hostConfig, "", "remoteconfig rollback", "POST", path + ":rollback", change, rollbackConfig},
		)
	}
	return all
}

func (q *request) config() (*config, *refusal) {
	if c := q.p.configs[or(q.args["namespace"], clientConfig)]; c != nil {
		return c, nil
	}
	return nil, notFound("Requested entity was not found.")
}

func (c *config) last() *template {
	if len(c.versions) == 0 {
		return nil
	}
	return c.versions[len(c.versions)-1]
}

func (c *config) number() string {
	if t := c.last(); t != nil {
		return fmt.Sprint(t.number)
	}
	return ""
}

// values are the default values of the parameters outside of groups.
func (c *config) values() map[string]string {
	values := map[string]string{}
	if t := c.last(); t != nil {
		parameters, _ := t.body["parameters"].(map[string]any)
		for name, p := range parameters {
			parameter, _ := p.(map[string]any)
			standard, _ := parameter["defaultValue"].(map[string]any)
			values[name], _ = standard["value"].(string)
		}
	}
	return values
}

func (c *config) etag(p *project) string {
	return fmt.Sprintf("etag-%s-firebase-%d", p.number, c.count)
}

// publish adds a version.
func (c *config) publish(p *project, body map[string]any, by, kind string) *template {
	about, _ := body["version"].(map[string]any)
	delete(body, "version")
	delete(body, "etag")
	c.count++
	t := &template{number: c.count, at: p.g.now(), body: body, about: map[string]any{
		"versionNumber": fmt.Sprint(c.count), "updateTime": stamp(p.g.now()), "updateUser": map[string]any{"email": mail(by)},
		"updateOrigin": "REST_API", "updateType": kind,
	}}
	if description, _ := about["description"].(string); description != "" {
		t.about["description"] = description
	}
	c.versions = append(c.versions, t)
	return t
}

func (t *template) shape() map[string]any {
	all := map[string]any{"version": t.about}
	for k, v := range t.body {
		all[k] = v
	}
	return all
}

// purge forgets versions over the limit and those that are too old, never the present one.
func (c *config) purge(now time.Time) {
	if over := len(c.versions) - keepVersions; over > 0 {
		c.versions = c.versions[over:]
	}
	present := c.last()
	c.versions = slices.DeleteFunc(c.versions, func(t *template) bool { return t != present && now.Sub(t.at) > keepFor })
}

func getConfig(q *request) (any, *refusal) {
	c, no := q.config()
	if no != nil {
		return nil, no
	}
	q.reply.Set("Etag", c.etag(q.p))
	if text := q.query.Get("versionNumber"); text != "" {
		return q.oldConfig(c, text)
	}
	if t := c.last(); t != nil {
		return t.shape(), nil
	}
	return map[string]any{}, nil
}

func (q *request) oldConfig(c *config, number string) (any, *refusal) {
	for _, t := range c.versions {
		if fmt.Sprint(t.number) == number {
			return t.shape(), nil
		}
	}
	return nil, notFound("Requested entity was not found.")
}

func putConfig(q *request) (any, *refusal) {
	c, no := q.config()
	if no != nil {
		return nil, no
	}
	match := q.http.Header.Get("If-Match")
	switch {
	case match == "":
		return nil, invalid("If-Match header is missing.")
	case match != "*" && match != c.etag(q.p):
		return nil, conflict(q.route)
	}
	var body map[string]any
	if err := json.Unmarshal(q.body, &body); err != nil {
		return nil, invalid("Invalid JSON payload received.")
	}
	if no := checkTemplate(body); no != nil {
		return nil, no
	}
	if q.query.Get("validateOnly") == "true" || q.query.Get("validate_only") == "true" {
		q.reply.Set("Etag", c.etag(q.p)+"-0")
		return body, nil
	}
	kind := "INCREMENTAL_UPDATE"
	if match == "*" {
		kind = "FORCED_UPDATE"
	}
	t := c.publish(q.p, body, q.as, kind)
	q.reply.Set("Etag", c.etag(q.p))
	return t.shape(), nil
}

// checkTemplate refuses what is no template.
func checkTemplate(body map[string]any) *refusal {
	known := []string{"conditions", "parameters", "parameterGroups", "version", "etag"}
	for name := range body {
		if !slices.Contains(known, name) {
			return invalid("Invalid JSON payload received. Unknown name \"" + name + "\".")
		}
	}
	parameters, isObject := body["parameters"].(map[string]any)
	if body["parameters"] != nil && !isObject {
		return invalid("parameters must be an object.")
	}
	for name, p := range parameters {
		if _, isObject := p.(map[string]any); !isObject {
			return invalid("The parameter " + name + " must be an object.")
		}
	}
	return nil
}

func listConfigVersions(q *request) (any, *refusal) {
	c, no := q.config()
	if no != nil {
		return nil, no
	}
	start, size, no := q.page(len(c.versions))
	if no != nil {
		return nil, no
	}
	var list []any
	for i := start; i < len(c.versions) && i < start+size; i++ {
		list = append(list, c.versions[len(c.versions)-1-i].about)
	}
	answer := map[string]any{"versions": list}
	if next := nextPage(start, size, len(c.versions)); next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

func rollbackConfig(q *request) (any, *refusal) {
	c, no := q.config()
	if no != nil {
		return nil, no
	}
	body, no := decode[struct {
		VersionNumber string `json:"versionNumber"`
	}](q)
	if no != nil {
		return nil, no
	}
	number, err := strconv.ParseInt(body.VersionNumber, 10, 64)
	i := slices.IndexFunc(c.versions, func(t *template) bool { return t.number == number })
	if err != nil || i < 0 {
		return nil, &refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: "The version does not exist."}
	}
	copied := map[string]any{}
	for k, v := range c.versions[i].body {
		copied[k] = v
	}
	t := c.publish(q.p, copied, q.as, "ROLLBACK")
	t.about["rollbackSource"] = body.VersionNumber
	q.reply.Set("Etag", c.etag(q.p))
	return t.shape(), nil
}
