package app

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/live"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// lackingEvery is how often installations are compared with what Gatehouse needs,
// beside at the start and when GitHub says that one changed. GitHub says nothing
// when the App's owner takes a permission away.
const lackingEvery = 24 * time.Hour

func (a *App) lackingDuty() string { return "permissions/" + strconv.FormatInt(a.cfg.AppID, 10) }

// lacking says what installations are without. Of several processes one does it
// at a time.
func (h *housekeeping) lacking(ctx context.Context) {
	first := !h.compared
	h.compared = true
	err := h.app.engine.Take(ctx, engine.Duty{Name: h.app.lackingDuty(), Every: lackingEvery, Hold: h.app.cfg.Patience, Do: h.compare}, first)
	if err != nil && ctx.Err() == nil {
		h.compared = false // by the next sweep
		h.app.log.WarnContext(ctx, "it could not be compared what installations grant with what is needed; it is tried again", "error", err)
	}
}

func (h *housekeeping) compare(ctx context.Context, mark time.Time) (time.Time, error) {
	asked, err := h.app.github.Settings(ctx)
	if err != nil {
		return mark, err
	}
	all, err := h.app.github.Installations(ctx)
	if err != nil {
		return mark, err
	}
	var failed error
	for _, in := range all {
		if !in.Suspended { // of which its runs tell
			failed = errors.Join(failed, h.tellLacking(ctx, asked, in))
		}
	}
	return mark, errors.Join(failed, h.dropLacking(ctx, all))
}

func (h *housekeeping) tellLacking(ctx context.Context, asked github.Self, in github.Installation) error {
	lack := pipeline.Lack{Installation: in.ID, Account: in.Account.Login, Page: in.HTMLURL}
	for _, n := range live.Lacking(asked, in, in.Account.Login) {
		lack.Missing = append(lack.Missing, pipeline.Missing{Name: n.Name, What: n.What, Without: n.Without, Fix: n.Fix})
	}
	return h.app.engine.Lacks(ctx, lack, func(ctx context.Context, before []string) error {
		log := h.app.log.With("installation", in.ID, "account", lack.Account, "page", lack.Page, "before", strings.Join(before, ", "))
		for _, n := range lack.Missing {
			log.WarnContext(ctx, "an installation lacks what Gatehouse needs", "lacks", n.Name, "without", n.Without, "fix", n.Fix)
		}
		if len(lack.Missing) == 0 {
			log.InfoContext(ctx, "an installation has what Gatehouse needs again")
		}
		return h.app.alarm.raise(ctx, templates.Lacking{Lack: lack})
	})
}

// dropLacking has no page speak of an installation that is gone.
func (h *housekeeping) dropLacking(ctx context.Context, listed []github.Installation) error {
	stored, err := h.app.engine.Lacking(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, l := range stored {
		if !slices.ContainsFunc(listed, func(in github.Installation) bool { return in.ID == l.Installation }) {
			gone := pipeline.Lack{Installation: l.Installation}
			failed = errors.Join(failed, h.app.engine.Lacks(ctx, gone, func(context.Context, []string) error { return nil }))
		}
	}
	return failed
}
