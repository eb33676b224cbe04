package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// bodyVersion is the version of the stored form of every body that the engine
// writes. Another one is left for the process that wrote it.
const bodyVersion = 1

// record is the body of a run or intake item: the machine's state, what is
// owed, and what is shown.
type record struct {
	V      int                     `json:"v"`
	Run    *pipeline.Run           `json:"run,omitempty"`
	Intake *pipeline.Intake        `json:"intake,omitempty"`
	Owed   []*owed                 `json:"owed,omitempty"`
	Slots  map[pipeline.Slot]*slot `json:"slots,omitempty"`
	Heard  []string                `json:"heard,omitempty"` // causes of what other items told it last
}

// heardMax bounds what a record remembers of its callers. An item that tells
// again after a crash does so before it tells anything else.
const heardMax = 100

// owed is one effect that is still to be done, or whose end was not seen.
type owed struct {
	Key        string          `json:"key"`
	Effect     json.RawMessage `json:"effect"`
	Tries      int             `json:"tries,omitempty"` // begun so often; an outcome counts only with the same number
	Fails      int             `json:"fails,omitempty"`
	Unsure     int             `json:"unsure,omitempty"`
	FirstAt    time.Time       `json:"first_at,omitzero"`
	NotBefore  time.Time       `json:"not_before,omitzero"`
	Error      string          `json:"error,omitempty"`
	HinderedAt time.Time       `json:"hindered_at,omitzero"` // since then a person has to lift something; zero: not so
	Waited     time.Duration   `json:"waited,omitempty"`     // for people, before
	lease
}

// slot is one surface. It is behind the state while Want is above Shown.
type slot struct {
	Want         int       `json:"want"`
	Shown        int       `json:"shown"`
	WantedAt     time.Time `json:"wanted_at,omitzero"` // since when it is behind
	Remote       string    `json:"remote,omitempty"`
	Hash         string    `json:"hash,omitempty"`
	Tries        int       `json:"tries,omitempty"` // begun since the last success
	Fails        int       `json:"fails,omitempty"`
	ShownAt      time.Time `json:"shown_at,omitzero"`
	PaidAt       time.Time `json:"paid_at,omitzero"` // when its calls so far have their rests behind them
	FailingSince time.Time `json:"failing_since,omitzero"`
	NotBefore    time.Time `json:"not_before,omitzero"`
	Error        string    `json:"error,omitempty"`
	HinderedAt   time.Time `json:"hindered_at,omitzero"` // since then a person has to lift something; zero: not so
	lease
}

// lease says who works on something, and until when that is to be believed.
type lease struct {
	By          string    `json:"by,omitempty"`
	LeasedUntil time.Time `json:"leased_until,omitzero"`
}

func (l *lease) take(by string, until time.Time) { l.By, l.LeasedUntil = by, until }

func (l *lease) release() { *l = lease{} }

// freeAt says when somebody else may begin: zero while nobody is at it.
func (e *Engine) freeAt(l lease) time.Time {
	if e.opt.SoleOwner && l.By != e.instance {
		return time.Time{}
	}
	return l.LeasedUntil
}

// find returns the owed effect with this key, or nil.
func (r *record) find(key string) *owed {
	for _, o := range r.Owed {
		if o.Key == key {
			return o
		}
	}
	return nil
}

func (r *record) drop(key string) {
	for i, o := range r.Owed {
		if o.Key == key {
			r.Owed = append(r.Owed[:i], r.Owed[i+1:]...)
			return
		}
	}
}

// owe adds what a step owes.
func (r *record) owe(effects []pipeline.Owed, now time.Time) error {
	for _, o := range effects {
		if r.find(o.Key) != nil {
			return fmt.Errorf("the machine owes %q twice: keys must not repeat", o.Key)
		}
		b, err := pipeline.MarshalEffect(o.Effect)
		if err != nil {
			return err
		}
		r.Owed = append(r.Owed, &owed{Key: o.Key, Effect: b, NotBefore: now})
	}
	return nil
}

// hear remembers a cause, and reports whether it is a new one.
func (r *record) hear(cause string) bool {
	if slices.Contains(r.Heard, cause) {
		return false
	}
	r.Heard = append(r.Heard, cause)
	r.Heard = r.Heard[max(0, len(r.Heard)-heardMax):]
	return true
}

func (r *record) want(slots []pipeline.Slot, now time.Time) {
	if r.Slots == nil && len(slots) > 0 {
		r.Slots = map[pipeline.Slot]*slot{}
	}
	for _, s := range slots {
		if r.Slots[s] == nil {
			r.Slots[s] = &slot{}
		}
		if r.Slots[s].Want == r.Slots[s].Shown {
			r.Slots[s].WantedAt = now
		}
		r.Slots[s].Want++
	}
}

// repo is the repository that the record belongs to.
func (r *record) repo() pipeline.Repo {
	if r.Run != nil {
		return r.Run.Repo
	}
	return r.Intake.Repo
}

// id is what log lines call the record.
func (r *record) id() string {
	if r.Run != nil {
		return string(r.Run.ID)
	}
	return r.Intake.ID
}

func decodeRecord(item Item) (*record, error) {
	rec, err := decode[record](item)
	if err != nil {
		return nil, err
	}
	switch {
	case item.Kind == KindRun && rec.Run != nil:
		return rec, versioned(item, rec.Run.V == pipeline.RunVersion, rec.Run.V)
	case item.Kind == KindIntake && rec.Intake != nil:
		return rec, versioned(item, rec.Intake.V == pipeline.IntakeVersion, rec.Intake.V)
	}
	return nil, fmt.Errorf("%s %s: the stored body has no %s in it", item.Kind, item.ID, item.Kind)
}

type versionedBody struct {
	V int `json:"v"`
}

// decode reads a body. The version is looked at first: the rest of another
// version may mean something else.
func decode[T any](item Item) (*T, error) {
	var head versionedBody
	if err := json.Unmarshal(item.Body, &head); err != nil {
		return nil, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	if err := versioned(item, head.V == bodyVersion, head.V); err != nil {
		return nil, err
	}
	body := new(T)
	if err := json.Unmarshal(item.Body, body); err != nil {
		return nil, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	return body, nil
}

func versioned(item Item, known bool, version int) error {
	if known {
		return nil
	}
	return &pipeline.UnknownKindError{Set: string(item.Kind), Kind: item.ID, Version: version}
}

func encode(item *Item, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s %s: encode the body: %w", item.Kind, item.ID, err)
	}
	item.Body = b
	return nil
}
