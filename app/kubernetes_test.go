package app

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

type deployment struct {
	Kind string
	Spec struct {
		Replicas int
		Strategy struct {
			RollingUpdate struct {
				MaxUnavailable int `yaml:"maxUnavailable"`
			} `yaml:"rollingUpdate"`
		}
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Env       []struct{ Name, Value string }
					Startup   probe `yaml:"startupProbe"`
					Readiness probe `yaml:"readinessProbe"`
					Liveness  probe `yaml:"livenessProbe"`
					Lifecycle struct {
						PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
					}
				}
			}
		}
	}
}

// TestKubernetes holds the example to the code: variables, paths of the probes,
// and time enough to stop.
func TestKubernetes(t *testing.T) {
	src, err := os.ReadFile("../deploy/kubernetes/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var d deployment
	if err := yaml.NewDecoder(bytes.NewReader(src)).Decode(&d); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	if d.Kind != "Deployment" || d.Spec.Replicas < 2 || d.Spec.Strategy.RollingUpdate.MaxUnavailable != 0 || len(pod.Containers) != 1 {
		t.Fatalf("an update would leave nobody to hear a webhook: %+v", d)
	}
	c := pod.Containers[0]
	stop := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + drainTime
	if grace := time.Duration(pod.Grace) * time.Second; c.Lifecycle.PreStop.Sleep.Seconds == 0 || grace <= stop {
		t.Errorf("a pod has %s to stop and needs %s", grace, stop)
	}
	if c.Startup.HTTPGet.Path != "/readyz" || c.Readiness.HTTPGet.Path != "/readyz" || c.Liveness.HTTPGet.Path != "/healthz" {
		t.Errorf("the probes ask %+v, %+v, %+v", c.Startup, c.Readiness, c.Liveness)
	}
	routes, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/readyz", "/healthz"} {
		if !strings.Contains(string(routes), `"GET `+path+`"`) {
			t.Errorf("%s is not served", path)
		}
	}
	for _, v := range c.Env {
		if v.Name != "PORT" && !strings.Contains(string(known), v.Name+"=") {
			t.Errorf("%s is no variable of .env.example", v.Name)
		}
	}
}
