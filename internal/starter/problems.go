package starter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// judge has the parser of the configuration look at what was made, so that no
// answer gets through that a push would stumble over.
func judge(config string) error {
	_, problems := pipeline.Parse([]byte(config), pipeline.Options{})
	var all []error
	for _, p := range problems {
		all = append(all, fmt.Errorf("%s: %s %s", flagOf(p.Field), p.Message, p.Fix))
	}
	return errors.Join(all...)
}

// flagOf is the answer that a field of the configuration came from.
func flagOf(field string) string {
	for prefix, flag := range map[string]string{
		"environments.staging.firebase":     "--staging-project",
		"environments.staging.url":          "--staging-url",
		"environments.production.firebase":  "--production-project",
		"environments.production.url":       "--production-url",
		"environments.production.approval":  "--approvers",
		"environments.production.commander": "--commanders",
		"notify.slack":                      "--slack",
	} {
		if strings.HasPrefix(field, prefix) {
			return flag
		}
	}
	return Config + " " + field
}
