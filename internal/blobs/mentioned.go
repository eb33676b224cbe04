package blobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
)

var nameInText = regexp.MustCompile(`[0-9a-f]{64}`)

// Mentions collects which of the blobs that are there something refers to. A
// name is looked for in the text of what is stored, not in fields of known
// types, so that no version of Gatehouse and no field is left out; another
// digest that reads the same keeps a blob at worst.
type Mentions struct{ there, In map[string]bool }

// NewMentions begins to look for the names of there.
func NewMentions(there map[string]bool) *Mentions {
	return &Mentions{there: there, In: map[string]bool{}}
}

// Read notes the names in a content, and the content itself where a store has
// put it among the blobs.
func (m *Mentions) Read(content []byte) {
	for _, name := range nameInText.FindAll(content, -1) {
		m.note(string(name))
	}
	m.note(Name(content))
}

func (m *Mentions) note(name string) {
	if m.there[name] {
		m.In[name] = true
	}
}

// Follow reads what was noted so far: a snapshot, which is JSON, mentions the
// sources that it needs. What these are in turn mentions nothing.
func (m *Mentions) Follow(ctx context.Context, get func(context.Context, string) ([]byte, error)) error {
	var noted []string
	for name := range m.In {
		noted = append(noted, name)
	}
	for _, name := range noted {
		content, err := get(ctx, name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read what a snapshot needs: %w", err)
		}
		if bytes.HasPrefix(content, []byte("{")) {
			m.Read(content)
		}
	}
	return nil
}
