package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // GitHub still sends the old signature too
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// hookID is the id of the app's one webhook.
const hookID = 4711

// hookEvent is a webhook before it is addressed: body holds what the event adds to repository, sender and the rest.
type hookEvent struct {
	event  string
	action string
	by     string
	body   obj
}

// Delivery is one attempt to deliver a webhook.
type Delivery struct {
	ID         int64
	GUID       string
	Event      string
	Action     string
	At         time.Time
	Redelivery bool
	StatusCode int
	Status     string
	Duration   time.Duration
	Install    int64
	RepoID     int64
	Repo       string
	Payload    []byte
	Header     http.Header
	Answer     string
	Fault      string
}

// sender delivers webhooks one at a time, in order.
type sender struct {
	mu         sync.Mutex
	wake       *sync.Cond
	queue      []*Delivery
	held       *Delivery
	busy       bool
	stopped    bool
	deliveries []*Delivery
	cancel     context.CancelFunc
	over       chan struct{}
}

// permissionOf names the permission an event needs; events that are not listed are always sent.
func permissionOf(event string) string {
	switch event {
	case "push", "create", "commit_comment", "workflow_dispatch", "repository_dispatch":
		return "contents"
	case "check_run", "check_suite":
		return "checks"
	case "deployment", "deployment_status", "deployment_review", "deployment_protection_rule":
		return "deployments"
	case "workflow_run", "workflow_job":
		return "actions"
	case "issue_comment":
		return "issues"
	case "status":
		return "statuses"
	case "membership", "team", "member", "organization":
		return "members"
	case "repository":
		return "metadata"
	}
	return ""
}

// hears tells whether an installation is sent an event.
func (in *Installation) hears(event string) bool {
	permission := permissionOf(event)
	if permission == "" {
		return true
	}
	return !in.Suspended && in.Permissions[permission] != "" && slices.Contains(in.Events, event)
}

// send queues a webhook for the app if it is installed on the owner and hears the event. The world's lock is held.
func (w *World) send(r *Repo, owner string, e hookEvent) {
	in := w.installationOf(owner)
	if in == nil || !in.hears(e.event) || r != nil && !in.covers(r) {
		return
	}
	body := obj{"sender": w.userJSON(e.by)}
	if e.action != "" {
		body["action"] = e.action
	}
	d := &Delivery{ID: w.nextID(), GUID: w.guid(), Event: e.event, Action: e.action, Install: in.ID}
	if r != nil {
		body["repository"] = w.repoJSON(r)
		d.RepoID, d.Repo = r.ID, r.FullName()
	}
	if u := w.users[owner]; u != nil && u.Type == "Organization" {
		body["organization"] = w.orgJSON(u)
	}
	body["installation"] = obj{"id": in.ID, "node_id": nodeID("Installation", in.ID)}
	for k, v := range e.body {
		body[k] = v
	}
	d.Payload = mustJSON(body)
	w.enqueue(d)
}

// guid is unique, looks like GitHub's, and is the same in every run of the same story.
func (w *World) guid() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("delivery %d", w.nextID())))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: a payload of its own making does not encode: %v", err))
	}
	return b
}

func (w *World) startSender() {
	ctx, cancel := context.WithCancel(context.Background())
	s := &w.hooks
	s.wake, s.cancel, s.over = sync.NewCond(&s.mu), cancel, make(chan struct{})
	go func() {
		defer close(s.over)
		for {
			d := s.next()
			if d == nil {
				return
			}
			w.deliver(ctx, d)
			s.finished()
		}
	}()
}

func (w *World) stopSender() {
	w.hooks.mu.Lock()
	w.hooks.stopped = true
	w.hooks.wake.Broadcast()
	w.hooks.mu.Unlock()
	w.hooks.cancel()
	<-w.hooks.over
}

// enqueue applies the faults that decide about a delivery's fate and puts it in line.
func (w *World) enqueue(d *Delivery) {
	s := &w.hooks
	fault := w.faults.pick("webhook", d.Event)
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Fault = string(fault.Kind)
	switch fault.Kind {
	case Reordered:
		if s.held == nil {
			s.held = d
			w.releaseLater(d)
			return
		}
	case Forgotten:
		return
	case Doubled:
		again := *d
		again.ID = w.nextID()
		s.queue = append(s.queue, d, &again)
		s.wake.Broadcast()
		return
	}
	s.queue = append(s.queue, d)
	if s.held != nil {
		s.queue = append(s.queue, s.held)
		s.held = nil
	}
	s.wake.Broadcast()
}

// releaseLater sends a held delivery even when nothing follows that could overtake it.
func (w *World) releaseLater(d *Delivery) {
	w.after(2*w.opt.Step, func() {
		s := &w.hooks
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held == d {
			s.queue, s.held = append(s.queue, d), nil
			s.wake.Broadcast()
		}
	})
}

// next waits for a delivery; nil means that the world is closed.
func (s *sender) next() *Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.stopped {
		s.wake.Wait()
	}
	if s.stopped {
		return nil
	}
	d := s.queue[0]
	s.queue = s.queue[1:]
	s.busy = true
	return d
}

func (s *sender) finished() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
	s.wake.Broadcast()
}

// Drain waits until every webhook that is in line was sent; one that a fault holds back is not waited for.
func (w *World) Drain() {
	s := &w.hooks
	s.mu.Lock()
	defer s.mu.Unlock()
	for (len(s.queue) > 0 || s.busy) && !s.stopped {
		s.wake.Wait()
	}
}

// deliver posts one webhook and records how it went.
func (w *World) deliver(ctx context.Context, d *Delivery) {
	w.mu.Lock()
	url, secret, appID := w.opt.HookURL, w.opt.WebhookSecret, w.opt.AppID
	d.At = w.clock.Now().UTC()
	w.mu.Unlock()
	d.Header = hookHeader(d, secret, appID)
	call := Call{
		At: d.At, Kind: KindWebhook, Method: http.MethodPost, Path: url, Body: d.Payload,
		Event: d.Event, Action: d.Action, GUID: d.GUID, Repo: d.Repo, Fault: d.Fault,
	}
	w.arrived(call)
	switch {
	case d.Fault == string(Lost):
		d.Status, d.StatusCode = "failed to connect to host", 502
	case url == "":
		d.Status, d.StatusCode = "no hook URL", 0
	default:
		d.Status, d.StatusCode, d.Answer = w.post(ctx, url, d)
	}
	w.mu.Lock()
	d.Duration = w.clock.Now().UTC().Sub(d.At)
	w.mu.Unlock()
	w.hooks.mu.Lock()
	w.hooks.deliveries = append(w.hooks.deliveries, d)
	w.hooks.mu.Unlock()
	call.Status, call.Answer = d.StatusCode, []byte(d.Answer)
	w.done(call)
}

func (w *World) post(ctx context.Context, url string, d *Delivery) (status string, code int, answer string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err != nil {
		return "invalid URL", 0, ""
	}
	req.Header = d.Header.Clone()
	resp, err := w.opt.HTTPClient.Do(req)
	if err != nil {
		return "failed to connect to host", 502, ""
	}
	defer resp.Body.Close() //nolint:errcheck // the body was read; nothing is lost
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	status = http.StatusText(resp.StatusCode)
	if resp.StatusCode < 300 {
		status = "OK"
	}
	return status, resp.StatusCode, string(body)
}

func hookHeader(d *Delivery, secret string, appID int64) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "GitHub-Hookshot/sandbox")
	h.Set("Accept", "*/*")
	h.Set("X-GitHub-Event", d.Event)
	h.Set("X-GitHub-Delivery", d.GUID)
	h.Set("X-GitHub-Hook-ID", strconv.Itoa(hookID))
	h.Set("X-GitHub-Hook-Installation-Target-Type", "integration")
	h.Set("X-GitHub-Hook-Installation-Target-ID", strconv.FormatInt(appID, 10))
	if secret != "" {
		h.Set("X-Hub-Signature", "sha1="+sign(sha1.New, secret, d.Payload))
		h.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, secret, d.Payload))
	}
	return h
}

func sign(algorithm func() hash.Hash, secret string, body []byte) string {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Deliveries lists the attempts to deliver webhooks, oldest first.
func (w *World) Deliveries() []Delivery {
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	var out []Delivery
	for _, d := range w.hooks.deliveries {
		out = append(out, *d)
	}
	return out
}

// Redeliver queues another attempt of a delivery, with the same GUID.
func (w *World) Redeliver(id int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.redeliver(id)
}

func (w *World) redeliver(id int64) error {
	for _, d := range w.Deliveries() {
		if d.ID == id {
			w.enqueue(&Delivery{
				ID: w.nextID(), GUID: d.GUID, Event: d.Event, Action: d.Action, Redelivery: true,
				Install: d.Install, RepoID: d.RepoID, Repo: d.Repo, Payload: d.Payload,
			})
			return nil
		}
	}
	return fmt.Errorf("redeliver: there is no delivery %d", id)
}
