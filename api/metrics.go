package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"goldenthread/eventstore"
)

// What became of commands, as metrics tell them apart.
const (
	wasRecorded  = "recorded"
	wasRepeated  = "repeated"
	wasRefused   = "refused"
	wasUnsettled = "unsettled"
	wasNotReady  = "not-ready"
	wasFailed    = "failed"
)

// metrics are what an operator watches: few, and each with something to do about
// it in the runbook.
type metrics struct {
	registry *prometheus.Registry
	took     *prometheus.HistogramVec // seconds, by what became of the command
}

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "goldenthread_command_seconds", Help: "From a command's coming to its answer, by what became of it.",
		Buckets: []float64{.0005, .001, .002, .004, .008, .016, .032, .064, .128, .256, 1, 5, 30},
	}, []string{"outcome"})}
	for _, outcome := range []string{wasRecorded, wasRepeated, wasRefused, wasUnsettled, wasNotReady, wasFailed} {
		m.took.WithLabelValues(outcome)
	}
	m.registry.MustRegister(m.took, gauges{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// note notes what became of a command that came then.
func (m *metrics) note(came time.Time, r eventstore.Result, err error) {
	m.took.WithLabelValues(became(r, err)).Observe(time.Since(came).Seconds())
}

func became(r eventstore.Result, err error) string {
	switch {
	case err == nil && r.Repeat:
		return wasRepeated
	case err == nil:
		return wasRecorded
	case errors.As(err, new(*eventstore.Refused)):
		return wasRefused
	case errors.As(err, new(*eventstore.Unsettled)):
		return wasUnsettled
	case errors.Is(err, eventstore.ErrNotReady), errors.Is(err, eventstore.ErrClosed), errors.As(err, new(*eventstore.Stopped)):
		return wasNotReady
	}
	return wasFailed
}

// gauges are read when somebody asks.
type gauges struct{ server *Server }

var (
	readyGauge     = prometheus.NewDesc("goldenthread_ready", "1 if something can be recorded now.", nil, nil)
	queueGauge     = prometheus.NewDesc("goldenthread_queue_commands", "Commands that wait for the writer.", nil, nil)
	feedGauge      = prometheus.NewDesc("goldenthread_feed_clients", "Who listens to live feeds.", nil, nil)
	eventsGauge    = prometheus.NewDesc("goldenthread_events", "Events in the group's ledger.", []string{"group"}, nil)
	unsignedGauge  = prometheus.NewDesc("goldenthread_log_unsigned_events", "Events for which the group's log is not signed yet.", []string{"group"}, nil)
	unwitnessGauge = prometheus.NewDesc("goldenthread_log_unwitnessed_events", "Signed events that the slowest witness has not cosigned yet.", []string{"group"}, nil)
	stoppedGauge   = prometheus.NewDesc("goldenthread_group_stopped", "1 if the group's ledger is damaged.", []string{"group"}, nil)
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readyGauge, queueGauge, feedGauge, eventsGauge, unsignedGauge, unwitnessGauge, stoppedGauge} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	say := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := g.server.store.Gauges()
	say(readyGauge, oneIf(g.server.store.Ready() == nil))
	say(queueGauge, float64(now.Waiting))
	say(feedGauge, float64(g.server.feeds.Load()))
	for _, group := range now.Groups {
		say(eventsGauge, float64(group.Next), group.Group)
		say(stoppedGauge, oneIf(group.Stopped), group.Group)
		if group.Signed > 0 {
			say(unsignedGauge, float64(group.Next)-float64(group.Signed), group.Group)
		}
		if group.Watched {
			say(unwitnessGauge, float64(group.Signed)-float64(group.Witnessed), group.Group)
		}
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// offerMetrics answers the operator's Prometheus, which sends the operator's
// token as its bearer token: metrics name groups.
func (s *Server) offerMetrics() {
	answer := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	s.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if problem := s.mustBeOperator(r, "Only the operator of this server reads its metrics."); problem != nil {
			problem.write(w)
			return
		}
		answer.ServeHTTP(w, r)
	})
}
