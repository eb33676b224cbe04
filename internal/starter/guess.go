package starter

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Guess is what a folder says about the team's answers. What it does not say is
// a default, or empty where there can be none.
func Guess(fsys fs.FS) Answers {
	aliases := Projects(fsys)
	a := Answers{
		Staging:   Place{Project: first(aliases, "staging", "stage", "stg")},
		Approvers: "release-approvers", Commanders: "incident-commanders",
		WebDir: "app-web", MobileDir: "app-mobile", Functions: "functions",
	}
	a.Production.Project = first(aliases, "production", "prod")
	a.Staging.URL, a.Production.URL = HostingURL(a.Staging.Project), HostingURL(a.Production.Project)

	empty := !exists(fsys, "package.json") && !exists(fsys, "firebase.json")
	mobile := find(fsys, isMobile)
	a.Mobile = empty || mobile != ""
	a.Migrations = empty || exists(fsys, "migrations")
	if mobile != "" {
		a.MobileDir = mobile
	}
	if web := find(fsys, isWeb); web != "" {
		a.WebDir = web
	}
	if source := functions(fsys); isFolder(source) {
		a.Functions = source
	}
	return a
}

// Projects are the projects that .firebaserc names, by alias.
func Projects(fsys fs.FS) map[string]string {
	var rc struct {
		Projects map[string]string `json:"projects"`
	}
	read(fsys, ".firebaserc", &rc)
	maps.DeleteFunc(rc.Projects, func(_, id string) bool { return !IsProject(id) })
	return rc.Projects
}

func first(of map[string]string, names ...string) string {
	for _, n := range names {
		if v := of[n]; v != "" {
			return v
		}
	}
	return ""
}

// find looks at the root, its folders, and those of a workspace.
func find(fsys fs.FS, is func(fs.FS, string) bool) string {
	if is(fsys, ".") {
		return "."
	}
	for _, pattern := range []string{"*", "apps/*", "packages/*"} {
		names, _ := fs.Glob(fsys, pattern) // the pattern is right
		slices.Sort(names)
		for _, dir := range names {
			if path.Base(dir) != "node_modules" && isFolder(dir) && is(fsys, dir) {
				return dir
			}
		}
	}
	return ""
}

func isMobile(fsys fs.FS, dir string) bool {
	return exists(fsys, path.Join(dir, "eas.json")) || exists(fsys, path.Join(dir, "app.json"))
}

func isWeb(fsys fs.FS, dir string) bool {
	var p struct {
		Dependencies map[string]any `json:"dependencies"`
	}
	read(fsys, path.Join(dir, "package.json"), &p)
	return p.Dependencies["next"] != nil
}

// functions is the folder of the Cloud Functions; firebase.json has one code
// base or a list of them.
func functions(fsys fs.FS) string {
	var file struct {
		Functions json.RawMessage `json:"functions"`
	}
	read(fsys, "firebase.json", &file)
	type codebase struct {
		Source string `json:"source"`
	}
	var one codebase
	if json.Unmarshal(file.Functions, &one) == nil {
		return one.Source
	}
	var many []codebase
	if json.Unmarshal(file.Functions, &many) == nil && len(many) > 0 {
		return many[0].Source
	}
	return ""
}

// read leaves out what cannot be read: it is a guess only.
func read(fsys fs.FS, name string, into any) {
	if b, err := fs.ReadFile(fsys, name); err == nil {
		_ = json.Unmarshal(b, into)
	}
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return err == nil
}
