package api

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
)

// metricsToken is that of a server which has one.
const metricsToken = "gt_metrics-metrics-metrics-metrics-metrics"

// The token for metrics reads them, and is nobody anywhere else; no other token is taken for it.
func TestMetricsToken(t *testing.T) {
	w := newWorld(t)
	w.keys["prometheus"], w.keys["empty"] = metricsToken, " "
	w.refused(401, "", w.send(w.request("prometheus", "GET", "/metrics", ""))) // there is none yet
	w.refused(401, "", w.send(w.request("empty", "GET", "/metrics", "")))
	w.serve(func(o *Options) { o.MetricsToken = metricsToken })
	w.must(200, w.send(w.request("prometheus", "GET", "/metrics", "")))
	w.must(200, w.send(w.request("operator", "GET", "/metrics", "")))
	w.refused(403, "", w.send(w.request("cd-north", "GET", "/metrics", "")))
	w.refused(401, "", w.send(w.request("", "GET", "/metrics", "")))
	w.keys["near"] = metricsToken[1:]
	w.refused(401, "", w.send(w.request("near", "GET", "/metrics", "")))
	two := w.request("cd-north", "GET", "/metrics", "")
	two.Header.Add("Authorization", "Bearer "+metricsToken)
	w.refused(401, "", w.send(two))

	for _, path := range []string{"/v1/me", "/v1/groups", "/v1/groups/trafford/events", "/v1/doctor", "/v1/backup"} {
		r := w.send(w.request("prometheus", "GET", path, ""))
		require.Contains(t, []int{401, 404, 405}, r.StatusCode, path)
	}
	w.refused(401, "", w.command("prometheus", "raise-proposal", `{"title":"X","text":"X.","matter":"access"}`))
	w.refused(401, "", w.send(w.request("prometheus", "POST", "/access/v1/evaluation", `{"subject":{"type":"person","id":"cd-north"},"action":{"name":"commit"},"resource":{"type":"matter","id":"access"}}`)))
	require.NotContains(t, w.log.String(), metricsToken)
}

// Requests are counted by route, method and class, and never by what people put in an address.
func TestRequestsAreCounted(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/v1/groups/trafford/events", "/v1/groups/salford/events", "/nothing/here", "/nothing/there", "/g/trafford/register", "/invitation/kestrel-kestrel"} {
		w.send(w.request("cd-north", "GET", path, ""))
	}
	for _, method := range []string{"KESTREL", "CONNECT"} {
		w.server.ServeHTTP(discard{}, &http.Request{Method: method, URL: &url.URL{Path: "/kestrel"}, Header: http.Header{}, RequestURI: "/kestrel"})
	}
	body := string(w.must(200, w.send(w.request("operator", "GET", "/metrics", ""))).body)
	for _, line := range []string{
		`goldenthread_http_requests_total{code="2xx",method="GET",route="/v1/groups/{group}/events"} 1`,
		`goldenthread_http_requests_total{code="4xx",method="GET",route="/v1/groups/{group}/events"} 1`,
		`goldenthread_http_requests_total{code="5xx",method="GET",route="/v1/groups/{group}/events"} 0`,
		`goldenthread_http_requests_total{code="4xx",method="GET",route="unmatched"} 2`,
		`goldenthread_http_requests_total{code="4xx",method="other",route="unmatched"} 1`,
		`goldenthread_http_requests_total{code="4xx",method="CONNECT",route="unmatched"} 1`,
		`goldenthread_http_request_duration_seconds_count{method="GET",route="/v1/groups/{group}/events"} 2`,
		`goldenthread_http_requests_in_flight 1`,
	} {
		require.Contains(t, body, line)
	}
	for _, route := range regexp.MustCompile(`route="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		require.NotContains(t, route[1], "kestrel")
		require.NotContains(t, route[1], "trafford")
	}
}

// discard is an answer that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// The access log has each request once, with its trace and nothing of what stands in its
// address; where it came from only if the operator wants that.
func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	secrets := []string{
		"/v1/groups/trafford/events?from=0&kestrel=1", "/invitation/kestrel", "/first-run/kestrel", "/v1/groups/trafford/calendar.ics?key=kestrel", "/v1/groups/trafford/practices/kestrel/feed.atom?key=kestrel",
		"/sign-in/oidc/callback?code=kestrel&state=kestrel", "/kestrel", "/g/trafford/check?forum=kestrel", "/kestrel//..//kestrel", "/%00kestrel",
	}
	ask := func() string {
		before := len(w.log.String())
		for _, path := range secrets {
			w.sendStill(w.request("cd-north", "GET", path, "", "Traceparent", traceSent, "X-Forwarded-For", "203.0.113.7, 2001:db8::1"))
		}
		return w.log.String()[before:]
	}
	require.NotContains(t, ask(), "msg=request ")
	w.serve(func(o *Options) { o.AccessLog = true })
	said := ask()
	require.Equal(t, len(secrets), strings.Count(said, "msg=request "))
	require.NotContains(t, said, "kestrel")
	require.NotContains(t, said, "client=")
	require.NotContains(t, said, "<nil>")
	require.Regexp(t, `level=INFO msg=request method=GET route=/v1/groups/\{group\}/events status=\d+ bytes=\d+ ms=[0-9.e-]+ trace=`+traceID+"\n", said)

	w.serve(func(o *Options) { o.Addresses = true })
	require.Equal(t, len(secrets), strings.Count(ask(), " client=127.0.0.1 trace="), "no proxy is believed that was not named")
	w.serve(func(o *Options) { o.Reach.BehindProxy = true })
	require.Equal(t, len(secrets), strings.Count(ask(), " client=2001:db8::1 trace="), "of the addresses the last, which the proxy itself names")
	w.sendStill(w.request("cd-north", "GET", "/healthz", "", "X-Forwarded-For", "kestrel"))
	require.NotContains(t, w.log.String(), "kestrel")
	require.Contains(t, w.log.String(), " client=unknown ")
}

// The file of the token is made for its owner alone, and refused where everybody reads it or it holds none.
func TestMetricsTokenFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics-token")
	token, err := identity.OpenMetricsToken(file)
	require.NoError(t, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := identity.OpenMetricsToken(file)
	require.NoError(t, err)
	require.Equal(t, token, again)
	require.NoError(t, os.Chmod(file, 0o644))
	_, err = identity.OpenMetricsToken(file)
	require.ErrorContains(t, err, "chmod 600")
	for _, none := range []string{"", "\n", "secret"} {
		require.NoError(t, os.Remove(file))
		require.NoError(t, os.WriteFile(file, []byte(none), 0o600))
		_, err = identity.OpenMetricsToken(file)
		require.ErrorContains(t, err, "holds no token")
	}
}
