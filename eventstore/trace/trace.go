// Package trace carries the trace of a request (W3C Trace Context) through this
// program: into its log lines, to the node that a command is forwarded to, and,
// if the caller sent one, into the events. Nothing is sent to a collector.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"

	"goldenthread/domain"
)

// Header is the name under which a trace travels, over HTTP and NATS.
const Header = "traceparent"

// Begin is a new trace; sampled says that whoever begins it keeps records of it.
func Begin(sampled bool) domain.Trace {
	var ids [24]byte
	rand.Read(ids[:])
	ids[0], ids[16] = ids[0]|1, ids[16]|1 // never all zeros
	flags := "-00"
	if sampled {
		flags = "-01"
	}
	return domain.Trace("00-" + hex.EncodeToString(ids[:16]) + "-" + hex.EncodeToString(ids[16:]) + flags)
}

type key struct{}

// carried is the trace of a context.
type carried struct {
	trace domain.Trace
	sent  bool // by the caller
}

// From is the context with the trace that stands in these values of the header.
// None, several or an invalid one begin a new trace.
func From(ctx context.Context, values []string) context.Context {
	if len(values) == 1 {
		if t, ok := domain.ParseTrace(values[0]); ok {
			return context.WithValue(ctx, key{}, carried{t, true})
		}
	}
	return context.WithValue(ctx, key{}, carried{Begin(false), false})
}

// Of is the context's trace; "" if it has none.
func Of(ctx context.Context) domain.Trace {
	c, _ := ctx.Value(key{}).(carried)
	return c.trace
}

// Sent is the context's trace if the caller sent it: only then is it recorded.
func Sent(ctx context.Context) domain.Trace {
	if c, ok := ctx.Value(key{}).(carried); ok && c.sent {
		return c.trace
	}
	return ""
}

// Logger is the logger, whose lines have the id of the trace in their context.
func Logger(log *slog.Logger) *slog.Logger { return slog.New(handler{log.Handler()}) }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if t := Of(ctx); t != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("trace", t.ID()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(as []slog.Attr) slog.Handler { return handler{h.Handler.WithAttrs(as)} }
func (h handler) WithGroup(name string) slog.Handler    { return handler{h.Handler.WithGroup(name)} }
