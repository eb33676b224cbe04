package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Pair writes into an app's database, while it does not run, who people in Slack
// are on GitHub, as signing in once would.
func (t *Town) Pair(ctx context.Context, dbPath string, logins ...string) (err error) {
	store, err := sqlite.Open(ctx, dbPath, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	book := pairing.New(store, time.Now, rand.Reader) //nolint:forbidigo // the demo is of now
	for _, u := range t.World.Users() {
		if !slices.Contains(logins, u.Login) {
			continue
		}
		token, err := book.Invite(ctx, pairing.Account{Team: sandbox.SlackTeamID, User: sandbox.SlackUserID(u.Login), Name: u.Login})
		if err == nil {
			_, err = book.Pair(ctx, token, pipeline.Person{ID: u.ID, Login: u.Login})
		}
		if err != nil {
			return fmt.Errorf("pair %s: %w", u.Login, err)
		}
	}
	return nil
}
