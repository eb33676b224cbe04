package firebase_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

// cli is the real Firebase CLI with a product of its own, pointed at the sandbox's Google.
type cli struct {
	*testing.T
	tools, product, home, base string
}

// bucket is where the product keeps files, which have rules of their own.
const bucket = shop + ".firebasestorage.app"

// newCLI finds the CLI in GATEHOUSE_FIREBASE_TOOLS, the folder of the npm package firebase-tools. Without it a test is skipped,
// unless GATEHOUSE_TEST_REQUIRE lists firebase-tools.
func newCLI(t *testing.T, base string) *cli {
	t.Helper()
	tools := os.Getenv("GATEHOUSE_FIREBASE_TOOLS")
	if _, err := os.Stat(filepath.Join(tools, "lib", "bin", "firebase.js")); tools == "" || err != nil {
		if slices.Contains(strings.Split(os.Getenv("GATEHOUSE_TEST_REQUIRE"), ","), "firebase-tools") {
			t.Fatal("the Firebase CLI is required, and GATEHOUSE_FIREBASE_TOOLS names no folder of the npm package firebase-tools")
		}
		t.Skip("GATEHOUSE_FIREBASE_TOOLS names no folder of the npm package firebase-tools")
	}
	c := &cli{T: t, tools: tools, product: t.TempDir(), home: t.TempDir(), base: base}
	c.write("firebase.json", `{
  "hosting": {"public": "public", "rewrites": [{"source": "/hello", "function": {"functionId": "hello", "region": "us-central1"}}]},
  "firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"},
  "storage": [{"bucket": "`+bucket+`", "rules": "storage.rules"}],
  "remoteconfig": {"template": "remoteconfig.json"},
  "functions": [{"source": "functions", "codebase": "default", "runtime": "nodejs22"}]
}`)
	c.write("firestore.indexes.json", `{"indexes": [], "fieldOverrides": []}`)
	c.write("functions/package.json", `{"name": "functions", "version": "1.0.0", "main": "index.js", "engines": {"node": "22"}}`)
	// With this file the CLI need not load the code to learn what is in it.
	c.write("functions/functions.yaml", `specVersion: v1alpha1
requiredAPIs: []
endpoints:
  hello:
    platform: gcfv2
    region: [us-central1]
    entryPoint: hello
    httpsTrigger: {}
  old:
    platform: gcfv1
    region: [us-central1]
    entryPoint: old
    httpsTrigger: {}
`)
	return c
}

func (c *cli) write(name, text string) {
	c.Helper()
	path := filepath.Join(c.product, name)
	must(c.T, os.MkdirAll(filepath.Dir(path), 0o750))
	must(c.T, os.WriteFile(path, []byte(text), 0o600))
}

// commit writes a version of the product that differs in everything that is deployed.
func (c *cli) commit(name string) {
	c.Helper()
	c.write("public/index.html", "<h1>"+name+"</h1>")
	c.write("firestore.rules", "rules_version = '2';\n// commit:"+name+"\nservice cloud.firestore {\n}\n")
	c.write("storage.rules", "rules_version = '2';\n// commit:"+name+"\nservice firebase.storage {\n}\n")
	c.write("remoteconfig.json", `{"parameters": {"checkout": {"defaultValue": {"value": "`+name+`"}, "valueType": "STRING"}}}`)
	c.write("functions/index.js", "// commit:"+name+"\n")
}

// environment points every service that the CLI speaks to at the sandbox.
func (c *cli) environment() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.home, "XDG_CONFIG_HOME=" + c.home, "FIREBASE_TOKEN=refresh-me", "CI=true", "NO_UPDATE_NOTIFIER=1",
		"FIREBASE_FUNCTIONS_DEFAULT_REGION=us-central1", "NO_COLOR=1",
	}
	for name, host := range map[string]string{
		"FIREBASE_HOSTING_API_URL": "firebasehosting", "FIREBASE_RULES_URL": "firebaserules", "FIREBASE_REMOTE_CONFIG_URL": "firebaseremoteconfig",
		"FIREBASE_FUNCTIONS_URL": "cloudfunctions", "FIREBASE_FUNCTIONS_V2_URL": "cloudfunctions", "CLOUD_RUN_URL": "run", "CLOUD_RUN_API_URL": "run",
		"FIRESTORE_URL": "firestore", "ARTIFACT_REGISTRY_DOMAIN": "artifactregistry", "FIREBASE_CLOUDBUILD_URL": "cloudbuild", "FIREBASE_SERVICE_USAGE_URL": "serviceusage",
		"FIREBASE_RESOURCEMANAGER_URL": "cloudresourcemanager", "FIREBASE_API_URL": "firebase", "FIREBASE_TOKEN_URL": "www", "FIREBASE_STORAGE_URL": "storage",
		"FIREBASE_RUNTIMECONFIG_URL": "runtimeconfig", "FIREBASE_EXT_URL": "firebaseextensions", "FIREBASE_IAM_URL": "iam", "COMPUTE_URL": "compute",
		"FIREBASE_CLOUDSCHEDULER_URL": "cloudscheduler", "FIREBASE_CLOUDBILLING_URL": "cloudbilling", "CLOUD_SECRET_MANAGER_URL": "secretmanager", "EVENTARC_URL": "eventarc",
		"FIREBASE_PUBSUB_URL": "pubsub", "FIREBASE_CLOUD_TAKS_URL": "cloudtasks", "FIREBASE_REALTIME_URL": "firebaseio", "FIREBASE_RTDB_MANAGEMENT_URL": "firebasedatabase",
		"FIREBASE_AUTH_URL": "accounts", "FIREBASE_CLOUDLOGGING_URL": "logging",
	} {
		env = append(env, name+"="+c.base+google.Prefix+host+".googleapis.com")
	}
	return env
}

// run has the CLI do something and gives what it printed.
func (c *cli) run(args ...string) string {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 4*time.Minute)
	defer cancel()
	args = append([]string{filepath.Join(c.tools, "lib", "bin", "firebase.js")}, args...)
	cmd := exec.CommandContext(ctx, "node", append(args, "--project", shop, "--non-interactive")...)
	cmd.Dir, cmd.Env = c.product, c.environment()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.product, "firebase-debug.log"))
		c.Fatalf("firebase %s: %v\n%s\n%s", strings.Join(args[1:], " "), err, out.String(), log)
	}
	return out.String()
}

// read is the result of a command that answers in JSON.
func (c *cli) read(into any, args ...string) {
	c.Helper()
	var answer struct {
		Status string
		Result json.RawMessage
	}
	out := c.run(append(args, "--json")...)
	must(c.T, json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &answer))
	must(c.T, json.Unmarshal(answer.Result, into))
}

// TestTheFirebaseCLIIsTheWitness has Firebase's own CLI deploy to the sandbox's Google, the adapter bring everything back, and the
// CLI say what it sees then. What one of them assumes wrongly about Google, the other does not find.
func TestTheFirebaseCLIIsTheWitness(t *testing.T) {
	world := sandbox.New(sandbox.Options{})
	t.Cleanup(world.Close)
	stand := google.New(world, google.Options{})
	stand.AddProject(google.ProjectSpec{ID: shop})
	server := httptest.NewServer(stand.Handler(world.Handler()))
	t.Cleanup(server.Close)
	stand.SetURL(server.URL)
	c := newCLI(t, server.URL)
	t.Cleanup(func() { lawful(t, world.Record()) })
	client, err := firebase.New(firebase.Options{BaseURL: server.URL + google.Prefix, Clock: time.Now})
	must(t, err)
	project, err := client.Project(firebase.Target{Project: shop})
	must(t, err)
	tn := &town{T: t, world: world, google: stand, project: project, sources: map[string][]byte{}}

	c.commit("good")
	c.run("deploy", "--force")
	good := tn.snapshot()
	tn.store(good)
	c.commit("bad")
	c.run("deploy", "--force")
	if live := stand.Live(shop); live.Values["checkout"] != "bad" || live.Commits["rules/cloud.firestore"] != "bad" {
		t.Errorf("the CLI's second deploy is not live: %+v", live)
	}
	if n := len(good.Parts()); n != 6 {
		t.Fatalf("%d parts, want a site, two rules, a template and a function of each generation: %+v", n, good.Parts())
	}
	for _, p := range good.Parts() {
		way := firebase.WayPoint
		if p.Name == "us-central1/old" { // the 1st generation has no revisions to point to
			way = firebase.WayRebuild
		}
		with := tn.with()
		with.Reason = "back"
		tn.check(p, with, way)
		tn.move(p, with, way)
	}
	if live := stand.Live(shop); live.Commits["rules/firebase.storage/"+bucket] != "good" {
		t.Errorf("Storage's rules are not back: %+v", live.Commits)
	}
	was, is := part(t, good, firebase.KindFunction, "us-central1/old").Function, part(t, tn.snapshot(), firebase.KindFunction, "us-central1/old").Function
	if is.Hash() != was.Hash() || is.Hash() == "" || was.Generation != 1 {
		t.Errorf("the function of the 1st generation is built from %q, not from %q", is.Hash(), was.Hash())
	}
	c.sees(good)

	if out := c.run("deploy", "--force", "--only", "functions"); !strings.Contains(out, "Skipped (No changes detected)") {
		t.Errorf("the CLI did not skip the hash that it knows:\n%s", out)
	}
	function := part(t, good, firebase.KindFunction, "us-central1/hello").Function
	if pointer := stand.Live(shop).Functions["us-central1/hello"]; pointer != function.Serving[0].Revision {
		t.Errorf("the pin did not survive the CLI: %s", pointer)
	}
	_, op, err := project.ToLatest(t.Context(), function.Service)
	must(t, err)
	tn.finish(op)
	if pointer := stand.Live(shop).Functions["us-central1/hello"]; pointer == function.Serving[0].Revision {
		t.Error("the newest revision does not serve")
	}
}

// sees has the CLI read what is live after the adapter brought it back.
func (c *cli) sees(good *firebase.Snapshot) {
	c.Helper()
	var channels struct {
		Channels []struct {
			Release struct {
				Type    string
				Version struct{ Name, Status string }
			}
		}
	}
	c.read(&channels, "hosting:channel:list")
	live := channels.Channels[0].Release
	if want := good.Sites[0].Version; !strings.HasSuffix(live.Version.Name, want) || live.Type != "ROLLBACK" || live.Version.Status != "FINALIZED" {
		c.Errorf("hosting: the CLI sees %+v, want %s", live, want)
	}
	var template struct {
		Parameters map[string]struct{ DefaultValue struct{ Value string } }
		Version    struct{ VersionNumber, Description string }
	}
	c.read(&template, "remoteconfig:get")
	if v := template.Version; template.Parameters["checkout"].DefaultValue.Value != "good" || v.VersionNumber != "3" || v.Description != "back" {
		c.Errorf("remote config: the CLI sees %+v", template)
	}
	var functions []struct{ ID, Platform, State, Hash string }
	c.read(&functions, "functions:list")
	slices.SortFunc(functions, func(a, b struct{ ID, Platform, State, Hash string }) int { return strings.Compare(a.ID, b.ID) })
	if len(functions) != 2 || functions[0].ID != "hello" || functions[0].Platform != "gcfv2" || functions[1].ID != "old" || functions[1].Platform != "gcfv1" {
		c.Errorf("functions: the CLI sees %+v", functions)
	}
}
