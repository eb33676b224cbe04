package main

import (
	"fmt"
	"strings"
)

// rows are the table of docs/laws.md.
func rows() string {
	var b strings.Builder
	b.WriteString("| law | mutation | test that turns red |\n|---|---|---|\n")
	for _, l := range laws() {
		name := fmt.Sprintf("%d. %s", l.number, l.name)
		for _, m := range of(l) {
			fmt.Fprintf(&b, "| %s | `%s` in `%s`: %s | `%s` `%s` |\n", name, m.name, m.file, m.why, m.test.pkg, m.test.name)
		}
	}
	return b.String()
}
