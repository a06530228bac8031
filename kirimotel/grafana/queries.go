package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
)

// ordered are all metrics that a query may be about, in the order of their tables.
func ordered() []kirimotel.Instrument {
	all := kirimotel.Instruments()
	for _, i := range outboxotel.Instruments() {
		all = append(all, kirimotel.Instrument{
			Name: i.Name, Kind: kirimotel.InstrumentKind(i.Kind), Unit: i.Unit, Integer: i.Integer, Buckets: i.Buckets,
			Attributes: i.Attributes, Scope: outboxotel.ScopeName, Stability: kirimotel.Own, Description: i.Description,
		})
	}
	return all
}

// instruments are the same by name.
func instruments() map[string]kirimotel.Instrument {
	all := make(map[string]kirimotel.Instrument)
	for _, i := range ordered() {
		all[i.Name] = i
	}
	return all
}

// The queries of this program have the names of the tables in angle brackets: <kirim.client.attempts>,
// <kirim.client.call.duration:bucket> and <kirim.client.attempts{kirim.attempt.outcome="success"}> for
// metrics, <kirim.attempt.outcome> for labels.
var (
	reference = regexp.MustCompile(`<([a-z][a-z0-9_.]*)(?::(bucket|count|sum))?(?:\{((?:[^{}"]|"[^"]*")*)\})?>`)
	matcher   = regexp.MustCompile(`([a-z][a-z0-9_.]*)(=~|!~|!=|=)("[^"]*")`)
)

// translate returns a query with the names that Prometheus has. Every metric in it gets the
// matchers as well. It fails for a metric that is not in the tables, for a label that none of the query's
// metrics has, and for a part that the kind of metric does not have.
func translate(query, matchers string) (string, error) {
	var used []kirimotel.Instrument
	var errs []error
	all := instruments()
	for _, m := range reference.FindAllStringSubmatch(query, -1) {
		if i, ok := all[m[1]]; ok {
			used = append(used, i)
			if (i.Kind == kirimotel.Histogram) != (m[2] != "") {
				errs = append(errs, fmt.Errorf("%s is a %s", m[0], i.Kind))
			}
		}
	}
	translated := reference.ReplaceAllStringFunc(query, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		i, ok := all[m[1]]
		if !ok {
			if m[2] != "" || m[3] != "" || !slices.ContainsFunc(used, func(i kirimotel.Instrument) bool { return slices.Contains(i.Attributes, m[1]) }) {
				errs = append(errs, fmt.Errorf("%s is neither a metric nor a label of one in the query", ref))
			}
			return label(m[1])
		}
		name := metricName(i)
		if m[2] != "" {
			name += "_" + m[2]
		}
		var conditions []string
		for _, c := range matcher.FindAllStringSubmatch(m[3], -1) {
			if !slices.Contains(i.Attributes, c[1]) {
				errs = append(errs, fmt.Errorf("%s has no attribute %s", i.Name, c[1]))
			}
			conditions = append(conditions, label(c[1])+c[2]+c[3])
		}
		if matchers != "" {
			conditions = append(conditions, matchers)
		}
		if len(conditions) == 0 {
			return name
		}
		return name + "{" + strings.Join(conditions, ",") + "}"
	})
	if len(used) == 0 {
		errs = append(errs, errors.New("no metric is in the query"))
	}
	if err := errors.Join(errs...); err != nil {
		return "", fmt.Errorf("%s: %w", query, err)
	}
	return translated, nil
}

// metricName is the name that OpenTelemetry's exporter for Prometheus gives to a metric.
func metricName(i kirimotel.Instrument) string {
	name := label(i.Name)
	switch {
	case i.Unit == "s":
		name += "_seconds"
	case i.Unit == "By":
		name += "_bytes"
	case i.Unit == "1" && i.Kind == kirimotel.Gauge:
		name += "_ratio"
	}
	if i.Kind == kirimotel.Counter {
		name += "_total"
	}
	return name
}

// label is the name of an attribute.
func label(key string) string { return strings.ReplaceAll(key, ".", "_") }
