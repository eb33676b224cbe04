package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Webhooks judges payloads by GitHub's description of its webhooks, an OpenAPI 3.1 document, whose schemas are JSON
// Schema 2020-12.
type Webhooks struct {
	source source

	mu      sync.Mutex
	schemas map[string]*jsonschema.Schema
}

// LoadWebhooks reads the description of the webhooks of api.github.com from the directory of the @octokit packages.
func LoadWebhooks(octokit string) (*Webhooks, error) {
	w := &Webhooks{schemas: map[string]*jsonschema.Schema{}}
	return w, w.source.read(filepath.Join(octokit, "openapi-webhooks", "generated", "api.github.com.json"))
}

// Validate judges one payload; events without actions have an empty one.
func (w *Webhooks) Validate(event, action string, payload []byte) error {
	name := strings.ReplaceAll(event, "_", "-")
	if action != "" {
		name += "-" + strings.ReplaceAll(action, "_", "-")
	}
	schema, err := w.schema(name)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("%s: the payload is no JSON: %w", name, err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if unknown := strays([]shape{jsonShape{schema}}, value, ""); len(unknown) > 0 {
		return fmt.Errorf("%s: unknown to GitHub: %s", name, strings.Join(unknown, ", "))
	}
	return nil
}

// schema compiles the schema of one webhook, with what it refers to.
func (w *Webhooks) schema(name string) (*jsonschema.Schema, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, compiled := w.schemas[name]; compiled {
		return s, nil
	}
	raw, exists := w.source.Webhooks[name]
	if !exists {
		return nil, fmt.Errorf("unvalidated: GitHub has no webhook %s", name)
	}
	root, err := bodySchema(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	components, err := w.source.closure(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s, err := compile(name, root, components)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	w.schemas[name] = s
	return s, nil
}

// bodySchema takes the schema of the payload out of the description of a webhook.
func bodySchema(raw json.RawMessage) (any, error) {
	var hook struct {
		Post struct {
			RequestBody struct {
				Content map[string]struct {
					Schema json.RawMessage `json:"schema"`
				} `json:"content"`
			} `json:"requestBody"`
		} `json:"post"`
	}
	if err := json.Unmarshal(raw, &hook); err != nil {
		return nil, err
	}
	return parse(hook.Post.RequestBody.Content["application/json"].Schema)
}

func compile(name string, root any, components map[string]map[string]any) (*jsonschema.Schema, error) {
	text, err := json.Marshal(map[string]any{"payload": root, "components": components})
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	address := "webhook:" + name
	if err := c.AddResource(address, doc); err != nil {
		return nil, err
	}
	return c.Compile(address + "#/payload")
}
