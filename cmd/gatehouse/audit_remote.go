package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/audit"
)

// askServer describes the flag of both commands.
const askServer = "ask the running server at GATEHOUSE_PUBLIC_URL, with GATEHOUSE_OPERATOR_TOKEN"

// exportRemote passes on what the running server writes. A trail that did not
// arrive whole is an error, whatever was printed before.
func exportRemote(ctx context.Context, s streams, since time.Time, form string) error {
	srv, err := dial(s)
	if err != nil {
		return err
	}
	q := url.Values{"format": {form}}
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	res, err := srv.send(ctx, http.MethodGet, "/api/v1/audit?"+q.Encode(), "*/*", nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	if res.StatusCode != http.StatusOK {
		b, err := io.ReadAll(io.LimitReader(res.Body, answerBytes))
		return firstOf(err, srv.no(res.StatusCode, b))
	}
	if _, err := io.Copy(s.out, res.Body); err != nil {
		return fmt.Errorf("the audit trail did not arrive whole: %w", err)
	}
	return nil
}

// verifyRemote has the running server walk the chains.
func verifyRemote(ctx context.Context, s streams, asJSON bool) error {
	srv, err := dial(s)
	if err != nil {
		return err
	}
	b, err := srv.ask(ctx, http.MethodGet, "/api/v1/audit/verify", "application/json", nil)
	if err != nil {
		return err
	}
	var found struct {
		Lanes []audit.Lane `json:"lanes"`
	}
	if err := json.Unmarshal(b, &found); err != nil {
		return fmt.Errorf("%s does not answer like a Gatehouse: %w", srv.base, err)
	}
	return printVerified(s, found.Lanes, asJSON)
}
