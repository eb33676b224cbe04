// Package cloudtasks is the waker for instances that sleep between requests: a
// wake is a task in a Google Cloud Tasks queue, which calls this service back
// at POST /internal/advance when its time has come.
//
// A task names the item only. Its own name comes from the item's revision, so
// that the queue holds one of many wakes for the same thing; the queue may
// deliver it late, twice or never, and the sweep, which Google's cron calls at
// POST /internal/sweep, wakes what was lost.
//
// Both addresses are open to the internet on Cloud Run, and on App Engine to
// whoever knows them, so that each call must prove that it is Google's; see
// [Callers].
package cloudtasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	tasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

var _ engine.Waker = (*Waker)(nil)

// AdvancePath and SweepPath are where Google calls.
const (
	AdvancePath = "/internal/advance"
	SweepPath   = "/internal/sweep"
)

const (
	// furthest is how far ahead a task may lie: Google takes 30 days. What is
	// due later is woken early, found not due, and woken anew.
	furthest = 29 * 24 * time.Hour
	// patience is how long the making of a task may take.
	patience = 5 * time.Second
	// handling is how long Google waits for an advance to end.
	handling = 10 * time.Minute
)

// Config names a queue and the service that it calls.
type Config struct {
	Queue     string // projects/P/locations/L/queues/Q
	Target    string // the address of this service, without a slash at its end; not used on App Engine
	Account   string // service account that the queue calls as; not used on App Engine
	AppEngine bool   // the queue calls App Engine's own service
	Emulator  string // host:port of a stand-in for Cloud Tasks, or empty
	Clock     engine.Clock
	Logger    *slog.Logger
}

// Waker makes tasks.
type Waker struct {
	Config
	client *tasks.Client
	ended  chan struct{}
}

// ValidQueue says whether a queue's name reads like projects/P/locations/L/queues/Q.
func ValidQueue(name string) bool {
	return regexp.MustCompile(`^projects/[^/\s]+/locations/[^/\s]+/queues/[A-Za-z0-9-]+$`).MatchString(name)
}

// New makes a waker. It calls nothing yet.
func New(ctx context.Context, c Config) (*Waker, error) {
	if !ValidQueue(c.Queue) {
		return nil, fmt.Errorf("the queue %q: expected projects/P/locations/L/queues/Q", c.Queue)
	}
	var options []option.ClientOption
	if c.Emulator != "" {
		options = []option.ClientOption{
			option.WithEndpoint(c.Emulator), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		}
	}
	client, err := tasks.NewClient(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Tasks: Google's credentials are not right: %w", err)
	}
	return &Waker{Config: c, client: client, ended: make(chan struct{})}, nil
}

// Wake makes a task for the item. One that is known already is as good as made.
func (w *Waker) Wake(ctx context.Context, item engine.Item) error {
	if item.WakeAt.IsZero() {
		return nil
	}
	task, err := w.task(item, w.Clock.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err = w.client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: w.Queue, Task: task})
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make a task in %s: %w", w.Queue, err)
	}
	return nil
}

func (w *Waker) task(item engine.Item, now time.Time) (*cloudtaskspb.Task, error) {
	if latest := now.Add(furthest); item.WakeAt.After(latest) {
		item.WakeAt = latest.Truncate(time.Hour) // so that many of them still have one name
	}
	body, err := json.Marshal(call{Kind: item.Kind, ID: item.ID, At: item.WakeAt})
	if err != nil {
		return nil, err
	}
	task := &cloudtaskspb.Task{
		Name:             w.Queue + "/tasks/" + engine.WakeName(item, now),
		DispatchDeadline: durationpb.New(handling),
	}
	if item.WakeAt.After(now) {
		task.ScheduleTime = timestamppb.New(item.WakeAt)
	}
	headers := map[string]string{"Content-Type": "application/json"}
	if w.AppEngine {
		task.MessageType = &cloudtaskspb.Task_AppEngineHttpRequest{AppEngineHttpRequest: &cloudtaskspb.AppEngineHttpRequest{
			HttpMethod: cloudtaskspb.HttpMethod_POST, RelativeUri: AdvancePath, Headers: headers, Body: body,
		}}
		return task, nil
	}
	task.MessageType = &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
		HttpMethod: cloudtaskspb.HttpMethod_POST, Url: w.Target + AdvancePath, Headers: headers, Body: body,
		AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
			ServiceAccountEmail: w.Account, Audience: w.Target,
		}},
	}}
	return task, nil
}

// Run waits until ctx ends or Drain is called: the work comes by HTTP.
func (w *Waker) Run(ctx context.Context, _ func(context.Context, engine.Ref) error) error {
	select {
	case <-ctx.Done():
	case <-w.ended:
	}
	return nil
}

// Drain closes the connection to the queue. What is in hand is the HTTP
// server's, which has ended before.
func (w *Waker) Drain(context.Context) error {
	close(w.ended)
	if err := w.client.Close(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("close Cloud Tasks: %w", err)
	}
	return nil
}

// queueID is the last part of the queue's name, as App Engine's header gives it.
func (w *Waker) queueID() string { return w.Queue[strings.LastIndex(w.Queue, "/")+1:] }
