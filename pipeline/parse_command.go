package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxCommand bounds what is kept of a command's words, in runes.
const maxCommand = 500

// namedForm is what can stand before a reason without being its first word: a run
// id, or a version with a dot.
var namedForm = regexp.MustCompile(`^(?:[0-9a-f]{16}|[vV]?[0-9]+\.[0-9A-Za-z.+-]*[0-9A-Za-z])$`)

// The time that a lock or a thaw may be given: before its reason or behind it.
var (
	forFirst = regexp.MustCompile(`(?i)^for\s+(\d+[dhm][0-9dhm]*|\d+\s+(?:minute|hour|day)s?)(?:\s+(.*))?$`)
	forLast  = regexp.MustCompile(`(?i)^(.*?)\s+for\s+(\d+[dhm][0-9dhm]*|\d+\s+(?:minute|hour|day)s?)$`)
)

// ParseCommand reads one line that begins with a slash and the name of a
// command. A name that is nearly one is found too, and wrong: it says which was
// meant. Commands that this build lacks are found as well, so that they are
// refused only once it is known who typed them.
func ParseCommand(line string) (c Command, found bool) {
	word, rest := cutWord(line)
	name, slash := strings.CutPrefix(word, "/")
	if !slash {
		return Command{}, false
	}
	c.Verb = Verb(strings.ToLower(name))
	switch c.Verb {
	case VerbApprove, VerbWithdraw, VerbRetry, VerbCancel, VerbStatus:
		c.Target, c.Reason = cutWord(rest)
	case VerbReject:
		c.readReject(rest)
	case VerbUnlock, VerbKill:
		c.Target, c.Reason = cutWord(rest)
		c.want(c.Target != "", "no-target")
	case VerbDeploy:
		c.readDeploy(rest)
	case VerbRollback:
		c.readRollback(rest)
	case VerbLock:
		c.readFor(rest, "Who locks %s says why: others will wait for it.", "2h")
	case VerbUnfreeze:
		c.readFor(rest, "Who lifts the freeze of %s says why: it is there for a reason.", "1h")
	default:
		return nearCommand(name, rest)
	}
	c.clip()
	return c, true
}

// want says how the command is typed, if it was not typed so.
func (c *Command) want(right bool, code string) {
	if !right {
		c.Wrong = &Refusal{Code: code, Reason: "/" + string(c.Verb) + " cannot be understood as it stands.", Fix: "It is typed like this:", Lines: c.Verb.Usage()}
	}
}

func (c *Command) readReject(rest string) {
	c.Reason = rest
	if target, reason := cutWord(rest); namedForm.MatchString(target) {
		c.Target, c.Reason = target, reason
	}
	if c.Reason == "" {
		c.Wrong = &Refusal{
			Code: "reason-required", Reason: "Who rejects a release says why: others have to mend it.", Fix: "Type it behind the command:",
			Lines: strings.TrimSpace("/reject "+c.Target) + " REASON",
		}
	}
}

// fullSHA is a commit's whole name: part of one may come to mean another.
var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (c *Command) readDeploy(rest string) {
	c.Target, rest = cutWord(rest)
	word, behind := cutWord(rest)
	if !strings.HasPrefix(word, "@") {
		c.Ref, rest = word, behind
		word, behind = cutWord(rest)
	}
	sha, confirms := strings.CutPrefix(word, "@")
	switch {
	case c.Target == "" || word != "" && !confirms || behind != "":
		c.want(false, "not-understood")
	case confirms && !fullSHA.MatchString(sha):
		c.Wrong = &Refusal{
			Code: "not-a-commit", Reason: "The commit behind @ must be whole, as it was shown: 40 characters.", Fix: "To be shown it, type:",
			Lines: strings.Join(strings.Fields("/deploy "+c.Target+" "+c.Ref), " "),
		}
	default:
		c.SHA = sha
	}
}

func (c *Command) readRollback(rest string) {
	rest, c.BreakGlass = strings.CutSuffix(rest, "--break-glass")
	rest, c.Plan = strings.CutSuffix(strings.TrimSpace(rest), "--plan")
	c.Target, rest = cutWord(rest)
	to, what := cutWord(rest)
	c.Ref, rest = cutWord(what)
	c.want(c.Target != "" && rest == "" && (to == "" || strings.EqualFold(to, "to") && c.Ref != ""), "not-understood")
}

// readFor reads an environment, a reason, and a time before or behind it.
func (c *Command) readFor(rest, why, example string) {
	c.Target, c.Reason = cutWord(rest)
	span := ""
	if m := forFirst.FindStringSubmatch(c.Reason); m != nil {
		span, c.Reason = m[1], m[2]
	} else if m := forLast.FindStringSubmatch(c.Reason); m != nil {
		c.Reason, span = m[1], m[2]
	}
	if span != "" {
		c.For = spanOf(span)
		c.want(c.For > 0, "not-a-time")
	}
	c.want(c.Target != "", "no-target")
	if c.Wrong == nil && c.Reason == "" {
		c.Wrong = &Refusal{
			Code: "reason-required", Reason: fmt.Sprintf(why, quoted(c.Target)), Fix: "Type it behind the environment:",
			Lines: "/" + string(c.Verb) + " " + c.Target + " REASON for " + example,
		}
	}
}

// spanOf reads 2h, 1d12h, or a number with the unit in full; 0 is none.
func spanOf(text string) time.Duration {
	number, unit, spelledOut := strings.Cut(strings.Join(strings.Fields(strings.ToLower(text)), " "), " ")
	if spelledOut {
		text = number + unit[:1]
	}
	d, _ := ParseDuration(text) // 0 where it is none
	return d
}

// nearCommand finds the command that a misspelled name was meant for. Short
// names bear one slip: most words with a slash are meant for other apps.
func nearCommand(name, rest string) (Command, bool) {
	var known []string
	for _, v := range Verbs() {
		known = append(known, string(v))
	}
	name = strings.ToValidUTF8(name, "\uFFFD")
	meant := nearest(name, known, func(k string) int { return 1 + len(k)/7 })
	if meant == "" {
		return Command{}, false
	}
	c := Command{Verb: Verb(strings.ToLower(name)), Reason: rest, Wrong: &Refusal{
		Code: "unknown-command", Reason: "There is no command " + strconv.Quote("/"+name) + ", so nothing was done.",
		Fix: "Did you mean /" + meant + "? It is typed like this:", Lines: Verb(meant).Usage(),
	}}
	c.clip()
	return c, true
}

// clip bounds what people wrote.
func (c *Command) clip() {
	for _, text := range []*string{&c.Target, &c.Ref, &c.Reason, &c.Phrase} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
		if r := []rune(*text); len(r) > maxCommand {
			*text = strings.TrimSpace(string(r[:maxCommand]))
		}
	}
}

func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}
