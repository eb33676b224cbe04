package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// position is a place in the file; width is 0 when it is not one word.
type position struct{ line, column, width int }

// start is the place without a width: what begins here goes on.
func (p position) start() position { return position{line: p.line, column: p.column} }

// value is one node of the file, with the path that leads to it. Key is the
// place of its key, for a value that is empty or missing.
type value struct {
	node ast.Node
	path string
	at   position // overrides the node's own place
	key  position
}

// scalarKind is what YAML takes an unquoted word for.
type scalarKind int

const (
	scalarNone scalarKind = iota
	scalarText
	scalarInteger
	scalarFloat
	scalarBool
	scalarNull
)

// scalar returns the text of a scalar as it was written.
func (v value) scalar() (string, scalarKind) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, scalarText
	case *ast.LiteralNode:
		return n.Value.Value, scalarText
	case *ast.IntegerNode:
		return n.Token.Value, scalarInteger
	case *ast.FloatNode:
		return n.Token.Value, scalarFloat
	case *ast.InfinityNode:
		return n.Token.Value, scalarFloat
	case *ast.NanNode:
		return n.Token.Value, scalarFloat
	case *ast.BoolNode:
		return n.Token.Value, scalarBool
	case *ast.NullNode, nil:
		return "", scalarNull
	default:
		return "", scalarNone
	}
}

func (v value) null() bool {
	_, kind := v.scalar()
	return kind == scalarNull
}

// refused reports whether the node was refused already as a part of YAML that
// is not read; saying that it also has the wrong type would only confuse.
func (v value) refused() bool {
	switch v.node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode, *ast.MappingKeyNode:
		return true
	default:
		return false
	}
}

// partial reports whether a mapping has a key that was refused as YAML, so that
// nobody knows what is missing in it.
func (v value) partial() bool {
	n, ok := v.node.(*ast.MappingNode)
	return ok && slices.ContainsFunc(n.Values, func(e *ast.MappingValueNode) bool {
		return value{node: e.Key}.refused()
	})
}

// shape names the type of the value for a sentence.
func (v value) shape() string {
	switch _, kind := v.scalar(); kind {
	case scalarText:
		return "text"
	case scalarInteger, scalarFloat:
		return "a number"
	case scalarBool:
		return "true or false"
	case scalarNull:
		return "empty"
	case scalarNone:
	}
	if _, ok := v.node.(*ast.SequenceNode); ok {
		return "a list"
	}
	return "a mapping"
}

func (v value) position() position {
	if v.at.line > 0 {
		return v.at
	}
	switch n := v.node.(type) {
	case nil, *ast.NullNode:
		return v.key
	case *ast.LiteralNode:
		return tokenPosition(n.Start).start()
	case *ast.SequenceNode:
		return tokenPosition(n.Start).start()
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return tokenPosition(n.Values[0].Key.GetToken())
		}
		return tokenPosition(n.Start).start()
	case *ast.MappingValueNode:
		return tokenPosition(n.Key.GetToken())
	}
	return tokenPosition(v.node.GetToken())
}

// name is the last part of the path, to be shown in sentences.
func (v value) name() string {
	if v.path == "" {
		return "the file"
	}
	return v.path[strings.LastIndexByte(v.path, '.')+1:]
}

func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	width := 0
	if origin := strings.TrimSpace(t.Origin); !strings.Contains(origin, "\n") {
		width = len([]rune(origin))
	}
	return position{t.Position.Line, t.Position.Column, width}
}

// pair is one key of a mapping with its value.
type pair struct {
	name  string
	key   value // the place of the key itself
	value value
}

// pairs returns the keys of a mapping in the file's order. A key that comes
// twice is refused and its second value dropped.
func (p *parser) pairs(v value, what string) ([]pair, bool) {
	var nodes []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		nodes = n.Values
	case *ast.MappingValueNode:
		nodes = []*ast.MappingValueNode{n}
	default:
		if !v.refused() {
			p.refuse(v, codeType, fmt.Sprintf("%s must be a mapping, and this is %s.", sentence(what), v.shape()), "Write key: value pairs.")
		}
		return nil, false
	}
	seen := map[string]position{}
	var list []pair
	for _, n := range nodes {
		e := p.pair(v, n)
		if e.key.refused() {
			continue
		}
		if first, twice := seen[e.name]; twice {
			p.refuse(e.key, codeDuplicateKey, fmt.Sprintf("%s is written twice; the first is on line %d.", quoted(e.name), first.line), "Keep one of them.")
			continue
		}
		seen[e.name] = e.key.position()
		list = append(list, e)
	}
	return list, true
}

func (p *parser) pair(parent value, n *ast.MappingValueNode) pair {
	t := n.Key.GetToken()
	path := t.Value
	if parent.path != "" {
		path = parent.path + "." + path
	}
	key := value{node: n.Key, path: path, at: tokenPosition(t)}
	return pair{name: t.Value, key: key, value: value{node: n.Value, path: path, key: key.at}}
}

// items returns the entries of a list; a list with nothing in it is refused.
func (p *parser) items(v value, example string) []value {
	n, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if !v.refused() {
			p.refuse(v, codeType, fmt.Sprintf("%s must be a list, and this is %s.", quoted(v.name()), v.shape()), "Write "+example+".")
		}
		return nil
	}
	if len(n.Values) == 0 {
		p.refuse(v, codeEmptyList, fmt.Sprintf("The list %s is empty.", quoted(v.name())), "Remove it, or write "+example+".")
	}
	list := make([]value, len(n.Values))
	for i, item := range n.Values {
		list[i] = value{node: item, path: v.path + "[" + strconv.Itoa(i) + "]", key: v.position()}
	}
	return list
}

// text reads a string that is not empty.
func (p *parser) text(v value) (string, bool) {
	if v.refused() {
		return "", false
	}
	text, kind := v.scalar()
	switch {
	case kind == scalarNull || (kind == scalarText && strings.TrimSpace(text) == ""):
		p.refuse(v, codeEmpty, fmt.Sprintf("%s has no value.", quoted(v.name())), "Write one after the colon, in quotes if it begins with #, * or &.")
		return "", false
	case kind == scalarNone:
		p.refuse(v, codeType, fmt.Sprintf("%s must be text, and this is %s.", quoted(v.name()), v.shape()), "Write one word or a text in quotes.")
		return "", false
	case kind != scalarText:
		p.refuse(v, codeType, fmt.Sprintf("%s must be text, and YAML reads this as %s.", quoted(v.name()), v.shape()), fmt.Sprintf("Put it in quotes: %q.", text))
		return "", false
	}
	return text, true
}

// word reads any scalar as the text that it is written as.
func (p *parser) word(v value) (string, bool) {
	switch text, kind := v.scalar(); kind {
	case scalarInteger, scalarFloat, scalarBool:
		return text, true
	case scalarNone, scalarText, scalarNull:
	}
	return p.text(v)
}

// texts reads a list of strings, each once.
func (p *parser) texts(v value, example string) []item {
	var list []item
	seen := map[string]bool{}
	for _, e := range p.items(v, example) {
		text, ok := p.text(e)
		if !ok {
			continue
		}
		if seen[text] {
			p.refuse(e, codeRepeated, fmt.Sprintf("%s is in this list twice.", quoted(text)), "Keep one of them.")
			continue
		}
		seen[text] = true
		list = append(list, item{text, e})
	}
	return list
}

// item is a string of a list with its place.
type item struct {
	text string
	at   value
}

func textsOf(items []item) []string {
	var list []string
	for _, i := range items {
		list = append(list, i.text)
	}
	return list
}
