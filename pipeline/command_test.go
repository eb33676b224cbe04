package pipeline

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// comments are what people write and the command that is meant; wrong is the
// code of why it cannot be meant so. No verb: none is found.
var comments = []struct {
	body  string
	want  Command
	wrong string
}{
	{body: "/approve", want: Command{Verb: "approve"}},
	{body: "/Approve\r\n", want: Command{Verb: "approve"}},
	{body: "/approve v1.2.0", want: Command{Verb: "approve", Target: "v1.2.0"}},
	{body: "/approve production at last", want: Command{Verb: "approve", Target: "production", Reason: "at last"}},
	{body: "\n\n   /approve\nsecond line", want: Command{Verb: "approve"}},
	{body: "/reject The price is wrong.\nmore", want: Command{Verb: "reject", Reason: "The price is wrong."}},
	{body: "/reject v1.2.0 The price is wrong.", want: Command{Verb: "reject", Target: "v1.2.0", Reason: "The price is wrong."}},
	{body: "/reject 2.0.0-rc.1 no", want: Command{Verb: "reject", Target: "2.0.0-rc.1", Reason: "no"}},
	{body: "/reject 6553f1001a2b3c4d no", want: Command{Verb: "reject", Target: "6553f1001a2b3c4d", Reason: "no"}},
	{body: "/reject 2 tests are missing", want: Command{Verb: "reject", Reason: "2 tests are missing"}},
	{body: "/reject 2. Tests are missing", want: Command{Verb: "reject", Reason: "2. Tests are missing"}},
	{body: "/reject", want: Command{Verb: "reject"}, wrong: "reason-required"},
	{body: "/reject v1.2.0", want: Command{Verb: "reject", Target: "v1.2.0"}, wrong: "reason-required"},
	{body: "/withdraw v1.2.0 I looked at the wrong tab", want: Command{Verb: "withdraw", Target: "v1.2.0", Reason: "I looked at the wrong tab"}},
	{body: "/retry", want: Command{Verb: "retry"}},
	{body: "/retry\tweb-build", want: Command{Verb: "retry", Target: "web-build"}},
	{body: "/cancel  v1.2.0 ", want: Command{Verb: "cancel", Target: "v1.2.0"}},
	{body: "/status", want: Command{Verb: "status"}},
	{body: "/deploy production", want: Command{Verb: "deploy", Target: "production"}},
	{body: "/deploy production release/v1.2.0", want: Command{Verb: "deploy", Target: "production", Ref: "release/v1.2.0"}},
	{body: "/deploy production v1.2.0 @0123456789abcdef0123456789abcdef01234567", want: Command{Verb: "deploy", Target: "production", Ref: "v1.2.0", SHA: "0123456789abcdef0123456789abcdef01234567"}},
	{body: "/deploy production @0123456789abcdef0123456789abcdef01234567", want: Command{Verb: "deploy", Target: "production", SHA: "0123456789abcdef0123456789abcdef01234567"}},
	{body: "/deploy production v1.2.0 @0123456", want: Command{Verb: "deploy", Target: "production", Ref: "v1.2.0"}, wrong: "not-a-commit"},
	{body: "/deploy", want: Command{Verb: "deploy"}, wrong: "not-understood"},
	{body: "/deploy production main please", want: Command{Verb: "deploy", Target: "production", Ref: "main"}, wrong: "not-understood"},
	{body: "/rollback production", want: Command{Verb: "rollback", Target: "production"}},
	{body: "/rollback production to v1.1.0\nROLLBACK PRODUCTION", want: Command{Verb: "rollback", Target: "production", Ref: "v1.1.0", Phrase: "ROLLBACK PRODUCTION"}},
	{body: "/rollback production to v1.1.9\r\nROLLBACK PRODUCTION\r\nreason: checkout fails\r\nfor 12 %\r\n\r\nthanks", want: Command{Verb: "rollback", Target: "production", Ref: "v1.1.9", Phrase: "ROLLBACK PRODUCTION", Reason: "checkout fails for 12 %"}},
	{body: "/rollback production to v1.1.0 --plan", want: Command{Verb: "rollback", Target: "production", Ref: "v1.1.0", Plan: true}},
	{body: "/rollback production --break-glass\nReason: it burns", want: Command{Verb: "rollback", Target: "production", Reason: "it burns", BreakGlass: true}},
	{body: "/rollback production v1.1.0", want: Command{Verb: "rollback", Target: "production"}, wrong: "not-understood"},
	{body: "/rollback production to", want: Command{Verb: "rollback", Target: "production"}, wrong: "not-understood"},
	{body: "/lock production database work", want: Command{Verb: "lock", Target: "production", Reason: "database work"}},
	{body: "/lock production database work for 2h", want: Command{Verb: "lock", Target: "production", Reason: "database work", For: 2 * time.Hour}},
	{body: "/lock production for 1d12h database work", want: Command{Verb: "lock", Target: "production", Reason: "database work", For: 36 * time.Hour}},
	{body: "/lock production waiting for legal for 90 minutes", want: Command{Verb: "lock", Target: "production", Reason: "waiting for legal", For: 90 * time.Minute}},
	{body: "/lock production waiting for 3 people", want: Command{Verb: "lock", Target: "production", Reason: "waiting for 3 people"}},
	{body: "/lock production waiting for 0h", want: Command{Verb: "lock", Target: "production", Reason: "waiting"}, wrong: "not-a-time"},
	{body: "/lock production for 2h", want: Command{Verb: "lock", Target: "production", For: 2 * time.Hour}, wrong: "reason-required"},
	{body: "/lock production", want: Command{Verb: "lock", Target: "production"}, wrong: "reason-required"},
	{body: "/lock", want: Command{Verb: "lock"}, wrong: "no-target"},
	{body: "/unlock production it is mended", want: Command{Verb: "unlock", Target: "production", Reason: "it is mended"}},
	{body: "/unfreeze production payments are down for 30m", want: Command{Verb: "unfreeze", Target: "production", Reason: "payments are down", For: 30 * time.Minute}},
	{body: "/unfreeze production", want: Command{Verb: "unfreeze", Target: "production"}, wrong: "reason-required"},
	{body: "/unlock", want: Command{Verb: "unlock"}, wrong: "no-target"},
	{body: "/kill new-checkout", want: Command{Verb: "kill", Target: "new-checkout"}},
	{body: "> /reject no\n\n/approve", want: Command{Verb: "approve"}},
	{body: "```\n/reject no\n```\n/approve", want: Command{Verb: "approve"}},
	{body: "~~~~\n/reject no\n~~~\n/reject no\n~~~~\n/approve", want: Command{Verb: "approve"}},
	{body: "    /reject no\n/approve", want: Command{Verb: "approve"}},
	{body: "/aprove v1.2.0", want: Command{Verb: "aprove", Reason: "v1.2.0"}, wrong: "unknown-command"},
	{body: "/approved", want: Command{Verb: "approved"}, wrong: "unknown-command"},
	{body: "/approve, please", want: Command{Verb: "approve,", Reason: "please"}, wrong: "unknown-command"},
	{body: "/delpoy production", want: Command{Verb: "delpoy", Reason: "production"}, wrong: "unknown-command"},
	{body: "/unblock production", want: Command{Verb: "unblock", Reason: "production"}, wrong: "unknown-command"},
	{body: ""},
	{body: "Please /approve"},
	{body: "Hello\n/approve"},
	{body: "> /approve"},
	{body: "> He wrote:\n/approve"}, // Markdown shows it as part of the quote
	{body: "```\n/approve"},
	{body: "``` /approve ```\n/approve"}, // code within the first line
	{body: "`/approve`"},
	{body: "\t/approve"},
	{body: "- /approve"},
	{body: "<!--\n/approve\n-->"},
	{body: "/ approve"},
	{body: "approve"},
	{body: "/cc @grace"},
	{body: "/retest"}, // other apps listen to these
	{body: "/lgtm"},
	{body: "/ok-to-test"},
	{body: "/close"},
	{body: "/hold"},
	{body: "/"},
}

func TestParseComment(t *testing.T) {
	for _, c := range comments {
		got, found := ParseComment(c.body)
		wrong := ""
		if got.Wrong != nil {
			wrong = got.Wrong.Code
			got.Wrong = nil
		}
		if got != c.want || found != (c.want.Verb != "") || wrong != c.wrong {
			t.Errorf("%q: got %+v (%v, %s), want %+v (%s)", c.body, got, found, wrong, c.want, c.wrong)
		}
	}
}

func TestParseCommentBoundsText(t *testing.T) {
	got, found := ParseComment("/reject " + strings.Repeat("ä", 3000))
	if want := strings.Repeat("ä", 500); !found || got.Reason != want {
		t.Errorf("got %d bytes (%v), want %d", len(got.Reason), found, len(want))
	}
}

// What the usage of a command says is a command, of that name.
func TestUsageIsUnderstood(t *testing.T) {
	for _, v := range Verbs() {
		typed := strings.NewReplacer("[", "", "]", "", "VERSION, TAG, COMMIT OR RUN", "v1.1.0", "VERSION OR BRANCH", "main", "@COMMIT", "@0123456789abcdef0123456789abcdef01234567", "VERSION", "v1.2.0").Replace(v.Usage())
		if c, found := ParseCommand(typed); !found || c.Verb != v || c.Wrong != nil {
			t.Errorf("%s: %+v, %v", typed, c, found)
		}
	}
}

// Whatever is written: ParseComment does not panic; a command is found only if
// a line begins with a slash and its name; one whose name is none of ours is
// wrong, and one that is wrong says what to type; what follows the name is taken
// verbatim from that line, trimmed, and bounded; a lock's time is never
// negative; text that is quoted is no command; the same text gives the same answer.
func FuzzParseComment(f *testing.F) {
	for _, c := range comments {
		f.Add(c.body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, found := ParseComment(body)
		if !found {
			if got != (Command{}) {
				t.Fatalf("nothing found, and yet %+v", got)
			}
			return
		}
		if utf8.ValidString(body) && !begins(body, string(got.Verb)) {
			t.Fatalf("no line begins with /%s", got.Verb)
		}
		known := got.Verb.Usage() != "/"+string(got.Verb)
		if !known && got.Wrong == nil || got.Wrong != nil && (got.Wrong.Code == "" || got.Wrong.Reason == "" || got.Wrong.Lines == "") {
			t.Fatalf("neither right nor told what to type: %+v", got)
		}
		if got.For < 0 || got.For > 0 && got.Verb != VerbLock && got.Verb != VerbUnfreeze {
			t.Fatalf("a time of %s for /%s", got.For, got.Verb)
		}
		for _, text := range []string{got.Target, got.Ref, got.Reason} {
			if utf8.RuneCountInString(text) > 500 || text != strings.TrimSpace(text) || strings.Contains(text, "\n") {
				t.Fatalf("not trimmed or bounded: %q", text)
			}
			if utf8.ValidString(body) && !strings.Contains(strings.Join(strings.Fields(body), " "), strings.Join(strings.Fields(text), " ")) {
				t.Fatalf("not verbatim: %q", text)
			}
		}
		var quoted strings.Builder
		for line := range strings.Lines(body) {
			quoted.WriteString("> " + line)
		}
		if again, _ := ParseComment(quoted.String()); again != (Command{}) {
			t.Fatalf("found in a quote: %+v", again)
		}
		if again, _ := ParseComment(body); !reflect.DeepEqual(again, got) {
			t.Fatalf("the same text gave %+v and %+v", got, again)
		}
	})
}

func begins(body, verb string) bool {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "/"+verb) {
			return true
		}
	}
	return false
}
