package stage

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// noreplyForm is the address that GitHub gives to people who hide theirs.
var noreplyForm = regexp.MustCompile(`^(?:([0-9]+)\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.`)

// accounts maps addresses to the accounts that GitHub matched them to, so that a
// co-author is known who is the author of another commit.
func accounts(commits []github.Commit) map[string]github.Person {
	known := map[string]github.Person{}
	for _, c := range commits {
		for _, who := range []github.Person{c.Author, c.Committer} {
			if who.ID != 0 && who.Email != "" && !isGitHub(who) {
				known[strings.ToLower(who.Email)] = who
			}
		}
	}
	return known
}

// authorsOf lists everybody who had a hand in a commit, once each.
func authorsOf(c github.Commit, known map[string]github.Person) []pipeline.Person {
	var all []pipeline.Person
	for _, who := range append([]github.Person{c.Author, c.Committer}, c.CoAuthors...) {
		if isGitHub(who) {
			continue
		}
		person := personOf(resolve(who, known))
		if person == (pipeline.Person{}) || slices.ContainsFunc(all, func(p pipeline.Person) bool { return same(p, person) }) {
			continue
		}
		all = append(all, person)
	}
	return all
}

// isGitHub recognizes GitHub itself, which commits what people merge on its
// pages.
func isGitHub(p github.Person) bool {
	return p.Login == "web-flow" || p.ID == 0 && strings.HasPrefix(p.Email, "noreply@github")
}

// resolve finds the account of somebody who is only a name and an address.
func resolve(p github.Person, known map[string]github.Person) github.Person {
	if p.ID != 0 {
		return p
	}
	if who, ok := known[strings.ToLower(p.Email)]; ok {
		return who
	}
	if m := noreplyForm.FindStringSubmatch(p.Email); m != nil {
		p.ID, _ = strconv.ParseInt(m[1], 10, 64) // empty is zero: the login alone is known
		p.Login = m[2]
	}
	return p
}

func personOf(p github.Person) pipeline.Person {
	return pipeline.Person{ID: p.ID, Login: p.Login, Name: p.Name, Bot: p.Type == "Bot" || strings.HasSuffix(p.Login, "[bot]")}
}

func same(a, b pipeline.Person) bool {
	if a.ID != 0 || b.ID != 0 {
		return a.ID == b.ID
	}
	return a.Login == b.Login && a.Name == b.Name
}
