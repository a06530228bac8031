package kirimotel

import "slices"

// Instrument is a metric that this package records, or that otelhttp records below it.
type Instrument struct {
	Name        string
	Kind        InstrumentKind
	Unit        string    // of UCUM: "s", "1", or what is counted, such as "{call}"
	Integer     bool      // its values are whole numbers
	Buckets     []float64 // upper bounds of a histogram, in Unit
	Attributes  []string  // keys, each of which is in [Attributes]; not every measurement has all
	Scope       string    // name of the instrumentation scope that records it
	Stability   Stability // of the name
	Description string
}

// InstrumentKind is how the measurements of an instrument are aggregated.
type InstrumentKind string

// The kinds of instruments.
const (
	Counter   InstrumentKind = "counter" // only rises
	Gauge     InstrumentKind = "gauge"   // the last value counts
	Histogram InstrumentKind = "histogram"
)

// Stability says who defines a name, and so when it may change.
type Stability string

// The stabilities.
const (
	Stable      Stability = "stable"      // of the semantic conventions of OpenTelemetry
	Development Stability = "development" // likewise, where it may still change
	Own         Stability = "kirim"       // of this module; changes as its API does
)

// Attribute is a key that occurs in metrics, in spans or in both.
type Attribute struct {
	Key         string
	Values      []string // all there are; nil for an open set
	Stability   Stability
	Description string
}

// The names of the instrumentation scopes.
const (
	ScopeName     = "github.com/kirim-go/kirim/kirimotel"
	HTTPScopeName = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// The keys of attributes.
const (
	keyMethod         = "http.request.method"
	keyResendCount    = "http.request.resend_count"
	keyStatusCode     = "http.response.status_code"
	keyTemplate       = "url.template"
	keyServerAddress  = "server.address"
	keyServerPort     = "server.port"
	keyErrorType      = "error.type"
	keyCallOutcome    = "kirim.call.outcome"
	keyAttempts       = "kirim.call.attempts"
	keyLimiterWait    = "kirim.call.limiter_wait"
	keyRetryWait      = "kirim.call.retry_wait"
	keyMaybeSent      = "kirim.maybe_sent"
	keyReplayed       = "kirim.replayed"
	keyRequestID      = "kirim.request_id"
	keyErrorKind      = "kirim.error.kind"
	keyErrorCode      = "kirim.error.code"
	keyMetaCode       = "kirim.error.meta_code"
	keyAttemptOutcome = "kirim.attempt.outcome"
	keyAttempt        = "kirim.attempt.number"
	keyWait           = "kirim.retry.wait"
	keyRateClass      = "kirim.rate_limit.class"
	keyEventType      = "kirim.event.type"
	keyElements       = "kirim.event.elements"
	keyDelivery       = "kirim.delivery.attempt"
	keyElementType    = "kirim.element.type"
	keyElementOutcome = "kirim.element.outcome"
	keyElementAge     = "kirim.element.age"
	keyElementIndex   = "kirim.element.index"
	keySystem         = "messaging.system"
	keyOperationName  = "messaging.operation.name"
	keyOperationType  = "messaging.operation.type"
)

// The instruments, as indices of instruments.
const (
	callDuration = iota
	attempts
	retries
	inDoubt
	rateLimited
	quotaRefusals
	limiterWait
	tokensRemaining
	limitAvailable
	deliveryDuration
	elements
	elementAge
	callbackDuration
	numInstruments
)

var (
	callBuckets     = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60}
	waitBuckets     = []float64{0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}
	deliveryBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 8, 10} // the sender waits for 10 seconds
	ageBuckets      = []float64{0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 48 * 3600}
)

var instruments = [numInstruments]Instrument{
	callDuration: {
		Name: "kirim.client.call.duration", Kind: Histogram, Unit: "s", Buckets: callBuckets,
		Attributes:  []string{keyMethod, keyTemplate, keyServerAddress, keyServerPort, keyCallOutcome, keyErrorType},
		Description: "Duration of a call, with its attempts and waits.",
	},
	attempts: {
		Name: "kirim.client.attempts", Kind: Counter, Unit: "{attempt}", Integer: true,
		Attributes:  []string{keyMethod, keyTemplate, keyServerAddress, keyServerPort, keyAttemptOutcome},
		Description: "Attempts of calls, by what they brought.",
	},
	retries: {
		Name: "kirim.client.retries", Kind: Counter, Unit: "{retry}", Integer: true,
		Attributes:  []string{keyMethod, keyTemplate, keyServerAddress, keyServerPort, keyAttemptOutcome},
		Description: "Attempts that were followed by another one, by the reason.",
	},
	inDoubt: {
		Name: "kirim.client.in_doubt", Kind: Counter, Unit: "{call}", Integer: true,
		Attributes:  []string{keyServerAddress, keyServerPort},
		Description: "Calls that failed and may nevertheless have been carried out.",
	},
	rateLimited: {
		Name: "kirim.client.rate_limited", Kind: Counter, Unit: "{response}", Integer: true,
		Attributes:  []string{keyServerAddress, keyServerPort, keyRateClass},
		Description: "Responses that refused a request because there were too many: status 429, and codes that mean it.",
	},
	quotaRefusals: {
		Name: "kirim.client.retry_quota.refused", Kind: Counter, Unit: "{call}", Integer: true,
		Attributes:  []string{keyServerAddress, keyServerPort},
		Description: "Calls that were not retried because the client's retry quota was used up.",
	},
	limiterWait: {
		Name: "kirim.client.limiter.wait", Kind: Histogram, Unit: "s", Buckets: waitBuckets,
		Attributes:  []string{keyServerAddress, keyServerPort, keyRateClass},
		Description: "Time that an attempt waited for the client's limiter.",
	},
	tokensRemaining: {
		Name: "kirim.client.rate_limit.remaining", Kind: Gauge, Unit: "{request}", Integer: true,
		Attributes:  []string{keyServerAddress, keyServerPort, keyRateClass},
		Description: "Requests that the server allows now, by its last response.",
	},
	limitAvailable: {
		Name: "kirim.client.rate_limit.available", Kind: Gauge, Unit: "1",
		Attributes:  []string{keyServerAddress, keyServerPort, keyRateClass},
		Description: "Part of the server's rate limit that is not used, by its last response: from 0 to 1.",
	},
	deliveryDuration: {
		Name: "kirim.webhook.delivery.duration", Kind: Histogram, Unit: "s", Buckets: deliveryBuckets,
		Attributes:  []string{keyStatusCode, keyErrorType},
		Description: "Duration of a webhook delivery, from its arrival to its response.",
	},
	elements: {
		Name: "kirim.webhook.elements", Kind: Counter, Unit: "{element}", Integer: true,
		Attributes:  []string{keyEventType, keyElementType, keyElementOutcome},
		Description: "Elements of events, by what became of them.",
	},
	elementAge: {
		Name: "kirim.webhook.element.age", Kind: Histogram, Unit: "s", Buckets: ageBuckets,
		Attributes:  []string{keyEventType, keyElementType},
		Description: "Time from when something happened until its event arrived.",
	},
	callbackDuration: {
		Name: "kirim.webhook.callback.duration", Kind: Histogram, Unit: "s", Buckets: deliveryBuckets,
		Attributes:  []string{keyEventType, keyElementType, keyElementOutcome},
		Description: "Duration of the callbacks for an element.",
	},
}

// ofHTTP are the instruments of otelhttp's transport.
var ofHTTP = []Instrument{
	{
		Name: "http.client.request.duration", Kind: Histogram, Unit: "s", Scope: HTTPScopeName, Stability: Stable,
		Buckets:     []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10},
		Attributes:  []string{keyMethod, keyServerAddress, keyServerPort, keyStatusCode, keyErrorType},
		Description: "Duration of HTTP client requests: of each attempt, until the header of its response.",
	},
	{
		Name: "http.client.request.body.size", Kind: Histogram, Unit: "By", Integer: true, Scope: HTTPScopeName, Stability: Development,
		Attributes:  []string{keyMethod, keyServerAddress, keyServerPort, keyStatusCode, keyErrorType},
		Description: "Size of HTTP client request bodies.",
	},
}

// Instruments returns the metrics, first those of a client, then those of a webhook handler, then those
// of otelhttp below a client. Dashboards and alerts can be generated from them.
//
// The counters kirim.client.in_doubt, kirim.client.rate_limited and
// kirim.client.retry_quota.refused are 0 from the first call of a client on, so that the
// first increase shows in rates.
func Instruments() []Instrument {
	list := make([]Instrument, 0, len(instruments)+len(ofHTTP))
	for _, i := range instruments {
		i.Scope, i.Stability = ScopeName, Own
		list = append(list, i)
	}
	list = append(list, ofHTTP...)
	for i := range list {
		list[i].Buckets = slices.Clone(list[i].Buckets)
		list[i].Attributes = slices.Clone(list[i].Attributes)
	}
	return list
}
