package witness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// dispatchedOnce: a workflow started twice builds, migrates or deploys twice.
func dispatchedOnce(f *facts) []string {
	type key struct{ file, commit, environment string }
	counts := map[key]int{}
	for _, p := range f.places() {
		counts[key{deployFile, p.commit, p.environment}] = 0
	}
	for _, d := range f.dispatches {
		counts[key{d.file, d.commit(), d.environment}]++
	}
	var saw []string
	for k, n := range counts {
		if n != 1 {
			saw = append(saw, fmt.Sprintf("%s was started %d times for %s on %s, not once", k.file, n, k.environment, short(k.commit)))
		}
	}
	slices.Sort(saw)
	return saw
}

// dispatchNamesDiffer: the input gatehouse_run is how a run is found again after a crash, so it must name one.
func dispatchNamesDiffer(f *facts) []string {
	first := map[string]int{}
	var saw []string
	for _, d := range f.dispatches {
		switch seq, taken := first[d.name]; {
		case d.name == "":
			saw = append(saw, fmt.Sprintf("call %d started %s without gatehouse_run", d.call.Seq, d.file))
		case taken:
			saw = append(saw, fmt.Sprintf("calls %d and %d both said gatehouse_run %q", seq, d.call.Seq, d.name))
		}
		first[d.name] = d.call.Seq
	}
	return saw
}

// dispatchedCommit: what was approved is a commit, so that commit and no other may run.
func dispatchedCommit(f *facts) []string {
	var saw []string
	for _, d := range f.dispatches {
		switch {
		case d.run == nil:
			saw = append(saw, fmt.Sprintf("call %d started %s, and no run is to be found", d.call.Seq, d.file))
		case d.sha != d.run.HeadSHA:
			saw = append(saw, fmt.Sprintf("call %d asked for %s, and run %d is on %s", d.call.Seq, short(d.sha), d.run.ID, short(d.run.HeadSHA)))
		}
	}
	return saw
}

func (f *facts) deployments(p place) []sandbox.Deployment {
	var out []sandbox.Deployment
	for _, d := range f.w.Repo.Deployments {
		if d.SHA == p.commit && d.Environment == p.environment {
			out = append(out, d)
		}
	}
	return out
}

// oneDeployment: two Deployments of one release tell people that it went out twice.
func oneDeployment(f *facts) []string {
	var saw []string
	for _, p := range f.places() {
		if n := len(f.deployments(p)); n != 1 {
			saw = append(saw, fmt.Sprintf("%s has %d Deployments of %s, not one", p.environment, n, short(p.commit)))
		}
	}
	return saw
}

// deploymentOrder: states that go back, or skip the work, are not what happened.
func deploymentOrder(f *facts) []string {
	var saw []string
	for _, d := range f.told() {
		last := ""
		for _, s := range d.Statuses {
			if !slices.Contains(follows(last), s.State) {
				saw = append(saw, fmt.Sprintf("Deployment %d went %s", d.ID, states(d)))
				break
			}
			last = s.State
		}
	}
	return saw
}

// follows lists what may come after a state on the way to success; after Actions' own success the app watches on.
func follows(state string) []string {
	switch state {
	case "":
		return []string{"waiting", "pending", "queued", "in_progress"}
	case "waiting", "pending":
		return []string{"queued", "in_progress"}
	case "queued":
		return []string{"in_progress"}
	case "in_progress", "success":
		return []string{"in_progress", "success"}
	}
	return nil
}

// deploymentTurns: while an Actions job owns its Deployment, whatever the app writes is a guess.
func deploymentTurns(f *facts) []string {
	var saw []string
	for _, d := range f.told() {
		if d.Via != actions {
			continue
		}
		mine := slices.IndexFunc(d.Statuses, func(s sandbox.DeploymentStatus) bool { return s.Via == appSlug })
		if mine >= 0 && slices.ContainsFunc(d.Statuses[mine:], func(s sandbox.DeploymentStatus) bool { return s.Via == actions }) {
			saw = append(saw, fmt.Sprintf("the app wrote to Deployment %d before Actions was done with it", d.ID))
		}
	}
	return saw
}

// deploymentEnd: the end is success, said by the app, because Actions knows nothing of the smoke tests.
func deploymentEnd(f *facts) []string {
	var saw []string
	for _, d := range f.told() {
		switch n := len(d.Statuses); {
		case n == 0:
			saw = append(saw, fmt.Sprintf("Deployment %d never got a state", d.ID))
		case d.Statuses[n-1].State != "success" || d.Statuses[n-1].Via != appSlug:
			saw = append(saw, fmt.Sprintf("Deployment %d ended with %s by %s", d.ID, d.Statuses[n-1].State, d.Statuses[n-1].Via))
		case d.Statuses[n-1].LogURL == "":
			saw = append(saw, fmt.Sprintf("the end of Deployment %d leads nowhere", d.ID))
		}
	}
	return saw
}

// told lists the Deployments of the story.
func (f *facts) told() []sandbox.Deployment {
	var out []sandbox.Deployment
	for _, p := range f.places() {
		out = append(out, f.deployments(p)...)
	}
	return out
}

func states(d sandbox.Deployment) string {
	var names []string
	for _, s := range d.Statuses {
		names = append(names, s.State)
	}
	return strings.Join(names, " → ")
}

func short(sha string) string { return sha[:min(len(sha), 7)] }
