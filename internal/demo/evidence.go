package demo

import (
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// Evidence is what the sandbox recorded, for the witness.
func (t *Town) Evidence(told Told) (witness.World, error) {
	snap, err := t.World.Snapshot(Repo)
	if err != nil {
		return witness.World{}, err
	}
	return witness.World{
		Calls: t.World.Record(), Repo: snap, Messages: t.Slack.Messages(Channel), Discord: t.Discord.Messages(), TellsDiscord: true,
		Staging: told.Staging, Release: told.Release, Version: told.Version, Environment: "production",
		Gate: string(t.opt.Gate), Approvers: []string{Ada, Omar}, Author: Dana,
	}, nil
}
