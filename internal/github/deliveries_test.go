package github_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// Deliveries follows the cursor, and stops where the asked time begins.
func TestDeliveries(t *testing.T) {
	f := newFake(t, "")
	first := `[{"id":3,"guid":"c","delivered_at":"2090-03-04T11:59:00Z","status_code":502,"event":"push","action":null,"installation_id":5,"redelivery":true},
		{"id":2,"guid":"b","delivered_at":"2090-03-04T11:58:00Z","status_code":202,"event":"check_run","action":"created","installation_id":5}]`
	second := `[{"id":1,"guid":"a","delivered_at":"2090-03-04T11:50:00Z","status_code":0,"event":"ping"},
		{"id":0,"guid":"old","delivered_at":"2090-03-04T10:00:00Z","status_code":200,"event":"ping"}]`
	f.on("GET /app/hook/deliveries", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "v1_2" {
			reply(200, second)(w, r)
			return
		}
		reply(200, first, "Link", `<`+f.url+`/app/hook/deliveries?per_page=100&cursor=v1_2>; rel="next"`)(w, r)
	})
	all, err := f.app().Deliveries(background(), noon.Add(-time.Hour))
	ok(t, err)
	equal(t, "how many", len(all), 3)
	equal(t, "first", all[0], github.HookDelivery{
		ID: 3, GUID: "c", DeliveredAt: noon.Add(-time.Minute), StatusCode: 502, Event: "push", InstallationID: 5, Redelivery: true,
	})
	equal(t, "last", all[2].GUID, "a")
	equal(t, "signed in as the App", strings.HasPrefix(f.last().Auth, "Bearer ey"), true)
}

// A redelivery is answered 202, which is success.
func TestRedeliver(t *testing.T) {
	f := newFake(t, "")
	f.on("POST /app/hook/deliveries/3/attempts", reply(202, `{}`))
	ok(t, f.app().Redeliver(background(), 3))
	fails(t, f.app().Redeliver(background(), 4), github.NotFound)
}

func TestDir(t *testing.T) {
	f := newFake(t, "")
	f.on("GET /repos/octo/shop/contents/.github/workflows", reply(200, `[{"name":"ci.yml","path":".github/workflows/ci.yml","sha":"abc","type":"file"}]`))
	all, err := f.repo().Dir(background(), ".github/workflows", "deadbeef")
	ok(t, err)
	equal(t, "entries", len(all), 1)
	equal(t, "entry", all[0], github.Entry{Name: "ci.yml", Path: ".github/workflows/ci.yml", SHA: "abc", Type: "file"})
	equal(t, "query", f.last().Query, "ref=deadbeef")
	_, err = f.repo().Dir(background(), "gone", "")
	fails(t, err, github.NotFound)
}
