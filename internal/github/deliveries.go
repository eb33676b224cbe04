package github

import (
	"context"
	"net/url"
	"strconv"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// hookPages bounds the list of deliveries: three days of a busy organization are
// tens of thousands, and a list cut short would hide what is missing.
const hookPages = 1000

// HookDelivery is one attempt of GitHub to deliver a webhook to the App. Attempts of one event share the GUID.
type HookDelivery struct {
	ID             int64
	GUID           string
	DeliveredAt    time.Time
	StatusCode     int // StatusCode is zero when nothing answered.
	Event          string
	Action         string
	InstallationID int64
	Redelivery     bool
}

type deliveryJSON struct {
	ID             int64     `json:"id"`
	GUID           string    `json:"guid"`
	DeliveredAt    time.Time `json:"delivered_at"`
	StatusCode     int       `json:"status_code"`
	Event          string    `json:"event"`
	Action         string    `json:"action"`
	InstallationID int64     `json:"installation_id"`
	Redelivery     bool      `json:"redelivery"`
}

// Deliveries lists the attempts from the given time on, newest first. GitHub keeps them for three days.
func (a *App) Deliveries(ctx context.Context, since time.Time) ([]HookDelivery, error) {
	const op = "list webhook deliveries"
	var all []HookDelivery
	cursor := ""
	for range hookPages {
		page, next, err := a.deliveries(ctx, op, cursor)
		if err != nil {
			return nil, err
		}
		for _, in := range page {
			if in.DeliveredAt.Before(since) {
				return all, nil
			}
			all = append(all, HookDelivery(in))
		}
		if next == "" {
			return all, nil
		}
		cursor = next
	}
	return nil, &Error{Class: Unexpected, Op: op, Message: "the list does not end after " + strconv.Itoa(hookPages) + " pages"}
}

// deliveries reads one page and the cursor of the next, which is empty at the end.
func (a *App) deliveries(ctx context.Context, op, cursor string) (page []deliveryJSON, next string, err error) {
	q := url.Values{"per_page": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	err = a.do(ctx, 0, operation{name: op}, func(ctx context.Context, c *gh.Client) error {
		resp, err := send(ctx, c, "GET", "app/hook/deliveries?"+q.Encode(), nil, &page)
		if resp != nil {
			next = resp.Cursor
		}
		return err
	})
	return page, next, err
}

// Redeliver asks GitHub to deliver once more. Doing it twice delivers twice, under the same GUID.
func (a *App) Redeliver(ctx context.Context, id int64) error {
	o := operation{name: "redeliver a webhook", effect: again}
	return a.do(ctx, 0, o, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "POST", "app/hook/deliveries/"+number(id)+"/attempts", nil, nil)
		return accepted(err)
	})
}
