package sandbox

import "slices"

func issueRoutes() []route {
	return []route{
		{"GET /repos/{owner}/{repo}/issues", "issues:read", listIssues},
		{"POST /repos/{owner}/{repo}/issues", "issues:write", openIssue},
		{"PATCH /repos/{owner}/{repo}/issues/{issue_number}", "issues:write", editIssue},
	}
}

// issueForm is what a request says of an issue.
type issueForm struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

func listIssues(r *request) reply {
	var all []*Issue
	for _, i := range r.repo.issues {
		if creator := r.query("creator"); creator == "" || creator == i.By {
			all = append(all, i)
		}
	}
	slices.SortFunc(all, func(a, b *Issue) int { return b.Number - a.Number })
	return ok(list(page(r, all), func(i *Issue) obj { return r.w.issueJSON(r.repo, i) }))
}

func openIssue(r *request) reply {
	var in issueForm
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if in.Title == "" {
		return invalid("Validation Failed: title is missing")
	}
	i := &Issue{ID: r.w.nextID(), Number: len(r.repo.issues) + 1, Title: in.Title, Body: in.Body, By: r.actor(), Via: r.via(), CreatedAt: r.w.now()}
	r.repo.issues[i.Number] = i
	body := r.w.issueJSON(r.repo, i)
	body["closed_by"] = nil
	return created(body)
}

func editIssue(r *request) reply {
	i, found := r.repo.issues[int(r.number("issue_number"))]
	if !found {
		return notFound()
	}
	in := issueForm{Title: i.Title, Body: i.Body}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	i.Title, i.Body = in.Title, in.Body
	body := r.w.issueJSON(r.repo, i)
	body["closed_by"] = nil
	return ok(body)
}
