package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"goldenthread/api/identity"

	"github.com/stretchr/testify/require"
)

func readCloser(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// What is handed out is the exact bytes that are stored.
func TestEventsAreExact(t *testing.T) {
	w := newWorld(t).established()
	next := w.store.Next("trafford")
	var all []byte
	for i := range next {
		line, err := w.store.Line(context.Background(), "trafford", i)
		require.NoError(t, err)
		r := w.must(200, w.ask("cd-north", fmt.Sprint("/events/", i)))
		require.Equal(t, string(line), string(r.body))
		require.Equal(t, "application/cloudevents+json", r.Header.Get("Content-Type"))
		require.Contains(t, r.Header.Get("Cache-Control"), "immutable")
		all = append(append(all, line...), '\n')
	}
	r := w.must(200, w.ask("cd-north", "/events"))
	require.Equal(t, string(all), string(r.body))
	require.Empty(t, r.Header.Get("Link"))

	var pieces []byte
	for path := "/v1/groups/trafford/events?limit=5"; path != ""; {
		r := w.must(200, w.send(w.request("cd-north", "GET", path, "")))
		pieces = append(pieces, r.body...)
		path, _, _ = strings.Cut(strings.TrimPrefix(r.Header.Get("Link"), "<"), ">")
	}
	require.Equal(t, string(all), string(pieces))
	require.Empty(t, w.must(200, w.ask("cd-north", fmt.Sprint("/events?from=", next))).body)
}

// A heard is one event of the feed.
type heard struct{ id, event, data string }

// listen reads n events of the feed.
func (w *world) listen(n int, path string, header ...string) []heard {
	return w.subscribe(path, header...)(n)
}

// subscribe opens the feed, and returns once it is answered; what it returns reads n
// events and closes it.
func (w *world) subscribe(path string, header ...string) func(n int) []heard {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	res, err := w.web.Client().Do(w.request("cd-north", "GET", "/v1/groups/trafford/feed"+path, "", header...).WithContext(ctx))
	require.NoError(w.t, err)
	require.Equal(w.t, 200, res.StatusCode)
	require.Equal(w.t, "text/event-stream", res.Header.Get("Content-Type"))
	require.Equal(w.t, "no", res.Header.Get("X-Accel-Buffering"))
	return func(n int) []heard {
		defer cancel()
		defer res.Body.Close()
		var all []heard
		var h heard
		for lines := bufio.NewScanner(res.Body); len(all) < n && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				h.id = value
			case "event":
				h.event = value
			case "data":
				h.data = value
				all = append(all, h)
			}
		}
		require.Len(w.t, all, n)
		return all
	}
}

func TestFeed(t *testing.T) {
	w := newWorld(t)
	next := int(w.store.Next("trafford"))
	all := w.listen(next, "?from=0")
	for i, h := range all {
		line, err := w.store.Line(context.Background(), "trafford", uint64(i))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), h.id)
		require.Equal(t, string(line), h.data)
		require.Contains(t, h.data, `"type":"`+h.event+`"`)
	}
	require.Equal(t, all[5:], w.listen(next-5, "?from=0", "Last-Event-ID", "4"))

	read := w.subscribe("")
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`))
	h := read(1)[0]
	require.Equal(t, fmt.Sprint(next), h.id)
	require.Equal(t, "goldenthread.charter.consented.v1", h.event)
}

// Stopping ends the feeds, and lets nobody wait.
func TestServeStops(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, l) }()
	req := w.request("cd-north", "GET", "/v1/groups/trafford/feed", "")
	req.URL.Host = l.Addr().String()
	res, err := w.web.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	stop()
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err) // it ends cleanly
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(5 * time.Second):
		t.Fatal("the server did not stop")
	}
}

// A feed ends when the token with which it was opened is revoked: what comes
// after is not heard.
func TestFeedEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(w.request("cd-north", "GET", "/v1/groups/trafford/feed", "").WithContext(ctx))
	require.NoError(t, err)
	defer res.Body.Close()
	heard := bufio.NewReader(res.Body)
	_, err = heard.ReadString('\n')
	require.NoError(t, err)
	revoked, err := w.tokens.Revoke(func(k *identity.HeldToken) bool { return k.Hash == identity.HashOf(w.keys["cd-north"]) })
	require.NoError(t, err)
	require.True(t, revoked)
	w.must(201, w.command("cd-south", "consent-to-charter", `{}`))
	rest, err := io.ReadAll(heard)
	require.NoError(t, err)
	require.NotContains(t, string(rest), "charter.consented")
}
