package contract

// Undescribed lists what Gatehouse asks of GitHub that no publication of GitHub
// describes: signing in lives beside the REST API. For these the judge is
// golang.org/x/oauth2, which speaks with both GitHub and the sandbox, and GitHub's
// documentation as read into facts: errors come with status 200, a code and a
// refresh token are good once, and PKCE takes S256.
func Undescribed() []string {
	return []string{"GET /login/oauth/authorize", "POST /login/oauth/access_token"}
}
