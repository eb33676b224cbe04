package pipeline

import (
	"fmt"
	"strings"
)

// MatchBranch reports whether a branch matches a pattern as in GitHub's branch
// policies: * is any text within one level, ** any text, ? one character, [..]
// a set. So release/* matches release/1.2 and not release/a/b. A pattern that
// is malformed matches nothing.
func MatchBranch(pattern, branch string) bool { return matchGlob(pattern, branch) }

// Triggered reports whether a push of these changed files to this branch starts
// the pipeline, and why or why not. Truncated says that the list of files is
// not complete; the pipeline then starts, because a release that does not
// happen is noticed later than one that need not have.
func (p *Pipeline) Triggered(branch string, changed []string, truncated bool) (triggered bool, reason string) {
	pattern := ""
	for _, candidate := range p.On.Push {
		if MatchBranch(candidate, branch) {
			pattern = candidate
			break
		}
	}
	switch {
	case len(p.On.Push) == 0:
		return false, "A push does not start this pipeline."
	case pattern == "":
		return false, fmt.Sprintf("The branch %s matches none of %s.", branch, listed(p.On.Push))
	case len(p.On.Paths) == 0:
		return true, fmt.Sprintf("The branch %s matches %s.", branch, pattern)
	}
	for _, file := range changed {
		for _, path := range p.On.Paths {
			if matchGlob(path, file) {
				return true, fmt.Sprintf("The branch %s matches %s, and %s matches %s.", branch, pattern, file, path)
			}
		}
	}
	if truncated {
		return true, fmt.Sprintf("The branch %s matches %s, and the list of changed files is not complete.", branch, pattern)
	}
	return false, fmt.Sprintf("No changed file matches %s.", listed(p.On.Paths))
}

// branchPattern says what is wrong with a pattern for branches.
func branchPattern(pattern string) (message, fix string) {
	if short, full := strings.CutPrefix(pattern, "refs/heads/"); full {
		return "A branch is named without refs/heads/.", "Write " + short + "."
	}
	if strings.ContainsAny(strings.ReplaceAll(pattern, "[^", "["), "~^:\\ ") || strings.Contains(pattern, "..") || strings.Contains(pattern, "@{") {
		return fmt.Sprintf("No branch can be named like %s.", quoted(pattern)), "Remove spaces, dots in a row and the characters ~ ^ : \\ and @{."
	}
	return glob(pattern, "main, release/* or \"**\"")
}

// pathPattern says what is wrong with a pattern for changed files.
func pathPattern(pattern string) (message, fix string) {
	if folder, ok := strings.CutSuffix(pattern, "/"); ok && folder != "" {
		return fmt.Sprintf("%s matches the folder and nothing in it.", quoted(pattern)), "Write " + folder + "/**."
	}
	return glob(pattern, "web/** or package.json")
}

func glob(pattern, example string) (message, fix string) {
	fix = "Write " + example + "."
	switch {
	case len(pattern) > 250:
		return "The pattern is longer than any name can be.", fix
	case strings.HasPrefix(pattern, "!"):
		return fmt.Sprintf("%s excludes, and a pattern here can only include.", quoted(pattern)), "List what starts the pipeline: " + example + "."
	case strings.HasPrefix(pattern, "/"), strings.HasSuffix(pattern, "/"), strings.Contains(pattern, "//"):
		return fmt.Sprintf("%s has a slash with nothing beside it.", quoted(pattern)), fix
	case strings.ContainsAny(pattern, "\\\n"):
		return fmt.Sprintf("%s has a character that no name here has.", quoted(pattern)), fix
	}
	if _, ok := compileGlob(pattern); !ok {
		return fmt.Sprintf("A [ in %s is not closed or has nothing in it.", quoted(pattern)), "Close it, as in release/[0-9]*."
	}
	return "", ""
}

// globStep is one piece of a pattern. The zero match of a repeating piece is
// what * and ** add.
type globStep struct {
	kind globKind
	r    rune      // for globRune
	set  [][2]rune // for globSet: ranges, both ends included
	not  bool      // for globSet: any character outside of set
}

type globKind int

const (
	globRune    globKind = iota
	globAny              // ?: one character, not a slash
	globSet              // [..]: one character, not a slash
	globLevel            // *: any text without a slash
	globAll              // **: any text
	globFolders          // **/: any number of whole levels
)

// compileGlob splits a pattern into steps; false when a set is malformed.
func compileGlob(pattern string) ([]globStep, bool) {
	var steps []globStep
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '?':
			steps = append(steps, globStep{kind: globAny})
		case '*':
			stars := 1
			for i+1 < len(runes) && runes[i+1] == '*' {
				stars, i = stars+1, i+1
			}
			folders := stars > 1 && i+1 < len(runes) && runes[i+1] == '/' && (len(steps) == 0 || steps[len(steps)-1].r == '/')
			switch {
			case folders:
				steps, i = append(steps, globStep{kind: globFolders}), i+1
			case stars > 1:
				steps = append(steps, globStep{kind: globAll})
			default:
				steps = append(steps, globStep{kind: globLevel})
			}
		case '[':
			step, end, ok := compileSet(runes, i)
			if !ok {
				return nil, false
			}
			steps, i = append(steps, step), end
		default:
			steps = append(steps, globStep{r: runes[i]})
		}
	}
	return steps, true
}

// compileSet reads [a-z_] or [!a-z]; end is the place of the closing bracket.
func compileSet(runes []rune, start int) (step globStep, end int, ok bool) {
	step.kind = globSet
	i := start + 1
	if i < len(runes) && (runes[i] == '!' || runes[i] == '^') {
		step.not, i = true, i+1
	}
	for ; i < len(runes) && runes[i] != ']'; i++ {
		low, high := runes[i], runes[i]
		if i+2 < len(runes) && runes[i+1] == '-' && runes[i+2] != ']' {
			high, i = runes[i+2], i+2
		}
		if low == '/' || low == '[' || high < low {
			return step, 0, false
		}
		step.set = append(step.set, [2]rune{low, high})
	}
	return step, i, i < len(runes) && len(step.set) > 0
}

// matchGlob walks all places that the pattern can have reached at once, so that
// no pattern makes it slow.
func matchGlob(pattern, name string) bool {
	steps, ok := compileGlob(pattern)
	if !ok {
		return false
	}
	runes := []rune(name)
	reached := make([]bool, len(runes)+1)
	reached[0] = true
	for _, step := range steps {
		next := make([]bool, len(runes)+1)
		for at, here := range reached {
			if here {
				step.walk(runes, at, next)
			}
		}
		reached = next
	}
	return reached[len(runes)]
}

// walk marks every place that one step leads to from at.
func (g globStep) walk(runes []rune, at int, next []bool) {
	switch g.kind {
	case globRune, globAny, globSet:
		if at < len(runes) && g.one(runes[at]) {
			next[at+1] = true
		}
	case globLevel:
		next[at] = true
		for ; at < len(runes) && runes[at] != '/'; at++ {
			next[at+1] = true
		}
	case globAll:
		for ; at <= len(runes); at++ {
			next[at] = true
		}
	case globFolders:
		next[at] = true
		for ; at < len(runes); at++ {
			if runes[at] == '/' {
				next[at+1] = true
			}
		}
	}
}

// one reports whether a step for one character takes this one.
func (g globStep) one(r rune) bool {
	if g.kind == globRune {
		return r == g.r
	}
	if r == '/' {
		return false
	}
	inside := g.kind == globAny
	for _, span := range g.set {
		inside = inside || (r >= span[0] && r <= span[1])
	}
	return inside != g.not
}
