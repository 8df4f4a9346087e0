package api

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"goldenthread/api/guard"

	"github.com/stretchr/testify/require"
)

// A counted listener counts what its connections write.
type counted struct {
	net.Listener
	writes atomic.Int64
	broken atomic.Bool // a write fails halfway
}

type countedConn struct {
	net.Conn
	of *counted
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return &countedConn{conn, c}, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.of.writes.Add(1)
	if c.of.broken.Load() {
		n, _ := c.Conn.Write(b[:len(b)/2])
		return n, io.ErrShortWrite
	}
	return c.Conn.Write(b)
}

// served is the world's server on a listener of its own, which counts.
func (w *world) served() *counted {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	c := &counted{Listener: l}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, c) }()
	w.t.Cleanup(func() {
		stop()
		require.NoError(w.t, <-ended)
	})
	return c
}

func (c *counted) dial(w *world) net.Conn {
	conn, err := net.Dial("tcp", c.Addr().String())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

// ask sends the request and reads its answer.
func (c *counted) ask(w *world, conn net.Conn, in *bufio.Reader, request string) (string, *http.Response) {
	_, err := io.WriteString(conn, request)
	require.NoError(w.t, err)
	res, err := http.ReadResponse(in, nil)
	require.NoError(w.t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return string(body), res
}

func (w *world) get(person, path, more string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n", path, w.keys[person], more)
}

// TestAnAnswerIsOneWrite: an answer of more than net/http's 4 KB goes out in one
// piece, whatever comes before and after it on the same connection.
func TestAnAnswerIsOneWrite(t *testing.T) {
	w := newWorld(t).established()
	c := w.served()
	conn := c.dial(w)
	in := bufio.NewReader(conn)
	const long = "/v1/groups/trafford/audit"
	want := string(w.must(200, w.send(w.request("cd-north", "GET", long, ""))).body)
	require.Greater(t, len(want), 8<<10)
	for range 3 {
		c.writes.Store(0)
		body, res := c.ask(w, conn, in, w.get("cd-north", long, ""))
		require.Equal(t, want, body)
		require.Equal(t, int64(len(want)), res.ContentLength)
		require.Equal(t, int64(1), c.writes.Load())
		_, res = c.ask(w, conn, in, w.get("cd-north", long, "If-None-Match: "+res.Header.Get("ETag")+"\r\n"))
		require.Equal(t, http.StatusNotModified, res.StatusCode)
		page, _ := c.ask(w, conn, in, w.get("cd-north", "/g/trafford", ""))
		require.Contains(t, page, "</html>")
	}
	both := w.get("cd-north", long, "")
	body, _ := c.ask(w, conn, in, both+both) // without waiting for the first answer
	require.Equal(t, want, body)
	body, _ = c.ask(w, conn, in, "")
	require.Equal(t, want, body)
	body, res := c.ask(w, conn, in, w.get("cd-north", long, "Connection: close\r\n"))
	require.Equal(t, want, body)
	require.True(t, res.Close)
	_, err := in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

// TestNothingFollowsHalfAnAnswer: a connection on which an answer broke off ends.
func TestNothingFollowsHalfAnAnswer(t *testing.T) {
	w := newWorld(t).established()
	c := w.served()
	conn := c.dial(w)
	c.broken.Store(true)
	_, err := io.WriteString(conn, strings.Repeat(w.get("cd-north", "/v1/groups/trafford/audit", ""), 2))
	require.NoError(t, err)
	all, _ := io.ReadAll(conn)
	require.Equal(t, 1, strings.Count(string(all), "HTTP/1.1 "))
}

// TestGatheredOverTLS: encrypted, over HTTP/1.1 and HTTP/2, it is the same answer.
func TestGatheredOverTLS(t *testing.T) {
	w := newWorld(t).established()
	certificate, key := certify(t, t.TempDir(), 1)
	config, err := guard.TLS(certificate, key)
	require.NoError(t, err)
	w.server.guard.Reach.TLS = config
	c := w.served()
	want := string(w.must(200, w.send(w.request("cd-north", "GET", "/v1/groups/trafford/audit", ""))).body)
	for _, h2 := range []bool{false, true} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: h2}
		for range 3 {
			req, err := http.NewRequest("GET", "https://"+c.Addr().String()+"/v1/groups/trafford/audit", nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+w.keys["cd-north"])
			res, err := tr.RoundTrip(req)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			require.NoError(t, err)
			require.Equal(t, want, string(body))
			require.Equal(t, h2, res.ProtoMajor == 2)
		}
		tr.CloseIdleConnections()
	}
}
