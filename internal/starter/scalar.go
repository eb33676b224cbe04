package starter

import (
	"encoding/json"
	"regexp"
)

// plain is what YAML takes for itself without quotes, wherever it stands.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._/-]*(://?[A-Za-z0-9._/-]+)?(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$`)

// scalar writes a text so that YAML reads the same text, whatever is in it.
func scalar(text string) string {
	switch text {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
	default:
		if plain.MatchString(text) {
			return text
		}
	}
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // a text always has a JSON form
	}
	return string(b)
}
