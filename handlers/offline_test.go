package handlers

import (
	"net/http"
	"testing"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Without GitHub a rollback, and nothing else, goes on by the operator's token,
// and by no other.
func TestOperatorRollsBack(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", "/")
	program := g.browser()
	send := func(token, repo, command string) reply {
		t.Helper()
		body := `{"repository": "` + repo + `", "command": "` + command + `", "offline_github": true}`
		return program.do(http.MethodPost, "/api/v1/commands", body, "Authorization", "Bearer "+token, "Content-Type", "application/json", "Origin", "")
	}
	const rollback = `/rollback production to v1.1.8\nROLLBACK PRODUCTION\nreason: it burns`
	for _, try := range []struct {
		what, token, repo, command string
		code                       int
		words                      string
	}{
		{"a guessed token", operatorToken[1:], "avalo/app", rollback, http.StatusUnauthorized, "not-signed-in"},
		{"a deploy", operatorToken, "avalo/app", "/deploy production main", http.StatusUnprocessableEntity, "needs-person"},
		{"an approval", operatorToken, "avalo/app", "/approve", http.StatusUnprocessableEntity, "needs-person"},
		{"no environment", operatorToken, "avalo/app", "/rollback", http.StatusUnprocessableEntity, "not-understood"},
		{"another environment", operatorToken, "avalo/app", "/rollback moon", http.StatusUnprocessableEntity, "no-run"},
		{"another repository", operatorToken, "avalo/other", rollback, http.StatusUnprocessableEntity, "no-run"},
	} {
		send(try.token, try.repo, try.command).want(t, try.what, try.code, try.words)
	}
	body := `{"repository": "avalo/app", "command": "/rollback production", "offline_github": true}`
	ada.do(http.MethodPost, "/api/v1/commands", body).want(t, "by a person", http.StatusForbidden, "needs-operator")
	if n := len(g.commands()); n != 0 {
		t.Fatalf("%d commands were taken that nobody may give", n)
	}
	send(operatorToken, "avalo/app", rollback).want(t, "the operator", http.StatusAccepted, `"status":"waiting"`, `"by":"operator"`)
	f, ok := g.commands()[0].Signals[0].Fact.(pipeline.CommandGiven)
	if !ok || f.Offline == "" || f.By != pipeline.Operator() || f.Command.Verb != pipeline.VerbRollback || f.Where.Surface != pipeline.SurfaceCommand {
		t.Errorf("the machine hears %+v", g.commands()[0])
	}
}
