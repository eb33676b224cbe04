package pipeline

import "encoding/json"

// Surface is where a person acted.
type Surface string

// The surfaces.
const (
	SurfaceReview  Surface = "GitHub review"
	SurfaceButton  Surface = "check run button"
	SurfaceComment Surface = "comment"
	SurfaceSlack   Surface = "Slack"
	SurfacePage    Surface = "page"
	SurfaceCommand Surface = "command line"
)

// Origin is from where somebody asked, and where the answer goes: at most one
// of Comment, Slack and Command. Neither a token nor an address that answers by
// itself is ever part of it.
type Origin struct {
	Surface Surface     `json:"surface,omitempty"`
	Comment *CommentRef `json:"comment,omitempty"`
	Slack   *SlackRef   `json:"slack,omitempty"`   // answered privately
	Command string      `json:"command,omitempty"` // id of a command by the API: the answer is stored under it
}

// CommentRef is a comment: on an issue or pull request, or on a commit.
type CommentRef struct {
	ID    int64  `json:"id"`
	Issue int    `json:"issue,omitempty"`
	SHA   string `json:"sha,omitempty"`
	Pull  bool   `json:"pull,omitempty"`
}

// SlackRef is a person in a channel of a Slack workspace, by Slack's ids. Name
// is what he is called there, for people only.
type SlackRef struct {
	Team    string `json:"team"`
	User    string `json:"user"`
	Channel string `json:"channel,omitempty"`
	Name    string `json:"name,omitempty"`
}

// ByComment is the origin of a command in a comment.
func ByComment(c CommentRef) Origin { return Origin{Surface: SurfaceComment, Comment: &c} }

// Answerable reports whether there is somewhere to answer.
func (o Origin) Answerable() bool { return o.Comment != nil || o.Slack != nil || o.Command != "" }

// commit is the commit that a comment was written on, if it was one.
func (o Origin) commit() string {
	if o.Comment == nil {
		return ""
	}
	return o.Comment.SHA
}

// UnmarshalJSON also reads the older form, in which a comment stood alone.
func (o *Origin) UnmarshalJSON(b []byte) error {
	type plain Origin
	var form struct {
		plain
		CommentRef
	}
	if err := json.Unmarshal(b, &form); err != nil {
		return err
	}
	*o = Origin(form.plain)
	if form.ID != 0 {
		*o = ByComment(form.CommentRef)
	}
	return nil
}

// UnmarshalJSON also reads the older form, in which the surface stood beside
// the comment.
func (a *Ask) UnmarshalJSON(b []byte) error {
	type plain Ask
	form := struct {
		*plain
		Surface Surface `json:"surface"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(b, &form); err != nil {
		return err
	}
	if a.Where.Surface == "" {
		a.Where.Surface = form.Surface
	}
	return nil
}
