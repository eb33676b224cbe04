package pipeline

import (
	"slices"
	"strings"
)

// CommanderTeams are the teams whose members command the environment.
func (e *Environment) CommanderTeams() []string { return teamsOf(e.commanders()) }

// MayCommand says why a person is no commander of the environment, what being
// what he asked to do; nil: he is one.
func (e *Environment) MayCommand(s Standing, what string) *Refusal {
	if e.commands(s) {
		return nil
	}
	return e.notCommander(s, what)
}

// commanders are those who may ask for a rollback.
func (e *Environment) commanders() []Principal {
	if len(e.Commanders) > 0 {
		return e.Commanders
	}
	return []Principal{{Role: "maintain"}}
}

func (e *Environment) commands(s Standing) bool {
	return slices.ContainsFunc(e.commanders(), func(p Principal) bool { return p.fits(s) })
}

func (e *Environment) notCommander(s Standing, what string) *Refusal {
	who := names(e.commanders())
	return &Refusal{
		Code: "not-commander", Reason: s.Person.Login + " may not " + what + ".",
		Fix: "One of these may: " + strings.Join(who, ", ") + ".", Who: who,
	}
}
