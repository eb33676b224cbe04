package pipeline

// Wants reports whether an effect that the run owed is still to be carried out.
// It may have rested for hours, while GitHub was out of reach: a door must not
// open, nor a deploy begin, for a run or an attempt that has ended meanwhile.
// The caller asks with the run as it is now, each time before it acts. What was
// begun before is still looked for, so that it can be stopped.
func (r *Run) Wants(key string, e Effect) bool {
	switch e := e.(type) {
	case RecordReview:
		return r.records(key, e)
	case Remind:
		return r.reminds()
	case Summon:
		return e.Incident || e.Glass || r.reminds()
	case AnswerDoor:
		return !e.Approve || r.opens(e.Workflow)
	case ReadRelease, StartWorkflow, ReadWorkflow, ReadReviews, ReadChecks, InspectGate, VerifyPerson, VerifyDoor,
		CreateDeployment, RunProbes, SendNotice, TakeSnapshot, VerifyDeploy, LoadTarget, MovePart, JudgeTrouble:
		return r.awaits(key)
	case CancelWorkflow, Tell, Reply:
		return true // owed to others, whatever became of the run
	case ReadHead, ReadConfig, ReadPinned, JudgeRequest, PlanRestore, ShowProblems, StartRun, React, FindRuns, TellRun, ChangeLane, ReadBehind, SayBehind:
		return true // of intakes, and of a run in trouble
	}
	return true
}

// awaits reports whether the outcome with this key would change anything.
func (r *Run) awaits(key string) bool {
	if _, asked := r.Asks[key]; asked || r.Reading == key || r.Gate != nil && r.Gate.Doing == key {
		return true
	}
	for _, sr := range r.Stages {
		if sr.Doing == key {
			return true
		}
	}
	if x := r.Restore; x != nil {
		if x.Recording == key {
			return true
		}
		for _, s := range x.Moves {
			if s.Doing == key {
				return true
			}
		}
	}
	return r.Trouble != nil && r.Trouble.Doing == key
}

// opens reports whether the deploy that dispatched the workflow run is under way.
func (r *Run) opens(workflow int64) bool {
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		if st.Kind == KindDeploy && sr.Workflow != nil && sr.Workflow.ID == workflow {
			return r.Status == RunActive && sr.Status == StageRunning
		}
	}
	return false
}
