//go:build budgets && !race

package kirim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
)

// The budgets are what each piece of work may allocate. They are counted, not
// timed, and so hold on any machine. Lower them when the code gets better.
const (
	refuseBudget = 36  // the whole call, answered with a 422
	listBudget   = 949 // a page of 100 contacts
	usualBudget  = 7   // DecodeError alone, of Kirim's envelope
	decodeBudget = 11  // likewise, of another system's
	verifyBudget = 0
	eventBudget  = 12
	handleBudget = 39 // a whole delivery that was handled before, with the body that says so
)

// budgetWire answers without a network and keeps nothing.
type budgetWire struct {
	status int
	body   string
}

var budgetHeader = http.Header{"Content-Type": {"application/json"}, "X-Ratelimit-Limit": {"600"}, "X-Ratelimit-Remaining": {"599"}, "X-Request-Id": {"req_1"}}

func (w budgetWire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	return &http.Response{
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: budgetHeader,
		Body: io.NopCloser(strings.NewReader(w.body)), ContentLength: int64(len(w.body)), Request: req,
	}, nil
}

func (w budgetWire) client(t *testing.T, opts ...kirim.Option) *kirim.Client {
	c, err := kirim.NewClient(testKey, append(opts, kirim.WithHTTPClient(&http.Client{Transport: w}))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	budgetAccepted = `{"data":{"id":"msg_1","object":"message","status":"pending","message_id":"wamid.1"},"request_id":"req_1"}`
	budgetRefused  = `{"error":{"type":"invalid_request_error","code":"outside_24h_window","message":"No.","param":"type","request_id":"req_1"}}`
)

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestBudgetOfAllocations(t *testing.T) {
	ctx := context.Background()
	messages := budgetWire{202, budgetAccepted}.client(t).PhoneNumber("1").Messages
	refusing := budgetWire{422, budgetRefused}.client(t).PhoneNumber("1").Messages
	contact := `{"id":"ctc_1","object":"contact","phone_number":"+6281100000001","name":"Sari","metadata":{"tier":"gold"},"created_at":"2026-05-23T10:00:00Z"}`
	contacts := budgetWire{200, `{"data":[` + strings.Repeat(contact+",", 99) + contact + `],"has_more":false}`}.client(t).PhoneNumber("1").Contacts
	v, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	event := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},` +
		`"contacts":[{"profile":{"name":"Sari"},"wa_id":"6281234500001"}],"messages":[{"from":"6281234500001","id":"wamid.1","timestamp":"1780000001","type":"text","text":{"body":"Halo"}}]}}]}]}`)
	header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(testSecret, time.Now(), event)}}
	reader := &rewinding{data: event}
	delivery := &http.Request{Method: http.MethodPost, Header: header, ContentLength: int64(len(event)), Body: reader}
	hooks := kirim.NewWebhookHandler(v)
	hooks.OnMessage(func(context.Context, *kirim.InboundMessage) error { return nil })
	watched := budgetWire{202, budgetAccepted}.client(t, kirim.WithCallObserver(kirim.CallObserver{
		Begin:   func(ctx context.Context, _ kirim.CallInfo) context.Context { return ctx },
		Attempt: func(context.Context, kirim.CallAttempt) {},
		End:     func(context.Context, kirim.CallEnd) {},
	})).PhoneNumber("1").Messages
	watchedHooks := kirim.NewWebhookHandler(v, kirim.WithDeliveryObserver(kirim.DeliveryObserver{
		Begin:      func(ctx context.Context, _ kirim.DeliveryInfo) context.Context { return ctx },
		EndElement: func(context.Context, kirim.ElementEnd) {},
	}))
	watchedHooks.OnMessage(func(context.Context, *kirim.InboundMessage) error { return nil })
	deliver := func(h *kirim.WebhookHandler) error {
		reader.pos = 0
		w := httptest.ResponseRecorder{}
		if h.ServeHTTP(&w, delivery); w.Code != 200 {
			return fmt.Errorf("response %d", w.Code)
		}
		return nil
	}
	sale := kirim.TemplateCreateParams{Name: "sale", Language: "id", Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo {{1}}", "Sari")}}.Definition()
	catalog := kirim.NewTemplateCatalog()
	catalog.Put("1", sale)
	checked := budgetWire{202, budgetAccepted}.client(t, kirim.WithTemplateCatalog(catalog)).PhoneNumber("1").Messages
	template := kirim.Template{Name: "sale", Language: "id", Components: []kirim.Component{kirim.FillBody("Budi")}}
	toCustomer := kirim.OutboundMessage{To: hello.To, Content: template}
	uncatalogued := testing.AllocsPerRun(200, func() { _, _ = messages.Send(ctx, toCustomer) })
	checking := testing.AllocsPerRun(200, func() { _ = template.Check(sale) })
	for _, work := range []struct {
		name   string
		budget float64
		do     func() error
	}{
		{"send, as many as with bare net/http", bareSendAllocs(t), func() error { _, err := messages.Send(ctx, hello); return err }},
		{"send with WithResponse, as many as with bare net/http", bareSendAllocs(t), func() error {
			var response kirim.Response
			_, err := messages.Send(ctx, hello, kirim.WithResponse(&response))
			return err
		}},
		{"send with an observer, which costs its notes of the call", bareSendAllocs(t) + 3, func() error { _, err := watched.Send(ctx, hello); return err }},
		{"send of a text with a catalog, as without", bareSendAllocs(t), func() error { _, err := checked.Send(ctx, hello); return err }},
		{"send of a template with a catalog, as without and Check", uncatalogued + checking, func() error { _, err := checked.Send(ctx, toCustomer); return err }},
		{"send answered with a 422", refuseBudget, func() error {
			if _, err := refusing.Send(ctx, hello); !kirim.IsOutside24hWindow(err) {
				return fmt.Errorf("not refused: %w", err)
			}
			return nil
		}},
		{"list of 100", listBudget, func() error {
			page, err := contacts.List(ctx, kirim.ContactListParams{Limit: 100})
			if err == nil && len(page.Items) != 100 {
				err = fmt.Errorf("%d contacts", len(page.Items))
			}
			return err
		}},
		{"decode of a 422", usualBudget, func() error {
			if e := kirim.DecodeError(422, budgetHeader, []byte(budgetRefused)); e.Code != kirim.CodeOutside24hWindow {
				return e
			}
			return nil
		}},
		{"decode of an error by apimessaging", decodeBudget, decodes(apimessaging.DecodeError, 403, "daily_message_limit_reached",
			`{"success":false,"error":{"code":"daily_message_limit_reached","message":"No.","details":{"field":"to","reason":"No."}}}`)},
		{"decode of an error by michow", decodeBudget, decodes(michow.DecodeError, 422, "SESSION_NOT_CONNECTED",
			`{"error":{"code":"SESSION_NOT_CONNECTED","message":"No.","status":422}}`)},
		{"decode of a field list by michow", decodeBudget, decodes(michow.DecodeError, 422, "",
			`{"message":"No.","errors":{"to":["No."],"message":["No."]}}`)},
		{"decode of an error by connexease", decodeBudget, decodes(connexease.DecodeError, 429, "RATE_001",
			`{"isSuccess":false,"errors":{"code":"RATE_001","group":"TOO_MANY_REQUESTS","description":"No.","params":{"limit_type":"min","retry_after":"7 seconds"}}}`)},
		{"decode of an error by shingle", decodeBudget, decodes(shingle.DecodeError, 400, "VALIDATION_ERROR",
			`{"error":{"code":"VALIDATION_ERROR","message":"No.","details":{"issues":[{"path":["to"],"message":"No."}]}}}`)},
		{"webhook verify", verifyBudget, func() error { return v.Verify(header, event) }},
		{"webhook verify and decode", eventBudget, func() error { reader.pos = 0; _, err := v.Event(delivery); return err }},
		{"delivery handled before", handleBudget, func() error { return deliver(hooks) }},
		{"delivery handled before, with an observer", handleBudget + 2, func() error { return deliver(watchedHooks) }},
	} {
		if err := work.do(); err != nil { // and warm the pools
			t.Fatalf("%s: %v", work.name, err)
		}
		got := testing.AllocsPerRun(200, func() { _ = work.do() })
		t.Logf("%s: %v allocations, budget %v", work.name, got, work.budget)
		if got > work.budget {
			t.Errorf("%s: %v allocations, budget %v", work.name, got, work.budget)
		}
	}
}

func decodes(decode kirim.ErrorDecoder, status int, code kirim.ErrorCode, body string) func() error {
	return func() error {
		if e := decode(status, budgetHeader, []byte(body)); e.Code != code || e.Kind == kirim.KindUnknown {
			return e
		}
		return nil
	}
}

// bareSendAllocs is what the same send allocates without this package.
func bareSendAllocs(t *testing.T) float64 {
	client := &http.Client{Transport: budgetWire{202, budgetAccepted}}
	type message struct {
		MessagingProduct string     `json:"messaging_product"`
		To               string     `json:"to"`
		Type             string     `json:"type"`
		Text             kirim.Text `json:"text"`
	}
	return testing.AllocsPerRun(200, func() {
		body, _ := json.Marshal(&message{"whatsapp", hello.To, "text", hello.Content.(kirim.Text)})
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, kirim.DefaultBaseURL+"/1/messages", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range [][2]string{{"Authorization", "Bearer " + testKey}, {"Accept", "application/json"},
			{"Content-Type", "application/json"}, {"User-Agent", "shop/1.0"}, {"Idempotency-Key", "order-1042"}} {
			req.Header.Set(h[0], h[1])
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answered, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Data struct {
				ID, Object, Status string
				WAMID              string `json:"message_id"`
			} `json:"data"`
		}
		if err := json.Unmarshal(answered, &answer); err != nil || answer.Data.ID == "" {
			t.Fatal(err)
		}
	})
}
