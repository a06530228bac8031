package kirimotel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
)

// exercise makes calls and deliveries of all kinds.
func exercise(t *testing.T, r *recorder) {
	t.Helper()
	limits := map[string]string{"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "5", "Retry-After": "1"}
	client := r.client(scripted(reply{status: 429, header: limits}, reply{status: 503}, reply{status: 202, body: accepted, header: limits}, reply{status: 422}, reply{err: io.ErrUnexpectedEOF}),
		kirim.WithLimiter(slowLimiter{}))
	for range 3 {
		client.PhoneNumber("1").Messages.Send(t.Context(), hello)
	}
	handler := r.handler()
	handler.OnMessage(func(context.Context, *kirim.InboundMessage) error { time.Sleep(time.Second); return nil })
	handler.OnStatus(func(context.Context, *kirim.StatusUpdate) error { return errors.New("no") })
	deliver(handler, messageEvent)
	deliver(handler, messageEvent)
	deliver(handler, statusEvent)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
}

func TestTheTableIsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		exercise(t, r)
		table := make(map[string]kirimotel.Instrument)
		for _, i := range kirimotel.Instruments() {
			table[i.Name] = i
		}
		recorded := make(map[string]bool)
		for _, scope := range r.collect().ScopeMetrics {
			for _, m := range scope.Metrics {
				i, ok := table[m.Name]
				if !ok {
					t.Errorf("%s is not in the table", m.Name)
					continue
				}
				recorded[m.Name] = true
				kind, integer, buckets, keys := shape(m.Data)
				if kind != i.Kind || integer != i.Integer || m.Unit != i.Unit || scope.Scope.Name != i.Scope ||
					i.Scope == kirimotel.ScopeName && m.Description != i.Description || i.Buckets != nil && !slices.Equal(buckets, i.Buckets) {
					t.Errorf("%s of %s is a %s (integer %v) of %s with buckets %v: %s", m.Name, scope.Scope.Name, kind, integer, m.Unit, buckets, m.Description)
				}
				for key := range keys {
					if !slices.Contains(i.Attributes, key) && i.Scope == kirimotel.ScopeName {
						t.Errorf("%s has an attribute %s", m.Name, key)
					}
				}
				for _, key := range i.Attributes {
					if !keys[key] && key != "server.port" {
						t.Errorf("no measurement of %s has an attribute %s", m.Name, key)
					}
				}
			}
		}
		for name := range table {
			if !recorded[name] {
				t.Errorf("%s was not recorded", name)
			}
		}
	})
}

func shape(data metricdata.Aggregation) (kind kirimotel.InstrumentKind, integer bool, buckets []float64, keys map[string]bool) {
	keys = make(map[string]bool)
	note := func(set attribute.Set) {
		for _, a := range set.ToSlice() {
			keys[string(a.Key)] = true
		}
	}
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		kind, integer = kirimotel.Counter, true
		for _, p := range data.DataPoints {
			note(p.Attributes)
		}
	case metricdata.Gauge[int64]:
		kind, integer = kirimotel.Gauge, true
		for _, p := range data.DataPoints {
			note(p.Attributes)
		}
	case metricdata.Gauge[float64]:
		kind = kirimotel.Gauge
		for _, p := range data.DataPoints {
			note(p.Attributes)
		}
	case metricdata.Histogram[float64]:
		kind = kirimotel.Histogram
		for _, p := range data.DataPoints {
			note(p.Attributes)
			buckets = p.Bounds
		}
	case metricdata.Histogram[int64]:
		kind, integer = kirimotel.Histogram, true
		for _, p := range data.DataPoints {
			note(p.Attributes)
			buckets = p.Bounds
		}
	}
	return kind, integer, buckets, keys
}

func TestEveryAttributeIsInTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		exercise(t, r)
		table := make(map[string]kirimotel.Attribute)
		for _, a := range kirimotel.Attributes() {
			if a.Description == "" || a.Stability == "" || table[a.Key].Key != "" {
				t.Errorf("%s: no description, no stability, or twice", a.Key)
			}
			table[a.Key] = a
		}
		check := func(where string, attributes []attribute.KeyValue) {
			for _, a := range attributes {
				known, ok := table[string(a.Key)]
				if !ok && a.Key != "url.full" && a.Key != "network.protocol.version" {
					t.Errorf("%s: %s is not in the table", where, a.Key)
				}
				if known.Values != nil && !slices.Contains(known.Values, a.Value.String()) {
					t.Errorf("%s: %s has no value %s in the table", where, a.Key, a.Value.String())
				}
			}
		}
		for _, span := range r.begun() {
			check(span.Name, span.Attributes)
			for _, event := range span.Events {
				check(event.Name, event.Attributes)
			}
		}
		for _, i := range kirimotel.Instruments() {
			for _, key := range i.Attributes {
				if table[key].Key == "" {
					t.Errorf("%s: %s is not in the table", i.Name, key)
				}
			}
		}
	})
}

func TestNamesAreOfTheFormOfTheSemanticConventions(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z][a-z0-9]*([._][a-z0-9]+)*$`)
	unit := regexp.MustCompile(`^(s|1|By|\{[a-z]+\})$`)
	for _, i := range kirimotel.Instruments() {
		if !name.MatchString(i.Name) || !unit.MatchString(i.Unit) || !strings.HasSuffix(i.Description, ".") || i.Stability == kirimotel.Own != strings.HasPrefix(i.Name, "kirim.") ||
			i.Kind == kirimotel.Histogram && i.Unit == "s" && !slices.IsSorted(i.Buckets) {
			t.Errorf("%+v", i)
		}
	}
	for _, a := range kirimotel.Attributes() {
		if !name.MatchString(a.Key) || a.Stability == kirimotel.Own != strings.HasPrefix(a.Key, "kirim.") {
			t.Errorf("%+v", a)
		}
	}
	kirimotel.Instruments()[0].Attributes[0] = "changed"
	kirimotel.Attributes()[0].Values[0] = "changed"
	if kirimotel.Instruments()[0].Attributes[0] == "changed" || kirimotel.Attributes()[0].Values[0] == "changed" {
		t.Error("a caller can change the table")
	}
}
