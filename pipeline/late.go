package pipeline

import (
	"fmt"
	"time"
)

// commandLives is how long after it was written a comment still commands. GitHub
// keeps a webhook that failed for three days, and what was meant then may do harm
// now. It is more than an hour, so that a clock that is an hour wrong stops nobody.
const commandLives = 2 * time.Hour

// late refuses a command whose webhook came too long after it was written. A
// question is answered all the same.
func (c CommandGiven) late(heard time.Time) *Refusal {
	if c.At.IsZero() || c.Command.Verb == VerbStatus || heard.Sub(c.At) <= commandLives {
		return nil
	}
	return &Refusal{
		Code: "too-late",
		Reason: fmt.Sprintf("This was written at %s, and GitHub's webhook of it reached Gatehouse at %s only. Nothing was done: it may not be meant any more.",
			c.At.UTC().Format("2006-01-02 15:04 MST"), heard.UTC().Format("2006-01-02 15:04 MST")),
		Fix: "Write it again if it is.",
	}
}
