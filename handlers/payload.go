package handlers

import (
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// envelope is what all payloads have in common.
type envelope struct {
	Action       string     `json:"action"`
	Repository   repository `json:"repository"`
	Installation struct {
		ID int64 `json:"id"`
	} `json:"installation"`
	Sender account `json:"sender"`
}

type repository struct {
	ID            int64   `json:"id"`
	Name          string  `json:"name"`
	FullName      string  `json:"full_name"`
	DefaultBranch string  `json:"default_branch"`
	Owner         account `json:"owner"`
}

func (r repository) repo() pipeline.Repo {
	owner, name, _ := strings.Cut(r.FullName, "/")
	if r.Owner.Login != "" {
		owner = r.Owner.Login
	}
	if r.Name != "" {
		name = r.Name
	}
	return pipeline.Repo{ID: r.ID, Owner: owner, Name: name, DefaultBranch: r.DefaultBranch}
}

// account is a user, organization or bot.
type account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Type  string `json:"type"`
}

func (a account) person() pipeline.Person {
	return pipeline.Person{ID: a.ID, Login: a.Login, Name: a.Name, Bot: a.bot()}
}

func (a account) bot() bool { return a.Type == "Bot" || strings.HasSuffix(a.Login, "[bot]") }

// app is a GitHub App that did something; zero when a person did.
type app struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// actions is the slug of GitHub's own App that runs workflows. Its id differs
// between github.com and GitHub Enterprise Server.
const actions = "github-actions"

func (n *news) ours(a app) bool { return a.ID != 0 && a.ID == n.us.AppID }

// isSHA reports whether s is a full commit id and not that of nothing.
func isSHA(s string) bool {
	if len(s) != 40 && len(s) != 64 || strings.Trim(s, "0") == "" {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

// firstLine is the first line of a text from people, cut to what is shown.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return clip(strings.TrimSpace(s))
}

// maxText bounds what people wrote, in runes.
const maxText = 500

func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if r := []rune(s); len(r) > maxText {
		return strings.TrimSpace(string(r[:maxText]))
	}
	return s
}
