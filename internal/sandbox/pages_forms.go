package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// deed is what a form makes a person do.
type deed func(you string, req *http.Request) error

// mountForms serves the forms. Each does one thing as the person at the browser and leads back to its page.
func (p *pages) mountForms(mux *http.ServeMux) {
	mux.HandleFunc("POST /_do/you", p.becomeSomebody)
	for path, do := range map[string]deed{
		"review": p.review, "comment": p.comment, "press": p.press, "rerun": p.rerun, "workflow": p.workflow,
	} {
		mux.HandleFunc("POST /_do/"+path, func(rw http.ResponseWriter, req *http.Request) {
			if err := do(p.you(req), req); err != nil {
				p.fail(rw, req, http.StatusUnprocessableEntity, err)
				return
			}
			http.Redirect(rw, req, back(req), http.StatusSeeOther)
		})
	}
}

// back is the page that the form stood on; never another site.
func back(req *http.Request) string {
	to := req.PostFormValue("back")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return "/"
	}
	return to
}

func (p *pages) becomeSomebody(rw http.ResponseWriter, req *http.Request) {
	http.SetCookie(rw, &http.Cookie{Name: youCookie, Value: req.PostFormValue("login"), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	http.Redirect(rw, req, back(req), http.StatusSeeOther)
}

func (p *pages) review(you string, req *http.Request) error {
	id, err := formID(req, "run")
	if err != nil {
		return err
	}
	if len(req.PostForm["env"]) == 0 {
		return fmt.Errorf("review: tick at least one environment")
	}
	return p.w.Review(you, req.PostFormValue("repo"), id, req.PostForm["env"], req.PostFormValue("state"), req.PostFormValue("comment"))
}

func (p *pages) comment(you string, req *http.Request) error {
	repo, body := req.PostFormValue("repo"), strings.ReplaceAll(req.PostFormValue("body"), "\r\n", "\n")
	if strings.TrimSpace(body) == "" {
		return fmt.Errorf("comment: write something first")
	}
	if sha := req.PostFormValue("sha"); sha != "" {
		_, err := p.w.CommitComment(you, repo, sha, body)
		return err
	}
	issue, err := formID(req, "issue")
	if err != nil {
		return err
	}
	_, err = p.w.Comment(you, repo, int(issue), body)
	return err
}

func (p *pages) press(you string, req *http.Request) error {
	id, err := formID(req, "check")
	if err != nil {
		return err
	}
	return p.w.PressCheckButton(you, req.PostFormValue("repo"), id, req.PostFormValue("identifier"))
}

func (p *pages) rerun(you string, req *http.Request) error {
	id, err := formID(req, "check")
	if err != nil {
		return err
	}
	return p.w.RerunCheck(you, req.PostFormValue("repo"), id)
}

// workflow reads the inputs as lines of name=value.
func (p *pages) workflow(you string, req *http.Request) error {
	inputs := map[string]string{}
	for line := range strings.Lines(req.PostFormValue("inputs")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			inputs[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	_, err := p.w.RunWorkflow(you, req.PostFormValue("repo"), req.PostFormValue("file"), req.PostFormValue("ref"), inputs)
	return err
}

func formID(req *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(req.PostFormValue(name), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the form's field %s is %q; a number is expected", name, req.PostFormValue(name))
	}
	return id, nil
}
