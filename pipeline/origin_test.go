package pipeline

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestOldOrigin reads what was stored while only comments could be answered.
func TestOldOrigin(t *testing.T) {
	where := ByComment(CommentRef{ID: 5, Issue: 7, Pull: true})
	fact, err := UnmarshalFact([]byte(`{"v":1,"kind":"Commanded","data":{"Command":{"verb":"approve"},"By":{"id":9},"Where":{"id":5,"issue":7,"pull":true}}}`))
	if want := (Commanded{Command: Command{Verb: VerbApprove}, By: Person{ID: 9}, Where: where}); err != nil || !reflect.DeepEqual(fact, want) {
		t.Errorf("a stored command is read as %+v, %v", fact, err)
	}
	effect, err := UnmarshalEffect([]byte(`{"v":1,"kind":"Reply","data":{"Where":{"id":5,"issue":7,"pull":true},"OK":true,"Refused":null,"Text":"status"}}`))
	if want := (Reply{Where: where, OK: true, Text: "status"}); err != nil || !reflect.DeepEqual(effect, want) {
		t.Errorf("a stored reply is read as %+v, %v", effect, err)
	}
	for stored, want := range map[string]Ask{
		`{"verb":"reject","by":{"id":9},"surface":"comment","text":"no","where":{"id":5,"issue":7,"pull":true}}`: {
			Verb: VerbReject, By: Person{ID: 9}, Text: "no", Where: where,
		},
		`{"verb":"approve","stage":"approval","by":{"id":9},"surface":"GitHub review"}`: {
			Verb: VerbApprove, Stage: "approval", By: Person{ID: 9}, Where: Origin{Surface: SurfaceReview},
		},
	} {
		var a Ask
		if err := json.Unmarshal([]byte(stored), &a); err != nil || !reflect.DeepEqual(a, want) {
			t.Errorf("a stored question is read as %+v, %v", a, err)
		}
	}
}

func TestOriginIsStored(t *testing.T) {
	for _, o := range []Origin{
		{Surface: SurfaceReview},
		ByComment(CommentRef{ID: 5, SHA: "abc"}),
		{Surface: SurfaceSlack, Slack: &SlackRef{Team: "T1", User: "U1", Channel: "C1"}},
		{Surface: SurfacePage, Command: "c0ffee"},
	} {
		ask := Ask{Verb: VerbApprove, By: Person{ID: 9}, Where: o}
		b, err := json.Marshal(ask)
		if err != nil {
			t.Fatal(err)
		}
		var back Ask
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, ask) {
			t.Errorf("%s comes back as %+v, %v", b, back, err)
		}
		if o.Answerable() != (o.Surface != SurfaceReview) {
			t.Errorf("%+v: Answerable is %v", o, o.Answerable())
		}
	}
}
