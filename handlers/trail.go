package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/audit"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var _ audit.Trail = (*engine.Engine)(nil)

// stateJSON is a run with its lane as the machine has them, so that the command
// line can explain it, and play what is imagined, by the very same rules.
type stateJSON struct {
	Lane *pipeline.Lane `json:"lane"`
	Run  *pipeline.Run  `json:"run"`
}

// apiState gives a run as the machine has it, to who sees it. What people asked
// for and GitHub has not answered yet is left out: it says where they are to be
// answered.
func (p *pages) apiState(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	state, err := p.findRun(ctx, r.PathValue("id"))
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	run, lane := *state.Run, *state.Lane
	run.Asks = nil
	if !p.viewer.sight.All() {
		lane = *sees{Reader: p.Reader, sight: p.viewer.sight}.lane(&lane)
	}
	writeJSON(w, http.StatusOK, stateJSON{Lane: &lane, Run: &run})
}

// apiAudit writes the audit trail of every lane as it is read: for the operator
// alone, for it speaks of every repository.
func (p *pages) apiAudit(w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339, r.FormValue("since"))
	if err != nil && r.FormValue("since") != "" {
		writeJSON(w, http.StatusBadRequest, refused(pipeline.Refusal{Code: codeMalformed, Reason: "since is no time.", Fix: "Write it like 2026-11-01T00:00:00Z."}))
		return
	}
	form := r.FormValue("format")
	if form == "" {
		form = "jsonl"
	}
	kind := map[string]string{"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}[form]
	if kind == "" {
		writeJSON(w, http.StatusBadRequest, refused(pipeline.Refusal{Code: codeMalformed, Reason: "There is no such format.", Fix: "Choose jsonl or csv."}))
		return
	}
	w.Header().Set("Content-Type", kind)
	to, err := audit.NewWriter(form, w)
	if err == nil {
		err = audit.Export(r.Context(), p.Trail, since, to.Write)
	}
	if err == nil {
		err = to.Close()
	}
	if err != nil {
		p.Logger.ErrorContext(r.Context(), "the audit trail could not be written to its end", logError, err)
		panic(http.ErrAbortHandler) // whoever asked must not take a part for the whole
	}
}

// apiVerify walks the chain of every lane.
func (p *pages) apiVerify(w http.ResponseWriter, r *http.Request) {
	lanes, err := audit.Verify(r.Context(), p.Trail)
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Lanes []audit.Lane `json:"lanes"`
	}{lanes})
}

// operators lets nobody in but the operator.
func (p *pages) operators(serve serving) http.HandlerFunc {
	return p.api(func(p *pages, w http.ResponseWriter, r *http.Request) {
		if !p.viewer.operator {
			writeJSON(w, http.StatusForbidden, refused(pipeline.Refusal{
				Code: "operator-only", Reason: "This speaks of every repository, so it is the operator's alone.", Fix: "Use the operator's token, GATEHOUSE_OPERATOR_TOKEN.",
			}))
			return
		}
		serve(p, w, r)
	})
}
