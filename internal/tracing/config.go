package tracing

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Config is what the standard variables say. The exporter reads the rest of them
// itself: headers, time limits, certificates, sizes of batches.
type Config struct {
	On    bool
	root  string // the sampler's name, without parentbased_
	ratio float64
}

// The variables that are read here.
const (
	envDisabled = "OTEL_SDK_DISABLED"
	envExporter = "OTEL_TRACES_EXPORTER"
	envSampler  = "OTEL_TRACES_SAMPLER"
	envRatio    = "OTEL_TRACES_SAMPLER_ARG"
)

// The variables that come in two forms: for traces alone, which wins, and for all signals.
func endpoints() []string {
	return []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
}

func protocols() []string {
	return []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}
}

// FromEnv reads the variables. Tracing is on once an endpoint is set, or the
// exporter otlp is named. The error names each variable that is wrong.
func FromEnv(get func(string) string) (Config, error) {
	var c Config
	exporter := get(envExporter)
	endpoint, _ := first(get, endpoints())
	switch {
	case strings.EqualFold(get(envDisabled), "true"), exporter == "none", exporter == "" && endpoint == "":
		return c, nil
	}
	c.On = true
	var wrong []error
	if exporter != "" && exporter != "otlp" {
		wrong = append(wrong, fmt.Errorf("%s: expected otlp or none, got %q", envExporter, exporter))
	}
	if v, name := first(get, protocols()); v != "" && v != "http/protobuf" {
		wrong = append(wrong, fmt.Errorf("%s: expected http/protobuf, which collectors take on port 4318, got %q", name, v))
	}
	for _, name := range endpoints() {
		if u, err := url.Parse(get(name)); get(name) != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong = append(wrong, fmt.Errorf("%s: expected an address such as http://localhost:4318", name)) // it may hold a password
		}
	}
	return c, errors.Join(append(wrong, c.sample(get))...)
}

// sample reads the sampler.
func (c *Config) sample(get func(string) string) error {
	c.root, c.ratio = "always_on", 1
	name := get(envSampler)
	if name != "" {
		c.root = strings.TrimPrefix(name, "parentbased_")
	}
	switch c.root {
	case "always_on", "always_off":
		return nil
	case "traceidratio":
		arg := get(envRatio)
		if arg == "" {
			return nil
		}
		ratio, err := strconv.ParseFloat(arg, 64)
		if err != nil || ratio < 0 || ratio > 1 {
			return fmt.Errorf("%s: expected a share between 0 and 1, such as 0.1, got %q", envRatio, arg)
		}
		c.ratio = ratio
		return nil
	}
	return fmt.Errorf("%s: expected always_on, always_off, traceidratio, or one of them behind parentbased_, got %q", envSampler, name)
}

// sampler decides by the trace's id, also for a span whose parent another process
// wrote or will write: the parent's word is our own, made up from names.
func (c Config) sampler() sdktrace.Sampler {
	root := sdktrace.AlwaysSample()
	switch c.root {
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		root = sdktrace.TraceIDRatioBased(c.ratio)
	}
	return sdktrace.ParentBased(root, sdktrace.WithRemoteParentSampled(root), sdktrace.WithRemoteParentNotSampled(root))
}

// first is the first of the variables that is set, and its name.
func first(get func(string) string, names []string) (value, name string) {
	for _, name := range names {
		if v := get(name); v != "" {
			return v, name
		}
	}
	return "", ""
}
