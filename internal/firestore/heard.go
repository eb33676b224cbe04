package firestore

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Google's client repeats what was refused for want of quota, or not answered,
// until the time for the call is over, and then says only that. What the server
// said last is the reason, so it is kept beside the call.
type heard struct {
	mu   sync.Mutex
	last error
}

type heardKey struct{}

func listening(ctx context.Context) (context.Context, *heard) {
	h := &heard{}
	return context.WithValue(ctx, heardKey{}, h), h
}

// note keeps what the server said. An end of the time is no word of the server's.
func note(ctx context.Context, err error) {
	h, ok := ctx.Value(heardKey{}).(*heard)
	if code := status.Code(err); !ok || code == codes.DeadlineExceeded || code == codes.Canceled || code == codes.Unknown {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = err
}

// reason is the error of a call, or what the server said last if its time is over.
func (h *heard) reason(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	late := errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.DeadlineExceeded
	if late && status.Code(h.last) != codes.OK {
		return h.last
	}
	return err
}

// hearing has every answer of the server noted. It does not reach the emulator's
// client, which dials by itself.
func hearing() []option.ClientOption {
	return []option.ClientOption{
		option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(
			func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				err := call(ctx, method, req, reply, cc, opts...)
				note(ctx, err)
				return err
			})),
		option.WithGRPCDialOption(grpc.WithChainStreamInterceptor(
			func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				s, err := stream(ctx, desc, cc, method, opts...)
				if err != nil {
					note(ctx, err)
					return nil, err
				}
				return heardStream{s}, nil
			})),
	}
}

type heardStream struct{ grpc.ClientStream }

// RecvMsg notes what ends the stream.
func (s heardStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	note(s.Context(), err)
	return err
}
