package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// metrics are the figures of this process, for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	table    []figure

	webhooks   *prometheus.CounterVec
	recovered  prometheus.Counter
	reconciled prometheus.Counter
	looked     prometheus.Gauge
	unapplied  prometheus.Gauge

	overdue   prometheus.Gauge
	oldest    prometheus.Gauge
	parked    *prometheus.CounterVec
	aside     prometheus.Gauge
	conflicts *prometheus.CounterVec

	effects *prometheus.CounterVec
	took    *prometheus.HistogramVec
	shows   *prometheus.CounterVec
	clicks  *prometheus.CounterVec

	github    *prometheus.CounterVec
	remaining *prometheus.GaugeVec
	ahead     prometheus.Gauge
}

// figure is a line of the table in docs/operations.md.
type figure struct {
	name, kind, help string
	labels           []string
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.webhooks = m.counters("webhooks_total", "GitHub's webhooks, by what became of them", "result")
	m.recovered = m.counters("webhooks_recovered_total", "lost webhooks that GitHub was asked to send again").WithLabelValues()
	m.reconciled = m.counters("reconciled_total", "changes read from GitHub's lists because no webhook told of them").WithLabelValues()
	m.looked = m.gauges("webhooks_looked_timestamp_seconds", "when this process last looked for lost webhooks; 0 before the first look").WithLabelValues()
	m.unapplied = m.gauges("webhooks_oldest_unapplied_seconds", "how late the oldest stored webhook is that no run has heard of yet; 0 when there is none").WithLabelValues()

	m.overdue = m.gauges("overdue_items", "items that the last sweep found overdue").WithLabelValues()
	m.oldest = m.gauges("oldest_overdue_seconds", "age of the oldest of them").WithLabelValues()
	m.parked = m.counters("parked_total", "items set aside because they cannot be processed", "kind")
	m.aside = m.gauges("parked_items", "items set aside now, until the next start or a newer version").WithLabelValues()
	m.conflicts = m.counters("swap_conflicts_total", "swaps that lost a race and were made again", "kind")

	m.effects = m.counters("effects_total", "effects performed, by what came of them", "effect", "class")
	m.took = m.histograms("effect_seconds", "how long effects took", "effect")
	m.shows = m.counters("shows_total", "check runs, messages and answers brought up to date, by what came of it", "class")
	m.clicks = m.counters("slack_clicks_total", "clicks in Slack, by what became of them", "result")

	m.github = m.counters("github_requests_total", "requests to GitHub's API", "method", "status")
	m.remaining = m.gauges("github_rate_remaining", "requests left to an installation this hour", "installation")
	m.ahead = m.gauges("github_clock_ahead_seconds", "how far GitHub's clock is ahead of this machine's; 0 while they agree by 20 seconds").WithLabelValues()
	for _, result := range []string{
		handlers.ResultStored, handlers.ResultDuplicate, handlers.ResultIgnored, handlers.ResultUnavailable,
		handlers.ResultSignature, handlers.ResultTooLarge, handlers.ResultForeign, handlers.ResultMalformed,
	} {
		m.webhooks.WithLabelValues(result) // from 0 on, so that the first one is an increase
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	f := m.figure(name, "counter", help, labels)
	return add(m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.name, Help: f.help}, labels))
}

func (m *metrics) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	f := m.figure(name, "gauge", help, labels)
	return add(m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.name, Help: f.help}, labels))
}

func (m *metrics) histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	f := m.figure(name, "histogram", help, labels)
	return add(m, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.name, Help: f.help, Buckets: prometheus.DefBuckets}, labels))
}

func (m *metrics) figure(name, kind, help string, labels []string) figure {
	f := figure{name: "gatehouse_" + name, kind: kind, help: help, labels: labels}
	m.table = append(m.table, f)
	return f
}

func add[C prometheus.Collector](m *metrics, c C) C {
	m.registry.MustRegister(c)
	return c
}

func (m *metrics) hooks() engine.Hooks {
	return engine.Hooks{
		Performed: func(effect, class string, took time.Duration) {
			m.effects.WithLabelValues(effect, class).Inc()
			m.took.WithLabelValues(effect).Observe(took.Seconds())
		},
		Shown:       func(_ pipeline.Slot, class string, _ time.Duration) { m.shows.WithLabelValues(class).Inc() },
		Conflict:    func(k engine.Kind) { m.conflicts.WithLabelValues(string(k)).Inc() },
		StillParked: func(n int) { m.aside.Set(float64(n)) },
		Parked:      func(k engine.Kind) { m.parked.WithLabelValues(string(k)).Inc() },
		Unapplied:   func(oldest time.Duration) { m.unapplied.Set(oldest.Seconds()) },
		Overdue: func(n int, oldest time.Duration) {
			m.overdue.Set(float64(n))
			m.oldest.Set(oldest.Seconds())
		},
	}
}

func (m *metrics) observeGitHub(o github.Observation) {
	m.github.WithLabelValues(o.Method, strconv.Itoa(o.Status)).Inc()
	m.ahead.Set(o.Ahead.Seconds())
	if o.Remaining >= 0 && o.Installation != 0 {
		m.remaining.WithLabelValues(strconv.FormatInt(o.Installation, 10)).Set(float64(o.Remaining))
	}
}
