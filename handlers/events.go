package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// events streams what changes to a viewer: only of what he sees, and no longer
// than his session.
func (p *pages) events(w http.ResponseWriter, r *http.Request) {
	if p.viewer.sight.All() {
		p.Feed.ServeHTTP(w, r)
		return
	}
	seen := map[string]bool{} // of this stream, until the next beat
	p.Feed.stream(w, r, func(c change) (tell, goOn bool) {
		ctx, cancel := context.WithTimeout(r.Context(), readTime)
		defer cancel()
		if c.ID == "" {
			clear(seen)
			v, err := p.who(ctx, r)
			p.Reader = sees{Reader: unwrap(p.Reader), sight: v.sight}
			return true, err == nil
		}
		key := string(c.Kind) + "/" + c.ID
		if _, known := seen[key]; !known {
			seen[key] = p.seesChange(ctx, c)
		}
		return seen[key], true
	})
}

func unwrap(r Reader) Reader {
	if s, ok := r.(sees); ok {
		return s.Reader
	}
	return r
}

// seesChange reports whether the viewer sees what changed.
func (p *pages) seesChange(ctx context.Context, c change) bool {
	head, rest, _ := strings.Cut(c.ID, "/")
	inst, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return false
	}
	switch c.Kind {
	case engine.KindRun:
		_, _, err = p.Reader.Run(ctx, inst, pipeline.RunID(rest))
	case engine.KindLane:
		_, err = p.findLane(ctx, inst, pipeline.LaneID(rest))
	default:
		return false
	}
	return err == nil
}
