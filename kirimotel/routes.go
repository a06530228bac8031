package kirimotel

import (
	"net"
	"slices"
	"strconv"

	"go.opentelemetry.io/otel/attribute"

	"github.com/kirim-go/kirim"
)

// maxRoutes bounds what [kirim.Client.Do] can make of paths of ever more segments. The API has
// fewer than 100.
const (
	maxRoutes  = 256
	otherRoute = "/" + other
)

// route is what the calls of one method and route have in common.
type route struct {
	*server
	name     string               // of the span of a call
	http     string               // of the span of an attempt
	base     []attribute.KeyValue // attributes of all its calls
	template attribute.KeyValue
	attempts map[kirim.AttemptOutcome]measured
	ends     cache[ending, measured]
}

// ending is how a call ended.
type ending struct {
	outcome   string // one of callOutcomes
	errorType string // empty for a success
}

// server is what the calls of one server have in common.
type server struct {
	host    string // with its port if it has one
	all     measured
	classes map[kirim.RateClass]measured
}

// routes are those of a client.
type routes struct {
	t       *telemetry
	known   cache[kirim.CallInfo, *route]
	servers cache[string, *server]
	begun   func(*server) // called with each server once
}

func (r *routes) init(t *telemetry, begun func(*server)) {
	r.t, r.begun = t, begun
	r.known.make, r.servers.make = r.newRoute, r.newServer
}

func (r *routes) get(info kirim.CallInfo) *route {
	if !slices.Contains(methods, info.Method) {
		info.Method = other
	}
	if r.known.size() >= maxRoutes {
		if known := *r.known.known.Load(); known[info] == nil {
			info.Route = otherRoute
		}
	}
	return r.known.get(info)
}

func (r *routes) newRoute(info kirim.CallInfo) *route {
	name := info.Method + " " + info.Route
	route := &route{
		server: r.servers.get(info.Server),
		name:   "kirim " + name, http: name,
		template: attribute.String(keyTemplate, info.Route),
		attempts: make(map[kirim.AttemptOutcome]measured, len(attemptOutcomes)),
	}
	base := append(serverAttributes(info.Server), attribute.String(keyMethod, info.Method), route.template)
	route.base = r.t.with(base...)
	for _, outcome := range attemptOutcomes {
		route.attempts[kirim.AttemptOutcome(outcome)] = r.t.measured(append(slices.Clip(base), attribute.String(keyAttemptOutcome, outcome))...)
	}
	route.ends.make = func(end ending) measured {
		attributes := append(slices.Clip(base), attribute.String(keyCallOutcome, end.outcome))
		if end.errorType != "" {
			attributes = append(attributes, attribute.String(keyErrorType, end.errorType))
		}
		return r.t.measured(attributes...)
	}
	return route
}

func (r *routes) newServer(host string) *server {
	base := serverAttributes(host)
	s := &server{host: host, all: r.t.measured(base...), classes: make(map[kirim.RateClass]measured, len(rateClasses))}
	for _, class := range rateClasses {
		s.classes[kirim.RateClass(class)] = r.t.measured(append(slices.Clip(base), attribute.String(keyRateClass, class))...)
	}
	r.begun(s)
	return s
}

// serverAttributes are those of a host, with its port if it has one.
func serverAttributes(host string) []attribute.KeyValue {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return []attribute.KeyValue{attribute.String(keyServerAddress, host)}
	}
	attributes := []attribute.KeyValue{attribute.String(keyServerAddress, name)}
	if n, err := strconv.Atoi(port); err == nil {
		attributes = append(attributes, attribute.Int(keyServerPort, n))
	}
	return attributes
}
