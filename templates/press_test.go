package templates

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPressIsReadAsItWasWritten(t *testing.T) {
	for _, p := range []Press{
		{Installation: 7, Run: "6924f1c0a1b2c3d4", Shown: "0123456789abcdef"},
		{Installation: 7, Run: "6924f1c0a1b2c3d4", Shown: "0123456789abcdef", Channel: "C1"},
	} {
		if got, err := ParsePress(p.String()); err != nil || got != p {
			t.Errorf("%s is read as %+v, %v", p, got, err)
		}
	}
	for _, s := range []string{"", "7", "x/6924f1c0a1b2c3d4/0123456789abcdef", "-7/6924f1c0a1b2c3d4/0123456789abcdef", "07/6924f1c0a1b2c3d4/0123456789abcdef", "7/6924f1c0a1b2c3/0123456789abcdef", "7/6924f1c0a1b2c3d4/", "7/6924f1c0a1b2c3d4/0123456789abcdef/C/D"} {
		if p, err := ParsePress(s); err == nil {
			t.Errorf("%q is read as %+v", s, p)
		}
	}
}

// TestModalKeepsSlacksLimits has the longest and worst of names in it.
func TestModalKeepsSlacksLimits(t *testing.T) {
	for name, state := range states() {
		v := view(state())
		m := SlackModal(PressReject, state().Run, v.Press)
		if n := utf8.RuneCountInString(m.Title.Text); n > 24 || n == 0 {
			t.Errorf("%s: a title of %d characters", name, n)
		}
		b, err := json.Marshal(m)
		if err != nil || strings.Contains(string(b), "<!channel>") {
			t.Errorf("%s: %s, %v", name, b, err)
		}
		if _, err := ParsePress(m.PrivateMetadata); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSlackButtonsGoOnceDecided looks for buttons that could not do anything.
func TestSlackButtonsGoOnceDecided(t *testing.T) {
	for name, want := range map[string]string{
		"gate-native": "approve reject", "gate-one-of-two": "approve reject withdraw", "gate-one-click-remains": "reject withdraw",
		"waiting-for-lane": "withdraw", "deploying": "", "succeeded": "", "rejected": "", "superseded": "", "expired": "", "workflow-failed": "retry",
	} {
		b, err := json.Marshal(Slack(view(states()[name]()), true).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, verb := range []string{"approve", "reject", "withdraw", "retry"} {
			if strings.Contains(string(b), `"gatehouse_`+verb+`"`) {
				got = append(got, verb)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: has %v, want %q", name, got, want)
		}
	}
}
