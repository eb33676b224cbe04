package contract

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// alerts are figures under which each alert is raised, and is not: a series each
// line, a value each minute of 200, in the notation of promtool's tests.
var alerts = map[string]struct{ raised, quiet string }{
	"GatehouseAway": {
		raised: `up 0x200`,
		quiet:  `gatehouse_webhooks_looked_timestamp_seconds 0x200`,
	},
	"GatehouseStoreTakesNoWrites": {
		raised: `gatehouse_webhooks_total{result="unavailable"} 0x196 1x3`,
		quiet:  `gatehouse_webhooks_total{result="unavailable"} 0x100 1x99`,
	},
	"GatehouseOverdue":           {raised: `gatehouse_oldest_overdue_seconds 0x190 301x9`, quiet: `gatehouse_oldest_overdue_seconds 299x200`},
	"GatehouseWebhooksUnapplied": {raised: `gatehouse_webhooks_oldest_unapplied_seconds 301x200`, quiet: `gatehouse_webhooks_oldest_unapplied_seconds 0x200`},
	"GatehouseParked": {
		raised: `gatehouse_parked_items{instance="a"} 0x200
gatehouse_parked_items{instance="b"} 1x200`,
		quiet: `gatehouse_parked_items{instance="a"} 0x200`,
	},
	"GatehouseNotLooking": { // at minute 200; one that looks does for all
		raised: `gatehouse_webhooks_looked_timestamp_seconds 0+60x184 11040x15`,
		quiet: `gatehouse_webhooks_looked_timestamp_seconds{instance="a"} 0x200
gatehouse_webhooks_looked_timestamp_seconds{instance="b"} 0+60x200`,
	},
	"GatehouseWebhooksRecovered": {raised: `gatehouse_webhooks_recovered_total 0x99 1x49 2x50`, quiet: `gatehouse_webhooks_recovered_total 0x190 5x9`},
	"GatehouseReconciled":        {raised: `gatehouse_reconciled_total 0x150 1x49`, quiet: `gatehouse_reconciled_total 0x50 1x149`},
	"GatehouseNothingComes":      {raised: `gatehouse_webhooks_total{result="stored"} 7x200`, quiet: `gatehouse_webhooks_total{result="stored"} 7x100 8x99`},
	"GatehouseWebhooksRepeated": {
		raised: `gatehouse_webhooks_total{result="stored"} 0+1x200
gatehouse_webhooks_total{result="duplicate"} 0+1x200`,
		quiet: `gatehouse_webhooks_total{result="stored"} 0+100x200
gatehouse_webhooks_total{result="duplicate"} 0+1x200`,
	},
	"GatehouseBadSignatures": {raised: `gatehouse_webhooks_total{result="bad_signature"} 0+2x200`, quiet: `gatehouse_webhooks_total{result="bad_signature"} 0x195 1x4`},
	"GatehouseRateLow": {
		raised: `gatehouse_github_rate_remaining{installation="1"} 4000x200
gatehouse_github_rate_remaining{installation="2"} 499x200`,
		quiet: `gatehouse_github_rate_remaining{installation="1"} 500x200`,
	},
	"GatehouseGitHubFails": {
		raised: `gatehouse_github_requests_total{method="GET",status="200"} 0+8x200
gatehouse_github_requests_total{method="GET",status="502"} 0+2x200`,
		quiet: `gatehouse_github_requests_total{method="GET",status="200"} 0+98x200
gatehouse_github_requests_total{method="GET",status="502"} 0+2x200`,
	},
	"GatehouseClockWrong": {raised: `gatehouse_github_clock_ahead_seconds -3600x200`, quiet: `gatehouse_github_clock_ahead_seconds 0x200`},
}

// TestRules has Prometheus itself read the alerts and judge figures by them. How
// long a state must last ("for") is not played.
func TestRules(t *testing.T) {
	read := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.ParseFile("../../deploy/prometheus/gatehouse.rules.yml", false, model.UTF8Validation, read, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 100_000, Timeout: time.Minute, Parser: read})
	var names []string
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			names = append(names, rule.Alert)
			t.Run(rule.Alert, func(t *testing.T) {
				figuresExist(t, read, rule.Expr)
				c, ok := alerts[rule.Alert]
				if !ok {
					t.Fatal("no figures are said under which it is raised, and is not")
				}
				if !raised(t, engine, read, rule.Expr, c.raised) {
					t.Errorf("it is not raised by\n%s", c.raised)
				}
				if raised(t, engine, read, rule.Expr, c.quiet) {
					t.Errorf("it is raised by\n%s", c.quiet)
				}
			})
		}
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(Gatehouse\\w+)` \\|").FindAllStringSubmatch(operations(t), -1) {
		documented = append(documented, m[1])
	}
	if !slices.Equal(names, documented) {
		t.Errorf("the alerts are\n%q and docs/operations.md has\n%q", names, documented)
	}
}

// figuresExist demands that docs/operations.md, which the code is held to, has
// each figure with the labels that a rule goes by.
func figuresExist(t *testing.T, read parser.Parser, expr string) {
	t.Helper()
	parsed, err := read.ParseExpr(expr)
	if err != nil {
		t.Fatal(err)
	}
	selectors := 0
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			selectors++
			line := regexp.MustCompile("(?m)^\\| `" + s.Name + "` \\|.*$").FindString(operations(t))
			for _, m := range s.LabelMatchers {
				if line == "" || m.Name != labels.MetricName && !strings.Contains(line, "`"+m.Name+"`") {
					t.Errorf("%s goes by what no figure says", s)
				}
			}
		}
		return nil
	})
	if selectors == 0 {
		t.Errorf("%s goes by nothing", expr)
	}
}

func operations(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// raised evaluates an alert at the 200th minute.
func raised(t *testing.T, engine *promql.Engine, read parser.Parser, expr, figures string) bool {
	t.Helper()
	var all []promql.Series
	for line := range strings.Lines(figures) {
		metric, values, err := read.ParseSeriesDesc(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		s := promql.Series{Metric: metric}
		for n, v := range values {
			s.Floats = append(s.Floats, promql.FPoint{T: int64(n) * time.Minute.Milliseconds(), F: v.Value})
		}
		all = append(all, s)
	}
	at := time.UnixMilli(0).Add(200 * time.Minute)
	query, err := engine.NewInstantQuery(t.Context(), stored(all), nil, expr, at)
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	vector, err := query.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return len(vector) > 0
}

// stored offers series as Prometheus' storage does.
type stored []promql.Series

func (s stored) Querier(_, _ int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		var found seriesSet
		for _, series := range s {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(series.Metric.Get(m.Name)) }) {
				found = append(found, promql.NewStorageSeries(series))
			}
		}
		return &cursor{rest: found}
	}}, nil
}

type seriesSet []storage.Series

type cursor struct {
	rest seriesSet
	now  storage.Series
}

func (c *cursor) Next() bool {
	if len(c.rest) == 0 {
		return false
	}
	c.now, c.rest = c.rest[0], c.rest[1:]
	return true
}

func (c *cursor) At() storage.Series                { return c.now }
func (c *cursor) Err() error                        { return nil }
func (c *cursor) Warnings() annotations.Annotations { return nil }
