package engine

import (
	"encoding/json"
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Reread gives the body that this version writes for what it read in an item.
func Reread(item Item) ([]byte, error) {
	var body any
	var err error
	switch item.Kind {
	case KindRun, KindIntake:
		body, err = rereadRecord(item)
	case KindDelivery:
		body, err = rereadInbox(item)
	case KindLane:
		body, err = decodeLane(item)
	case KindLog:
		body, err = decodeEntry(item)
	case KindLink:
		body, err = decode[link](item)
	case KindAnswer:
		body, err = decode[Answer](item)
	default:
		return item.Body, nil // of other packages
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(body)
}

func rereadRecord(item Item) (*record, error) {
	rec, err := decodeRecord(item)
	if err != nil {
		return nil, err
	}
	for _, o := range rec.Owed {
		effect, err := pipeline.UnmarshalEffect(o.Effect)
		if err != nil {
			return nil, fmt.Errorf("%s owes %s: %w", item.ID, o.Key, err)
		}
		if o.Effect, err = pipeline.MarshalEffect(effect); err != nil {
			return nil, err
		}
	}
	return rec, nil
}

func rereadInbox(item Item) (*inbox, error) {
	box, err := decodeInbox(item)
	if err != nil {
		return nil, err
	}
	for _, s := range box.Signals {
		if s.Fact, err = pipeline.MarshalFact(s.fact); err != nil {
			return nil, err
		}
	}
	return box, nil
}
