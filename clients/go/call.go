package hpod

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	callTimeout = 30 * time.Second
	firstPause  = 100 * time.Millisecond
	maxPause    = 3 * time.Second
)

type method[Request, Reply any] func(context.Context, Request, ...grpc.CallOption) (Reply, error)

// call returns the reply to request, repeated while the daemon is away or its disk is full. A request that takes a
// request id gets one, the same in all attempts, so that it takes effect once.
func call[Request proto.Message, Reply any](ctx context.Context, c *Client, send method[Request, Reply], request Request) (Reply, error) {
	setRequestID(request)
	end := time.Now().Add(c.retryFor)
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		reply, err := attempt(ctx, c, callTimeout, send, request)
		if err == nil {
			return reply, nil
		}
		var refused *Error
		if !errors.As(err, &refused) || !refused.transient() || time.Now().Add(pause).After(end) {
			return reply, err
		}
		if err := sleep(ctx, jittered(pause)); err != nil {
			return reply, errors.Join(err, refused)
		}
	}
}

// attempt makes the call once. A cancelled ctx gives its cause.
func attempt[Request, Reply any](ctx context.Context, c *Client, timeout time.Duration, send method[Request, Reply], request Request) (Reply, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	reply, err := send(limited, request)
	if err == nil {
		return reply, nil
	}
	if ctx.Err() != nil {
		return reply, context.Cause(ctx)
	}
	return reply, fromStatus(err, c.server, timeout)
}

func setRequestID(request proto.Message) {
	message := request.ProtoReflect()
	if field := message.Descriptor().Fields().ByName("request_id"); field != nil {
		message.Set(field, protoreflect.ValueOfString(rand.Text()))
	}
}

// jittered keeps apart the workers that failed together.
func jittered(pause time.Duration) time.Duration {
	return time.Duration((0.5 + 0.5*mathrand.Float64()) * float64(pause))
}

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
