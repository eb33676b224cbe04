package pipeline

import "strings"

// CodeNotPaired is the code of the answer to somebody in Slack of whom nobody
// knows who he is on GitHub. The surface adds where he can say so.
const CodeNotPaired = "not-paired"

// deaf is why a command is answered before anybody is asked who gave it.
func (m *machine) deaf(f Commanded) *Refusal {
	if why := f.Command.unavailable(); why != nil {
		return why
	}
	if f.By.ID == 0 {
		return &Refusal{
			Code: CodeNotPaired, Reason: "Gatehouse does not know yet who you are on GitHub, so your click changed nothing.",
			Fix: "Say so once by signing in, then press again.",
		}
	}
	switch f.Command.Verb {
	case VerbApprove, VerbReject:
		if why := m.noGate(); why != nil {
			return why
		}
	case VerbWithdraw, VerbRetry, VerbCancel, VerbStatus, VerbDeploy, VerbLock, VerbUnlock, VerbRollback, VerbKill:
	}
	if f.Command.Verb == VerbApprove && !strings.HasPrefix(m.run.Bound().Digest(), f.Command.Shown) {
		return &Refusal{
			Code: "release-changed", Reason: "What " + m.run.Release.Version + " ships has changed since the button was shown, so this approval would be for something else.",
			Fix: "Look at the message as it is now, then approve again.",
		}
	}
	return nil
}
