package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Lacks compares what an installation is without with what was said of it. Is it
// something else, say is called, and what it said is remembered unless it fails.
// Neither is anything said of an installation that is as it should be and always was.
func (e *Engine) Lacks(ctx context.Context, l pipeline.Lack, say func(ctx context.Context, before []string) error) error {
	item, body, err := e.installed(ctx, l.Installation)
	if err != nil {
		return err
	}
	var names []string
	for _, n := range l.Missing {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	said := slices.Equal(names, body.Lacks)
	if said && reflect.DeepEqual(body.Lack, kept(l)) {
		return nil
	}
	if !said {
		if err := say(ctx, body.Lacks); err != nil {
			return err
		}
	}
	if body.SeenAt.IsZero() {
		body.SeenAt = e.now()
	}
	body.Lacks, body.Lack = names, kept(l)
	keep, done := context.WithTimeout(context.WithoutCancel(ctx), dutyEnd) // what was said is not said again
	defer done()
	return e.storeInstalled(keep, l.Installation, item, body)
}

// kept is what is stored of it; nothing where nothing is lacking.
func kept(l pipeline.Lack) *pipeline.Lack {
	if len(l.Missing) == 0 {
		return nil
	}
	l.Installation = 0
	return &l
}

// Lacking lists the installations that were found to be without something.
func (e *Engine) Lacking(ctx context.Context) ([]pipeline.Lack, error) {
	var all []pipeline.Lack
	err := e.each(ctx, Query{Kind: KindInstalled}, func(item Item) error {
		body, err := decode[installed](item)
		if err != nil || body.Lack == nil {
			return err
		}
		l := *body.Lack
		l.Installation = installation(item.ID)
		all = append(all, l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what installations lack: %w", err)
	}
	return all, nil
}
