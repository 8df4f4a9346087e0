package traffic

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// unmatched is the route of a request that no route answers.
const unmatched = "unmatched"

// A Traffic counts requests. It is safe for concurrent use once Know was called.
type Traffic struct {
	log    *slog.Logger
	client func(*http.Request) string
	routes map[string]string // by pattern

	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

// New counts requests. The access log is written to log, if there is one, with what
// client says of the address of each request, if it is there.
func New(log *slog.Logger, client func(*http.Request) string) *Traffic {
	return &Traffic{
		log: log, client: client,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "goldenthread_http_requests_total", Help: "Requests answered, by the route that answered them, method and class of the status.",
		}, []string{"route", "method", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "goldenthread_http_request_duration_seconds", Help: "From a request's coming to the end of its answer, by route and method; live feeds are not in it.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "goldenthread_http_requests_in_flight", Help: "Requests that are being answered, live feeds among them.",
		}),
	}
}

// Know takes the patterns of all routes there are, as http.ServeMux has them. There are
// never more labels than these. The count of failures of each is there from the start, so that
// Prometheus sees the first one as an increase.
func (t *Traffic) Know(patterns []string) {
	t.routes = make(map[string]string, len(patterns))
	for _, pattern := range patterns {
		method, route, ok := strings.Cut(pattern, " ")
		if !ok {
			method, route = http.MethodGet, pattern
		}
		route = strings.TrimSuffix(route, "{$}")
		t.routes[pattern] = route
		t.requests.WithLabelValues(route, method, "5xx")
	}
}

// Describe implements prometheus.Collector.
func (t *Traffic) Describe(out chan<- *prometheus.Desc) {
	t.requests.Describe(out)
	t.took.Describe(out)
	t.inFlight.Describe(out)
}

// Collect implements prometheus.Collector.
func (t *Traffic) Collect(out chan<- prometheus.Metric) {
	t.requests.Collect(out)
	t.took.Collect(out)
	t.inFlight.Collect(out)
}

// Begin notes that a request has come that the route of that pattern answers; "" is none.
// The answer is written to what it returns, and end called at its end.
func (t *Traffic) Begin(w http.ResponseWriter, r *http.Request, pattern string) (answer http.ResponseWriter, end func()) {
	came := time.Now()
	t.inFlight.Inc()
	a := &counted{ResponseWriter: w}
	return a, func() {
		t.inFlight.Dec()
		t.note(a, r, pattern, time.Since(came))
	}
}

func (t *Traffic) note(a *counted, r *http.Request, pattern string, took time.Duration) {
	route, ok := t.routes[pattern]
	if !ok {
		route = unmatched
	}
	method, status := methodOf(r), a.status
	if status == 0 {
		status = http.StatusOK // as net/http then says
	}
	t.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/event-stream") {
		t.took.WithLabelValues(route, method).Observe(took.Seconds())
	}
	if t.log == nil {
		return
	}
	say := []any{"method", method, "route", route, "status", status, "bytes", a.bytes, "ms", float64(took.Microseconds()) / 1000}
	if t.client != nil {
		say = append(say, "client", t.client(r))
	}
	t.log.InfoContext(r.Context(), "request", say...)
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace}

// methodOf is the method of a request; "other" for what is none of HTTP.
func methodOf(r *http.Request) string {
	if slices.Contains(methods, r.Method) {
		return r.Method
	}
	return "other"
}

// A counted answer notes its status and how many bytes its body has.
type counted struct {
	http.ResponseWriter
	status int // 0: nothing is written yet
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (a *counted) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK { // those below come before the answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *counted) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *counted) Unwrap() http.ResponseWriter { return a.ResponseWriter }
