package templates

import "github.com/gatehouse-app/gatehouse/pipeline"

// maxDescription is GitHub's limit for the description of a deployment status.
const maxDescription = 140

// DeploymentState is the state of GitHub's Deployment.
type DeploymentState string

// The states that Gatehouse writes.
const (
	DeploymentQueued     DeploymentState = "queued"
	DeploymentInProgress DeploymentState = "in_progress"
	DeploymentSuccess    DeploymentState = "success"
	DeploymentFailure    DeploymentState = "failure"
	DeploymentError      DeploymentState = "error"
	DeploymentInactive   DeploymentState = "inactive"
)

// DeploymentStatus is one status of a Deployment.
type DeploymentStatus struct {
	State          DeploymentState
	Description    string
	LogURL         string
	EnvironmentURL string // "" unless the release is there
}

// DeploymentOf says what the run's Deployment should show now. False means that
// there is none, or that it is not for Gatehouse to speak: of a Deployment that
// an Actions job made, Actions itself writes until that job has ended.
func DeploymentOf(v View) (DeploymentStatus, bool) {
	d := v.Deploy
	if !d.Recorded || !d.Own && !d.Passed && !d.Failed {
		return DeploymentStatus{}, false
	}
	state, text := deploymentState(v)
	s := DeploymentStatus{State: state, Description: clip(plain(text), maxDescription), LogURL: v.Facts.Page}
	if d.Passed {
		s.EnvironmentURL = v.Facts.Site
	}
	return s, true
}

func deploymentState(v View) (DeploymentState, string) {
	version := v.Release.Version
	if v.RolledTo != "" {
		return DeploymentInactive, v.Headline
	}
	if v.Restore != nil {
		return restoredState(v)
	}
	switch v.Facts.Status {
	case pipeline.RunActive:
		switch {
		case v.Deploy.Verified:
			return success(v)
		case v.Deploy.Passed:
			return DeploymentInProgress, version + " is deployed; what follows runs."
		case v.Deploy.Failed:
			return DeploymentFailure, v.Headline
		case v.Deploy.Began:
			return DeploymentInProgress, version + " is being deployed."
		}
		return DeploymentQueued, v.Headline
	case pipeline.RunSucceeded:
		return success(v)
	case pipeline.RunFailed:
		if v.Deploy.Began && failedFor(v, "timed-out", "gave-up", "unsure") {
			return DeploymentError, v.Headline
		}
		return DeploymentFailure, v.Headline
	case pipeline.RunCanceled, pipeline.RunSuperseded, pipeline.RunRejected, pipeline.RunExpired, pipeline.RunObserved:
	}
	if v.Deploy.Passed || v.Deploy.Failed {
		return DeploymentError, v.Headline // it went there and was ended half way
	}
	return DeploymentInactive, v.Headline
}

// restoredState is that of a rollback's own Deployment, of the release that is
// returned to: it is made once everything has moved.
func restoredState(v View) (DeploymentState, string) {
	text := v.Restore.what() + "."
	switch v.Facts.Status {
	case pipeline.RunSucceeded:
		return DeploymentSuccess, text
	case pipeline.RunActive:
		return DeploymentInProgress, text
	default:
		return DeploymentFailure, v.Headline
	}
}

func success(v View) (DeploymentState, string) {
	return DeploymentSuccess, v.Release.Version + " is live in " + v.Facts.Environment + "."
}

// failedFor tells "we could not tell" from "the release is bad".
func failedFor(v View, codes ...string) bool {
	s := failedStage(v)
	if s == nil || s.Reason == nil {
		return false
	}
	for _, c := range codes {
		if s.Reason.Code == c {
			return true
		}
	}
	return false
}
