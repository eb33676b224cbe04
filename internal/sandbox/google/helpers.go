package google

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

const commitLabel = "commit"

var commitWord = regexp.MustCompile(`commit:([0-9A-Za-z._-]+)`)

// commitIn finds what Deploy wrote into a text or an archive: from which commit it comes.
func commitIn(text string) string {
	if found := commitWord.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// page reads where a page begins and how long it is.
func (q *request) page(of int) (start, size int, no *refusal) {
	size = 1000
	if text := q.query.Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return 0, 0, invalid("Invalid page size.")
		}
		if n > 0 {
			size = n
		}
	}
	if token := q.query.Get("pageToken"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > of {
			return 0, 0, invalid("Invalid page token.")
		}
		start = n
	}
	return start, size, nil
}

func nextPage(start, size, of int) string {
	if start+size >= of {
		return ""
	}
	return strconv.Itoa(start + size)
}

// merge puts the masked fields of a body into a resource. A field that the mask names and the body leaves out stays as it is:
// that is how a zero value which a client dropped becomes a change that changes nothing.
func merge[T any](into *T, body []byte, mask string) *refusal {
	var have, given map[string]any
	raw, err := json.Marshal(into)
	if err != nil {
		panic(err) // a type of ours that cannot be written is a mistake of ours
	}
	_ = json.Unmarshal(raw, &have) // it was an object a moment ago
	if err := json.Unmarshal(body, &given); err != nil {
		return invalid("Invalid JSON payload received.")
	}
	if have == nil {
		have = map[string]any{}
	}
	for _, path := range strings.Split(mask, ",") {
		put(have, given, strings.Split(path, "."))
	}
	raw, err = json.Marshal(have)
	if err != nil {
		panic(err) // it was read from JSON a moment ago
	}
	var merged T
	if err := json.Unmarshal(raw, &merged); err != nil {
		return invalid("Invalid JSON payload received. " + err.Error())
	}
	*into = merged
	return nil
}

func put(have, given map[string]any, path []string) {
	value, there := given[path[0]]
	if !there {
		return
	}
	if len(path) == 1 {
		have[path[0]] = value
		return
	}
	inner, isObject := value.(map[string]any)
	if !isObject {
		return
	}
	target, isObject := have[path[0]].(map[string]any)
	if !isObject {
		target = map[string]any{}
		have[path[0]] = target
	}
	put(target, inner, path[1:])
}

// archiveOf is a source archive whose bytes tell its commit.
func archiveOf(function, commit string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.CreateHeader(&zip.FileHeader{Name: "index.js", Method: zip.Store})
	if err == nil {
		_, err = f.Write([]byte("// " + function + " commit:" + commit + "\n"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// tidy does what Google does by itself as time passes.
func (p *project) tidy() {
	now := p.g.now()
	p.tidyHosting(now)
	for _, r := range p.repos {
		r.clean(now)
	}
	for _, c := range p.configs {
		c.purge(now)
	}
}
