package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// OfLane reports whether a command is about an environment's lane and not about
// one of its runs.
func (v Verb) OfLane() bool { return v == VerbLock || v == VerbUnlock || v == VerbUnfreeze }

// laneConfig goes on with a command about a lane once it is known which lane the
// environment has and who commands it.
func (m *intakeMachine) laneConfig(o ConfigRead) {
	c := m.in.Command
	env, why := o.environment(c.Command.Target)
	if why != nil {
		m.answer(why)
		return
	}
	if c.Command.Verb == VerbUnfreeze && len(env.Freeze) == 0 {
		m.answer(&Refusal{Code: "no-freeze", Reason: env.Name + " has no freeze.", Fix: "What a run waits for is said by /status."})
		return
	}
	m.in.Lane = LaneID(env.Firebase)
	m.in.Ask = &LaneAsk{
		Verb: c.Command.Verb, Environment: env.Name, By: c.By, Reason: c.Command.Reason, For: c.Command.For,
		Surface: c.Where.Surface, Slack: c.Where.Slack, Who: names(env.Commanders),
	}
	m.in.Commanders = env.Commanders
	m.owe("entitled", VerifyPerson{Person: c.By, Teams: teamsOf(env.Commanders), Role: true})
}

// environment finds an environment of the configuration, or says why a command
// about it cannot be carried out.
func (o ConfigRead) environment(name string) (*Environment, *Refusal) {
	switch {
	case o.Missing:
		return nil, &Refusal{Code: "no-config", Reason: "There is no .github/gatehouse.yml on the default branch, so no environment is known.", Fix: "Run gatehouse init."}
	case o.Refused != nil:
		return nil, o.Refused
	case o.Spec == nil:
		return nil, &Refusal{Code: "config-broken", Reason: "The configuration on the default branch is broken, so no environment is known.", Fix: "Run gatehouse check; it says what is wrong."}
	}
	env := o.Spec.Environments[strings.ToLower(name)]
	switch {
	case env == nil:
		all := slices.Sorted(maps.Keys(o.Spec.Environments))
		return nil, &Refusal{
			Code: "no-environment", Reason: fmt.Sprintf("There is no environment %s.", quoted(name)), Fix: "These exist: " + strings.Join(all, ", ") + ".",
		}
	case o.Spec.Mode == ModeObserve:
		return nil, &Refusal{Code: "observed", Reason: "The mode is observe: Gatehouse holds nothing and starts nothing.", Fix: "Remove mode: observe from the configuration to let Gatehouse act."}
	}
	return env, nil
}

// laneAsked tells the lane what its person wants, and whether he is entitled to
// more than what everybody with write access may.
func (m *intakeMachine) laneAsked(s Standing) {
	m.in.Ask.Entitled = s.entitled(m.in.Commanders)
	m.owe("lane", ChangeLane{Lane: m.in.Lane, Ask: *m.in.Ask})
}

// entitled reports whether a person may do more to a lane than everybody who may
// write: by the role maintain, or as one who commands the environment.
func (s Standing) entitled(commanders []Principal) bool {
	return Principal{Role: "maintain"}.fits(s) || slices.ContainsFunc(commanders, func(p Principal) bool { return p.fits(s) })
}

// answer ends a command.
func (m *intakeMachine) answer(why *Refusal) {
	m.in.Result = "/" + string(m.in.Command.Command.Verb) + " is done"
	if why != nil {
		m.in.Result = why.Reason
	}
	m.owe("reply", Reply{Where: m.in.Command.Where, OK: why == nil, Refused: why})
}
