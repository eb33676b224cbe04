// Package answer is the one table of what an HTTP answer means for trying again, and the sender of incoming webhooks that reads it.
//
// The model. Of sorts a status into a Class, RetryAt reads how long a limit lasts. A Sender speaks to one incoming webhook, whose
// whole URL is a secret: it sends each request once and returns an *Error whose class says whether to try again and whose message
// says what to do. A webhook that is gone is said once and asked no more until the process starts anew.
//
// Duties, in order, of every request: refuse locally while the webhook is gone or limited, send once, judge the answer, remember
// its limit.
//
// The package never sleeps, never retries, never follows a redirect, and never lets a URL, or what a server repeats of it, into
// an error or a log line. It imports nothing of ours: adapters are built on it.
package answer
