package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"goldenthread/api/access"
	"goldenthread/eventstore"
)

// metrics are what an operator watches: few, and each with something to do about
// it in the runbook.
type metrics struct{ registry *prometheus.Registry }

func newMetrics(c *access.Counts, g gauges, traffic prometheus.Collector) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(c, g, traffic, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// gauges are read when somebody asks.
type gauges struct {
	store     *eventstore.Store
	ready     func() error
	listening func() int
}

var (
	readyGauge     = prometheus.NewDesc("goldenthread_ready", "1 if something can be recorded now.", nil, nil)
	queueGauge     = prometheus.NewDesc("goldenthread_queue_commands", "Commands that wait for the writer.", nil, nil)
	feedGauge      = prometheus.NewDesc("goldenthread_feed_clients", "Who listens to live feeds.", nil, nil)
	eventsGauge    = prometheus.NewDesc("goldenthread_events", "Events in the group's ledger.", []string{"group"}, nil)
	unsignedGauge  = prometheus.NewDesc("goldenthread_log_unsigned_events", "Events for which the group's log is not signed yet.", []string{"group"}, nil)
	unwitnessGauge = prometheus.NewDesc("goldenthread_log_unwitnessed_events", "Signed events that the slowest witness has not cosigned yet.", []string{"group"}, nil)
	noKeyGauge     = prometheus.NewDesc("goldenthread_keys_missing", "People of the group who are not erased and whose key can't be read here.", []string{"group"}, nil)
	lostGauge      = prometheus.NewDesc("goldenthread_group_lost_events", "Events of the group that were signed for and are not here: the folder was set back, or is damaged.", []string{"group"}, nil)
	stoppedGauge   = prometheus.NewDesc("goldenthread_group_stopped", "1 if the group's ledger is damaged.", []string{"group"}, nil)
)

// Describe implements prometheus.Collector.
func (g gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readyGauge, queueGauge, feedGauge, eventsGauge, unsignedGauge, unwitnessGauge, noKeyGauge, lostGauge, stoppedGauge} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	say := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := g.store.Gauges()
	say(readyGauge, oneIf(g.ready() == nil))
	say(queueGauge, float64(now.Waiting))
	say(feedGauge, float64(g.listening()))
	for _, group := range now.Groups {
		say(eventsGauge, float64(group.Next), group.Group)
		say(stoppedGauge, oneIf(group.Stopped), group.Group)
		say(lostGauge, float64(group.Lost), group.Group)
		say(noKeyGauge, float64(group.NoKey), group.Group)
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

// offerMetrics answers the operator's Prometheus, which sends the token for metrics, or the
// operator's, as its bearer token: metrics name groups.
func (s *Rest) offerMetrics() {
	answer := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})
	s.api.Mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if !s.hasMetricsToken(r) {
			if refused := s.mustBeOperator(r, "Only the operator of this server reads its metrics."); refused != nil {
				refused.Write(w)
				return
			}
		}
		answer.ServeHTTP(w, r)
	})
}

// hasMetricsToken says whether the request has the token that reads metrics. Nothing else
// knows this token.
func (s *Rest) hasMetricsToken(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	have, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.MetricsToken))
	return ok && s.MetricsToken != "" && subtle.ConstantTimeCompare(have[:], want[:]) == 1
}
