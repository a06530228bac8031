package kirimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestBothSystemsAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	h := &hook{receiver: &receiver{answers: always(200)}}
	s := Start(t, WithClock(NewManualClock(epoch)), WithWebhookHandler(h), WithPlan(Enterprise(1_000_000, 1_000_000)), WithMetaLimits(MetaLimits{Throughput: -1, Calls: -1}))
	if err := s.SubscribeMeta(hookURL, "messages"); err != nil {
		t.Fatal(err)
	}
	hc := tcpClient(t)
	const clients, each = 8, 10
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for range each {
				from := fmt.Sprintf("+62812345678%d", i)
				s.Receive(Inbound{From: from, Text: "hello"})
				number := "/v25.0/" + s.PhoneNumberID
				for path, body := range map[string]string{
					messagesPath(s):      strings.Replace(textBody, customer, from, 1),
					number + "/messages": strings.Replace(metaBodyOf(metaText), customer, from, 1),
					number:               `{"pin":"123456"}`,
					"/v25.0/" + s.WABAID + "/subscribed_apps": `{}`,
				} {
					edits := []edit{}
					if strings.HasPrefix(path, "/v25.0") {
						edits = append(edits, bearer(s.AccessToken))
					}
					if r, err := tryWith(t.Context(), hc, s, "POST", path, body, edits...); err != nil || r.status != 200 {
						t.Errorf("%s: %d %s, %v", path, r.status, r.body, err)
					}
				}
			}
		})
	}
	wg.Wait()
	s.Advance(Delivered()(Message{})[1].After)
	if n := s.MessageCount(); n != 2*clients*each {
		t.Errorf("%d messages", n)
	}
	inbound := 0
	for _, w := range h.webhooks() {
		if strings.Contains(string(w.body), `"messages":[`) {
			inbound++
		}
	}
	if got := len(h.statuses(t)); inbound != clients*each || got != 2*2*clients*each {
		t.Errorf("%d inbound messages and %d statuses were delivered", inbound, got)
	}
}

// FuzzMeta sends anything to Meta's paths. A response is a success, or an error of
// the Graph API with a status that is none.
func FuzzMeta(f *testing.F) {
	s, _ := inMemory(f, WithWebhookHandler(http.NotFoundHandler()), WithMetaLimits(MetaLimits{Throughput: -1, Calls: -1}))
	s.Receive(Inbound{From: customer, Text: "hello"})
	number, account := "/"+s.PhoneNumberID, "/"+s.WABAID
	for _, seed := range [][4]string{
		{"POST", number + "/messages", metaBodyOf(metaText), "application/json"},
		{"POST", number + "/messages", metaBodyOf(metaFilled("order_update", "A-17")), "application/json"},
		{"POST", number + "/messages", `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.EXAMPLE"}`, ""},
		{"POST", number + "/marketing_messages", metaBodyOf(`"type":"template","template":[]`), ""},
		{"POST", number + "/media", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b"},
		{"POST", account + "/message_templates", `{"name":"a","language":"id","category":"utility","components":[{"type":"BODY","text":"x"}]}`, ""},
		{"GET", account + "/message_templates?after=MQ&limit=1&fields=name,,id", "", ""},
		{"DELETE", account + "/message_templates?name=a&hsm_id=7", "", ""},
		{"POST", "/700000000000001", `{"components":null,"category":7}`, ""},
		{"POST", number, `{"pin":123456}`, ""},
		{"POST", account + "/subscribed_apps", `{"override_callback_uri":"https://example.com","verify_token":"x"}`, ""},
		{"POST", account + "/subscribed_apps", `{"override_callback_uri":"example.com","verify_token":"x"}`, ""},
		{"PATCH", "/a/b/c/d", "[]", ""},
		{"GET", "/attachments/x", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, path, body, contentType string) {
		path, query, _ := strings.Cut(path, "?")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(s.MetaURL, "/"+metaVersion), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Method, r.URL.Path, r.URL.RawQuery = method, "/v25.0"+path, query
		r.Header = http.Header{"Authorization": {"Bearer " + s.AccessToken}, "Content-Type": {contentType}}
		if !isMeta(r.URL.Path) {
			return
		}
		resp, err := s.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var doc struct {
			Error *struct {
				Code    int    `json:"code"`
				Message string `json:"message"`
				TraceID string `json:"fbtrace_id"`
			} `json:"error"`
		}
		if resp.Header.Get("Content-Type") != "application/json; charset=UTF-8" || method == http.MethodHead {
			return // a file
		}
		if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
			t.Fatalf("%d: %v", resp.StatusCode, err)
		}
		if failed := resp.StatusCode >= 400; failed != (doc.Error != nil) || failed && (doc.Error.Code == 0 || doc.Error.Message == "" || doc.Error.TraceID == "") {
			t.Errorf("%d with %+v", resp.StatusCode, doc.Error)
		}
	})
}
