package pipeline

// Lack is what an installation of the App is without that Gatehouse needs.
type Lack struct {
	Installation int64     `json:"-"`
	Account      string    `json:"account"`           // that installed the App
	Page         string    `json:"page"`              // of the installation, on GitHub
	Missing      []Missing `json:"missing,omitempty"` // none: it has what is needed
}

// Missing is one permission or event. What, Without and Fix are sentences: what it
// is, what does not work without it, and who does what.
type Missing struct {
	Name    string `json:"name"` // GitHub's key, a permission's with its level
	What    string `json:"what"`
	Without string `json:"without"`
	Fix     string `json:"fix"`
}
