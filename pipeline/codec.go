package pipeline

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// CodecVersion is the version of the stored form of facts, effects and
// outcomes: {"v":1,"kind":"Pushed","data":{…}}. A stored kind or version that
// this build does not know is an [UnknownKindError]: it is left for a newer one.
const CodecVersion = 1

// UnknownKindError means that a newer Gatehouse stored this.
type UnknownKindError struct {
	Set, Kind string
	Version   int
}

// Error says what to do about it.
func (e *UnknownKindError) Error() string {
	return fmt.Sprintf("stored %s %q (version %d) is not known to this version of Gatehouse: it was written by a newer one, run that again", e.Set, e.Kind, e.Version)
}

type envelope struct {
	V    int             `json:"v"`
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// MarshalFact gives the stored form of a fact.
func MarshalFact(f Fact) ([]byte, error) { return seal(f) }

// UnmarshalFact reads what MarshalFact wrote.
func UnmarshalFact(b []byte) (Fact, error) { return open[Fact]("fact", b, facts()) }

// MarshalEffect gives the stored form of an effect.
func MarshalEffect(e Effect) ([]byte, error) { return seal(e) }

// UnmarshalEffect reads what MarshalEffect wrote.
func UnmarshalEffect(b []byte) (Effect, error) { return open[Effect]("effect", b, effects()) }

// EffectKind is the name of an effect's kind, as stored and logged.
func EffectKind(e Effect) string { return reflect.TypeOf(e).Name() }

// FactKind is the name of a fact's kind, as stored and logged.
func FactKind(f Fact) string { return reflect.TypeOf(f).Name() }

// facts leaves Answered out: an outcome is applied at once and never stored.
func facts() []Fact {
	return []Fact{
		Started{},
		Tick{},
		WorkflowSeen{},
		DoorRequested{},
		Reviewed{},
		DeploymentSeen{},
		ChecksChanged{},
		Pressed{},
		RerunRequested{},
		Commanded{},
		Superseded{},
		LaneGranted{},
		LaneTurned{},
		LiveChanged{},
		Hindered{},
		Unanswered{},
		Blocks{},
		Stop{},
		HolderOver{},
		RolledBack{},
		Pushed{},
		CommandGiven{},
		Asked{},
	}
}

func effects() []Effect {
	return []Effect{
		ReadRelease{},
		StartWorkflow{},
		ReadWorkflow{},
		ReadReviews{},
		RecordReview{},
		CancelWorkflow{},
		ReadChecks{},
		InspectGate{},
		VerifyPerson{},
		VerifyDoor{},
		AnswerDoor{},
		CreateDeployment{},
		RunProbes{},
		TakeSnapshot{},
		VerifyDeploy{},
		LoadTarget{},
		MovePart{},
		JudgeTrouble{},
		SendNotice{},
		Remind{},
		Summon{},
		Tell{},
		Reply{},
		ReadHead{},
		ReadConfig{},
		ReadPinned{},
		JudgeRequest{},
		PlanRestore{},
		ShowProblems{},
		StartRun{},
		React{},
		FindRuns{},
		TellRun{},
		ChangeLane{},
		ReadBehind{},
		SayBehind{},
	}
}

// EffectKinds lists the names of all effects.
func EffectKinds() []string {
	var names []string
	for _, e := range effects() {
		names = append(names, EffectKind(e))
	}
	return names
}

func seal(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return json.Marshal(envelope{V: CodecVersion, Kind: reflect.TypeOf(v).Name(), Data: data})
}

func open[T any](set string, b []byte, members []T) (T, error) {
	var zero T
	var env envelope
	if err := json.Unmarshal(b, &env); err != nil {
		return zero, fmt.Errorf("decode a stored %s: %w", set, err)
	}
	for _, m := range members {
		t := reflect.TypeOf(m)
		if t.Name() != env.Kind || env.V != CodecVersion {
			continue
		}
		p := reflect.New(t)
		if err := json.Unmarshal(env.Data, p.Interface()); err != nil {
			return zero, fmt.Errorf("decode a stored %s %s: %w", set, env.Kind, err)
		}
		v, ok := p.Elem().Interface().(T)
		if !ok {
			return zero, fmt.Errorf("decode a stored %s: %s is none", set, env.Kind)
		}
		return v, nil
	}
	return zero, &UnknownKindError{Set: set, Kind: env.Kind, Version: env.V}
}

type tellForm struct {
	Run  RunID           `json:"run"`
	Fact json.RawMessage `json:"fact"`
}

// MarshalJSON stores the fact with its kind.
func (t Tell) MarshalJSON() ([]byte, error) {
	fact, err := MarshalFact(t.Fact)
	if err != nil {
		return nil, err
	}
	return json.Marshal(tellForm{Run: t.Run, Fact: fact})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Tell) UnmarshalJSON(b []byte) error {
	var form tellForm
	if err := json.Unmarshal(b, &form); err != nil {
		return err
	}
	fact, err := UnmarshalFact(form.Fact)
	if err != nil {
		return err
	}
	t.Run, t.Fact = form.Run, fact
	return nil
}
