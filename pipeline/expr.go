package pipeline

import (
	"fmt"
	"net/url"
	"strings"
)

// expression checks a CEL expression with the checker that the caller passed.
func (p *parser) expression(v value, source string) {
	if p.options.Expr == nil {
		return
	}
	if err := p.options.Expr(source); err != nil {
		p.refuse(v, codeExpression, "This expression cannot be used: "+oneLine(err.Error())+".", "Write a CEL expression that is true or false, such as json.ok == true.")
	}
}

// zone checks a time zone with the checker that the caller passed.
func (p *parser) zone(v value, name string) {
	if p.options.Location == nil {
		return
	}
	if err := p.options.Location(name); err != nil {
		p.refuse(v, codeTimeZone, fmt.Sprintf("%s is no time zone.", quoted(name)), "Write a name of the IANA database, such as Europe/Warsaw or UTC.")
	}
}

func oneLine(text string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
}

// url reads an address that may be asked from outside: https, or http on this
// machine so that the demo works. It answers what was written even if that is
// wrong, so that nobody is told that it is missing too.
func (p *parser) url(v value, text, example string) string {
	u, err := url.Parse(text)
	good := err == nil && u.Hostname() != "" && u.User == nil && u.Fragment == "" && u.Opaque == "" && !strings.ContainsAny(text, " \\")
	local := good && u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	if !good || (u.Scheme != "https" && !local) {
		p.refuse(v, codeURL, fmt.Sprintf("%s is no https address.", quoted(text)), "Write it in full: "+example+".")
	}
	return text
}

// file reads the path of a file or folder in the repository.
func (p *parser) file(v value) string {
	text, ok := p.text(v)
	if !ok {
		return ""
	}
	bad := strings.HasPrefix(text, "/") || strings.ContainsAny(text, "\\\n")
	for part := range strings.SplitSeq(text, "/") {
		bad = bad || part == ".." || part == "." || part == ""
	}
	if bad {
		p.refuse(v, codePath, fmt.Sprintf("%s is no path inside the repository.", quoted(text)), "Write it from the repository's root, with / and without .. and a slash at the end: legal/terms.md.")
		return ""
	}
	return text
}
