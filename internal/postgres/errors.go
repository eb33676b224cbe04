package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// problem is a reason why the store cannot be used, in the operator's words.
type problem struct{ reason string }

func (p *problem) Error() string { return p.reason }

// explain turns an error of the database into one of the contract's. What it
// does not know stays an internal error. What was canceled although the caller
// did not was canceled by the pool, which is being closed.
func explain(ctx context.Context, doing string, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		return fmt.Errorf("%s: %w: the store was closed", doing, engine.ErrUnavailable)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrConflict), errors.Is(err, context.Canceled):
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
//
// A transaction that the server ended for its own reasons (40001, 40P01) is an
// outage and no conflict: a conflict of an insert means that the item is stored.
func reasonOf(err error) string {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, puddle.ErrClosedPool):
		return "the store was closed"
	case errors.As(err, &server):
		return serverReason(server.Code)
	case errors.As(err, &connect):
		return "the database server cannot be reached or refuses the login: check that it runs and the address"
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), pgconn.SafeToRetry(err),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the database server does not answer: check that it runs and the network to it"
	default:
		return ""
	}
}

// serverReason explains a code of the server, by its class (the first two
// characters) unless it has a meaning of its own.
func serverReason(code string) string {
	switch {
	case code == "53100":
		return "the server's disk is full: free space"
	case code == "53300":
		return "the server takes no more connections: raise max_connections, or lower pool_max_conns in the address"
	case code == "25006":
		return "the database is read-only: it is a standby, or was set so"
	case strings.HasPrefix(code, "42"):
		return "the tables are not as this version needs them, or may not be used: check the rights of the user, and the backup"
	case strings.HasPrefix(code, "28"), strings.HasPrefix(code, "3D"):
		return "the server refuses the login or has no such database: check the address"
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57"):
		return "the server is stopping, starting or was cut off: it is tried again"
	case strings.HasPrefix(code, "53"), strings.HasPrefix(code, "54"):
		return "the server has run out of memory or of another limit: look into its log"
	case strings.HasPrefix(code, "40"), strings.HasPrefix(code, "55"):
		return "the server ended the transaction in favor of another: it is tried again"
	case strings.HasPrefix(code, "58"), strings.HasPrefix(code, "XX"):
		return "the server's disk failed or its data are damaged: look into its log, and restore the latest backup if need be"
	default:
		return ""
	}
}
