package contract

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// TestKubernetesTypes reads the example as the types that Kubernetes publishes:
// a field that they do not have, or of another kind, is an error.
func TestKubernetesTypes(t *testing.T) {
	src, err := os.ReadFile("../../deploy/kubernetes/gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]func() any{
		"apps/v1 Deployment":            func() any { return new(apps.Deployment) },
		"v1 Service":                    func() any { return new(core.Service) },
		"policy/v1 PodDisruptionBudget": func() any { return new(policy.PodDisruptionBudget) },
	}
	var read []string
	docs := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(src)))
	defer func() { _ = docs.Close() }()
	for doc := make([]byte, len(src)+1); ; {
		n, err := docs.Read(doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var of meta.TypeMeta
		if err := strict.Unmarshal(doc[:n], &of); err != nil {
			t.Fatal(err)
		}
		kind := of.APIVersion + " " + of.Kind
		into := known[kind]
		if into == nil {
			t.Errorf("%s is none of the kinds that are read", kind)
			continue
		}
		if err := strict.UnmarshalStrict(doc[:n], into()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		read = append(read, kind)
	}
	for kind := range known {
		if !slices.Contains(read, kind) {
			t.Errorf("the example has no %s", kind)
		}
	}
}

// The strictness above can fail.
func TestKubernetesTypesAreStrict(t *testing.T) {
	for _, wrong := range []string{"spec: {replica: 2}", "spec: {replicas: two}"} {
		if err := strict.UnmarshalStrict([]byte("{apiVersion: apps/v1, kind: Deployment}\n"), new(apps.Deployment)); err != nil {
			t.Fatal(err)
		}
		if err := strict.UnmarshalStrict([]byte(wrong), new(apps.Deployment)); err == nil {
			t.Errorf("%s is read", wrong)
		}
	}
}
