package live

import (
	"fmt"
	"io"
	"strings"
)

// Report prints findings for people, by topic, the worst first.
func Report(w io.Writer, repo string, found []Finding) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s.\n", repo, summary(found))
	for _, topic := range Topics() {
		title := "\n" + string(topic) + "\n"
		for _, f := range found {
			if f.Topic == topic {
				b.WriteString(title)
				title = ""
				f.write(&b)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "  %-7s  %s  [%s]\n", f.Severity, f.What, f.Code)
	const indent = "           "
	if f.Why != "" {
		fmt.Fprintf(b, "%s%s\n", indent, f.Why)
	}
	fmt.Fprintf(b, "%sSee %s\n", indent, f.Where)
	if f.Fix != "" {
		fmt.Fprintf(b, "%sFix: %s\n", indent, f.Fix)
	}
	for line := range strings.Lines(f.Lines) {
		fmt.Fprintf(b, "%s  | %s\n", indent, strings.TrimSuffix(line, "\n"))
	}
}

func summary(found []Finding) string {
	count := map[Severity]int{}
	for _, f := range found {
		count[f.Severity]++
	}
	var parts []string
	for _, s := range []Severity{Error, Warning, Note} {
		switch n := count[s]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+string(s))
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	if len(parts) == 0 {
		return "nothing was found that would make a release fail"
	}
	out := strings.Join(parts, ", ")
	if count[Error] == 0 {
		out += "; nothing that would make a release fail"
	}
	return out
}
