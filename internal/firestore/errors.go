package firestore

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// problem is a reason why the store cannot be used, in the operator's words.
type problem struct {
	reason string
	cause  error
}

func (p *problem) Error() string {
	if p.cause == nil {
		return p.reason
	}
	return fmt.Sprintf("%s (%v)", p.reason, p.cause)
}

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.cause }

// isStored says that a document that was to be new is there. Nothing else may
// count as that: whoever stores a delivery takes it for received.
func isStored(err error) bool { return status.Code(err) == codes.AlreadyExists }

// isConflict says that a document is not as it was read: changed, gone, or there
// though it was to be new.
func isConflict(err error) bool {
	switch status.Code(err) {
	case codes.AlreadyExists, codes.FailedPrecondition, codes.NotFound:
		return true
	default:
		return false
	}
}

// explain turns an error of the database into one of the contract's. What it
// does not know stays an internal error.
func explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrConflict), errors.Is(err, engine.ErrNotFound), errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, new(*problem)):
		return fmt.Errorf("%s: %w: %w", doing, engine.ErrUnavailable, err)
	}
	if reason := reasonOf(err); reason != "" {
		return fmt.Errorf("%s: %w: %s (%w)", doing, engine.ErrUnavailable, reason, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// reasonOf is the one place that maps causes to sentences. It returns "" for an
// error that does not make the store unavailable.
func reasonOf(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "Firestore does not answer in time: it is tried again"
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.Canceled:
		return "Firestore does not answer: it is tried again; see status.cloud.google.com"
	case codes.Aborted:
		return "Firestore had too many writers on one document: it is tried again"
	case codes.ResourceExhausted:
		return "Firestore's quota is used up: look at the project's quotas and billing"
	case codes.PermissionDenied, codes.Unauthenticated:
		return "this process may not use the database: its service account needs the role Cloud Datastore User (roles/datastore.user)"
	case codes.NotFound:
		return "the database does not exist: create it in native mode with gcloud firestore databases create"
	case codes.FailedPrecondition:
		return "the database is not as needed: it must be in native mode, with the indexes of firestore.indexes.json (gcloud firestore indexes composite list)"
	default:
		return ""
	}
}
