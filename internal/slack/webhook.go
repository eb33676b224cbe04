package slack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"unicode/utf8"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// Webhook is an incoming webhook: it posts to one channel, and can neither edit nor find what it posted. Its URL is a secret.
// Other chats that take Slack's form, such as Mattermost, serve as well.
type Webhook struct {
	sender *answer.Sender
	url    string
}

// WebhookConfig says which incoming webhook to post to.
type WebhookConfig struct{ URL string }

// String leaves the URL out.
func (WebhookConfig) String() string { return "a Slack webhook" }

// GoString leaves the URL out.
func (c WebhookConfig) GoString() string { return c.String() }

// LogValue leaves the URL out.
func (c WebhookConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ErrWebhookURL is what is wrong with an address that cannot be an incoming webhook. It does not repeat the address.
var ErrWebhookURL = errors.New("expected the https URL of an incoming webhook, such as https://hooks.slack.com/services/T…/B…/…")

// CheckWebhookURL tells whether an address can be an incoming webhook: https with a path, or anything on this machine.
func CheckWebhookURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Host == "" || len(u.Path) < 2 {
		return ErrWebhookURL
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && here {
		return nil
	}
	return ErrWebhookURL
}

// NewWebhook returns a Webhook; it makes no call.
func NewWebhook(cfg WebhookConfig, opts Options) (*Webhook, error) {
	if err := CheckWebhookURL(cfg.URL); err != nil {
		return nil, err
	}
	return &Webhook{url: cfg.URL, sender: answer.NewSender(answer.Options{
		Surface: "Slack", Variable: "SLACK_WEBHOOK_URL", HTTPClient: opts.HTTPClient, Clock: opts.Clock, Logger: opts.Logger,
	})}, nil
}

// String leaves the URL out.
func (*Webhook) String() string { return "slack webhook" }

// GoString leaves the URL out.
func (w *Webhook) GoString() string { return w.String() }

// webhookBody switches off what Slack would add to a text: links and mentions are what the text says and nothing else.
type webhookBody struct {
	Text        string `json:"text"`
	Mrkdwn      bool   `json:"mrkdwn"`
	UnfurlLinks bool   `json:"unfurl_links"`
	UnfurlMedia bool   `json:"unfurl_media"`
}

// maxWebhookText is where Slack cuts a text.
const maxWebhookText = 40_000

// Post writes a text, already escaped. After answer.Ambiguous it may be there, and nothing can find it.
func (w *Webhook) Post(ctx context.Context, text string) error {
	const op = "post to the webhook"
	if text == "" || utf8.RuneCountInString(text) > maxWebhookText {
		return &answer.Error{Class: answer.Never, Surface: "Slack", Op: op, Code: "bad_text", Message: "the text is empty or too long for Slack; report this as a bug"}
	}
	_, err := w.sender.Send(ctx, answer.Request{Op: op, Method: http.MethodPost, URL: w.url, Body: webhookBody{Text: text, Mrkdwn: true}, Shows: true})
	return err
}
