package stage

import (
	"errors"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// refused is the outcome Failed on its way through the functions that return
// errors.
type refused struct{ pipeline.Failed }

// Error gives the reason.
func (r *refused) Error() string { return r.Refusal.Error() }

func refuse(code, reason, fix string) error { return refuseWith(code, reason, fix, "") }

// refuseWith adds lines to paste.
func refuseWith(code, reason, fix, lines string) error {
	return &refused{pipeline.Failed{Refusal: pipeline.Refusal{Code: code, Reason: reason, Fix: fix, Lines: lines}}}
}

// unsure is a refusal of something that may have happened.
func unsure(code, reason, fix string) error {
	return &refused{pipeline.Failed{Unsure: true, Refusal: pipeline.Refusal{Code: code, Reason: reason, Fix: fix}}}
}

// outcomeOf says what follows from an error: the outcome that ends the effect,
// or a retry. It is the only place that judges the errors of adapters.
func outcomeOf(err error, repo pipeline.Repo) (pipeline.Outcome, error) {
	var no *refused
	var again *engine.Retry
	var gh *github.Error
	var sl *slack.Error
	var hook *answer.Error
	var google *firebase.Error
	switch {
	case errors.As(err, &no):
		return no.Failed, nil
	case errors.As(err, &again):
		return nil, again
	case errors.As(err, &gh):
		return ofGitHub(gh, repo)
	case errors.As(err, &sl):
		return ofSlack(sl)
	case errors.As(err, &hook):
		return ofWebhook(hook)
	case errors.As(err, &google):
		return ofFirebase(google)
	}
	return nil, &engine.Retry{Class: engine.RetryLater, Reason: err.Error(), Err: err}
}

// Why says for people what an error of this package or of an adapter means, and
// whether it may be gone later.
func Why(err error, repo pipeline.Repo) (no pipeline.Refusal, later bool) {
	outcome, err := outcomeOf(err, repo)
	if failed, ok := outcome.(pipeline.Failed); ok {
		return failed.Refusal, false
	}
	var wait *engine.Retry
	if errors.As(err, &wait) && wait.Hindered != nil {
		return *wait.Hindered, false
	}
	return pipeline.Refusal{Code: "unavailable", Reason: err.Error()}, true
}

// refusalOf is the refusal in an error of this package, or nil.
func refusalOf(err error) *pipeline.Refusal {
	var no *refused
	if errors.As(err, &no) {
		return &no.Refusal
	}
	return nil
}

func ofGitHub(e *github.Error, repo pipeline.Repo) (pipeline.Outcome, error) {
	retry := func(class engine.RetryClass) (pipeline.Outcome, error) {
		return nil, &engine.Retry{Class: class, At: e.RetryAt, Reason: e.Error(), Err: e}
	}
	what := "GitHub was asked to " + e.Op
	no := pipeline.Refusal{Code: "github-" + strings.ReplaceAll(string(e.Class), "_", "-")}
	switch e.Class {
	case github.RateLimited:
		return retry(engine.RetryAt)
	case github.Ambiguous:
		return retry(engine.RetryUnsure)
	case github.Unavailable, github.Canceled, github.Unexpected:
		return retry(engine.RetryLater)
	case github.NotFound:
		no.Reason = what + " and answers that it does not exist, or that Gatehouse may not see it" + words(e.Message) + "."
		no.Fix = "Check its name, and that the Gatehouse App is installed on " + repo.FullName() + "."
	case github.Forbidden:
		if e.Permission == "" || !e.Lacking {
			return pipeline.Failed{Refusal: forbidden(e, repo)}, nil
		}
		return nil, hindered(e, lacking(e, repo))
	case github.Invalid, github.Conflict:
		no.Reason = what + " and refuses" + words(e.Message) + "."
		no.Fix = "Change what GitHub names, then retry the stage or push again."
	case github.Unauthorized:
		no.Reason = "GitHub does not accept the key of the Gatehouse App."
		no.Fix = "The operator checks GITHUB_APP_INTEGRATION_ID and GITHUB_APP_PRIVATE_KEY."
		return nil, hindered(e, no)
	case github.Suspended:
		no.Reason = "The installation of the Gatehouse App on " + repo.Owner + " is suspended."
		no.Fix = "An owner of " + repo.Owner + " unsuspends it under Settings → GitHub Apps → Gatehouse. It goes on by itself then."
		return nil, hindered(e, no)
	case github.Uninstalled:
		no.Reason = "The Gatehouse App is not installed on " + repo.Owner + " any more."
		no.Fix = "Install it again, then push again."
	}
	return pipeline.Failed{Refusal: no}, nil
}

// forbidden is what no permission of the App opens.
func forbidden(e *github.Error, repo pipeline.Repo) pipeline.Refusal {
	return pipeline.Refusal{
		Code: "forbidden", Reason: "GitHub does not let Gatehouse " + e.Op + words(e.Message) + ".",
		Fix: "Check the permissions of the Gatehouse App and the policies of " + repo.Owner + ", then retry the stage or push again.",
	}
}

// lacking names the permission and who gives it.
func lacking(e *github.Error, repo pipeline.Repo) pipeline.Refusal {
	return pipeline.Refusal{
		Code: pipeline.CodePermission, Reason: "GitHub does not let Gatehouse " + e.Op + ": the App lacks the permission " + e.Permission + ".",
		Fix: "Grant the App " + e.Permission + ": its owner adds it under Settings → Developer settings → GitHub Apps → Permissions & events, " +
			"and an owner of " + repo.Owner + " accepts it under Settings → GitHub Apps. It goes on by itself then.",
	}
}

// hindered is what waits for the person whom the refusal names.
func hindered(e *github.Error, why pipeline.Refusal) error {
	return &engine.Retry{Class: engine.RetryHindered, Reason: e.Error(), Err: e, Hindered: &why}
}

// words quotes GitHub, whose sentences end with or without a period.
func words(message string) string {
	message = strings.TrimSuffix(strings.Join(strings.Fields(message), " "), ".")
	if message == "" {
		return ""
	}
	return `: "` + message + `"`
}

func ofSlack(e *slack.Error) (pipeline.Outcome, error) {
	class := engine.RetryLater
	switch e.Class {
	case slack.RateLimited:
		class = engine.RetryAt
	case slack.Ambiguous:
		class = engine.RetryUnsure
	case slack.Unavailable, slack.Canceled, slack.Unexpected:
		class = engine.RetryLater
	case slack.NotFound, slack.NotInChannel, slack.Auth, slack.Invalid:
		return pipeline.Failed{Refusal: pipeline.Refusal{
			Code: "slack-" + strings.ReplaceAll(string(e.Class), "_", "-"), Reason: "Slack did not take the message (" + e.Code + ").",
			Fix: sentence(e.Message),
		}}, nil
	}
	return nil, &engine.Retry{Class: class, At: e.RetryAt, Reason: e.Error(), Err: e}
}

func ofWebhook(e *answer.Error) (pipeline.Outcome, error) {
	class := engine.RetryLater
	switch e.Class {
	case answer.Limited:
		class = engine.RetryAt
	case answer.Ambiguous:
		class = engine.RetryUnsure
	case answer.Later, answer.Canceled, answer.Done:
		class = engine.RetryLater
	case answer.Gone, answer.Never:
		return pipeline.Failed{Refusal: pipeline.Refusal{
			Code: strings.ToLower(e.Surface) + "-webhook-" + string(e.Class), Reason: e.Surface + " did not take the message (" + e.Code + ").",
			Fix: sentence(e.Message),
		}}, nil
	}
	return nil, &engine.Retry{Class: class, At: e.RetryAt, Reason: e.Error(), Err: e}
}

// sentence begins with a capital letter and ends with a period.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// isNotFound says that GitHub has no such thing.
func isNotFound(err error) bool { return err != nil && github.ClassOf(err) == github.NotFound }
