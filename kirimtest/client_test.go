package kirimtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

const customer = "+628123456789"

func orderUpdate() kirim.OutboundMessage {
	return kirim.OutboundMessage{To: customer, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}
}

func TestSDKReachesTheSandboxOverTCP(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t)
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	messages := client.PhoneNumber(s.PhoneNumberID).Messages
	sent, err := messages.Send(t.Context(), orderUpdate(), kirim.WithIdempotencyKey("order-1"))
	if err != nil {
		t.Fatal(err)
	}
	if list := s.Messages(); len(list) != 1 || list[0].ID != sent.ID || sent.Status != "pending" || s.Processed("order-1") != 1 {
		t.Errorf("sent %+v, messages %+v", sent, list)
	}
	_, err = messages.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "hi"}})
	if !kirim.IsOutside24hWindow(err) {
		t.Errorf("error %v", err)
	}
	in := s.Receive(kirimtest.Inbound{From: customer, Text: "hello"})
	if _, err := messages.MarkRead(t.Context(), in.WAMID); err != nil {
		t.Error(err)
	}
}

func TestSDKSendsOnceThroughEveryFault(t *testing.T) {
	t.Parallel()
	faults := map[string]kirimtest.Fault{
		"dropped before processing":    {Drop: true},
		"dropped after processing":     {Drop: true, Processed: true},
		"502 before processing":        {Status: 502, Body: "<html>Bad Gateway</html>"},
		"502 after processing":         {Status: 502, Empty: true, Processed: true},
		"429 with Retry-After":         {Status: 429, Header: http.Header{"Retry-After": {"7"}}},
		"answer cut short":             {Cut: true},
		"silence after processing":     {Hang: true, Processed: true},
		"an operation of 50 seconds":   {Slow: 50 * time.Second},
		"an operation of 70 seconds":   {Slow: 70 * time.Second},
		"two drops, processed or not":  {Drop: true, Processed: true, Times: 2},
		"503 three times, with a date": {Status: 503, Times: 3, Header: http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:01 GMT"}}},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := kirimtest.Start(t, kirimtest.WithoutListener())
				client, err := s.Client()
				if err != nil {
					t.Fatal(err)
				}
				s.AddFault(fault)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
				defer cancel()
				sent, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(ctx, orderUpdate())
				if err != nil {
					t.Fatal(err)
				}
				if list := s.Messages(); len(list) != 1 || list[0].ID != sent.ID {
					t.Errorf("%d messages after %d requests", len(list), len(s.Requests()))
				}
			})
		})
	}
}

func TestSandboxAcceptsEverythingTheSDKSends(t *testing.T) {
	t.Parallel()
	const link = "https://example.com/a.jpg"
	tests := map[string]kirim.Content{
		"text":             kirim.Text{Body: "hi", PreviewURL: true},
		"image by link":    kirim.Image{Link: link, Caption: "c"},
		"image by id":      kirim.Image{ID: "123"},
		"video":            kirim.Video{Link: link, Caption: "c"},
		"audio":            kirim.Audio{Link: link},
		"document":         kirim.Document{Link: link, Filename: "a.pdf", Caption: "c"},
		"template":         kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("42")}},
		"one-time code":    kirim.Template{Name: "login_code", Language: "id", Components: kirim.FillOneTimeCode("123456")},
		"link button":      kirim.CTAURL{Header: kirim.Header{Image: link}, Body: "b", Footer: "f", DisplayText: "Open", URL: link},
		"text header":      kirim.CTAURL{Header: kirim.Header{Text: "h"}, Body: "b", DisplayText: "Open", URL: link},
		"document header":  kirim.ReplyButtons{Header: kirim.Header{Document: link}, Body: "b", Buttons: []kirim.ReplyButton{{ID: "1", Title: "Yes"}}},
		"reply buttons":    kirim.ReplyButtons{Body: "b", Footer: "f", Buttons: []kirim.ReplyButton{{ID: "1", Title: "Yes"}, {ID: "2", Title: "No"}}},
		"list":             kirim.List{Header: "h", Body: "b", Footer: "f", Button: "Choose", Sections: []kirim.ListSection{{Title: "s", Rows: []kirim.ListRow{{ID: "1", Title: "a", Description: "d"}}}}},
		"carousel":         kirim.Carousel{Body: "b", Cards: []kirim.CarouselCard{{Header: kirim.Header{Image: link}, Body: "c", DisplayText: "Open", URL: link}, {Header: kirim.Header{Image: link}, DisplayText: "Open", URL: link}}},
		"carousel replies": kirim.Carousel{Body: "b", Cards: []kirim.CarouselCard{{Header: kirim.Header{Video: link}, QuickReplies: []kirim.ReplyButton{{ID: "1", Title: "a"}}}, {Header: kirim.Header{Video: link}, QuickReplies: []kirim.ReplyButton{{ID: "1", Title: "a"}}}}},
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := kirimtest.Start(t, kirimtest.WithoutListener())
			client, err := s.Client()
			if err != nil {
				t.Fatal(err)
			}
			in := s.Receive(kirimtest.Inbound{From: customer, Text: "hello"})
			messages := client.PhoneNumber(s.PhoneNumberID).Messages
			if _, err = messages.Send(t.Context(), kirim.OutboundMessage{To: customer, Content: content, ReplyTo: in.WAMID}); err != nil {
				t.Errorf("error %v: %s", err, s.Requests()[0].Body)
			}
		})
	}
}

func TestSandboxRefusesWhatTheSDKWouldNotSend(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t, kirimtest.WithoutListener())
	client, err := s.Client(kirim.WithoutValidation())
	if err != nil {
		t.Fatal(err)
	}
	s.Receive(kirimtest.Inbound{From: customer, Text: "hello"})
	tests := map[string]struct {
		message kirim.OutboundMessage
		code    kirim.ErrorCode
		param   string
	}{
		"a number without plus": {kirim.OutboundMessage{To: "08123", Content: kirim.Text{Body: "hi"}}, "invalid_phone_number", "to"},
		"an empty text":         {kirim.OutboundMessage{To: customer, Content: kirim.Text{}}, "invalid_field_value", "text.body"},
		"a sticker":             {kirim.OutboundMessage{To: customer, Content: kirim.Raw{Type: "sticker", Object: map[string]string{"id": "1"}}}, "invalid_field_value", "type"},
	}
	for name, tt := range tests {
		_, err := client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), tt.message)
		var e *kirim.Error
		if !errors.As(err, &e) || e.StatusCode != 400 || e.Code != tt.code || e.Param != tt.param {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSDKSeesTheErrorsOfTheSandbox(t *testing.T) {
	t.Parallel()
	s := kirimtest.Start(t, kirimtest.WithoutListener())
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	s.RevokeKey(s.APIKey)
	_, err = client.PhoneNumber(s.PhoneNumberID).Messages.Send(t.Context(), orderUpdate())
	var e *kirim.Error
	if !errors.As(err, &e) || e.StatusCode != 401 || e.Code != "revoked_api_key" || e.RequestID != s.Requests()[0].RequestID {
		t.Errorf("error %v", err)
	}
}

func ExampleServer_AddFault() {
	sandbox := kirimtest.NewServer(kirimtest.WithoutListener())
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		fmt.Println(err)
		return
	}

	// The message goes out, but a proxy loses the response.
	sandbox.AddFault(kirimtest.Fault{Method: "POST", Processed: true, Status: 502, Body: "<html>Bad Gateway</html>"})
	_, err = client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(context.Background(), kirim.OutboundMessage{
		To:      "+628123456789",
		Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
	})

	fmt.Println(err)
	for _, r := range sandbox.Requests() {
		fmt.Println(r.Method, r.Status, "replayed:", r.Replayed)
	}
	fmt.Println("messages:", sandbox.MessageCount())
	// Output:
	// <nil>
	// POST 502 replayed: false
	// POST 200 replayed: true
	// messages: 1
}
