package app

import (
	"encoding/pem"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-app/gatehouse/internal/cloudtasks"
)

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(src, into, yaml.DisallowUnknownField()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestAppYAML holds app.yaml to the code: Go's version, the package, the
// variables with their values, and no secret in the open.
func TestAppYAML(t *testing.T) {
	var file struct {
		Runtime        string            `yaml:"runtime"`
		Main           string            `yaml:"main"`
		Entrypoint     string            `yaml:"entrypoint"`
		ServiceAccount string            `yaml:"service_account"`
		Class          string            `yaml:"instance_class"`
		Scaling        map[string]any    `yaml:"automatic_scaling"`
		Inbound        []string          `yaml:"inbound_services"`
		Env            map[string]string `yaml:"env_variables"`
		Handlers       []struct {
			URL    string `yaml:"url"`
			Script string `yaml:"script"`
			Secure string `yaml:"secure"`
		} `yaml:"handlers"`
	}
	readYAML(t, "../app.yaml", &file)
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+)\.(\d+)`).FindSubmatch(mod)
	if want := "go" + string(version[1]) + string(version[2]); file.Runtime != want {
		t.Errorf("runtime %s, and go.mod needs %s", file.Runtime, want)
	}
	if _, err := os.Stat("../" + strings.TrimPrefix(file.Main, "./") + "/main.go"); err != nil || file.Entrypoint != "main serve" {
		t.Errorf("main %q with entrypoint %q: %v", file.Main, file.Entrypoint, err)
	}
	known, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range file.Env {
		if !regexp.MustCompile(`(?m)^#?` + name + `=`).Match(known) {
			t.Errorf("%s is no variable of .env.example", name)
		}
		for _, secret := range secretVariables() {
			if name == secret && name != "GATEHOUSE_STORE" && !strings.HasPrefix(value, "sm://") {
				t.Errorf("%s is written in the open", name)
			}
		}
		if strings.HasPrefix(value, "sm://") {
			if _, err := secretName(value); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x")}))
	c, err := LoadConfig(func(name string) string {
		switch name {
		case "GAE_ENV":
			return "standard"
		case "PORT":
			return "8123"
		case "GITHUB_APP_PRIVATE_KEY":
			return key
		}
		return file.Env[name]
	})
	if err != nil || c.Addr != ":8123" || !c.Store.Tasks.AppEngine || c.PagesAddr != "" {
		t.Errorf("with app.yaml's variables: address %s, %+v, %v", c.Addr, c.Store, err)
	}
}

// TestCronYAML holds cron.yaml to the address of the sweep.
func TestCronYAML(t *testing.T) {
	var file struct {
		Cron []struct {
			Description, URL, Schedule string
		}
	}
	readYAML(t, "../cron.yaml", &file)
	if len(file.Cron) != 1 || file.Cron[0].URL != cloudtasks.SweepPath || file.Cron[0].Schedule != "every 1 minutes" {
		t.Errorf("cron.yaml says %+v", file.Cron)
	}
}
