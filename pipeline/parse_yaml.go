package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxDepth is how deep brackets and dashes may nest; the format needs seven.
const maxDepth = 16

// document turns the bytes into the one mapping that the file must be. What is
// wrong with the YAML itself is refused here; only a syntax error ends the
// search for more.
func (p *parser) document(src []byte) (value, bool) {
	if !p.readable(src) {
		return value{}, false
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n")
	file, refused, err := p.tree(text)
	if refused {
		return value{}, false
	}
	if err != nil {
		p.syntax(err)
		return value{}, false
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.DirectiveType && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		if len(p.problems) == 0 {
			p.refuse(value{}, codeEmptyFile, "The file is empty.", "Run gatehouse init, or begin with version: 1.")
		}
		return value{}, false
	}
	if len(bodies) > 1 {
		p.refuse(value{node: bodies[1]}, codeDocuments, "The file holds more than one YAML document.", "Keep one document and remove the line --- before this one.")
	}
	return value{node: bodies[0]}, true
}

// readable refuses what no YAML of ours holds before a library sees it.
func (p *parser) readable(src []byte) bool {
	if len(src) > maxBytes {
		p.refuse(value{}, codeTooLarge, fmt.Sprintf("The file has %d bytes; at most %d are read.", len(src), maxBytes), "Remove what does not belong into it.")
		return false
	}
	line, column, found := 1, 0, false
	for rest := src; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		crlf := r == '\r' && len(rest) > 1 && rest[1] == '\n'
		bad := (r == utf8.RuneError && size == 1) || (unicode.IsControl(r) && r != '\n' && r != '\t' && !crlf)
		column++
		if bad {
			p.refuse(value{at: position{line, column, 1}}, codeCharacter, "Here is a byte that is no readable text.", "Save the file as UTF-8 and remove it.")
			found = true
		}
		if r == '\n' {
			line, column = line+1, 0
		}
		rest = rest[size:]
		if found {
			return false
		}
	}
	return true
}

// tree parses the YAML. The input is a stranger's, so a panic of the library
// becomes an error like any other.
func (p *parser) tree(text string) (file *ast.File, refused bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, refused, err = nil, false, errors.New("the text cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(text)
	if p.tooDeep(tokens) {
		return nil, true, nil
	}
	p.plain(tokens)
	file, err = yamlparser.Parse(tokens, 0, yamlparser.AllowDuplicateMapKey())
	return file, false, err
}

// tooDeep refuses nesting that makes the parser's work grow with its square.
func (p *parser) tooDeep(tokens token.Tokens) bool {
	flow, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		default:
		}
		if flow > maxDepth || dashes > maxDepth {
			p.refuse(value{at: tokenPosition(t)}, codeTooDeep, fmt.Sprintf("Lists and mappings nest deeper than %d levels here.", maxDepth), "Nothing in this file nests so deep: remove the extra brackets.")
			return true
		}
	}
	return false
}

// plain refuses the parts of YAML that make a file say something else than it
// seems to: what is approved must be what is read.
func (p *parser) plain(tokens token.Tokens) {
	for _, t := range tokens {
		v := value{at: tokenPosition(t)}
		switch t.Type {
		case token.AnchorType:
			p.refuse(v, codeAnchor, "Anchors (&name) are not read.", "Write it out where it is used.")
		case token.AliasType:
			p.refuse(v, codeAnchor, "A * at the start of a value is a YAML alias, and aliases are not read.", "Write it out; a pattern goes in quotes: \"*\".")
		case token.MergeKeyType:
			p.refuse(v, codeAnchor, "Merge keys (<<) are not read.", "Write the keys out.")
		case token.TagType:
			p.refuse(v, codeTag, "Tags (a ! at the start of a value) are not read.", "Remove it, or put the text in quotes.")
		case token.DirectiveType:
			p.refuse(v, codeTag, "Directives (a % at the start of a line) are not read.", "Remove the line.")
		case token.MappingKeyType:
			p.refuse(v, codeComplexKey, "Keys written with ? are not read.", "Write key: value.")
		default:
		}
	}
}

// syntax refuses the text that is no YAML, with a hint for the usual slips.
func (p *parser) syntax(err error) {
	v, message := value{}, err.Error()
	var known yaml.Error
	if errors.As(err, &known) {
		message = known.GetMessage()
		if t := known.GetToken(); t != nil {
			v.at = tokenPosition(t)
		}
	}
	for _, told := range p.problems {
		if told.Line == v.at.line {
			return // What is not read on this line was refused with a better sentence.
		}
	}
	fix := "Compare the indentation and the brackets with the lines around it."
	switch {
	case strings.Contains(message, "tab") || strings.Contains(message, "'\t'"):
		fix = "Indent with spaces; YAML does not allow tabs."
	case strings.Contains(message, "reserved character"):
		fix = "Put the value in quotes."
	case strings.Contains(message, "must be specified"), strings.Contains(message, "not f"):
		fix = "Close the bracket; a # after a space starts a comment, so put \"#channel\" in quotes."
	case strings.Contains(message, "mapping value is not allowed"):
		fix = "Put the value in quotes when it holds a colon and a space."
	}
	p.refuse(v, codeSyntax, "This is not YAML: "+strings.ReplaceAll(message, "\t", "tab")+".", fix)
}
