package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	// askTime bounds one request to the server.
	askTime = 30 * time.Second
	// answerBytes is far above any answer of the server but an audit trail.
	answerBytes = 32 << 20
)

// server is a running Gatehouse, as the command line reaches it.
type server struct {
	base  string
	token string
	http  *http.Client
}

// The variables that hold a token.
const (
	personToken   = "GATEHOUSE_TOKEN"
	operatorToken = "GATEHOUSE_OPERATOR_TOKEN"
)

// dial finds the server and the token in the environment: a person's key, else
// the operator's.
func dial(s streams) (*server, error) { return dialAs(s, personToken) }

// dialAs uses the token in the variable; for a person the operator's serves too.
func dialAs(s streams, variable string) (*server, error) {
	env, err := withDotEnv(s.env)
	if err != nil {
		return nil, usage(err)
	}
	base := env("GATEHOUSE_PUBLIC_URL")
	if base == "" {
		base = "http://127.0.0.1:8080"
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, usage(fmt.Errorf("GATEHOUSE_PUBLIC_URL: expected the address of the server, such as https://gatehouse.example, got %q", base))
	}
	token := env(variable)
	if token == "" && variable == operatorToken {
		return nil, usage(errors.New("GATEHOUSE_OPERATOR_TOKEN is not set: --offline-github takes the token that the server was started with"))
	}
	if token == "" {
		token = env(operatorToken)
	}
	if token == "" {
		return nil, usage(errors.New("GATEHOUSE_TOKEN is not set: make a key on the page " + strings.TrimRight(base, "/") + "/account, and export it"))
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" {
		return nil, usage(errors.New("GATEHOUSE_PUBLIC_URL: the token would travel in the clear: expected https"))
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token goes nowhere else
	return &server{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{CheckRedirect: stay}}, nil
}

// ask makes one request. A "no" of the server is an error with its exit code.
func (s *server) ask(ctx context.Context, method, path, accept string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	res, err := s.send(ctx, method, path, accept, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	b, err := io.ReadAll(io.LimitReader(res.Body, answerBytes))
	if err != nil {
		return nil, fmt.Errorf("the answer of %s did not arrive whole: %w", s.base, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return nil, s.no(res.StatusCode, b)
	}
	return b, nil
}

func (s *server) send(ctx context.Context, method, path, accept string, body any) (*http.Response, error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.http.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("no server answers at %s: %w; GATEHOUSE_PUBLIC_URL says where it is", s.base, failed.Err)
	}
	return res, err
}

// no makes an error of what the server refuses.
func (s *server) no(status int, body []byte) error {
	var why pipeline.Refusal
	if json.Unmarshal(body, &why) != nil || why.Reason == "" {
		why = pipeline.Refusal{Reason: fmt.Sprintf("%s answers %d %s.", s.base, status, http.StatusText(status))}
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return coded{code: exitDenied, error: &why}
	case http.StatusBadRequest:
		return usage(&why)
	}
	return &why
}

// given is a command and what came of it, as the API says it.
type given struct {
	ID      string            `json:"id"`
	Status  string            `json:"status"` // waiting, done, refused
	Run     pipeline.RunID    `json:"run,omitempty"`
	Refused *pipeline.Refusal `json:"refused,omitempty"`
	Text    string            `json:"text,omitempty"`
	URL     string            `json:"url"`
	raw     []byte
}

// command gives a command and waits for its answer, at most as long as wait.
func (s *server) command(ctx context.Context, body any, wait time.Duration) (given, error) {
	g, err := s.readGiven(ctx, http.MethodPost, "/api/v1/commands", body)
	if err != nil {
		return g, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for g.Status == "waiting" {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return g, nil
		}
		next, err := s.readGiven(ctx, http.MethodGet, "/api/v1/commands/"+url.PathEscape(g.ID), nil)
		if err != nil && ctx.Err() == nil {
			return g, err
		}
		if err == nil {
			g = next
		}
	}
	return g, nil
}

func (s *server) readGiven(ctx context.Context, method, path string, body any) (given, error) {
	b, err := s.ask(ctx, method, path, "application/json", body)
	if err != nil {
		return given{}, err
	}
	g := given{raw: b}
	if err := json.Unmarshal(b, &g); err != nil || g.ID == "" {
		return g, fmt.Errorf("%s does not answer like a Gatehouse", s.base)
	}
	return g, nil
}

// outcome is the exit code of a command's answer; the text has said it.
func (g given) outcome() error {
	switch {
	case g.Status == "waiting":
		return coded{code: exitWaiting, error: errors.New("the command was taken and has no answer yet; ask again at " + g.URL)}
	case g.Refused == nil:
		return nil
	}
	switch g.Refused.Code {
	case "author", "not-commander", "not-entitled", "requester": // others may
		return coded{code: exitDenied, error: g.Refused}
	}
	return g.Refused
}
