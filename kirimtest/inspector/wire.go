package inspector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kirim-go/kirim/kirimtest"
)

// requestView is a request in lists and events.
type requestView struct {
	ID             string    `json:"id"`
	Time           time.Time `json:"time"`
	Method         string    `json:"method"`
	Path           string    `json:"path"`
	Query          string    `json:"query,omitempty"`
	Status         int       `json:"status"` // 0 without a response
	Done           bool      `json:"done"`
	Milliseconds   float64   `json:"ms"`
	IdempotencyKey string    `json:"idempotency_key,omitempty"`
	Replayed       bool      `json:"replayed"`
	Faulty         bool      `json:"faulty"` // a fault had a hand in it
	Rate           *rateView `json:"rate,omitempty"`
	Summary        string    `json:"summary,omitempty"` // the type of a message, or the code of an error
}

// rateView is a token bucket, as the headers of a response tell it.
type rateView struct {
	Bucket    string `json:"bucket"` // write or read
	Limit     int    `json:"limit"`
	Remaining int    `json:"remaining"`
}

type requestDetail struct {
	requestView
	Headers         http.Header     `json:"headers"`
	Body            json.RawMessage `json:"body"` // JSON as it is, anything else as a text
	ResponseHeaders http.Header     `json:"response_headers"`
	ResponseBody    json.RawMessage `json:"response_body"`
	Curl            string          `json:"curl"`
	Go              string          `json:"go"`
}

func (r *request) view() requestView {
	v := requestView{
		ID: r.RequestID, Time: r.Time, Method: r.Method, Path: r.Path, Query: r.Query, Status: r.Status, Done: r.Duration > 0,
		Milliseconds: float64(r.Duration.Microseconds()) / 1000, IdempotencyKey: r.IdempotencyKey, Replayed: r.Replayed, Faulty: r.Faulty,
	}
	limit, err := strconv.Atoi(r.ResponseHeader.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(r.ResponseHeader.Get("X-Ratelimit-Remaining"))
	if err == nil && err2 == nil {
		v.Rate = &rateView{"write", limit, remaining}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			v.Rate.Bucket = "read"
		}
	}
	var failed struct {
		Error struct {
			Code json.RawMessage `json:"code"` // a Meta error code
		} `json:"error"`
	}
	var sent struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	}
	switch {
	case r.Status >= 400 && json.Unmarshal(r.ResponseBody, &failed) == nil:
		v.Summary = strings.Trim(string(failed.Error.Code), `"`)
	case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/messages") && json.Unmarshal(r.Body, &sent) == nil:
		v.Summary = cmp.Or(sent.Type, sent.Status)
	}
	return v
}

func (in *Inspector) detail(r *request) requestDetail {
	return requestDetail{
		r.view(), r.Header, shownBody(r.Body), r.ResponseHeader, shownBody(r.ResponseBody), in.asCurl(r), in.asGo(r),
	}
}

// shownBody is JSON as it is, anything else as a text; nothing is null.
func shownBody(body []byte) json.RawMessage {
	switch {
	case len(body) == 0:
		return json.RawMessage("null")
	case json.Valid(body):
		return body
	case !utf8.Valid(body):
		return mustJSON(fmt.Sprintf("%d bytes that are not text", len(body)))
	}
	return mustJSON(string(body))
}

// keptHeaders are the headers of a request that matter when it is made again.
var keptHeaders = []string{"Content-Type", "Idempotency-Key"}

// base is where a path is, by the variable that names it: below Kirim's URL or Meta's.
func (in *Inspector) base(path string) (variable, rest string) {
	if rest, below := strings.CutPrefix(path, "/v1"); below && (rest == "" || rest[0] == '/') {
		return `"$KIRIM_BASE_URL`, rest
	}
	return `"` + strings.TrimSuffix(in.sandbox.URL, "/v1"), path
}

// asCurl is the request for a shell, with the key from the environment.
func (in *Inspector) asCurl(r *request) string {
	variable, path := in.base(r.Path)
	if r.Query != "" {
		path += "?" + r.Query
	}
	// Within double quotes a shell reads these.
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(path)
	key := "$KIRIM_API_KEY"
	if variable != `"$KIRIM_BASE_URL` {
		key = "$WHATSAPP_ACCESS_TOKEN"
	}
	lines := []string{"curl -sS -X " + shellQuoted(r.Method) + " " + variable + escaped + `"`, `-H "Authorization: Bearer ` + key + `"`}
	for _, name := range keptHeaders {
		if value := r.Header.Get(name); value != "" {
			lines = append(lines, "-H "+shellQuoted(name+": "+value))
		}
	}
	if len(r.Body) > 0 {
		lines = append(lines, "--data-raw "+shellQuoted(string(r.Body)))
	}
	return strings.Join(lines, " \\\n  ")
}

func shellQuoted(s string) string {
	if s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// asGo is the request as a call of [kirim.Client.Do].
func (in *Inspector) asGo(r *request) string {
	_, path := in.base(r.Path)
	var w strings.Builder
	w.WriteString("var out json.RawMessage\n")
	if r.Query != "" {
		path += "?" + r.Query
	}
	body := "nil"
	if len(r.Body) > 0 {
		fmt.Fprintf(&w, "body := json.RawMessage(%s)\n", goQuoted(r.Body))
		body = "body"
	}
	option := ""
	if r.IdempotencyKey != "" {
		option = fmt.Sprintf(", kirim.WithIdempotencyKey(%q)", r.IdempotencyKey)
	}
	fmt.Fprintf(&w, "err := client.Do(ctx, %q, %q, nil, %s, &out%s)\n", r.Method, path, body, option)
	return w.String()
}

func goQuoted(body []byte) string {
	if strconv.CanBackquote(string(body)) {
		return "`" + string(body) + "`"
	}
	return strconv.Quote(string(body))
}

func (in *Inspector) listRequests(r *http.Request) (any, error) {
	return listed(in, r, "requests", &in.model.requests)
}

// wireItem is a request or a delivery, with its view.
type wireItem[V any] interface {
	id() string
	matches(query string) bool
	view() V
}

// listed returns the page of a list of the model that the request asks for.
func listed[T wireItem[V], V any](in *Inspector, r *http.Request, name string, list *[]T) (any, error) {
	p, err := pagingOf(r)
	if err != nil {
		return nil, err
	}
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	page, more := pageOf(*list, p, T.id, func(item T) bool { return p.query == "" || item.matches(p.query) })
	views := make([]V, len(page))
	for i, item := range page {
		views[i] = item.view()
	}
	return map[string]any{name: views, "more": more}, nil
}

func (r *request) id() string { return r.RequestID }

func (r *request) matches(query string) bool {
	return strings.Contains(strings.ToLower(strings.Join([]string{
		r.Method, r.Path, r.Query, strconv.Itoa(r.Status), r.RequestID, r.IdempotencyKey, string(r.Body), string(r.ResponseBody),
	}, "\n")), query)
}

func (in *Inspector) getRequest(r *http.Request) (any, error) {
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	known := in.model.byRequest[r.PathValue("id")]
	if known == nil {
		return nil, notFound("request")
	}
	return in.detail(known), nil
}

// deliveryView is a webhook in lists and events.
type deliveryView struct {
	ID             string        `json:"id"`
	SubscriptionID string        `json:"subscription_id"`
	URL            string        `json:"url"`
	Event          string        `json:"event"`
	EventID        string        `json:"event_id,omitempty"`
	Source         string        `json:"source"`
	ReplayedFrom   string        `json:"replayed_from,omitempty"`
	Status         string        `json:"status"`
	Time           time.Time     `json:"time"`
	Summary        string        `json:"summary,omitempty"` // the message or status that it tells of
	NextAttempt    *time.Time    `json:"next_attempt"`
	Attempts       []attemptView `json:"attempts"`
}

type attemptView struct {
	Number       int             `json:"number"`
	Time         time.Time       `json:"time"`
	Status       int             `json:"status"` // 0 without a response
	Error        string          `json:"error,omitempty"`
	Milliseconds float64         `json:"ms"`
	Headers      http.Header     `json:"headers,omitempty"`
	Response     json.RawMessage `json:"response,omitempty"`
}

type deliveryDetail struct {
	deliveryView
	Body json.RawMessage `json:"body"`
}

func (d *delivery) view() deliveryView {
	v := deliveryView{
		ID: d.ID, SubscriptionID: d.SubscriptionID, URL: d.URL, Event: d.Event, EventID: d.EventID, Source: d.Source,
		ReplayedFrom: d.ReplayedFrom, Status: string(d.Status), Time: d.CreatedAt, Attempts: make([]attemptView, len(d.Attempts)), Summary: d.summary,
	}
	if !d.NextAttempt.IsZero() {
		v.NextAttempt = &d.NextAttempt
	}
	for i, a := range d.Attempts {
		v.Attempts[i] = attemptView{
			Number: a.Number, Time: a.Time, Status: a.StatusCode, Error: a.Error, Milliseconds: float64(a.Duration.Microseconds()) / 1000,
			Headers: a.Header, Response: shownBody(a.Response),
		}
	}
	return v
}

// summaryOf says what a webhook tells of in a few words: of a message its type and the
// customer, of a status its name and the customer.
func summaryOf(webhook []byte) string {
	type messageJSON struct {
		Type string `json:"type"`
		From string `json:"from"`
		To   string `json:"to"`
	}
	var body struct {
		Data struct {
			Message messageJSON `json:"message"`
		} `json:"data"`
		Entry []struct {
			Changes []struct {
				Value struct {
					Messages []messageJSON `json:"messages"`
					Statuses []struct {
						Status      string `json:"status"`
						RecipientID string `json:"recipient_id"`
					} `json:"statuses"`
				} `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	_ = json.Unmarshal(webhook, &body) // what has another form has no summary
	m := body.Data.Message
	for _, entry := range body.Entry {
		for _, change := range entry.Changes {
			for _, s := range change.Value.Statuses {
				return strings.TrimSuffix(s.Status+", to "+s.RecipientID, ", to ")
			}
			for _, m = range change.Value.Messages {
				return strings.TrimSuffix(m.Type+", from "+m.From, ", from ")
			}
		}
	}
	return strings.TrimSuffix(m.Type+", to "+m.To, ", to ")
}

func (in *Inspector) listDeliveries(r *http.Request) (any, error) {
	return listed(in, r, "deliveries", &in.model.deliveries)
}

func (d *delivery) id() string { return d.ID }

func (d *delivery) matches(query string) bool {
	return strings.Contains(strings.ToLower(strings.Join([]string{d.ID, d.Event, d.EventID, d.URL, string(d.Status), string(d.Body)}, "\n")), query)
}

func (in *Inspector) getDelivery(r *http.Request) (any, error) {
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	known := in.model.byDelivery[r.PathValue("id")]
	if known == nil {
		return nil, notFound("delivery")
	}
	return deliveryDetail{known.view(), shownBody(known.Body)}, nil
}

func (in *Inspector) replay(r *http.Request) (any, error) {
	if _, err := in.getDelivery(r); err != nil {
		return nil, err
	}
	id, err := in.sandbox.Replay(r.PathValue("id"))
	if err != nil {
		return nil, invalid("id", "%s", strings.TrimPrefix(err.Error(), "kirimtest: Replay: "))
	}
	return map[string]string{"id": id}, nil
}

func (in *Inspector) subscribe(r *http.Request) (any, error) {
	var body struct {
		URL    string   `json:"url"`
		Events []string `json:"events"`
		Meta   bool     `json:"meta"` // in Meta's own form; events are then its fields
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	wanted := subscriptionJSON{body.URL, body.Events}
	if body.Meta {
		if err := wanted.checkURL(); err != nil {
			return nil, err
		}
		if err := in.sandbox.SubscribeMeta(body.URL, body.Events...); err != nil {
			return nil, invalid("url", "%s", strings.TrimPrefix(err.Error(), "kirimtest: SubscribeMeta: "))
		}
		return map[string]string{"url": body.URL}, nil
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	for _, known := range in.sandbox.Subscriptions() {
		if known.URL == body.URL && known.Status == kirimtest.SubscriptionActive && slices.Equal(known.Events, wanted.events()) {
			return viewOf(known), nil
		}
	}
	return viewOf(in.sandbox.Subscribe(body.URL, body.Events...)), nil
}

func viewOf(s kirimtest.Subscription) subscriptionView {
	return subscriptionView{s.ID, s.URL, s.Events, string(s.Status), s.Failures}
}

// events are those that a subscription asks for; all of them when it names none.
func (j subscriptionJSON) events() []string {
	if len(j.Events) == 0 {
		return kirimtest.EventTypes()
	}
	return j.Events
}

func (j subscriptionJSON) checkURL() error {
	if webLink(j.URL) == "" {
		return invalid("url", "want an http or https URL, got %d characters", len(j.URL))
	}
	return nil
}

func (j subscriptionJSON) check() error {
	for i, name := range j.Events {
		if !slices.Contains(kirimtest.EventTypes(), name) {
			return invalid(fmt.Sprintf("events[%d]", i), "want one of %s", strings.Join(kirimtest.EventTypes(), ", "))
		}
	}
	return j.checkURL()
}

type subscriptionView struct {
	ID       string   `json:"id"`
	URL      string   `json:"url"`
	Events   []string `json:"events"`
	Status   string   `json:"status"`
	Failures int      `json:"failures"`
}
