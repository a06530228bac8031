package shingle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway"
	"github.com/kirim-go/kirim/gateway/shingle"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testKey = "sk_live_TESTtestTESTtest"

// fake is a ShingleAI with one message, m1, and five of everything else.
func fake(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-ID", "req_1")
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":"No."}}`, code)
	}
	if r.Header.Get("Authorization") != "Bearer "+testKey {
		refuse(401, "UNAUTHORIZED")
		return
	}
	message := func(changes string) {
		fmt.Fprintf(w, `{"data":{"id":"m1","type":"sms","direction":"incoming","threadId":"t1","text":"Halo","status":"received","readAt":%s,"sender":{"phone":"+62"},"providerName":"p"}}`, changes)
	}
	path := strings.TrimPrefix(r.URL.Path, "/prefix/v1")
	switch r.Method + " " + path {
	case "GET /messages/m1":
		message("null")
	case "PATCH /messages/m1":
		var changes map[string]json.RawMessage
		body, _ := io.ReadAll(r.Body)
		json.Unmarshal(body, &changes)
		message(string(changes["readAt"]))
	case "GET /contacts", "GET /customers", "GET /tasks/search":
		if path == "/tasks/search" && r.URL.Query().Get("query") == "" {
			refuse(400, "MISSING_QUERY")
			return
		}
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		if limit == 0 {
			limit = 10
		}
		var items []string
		for i := offset; i < min(5, offset+limit); i++ {
			items = append(items, fmt.Sprintf(`{"id":"%d","emails":[{"email":"a@b.example"}],"extra":true}`, i))
		}
		fmt.Fprintf(w, `{"data":[%s],"meta":{"pagination":{"limit":%d,"offset":%d,"hasMore":%v,"total":5}}}`, strings.Join(items, ","), limit, offset, offset+limit < 5)
	default:
		refuse(404, "NOT_FOUND")
	}
}

func client(t *testing.T, wire *testwire.Wire) *shingle.Client {
	t.Helper()
	c, err := shingle.NewClient(testKey, wire.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	for _, content := range []kirim.Content{kirim.Text{Body: "a"}, &kirim.Template{}, kirim.Raw{Type: "x", Object: 1}} {
		if _, err := client(t, wire).Send(t.Context(), kirim.OutboundMessage{To: "+6281100000001", Content: content}); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "shingle cannot send kirim.") {
			t.Errorf("%v", err)
		}
	}
	if _, err := client(t, wire).Send(t.Context(), kirim.OutboundMessage{}); !errors.Is(err, errors.ErrUnsupported) || len(wire.Requests()) != 0 {
		t.Errorf("%d requests, %v", len(wire.Requests()), err)
	}
}

func TestMessagesAreReadAndMarked(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	m, err := c.Get(t.Context(), "m1")
	if err != nil || m.ID != "m1" || m.Direction != "incoming" || m.ReadAt != nil || len(m.Sender) == 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m, err = c.Update(t.Context(), "m1", shingle.MessageUpdateParams{ReadAt: shingle.Set(at), SnoozedUntil: shingle.Clear()})
	if err != nil || m.ReadAt == nil || !m.ReadAt.Equal(at) {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := wire.Requests()[1].Body; got != `{"readAt":"2026-03-01T12:00:00Z","snoozedUntil":null}` {
		t.Errorf("sent %s", got)
	}
	var e *kirim.Error
	if _, err := c.Get(t.Context(), "m2"); !kirim.IsNotFound(err) || !errors.As(err, &e) || e.RequestID != "req_1" {
		t.Errorf("an absent message: %#v", err)
	}
}

func TestListingsGoThroughThePages(t *testing.T) {
	t.Parallel()
	wire := testwire.New(fake)
	c := client(t, wire)
	var got strings.Builder
	for contact, err := range c.AllContacts(t.Context(), shingle.ListParams{Limit: 2}) {
		if err != nil || len(contact.Emails) != 1 || !strings.Contains(string(contact.Raw), `"extra":true`) {
			t.Fatalf("%+v, %v", contact, err)
		}
		got.WriteString(contact.ID)
	}
	for customer, err := range c.AllCustomers(t.Context(), shingle.CustomerListParams{ListParams: shingle.ListParams{Offset: 3}, Sort: "asc"}) {
		if err != nil || len(customer.Raw) == 0 {
			t.Fatalf("%+v, %v", customer, err)
		}
		got.WriteString(customer.ID)
	}
	for task, err := range c.AllTasks(t.Context(), shingle.TaskSearchParams{ListParams: shingle.ListParams{Limit: 3}, Query: "call back"}) {
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(task.ID)
	}
	if got.String() != "01234"+"34"+"01234" {
		t.Errorf("the ids are %s", got.String())
	}
	var urls []string
	for _, r := range wire.Requests() {
		urls = append(urls, strings.TrimPrefix(r.URL, testwire.BaseURL))
	}
	want := "/contacts?limit=2 /contacts?limit=2&offset=2 /contacts?limit=2&offset=4 /customers?offset=3&sort=asc /tasks/search?limit=3&query=call+back /tasks/search?limit=3&offset=3&query=call+back"
	if strings.Join(urls, " ") != want {
		t.Errorf("asked for %v", urls)
	}
	page, err := c.ListContacts(t.Context(), shingle.ListParams{})
	if err != nil || page.Limit != 10 || page.HasMore || page.Total == nil || *page.Total != 5 {
		t.Errorf("%+v, %v", page, err)
	}
	n := 0
	for _, err := range c.AllTasks(t.Context(), shingle.TaskSearchParams{}) {
		if n++; !errors.Is(err, kirim.ErrorCode("MISSING_QUERY")) {
			t.Errorf("%v", err)
		}
	}
	if n != 1 {
		t.Errorf("the error came %d times", n)
	}
}

func TestAListingThatNeverAdvancesEnds(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, `{"data":[],"meta":{"pagination":{"hasMore":true}}}`)
	for contact, err := range client(t, wire).AllContacts(t.Context(), shingle.ListParams{}) {
		t.Errorf("%+v, %v", contact, err)
	}
	if n := len(wire.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestBothShapesOfAValidationErrorGiveFields(t *testing.T) {
	t.Parallel()
	for name, details := range map[string]string{
		"a list of issues": `{"issues":[{"path":["emails","0"],"message":"no address"},{"path":["name"],"message":"absent"}]}`,
		"a tree":           `{"errors":[],"properties":{"emails":{"errors":[],"properties":{"0":{"errors":["no address"]}}},"name":{"errors":["absent"]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.Answering(400, `{"error":{"code":"VALIDATION_ERROR","message":"m","details":`+details+`}}`)
			_, err := client(t, wire).Update(t.Context(), "m1", shingle.MessageUpdateParams{})
			var e *kirim.Error
			if !errors.As(err, &e) || e.Code != "VALIDATION_ERROR" || e.Kind != kirim.KindInvalidRequest || e.Param != "emails.0" {
				t.Fatalf("%#v", err)
			}
			if got := fmt.Sprint(gateway.FieldErrors(err)); got != "[{emails.0 [no address]} {name [absent]}]" {
				t.Errorf("fields are %s", got)
			}
		})
	}
}

func TestTheWaitIsFoundInEveryEditionsPlace(t *testing.T) {
	t.Parallel()
	for name, edition := range map[string]struct {
		body   string
		header []string
		want   time.Duration
	}{
		"in the body":       {`{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"m","details":{"retryAfter":30}}}`, nil, 30 * time.Second},
		"in the header":     {`{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"m"}}`, []string{"Retry-After", "30"}, 30 * time.Second},
		"only a reset time": {`{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"m"}}`, []string{"X-RateLimit-Reset", "946684830", "Date", "Sat, 01 Jan 2000 00:00:00 GMT"}, 30 * time.Second},
		"nowhere":           {`{"error":{"code":"RATE_LIMITED","message":"m"}}`, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := testwire.Answering(429, edition.body, edition.header...)
				began := time.Now()
				_, err := client(t, wire).Get(t.Context(), "m1")
				var e *kirim.Error
				if !errors.As(err, &e) || e.RetryAfter != edition.want || e.Attempts != 4 || time.Since(began) < 3*edition.want {
					t.Errorf("%#v after %v", err, time.Since(began))
				}
			})
		})
	}
}
