package app

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// metrics are the figures of this process, for Prometheus.
type metrics struct {
	registry  *prometheus.Registry
	webhooks  *prometheus.CounterVec
	clicks    *prometheus.CounterVec
	effects   *prometheus.CounterVec
	took      *prometheus.HistogramVec
	shows     *prometheus.CounterVec
	conflicts *prometheus.CounterVec
	parked    *prometheus.CounterVec
	aside     prometheus.Gauge
	overdue   prometheus.Gauge
	oldest    prometheus.Gauge
	unapplied prometheus.Gauge
	github    *prometheus.CounterVec
	remaining *prometheus.GaugeVec
	recovered prometheus.Counter
	ahead     prometheus.Gauge

	reconciled prometheus.Counter
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "gatehouse", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "gatehouse", Name: name, Help: help})
	}
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		webhooks:  counter("webhooks_total", "Webhooks by what became of them.", "result"),
		clicks:    counter("slack_clicks_total", "Clicks in Slack by what became of them.", "result"),
		effects:   counter("effects_total", "Effects performed, by kind and class of outcome.", "effect", "class"),
		shows:     counter("shows_total", "Surfaces brought up to date, by class.", "class"),
		conflicts: counter("swap_conflicts_total", "Swaps that lost a race and were made again.", "kind"),
		parked:    counter("parked_total", "Items set aside because they cannot be processed.", "kind"),
		aside:     gauge("parked_items", "Items set aside now, until the next start or a newer version."),
		overdue:   gauge("overdue_items", "Items that the last sweep found overdue."),
		oldest:    gauge("oldest_overdue_seconds", "Age of the oldest of them."),
		unapplied: gauge("webhooks_oldest_unapplied_seconds", "How late the oldest stored webhook is that no run has heard of yet; 0 when there is none."),
		github:    counter("github_requests_total", "Requests to GitHub's API, by method and status.", "method", "status"),
		recovered: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "gatehouse", Name: "webhooks_recovered_total", Help: "Lost webhooks that GitHub was asked to send again."}),
	}
	m.ahead = gauge("github_clock_ahead_seconds", "How far GitHub's clock is ahead of this machine's; 0 while they agree by 20 seconds.")
	m.reconciled = prometheus.NewCounter(prometheus.CounterOpts{Namespace: "gatehouse", Name: "reconciled_total", Help: "Changes of workflow runs that were read from GitHub's lists because no webhook told of them."})
	m.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "gatehouse", Name: "effect_seconds", Help: "How long effects took.", Buckets: prometheus.DefBuckets}, []string{"effect"})
	m.remaining = prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "gatehouse", Name: "github_rate_remaining", Help: "Requests left to an installation this hour."}, []string{"installation"})
	m.registry.MustRegister(
		m.webhooks, m.clicks, m.effects, m.took, m.shows, m.conflicts, m.parked, m.aside, m.overdue, m.oldest, m.unapplied, m.github, m.remaining, m.recovered, m.reconciled, m.ahead,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
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
