package api

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// net/http hands an answer to the connection in pieces of 4 KB, and the first of
// them wakes whoever waits for it, for nothing. An answer that is there as a whole
// is gathered instead and sent in one piece, which takes a seventh less time.

const mostGathered = 64 << 10 // bytes; longer answers go out in pieces

// gathering has the listener's connections gather answers.
func gathering(srv *http.Server, l net.Listener) net.Listener {
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, gathererKey{}, gathererOf(c))
	}
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if g := gathererOf(c); g != nil && state == http.StateIdle { // the answer has been written
			g.send()
		}
	}
	return gatherers{l}
}

type gatherers struct{ net.Listener }

func (l gatherers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatherer{Conn: c}, nil
}

// A gatherer is a connection that keeps what is written while it gathers.
type gatherer struct {
	net.Conn
	mu   sync.Mutex // held while writing
	kept *room      // nil: it does not gather
}

type gathererKey struct{}

// gathererOf is the gatherer that lies under the connection; nil if none does.
func gathererOf(c net.Conn) *gatherer {
	if encrypted, ok := c.(*tls.Conn); ok {
		c = encrypted.NetConn()
	}
	g, _ := c.(*gatherer)
	return g
}

// gather has the answer of that length go out as one. Several answers of HTTP/2
// share a connection; there, it gathers frames by itself.
func gather(hc huma.Context, length int) {
	g, _ := hc.Context().Value(gathererKey{}).(*gatherer)
	if g == nil || length > mostGathered || hc.Version().ProtoMajor != 1 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept == nil {
		g.kept = takeRoom()
	}
}

func (g *gatherer) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept != nil {
		g.kept.b = append(g.kept.b, b...)
		return len(b), nil
	}
	return g.Conn.Write(b)
}

// send sends what was gathered. Where that fails nothing may follow it.
func (g *gatherer) send() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept == nil {
		return
	}
	g.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // until net/http sets that of the next answer
	if _, err := g.Conn.Write(g.kept.b); err != nil {
		g.Conn.Close()
	}
	g.kept.giveBack()
	g.kept = nil
}

// CloseWrite is for net/http, which ends answers so to whoever sends on.
func (g *gatherer) CloseWrite() error {
	g.send()
	if c, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// Close sends what was gathered, unless a write is under way, which it ends.
func (g *gatherer) Close() error {
	if g.mu.TryLock() {
		g.mu.Unlock()
		g.send()
	}
	return g.Conn.Close()
}
