package handlers_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var commands = []struct {
	body string
	want pipeline.Command // empty: none is found
}{
	{"/approve", pipeline.Command{Verb: "approve"}},
	{"/Approve\r\n", pipeline.Command{Verb: "approve"}},
	{"/approve v1.2.0", pipeline.Command{Verb: "approve", Target: "v1.2.0"}},
	{"/approve production at last", pipeline.Command{Verb: "approve", Target: "production", Reason: "at last"}},
	{"\n\n   /approve\nsecond line", pipeline.Command{Verb: "approve"}},
	{"/reject The price is wrong.\nmore", pipeline.Command{Verb: "reject", Reason: "The price is wrong."}},
	{"/reject v1.2.0 The price is wrong.", pipeline.Command{Verb: "reject", Target: "v1.2.0", Reason: "The price is wrong."}},
	{"/reject 2.0.0-rc.1 no", pipeline.Command{Verb: "reject", Target: "2.0.0-rc.1", Reason: "no"}},
	{"/reject 6553f1001a2b3c4d no", pipeline.Command{Verb: "reject", Target: "6553f1001a2b3c4d", Reason: "no"}},
	{"/reject 2 tests are missing", pipeline.Command{Verb: "reject", Reason: "2 tests are missing"}},
	{"/reject 2. Tests are missing", pipeline.Command{Verb: "reject", Reason: "2. Tests are missing"}},
	{"/reject", pipeline.Command{Verb: "reject"}},
	{"/retry", pipeline.Command{Verb: "retry"}},
	{"/retry\tweb-build", pipeline.Command{Verb: "retry", Target: "web-build"}},
	{"/cancel  v1.2.0 ", pipeline.Command{Verb: "cancel", Target: "v1.2.0"}},
	{"/status", pipeline.Command{Verb: "status"}},
	{"/rollback production to v1.1.0", pipeline.Command{Verb: "rollback", Reason: "production to v1.1.0"}},
	{"/kill new-checkout", pipeline.Command{Verb: "kill", Reason: "new-checkout"}},
	{"> /reject no\n\n/approve", pipeline.Command{Verb: "approve"}},
	{"```\n/reject no\n```\n/approve", pipeline.Command{Verb: "approve"}},
	{"~~~~\n/reject no\n~~~\n/reject no\n~~~~\n/approve", pipeline.Command{Verb: "approve"}},
	{"    /reject no\n/approve", pipeline.Command{Verb: "approve"}},
	{"", pipeline.Command{}},
	{"Please /approve", pipeline.Command{}},
	{"Hello\n/approve", pipeline.Command{}},
	{"> /approve", pipeline.Command{}},
	{"> He wrote:\n/approve", pipeline.Command{}}, // Markdown shows it as part of the quote
	{"```\n/approve", pipeline.Command{}},
	{"``` /approve ```\n/approve", pipeline.Command{}}, // code within the first line
	{"`/approve`", pipeline.Command{}},
	{"\t/approve", pipeline.Command{}},
	{"- /approve", pipeline.Command{}},
	{"<!--\n/approve\n-->", pipeline.Command{}},
	{"/approved", pipeline.Command{}},
	{"/approve, please", pipeline.Command{}},
	{"/ approve", pipeline.Command{}},
	{"approve", pipeline.Command{}},
	{"/cc @grace", pipeline.Command{}},
	{"/", pipeline.Command{}},
}

func TestParseCommand(t *testing.T) {
	for _, c := range commands {
		got, found := handlers.ParseCommand(c.body)
		if got != c.want || found != (c.want.Verb != "") {
			t.Errorf("%q: got %+v (%v), want %+v", c.body, got, found, c.want)
		}
	}
}

func TestParseCommandBoundsText(t *testing.T) {
	got, found := handlers.ParseCommand("/reject " + strings.Repeat("ä", 3000))
	if want := strings.Repeat("ä", 500); !found || got.Reason != want {
		t.Errorf("got %d bytes (%v), want %d", len(got.Reason), found, len(want))
	}
}
