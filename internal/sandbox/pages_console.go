package sandbox

import "net/http"

// ConsoleProject is what a cloud project shows of itself.
type ConsoleProject struct {
	ID    string
	Parts []ConsolePart
}

// ConsolePart is one thing that is live in a project.
type ConsolePart struct {
	Kind    string
	Name    string
	Pointer string // Pointer is what it points to, such as a version or a revision.
	Commit  string // Commit is where that comes from, if it is known.
	Note    string // Note is what a person should know, such as that a build is going on.
}

// MountConsole serves a page of projects at /firebase.
func (w *World) MountConsole(mux *http.ServeMux, projects func() []ConsoleProject) {
	w.mu.Lock()
	w.console = true
	w.mu.Unlock()
	newPages(w).get(mux, "GET /firebase", "console", func(*http.Request, string) (pageResult, error) {
		return pageResult{title: "Firebase", data: projects()}, nil
	})
}

func (w *World) hasConsole() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.console
}
