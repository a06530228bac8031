package outbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
	"github.com/kirim-go/kirim/outbox"
)

// response is a server that gives one response, and counts the requests.
type response struct {
	body     string
	requests []*http.Request
}

func (s *response) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests = append(s.requests, r)
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(s.body)),
	}, nil
}

const number = "100000000000001"

var greeting = kirim.OutboundMessage{To: "+6281234567001", Content: kirim.Text{Body: "Hello"}}

func TestEachSystemSendsThroughASingleSender(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		open     func(opts ...kirim.Option) (outbox.MessageSender, error)
		body     string
		lifetime time.Duration
		isNot    bool // it cannot send
	}{
		{"Kirim", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := kirim.NewClient("key", opts...)
			if err != nil {
				return nil, err
			}
			return c.PhoneNumber(number).Messages, nil
		}, `{"data":{"id":"msg_1","status":"queued"}}`, 24 * time.Hour, false},
		{"Kirim without keys", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := kirim.NewClient("key", append(opts, kirim.WithoutIdempotencyKeys())...)
			if err != nil {
				return nil, err
			}
			return c.PhoneNumber(number).Messages, nil
		}, `{"data":{"id":"msg_1","status":"queued"}}`, 0, false},
		{"the Cloud API", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := cloudapi.NewClient("token", opts...)
			if err != nil {
				return nil, err
			}
			return c.PhoneNumber(number), nil
		}, `{"messaging_product":"whatsapp","contacts":[{"input":"+6281234567001","wa_id":"6281234567001"}],"messages":[{"id":"wamid.1"}]}`, 0, false},
		{"apimessaging", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := apimessaging.NewClient("key", opts...)
			if err != nil {
				return nil, err
			}
			return c.WithSession("session-1"), nil
		}, `{"success":true,"data":{"messageId":"msg_1","status":"sent","timestamp":"2026-03-02T09:00:00Z"}}`, 0, false},
		{"connexease", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := connexease.NewClient("key", opts...)
			return c, err
		}, `{"isSuccess":true,"data":{"messaging_product":"whatsapp","contacts":[{"input":"6281234567001","wa_id":"6281234567001"}],"messages":[{"id":"wamid.1"}]}}`, 0, false},
		{"michow", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := michow.NewClient("key", opts...)
			return c, err
		}, `{"success":true,"data":{"message_id":"1","status":"sent"}}`, 0, false},
		{"shingle, which cannot send", func(opts ...kirim.Option) (outbox.MessageSender, error) {
			c, err := shingle.NewClient("key", opts...)
			return c, err
		}, `{}`, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := &response{body: tt.body}
			system, err := tt.open(kirim.WithBaseURL("https://kirim.test"), kirim.WithHTTPClient(&http.Client{Transport: server}))
			if err != nil {
				t.Fatal(err)
			}
			sender := outbox.SingleSender(number, system)
			if got := sender.(outbox.KeyHonourer).KeyLifetime(); got != tt.lifetime {
				t.Errorf("its keys are honoured for %v, want %v", got, tt.lifetime)
			}
			opts := []kirim.RequestOption{kirim.WithoutRetry()}
			if tt.lifetime > 0 { // as the outbox does
				opts = append(opts, kirim.WithIdempotencyKey("k"))
			}
			var invalid *kirim.ValidationError
			if _, err := sender.Send(t.Context(), "100000000000002", greeting, opts...); !errors.As(err, &invalid) || len(server.requests) != 0 {
				t.Errorf("from another number: %v, %d requests", err, len(server.requests))
			}
			accepted, err := sender.Send(t.Context(), number, greeting, opts...)
			switch {
			case tt.isNot && (!errors.Is(err, errors.ErrUnsupported) || len(server.requests) != 0):
				t.Errorf("got %v, %d requests", err, len(server.requests))
			case !tt.isNot && (err != nil || accepted.ID+accepted.WAMID == "" || len(server.requests) != 1):
				t.Errorf("got %+v, %v, %d requests", accepted, err, len(server.requests))
			}
			if key := tt.lifetime > 0; !tt.isNot && len(server.requests) == 1 && (server.requests[0].Header.Get("Idempotency-Key") == "k") != key {
				t.Errorf("the key is %q", server.requests[0].Header.Get("Idempotency-Key"))
			}
		})
	}
}

func TestASenderOverAClientSendsFromAnyNumber(t *testing.T) {
	t.Parallel()
	server := &response{body: `{"data":{"id":"msg_1","status":"queued"}}`}
	client, err := kirim.NewClient("key", kirim.WithBaseURL("https://kirim.test/v1"), kirim.WithHTTPClient(&http.Client{Transport: server}))
	if err != nil {
		t.Fatal(err)
	}
	sender := outbox.NewSender(client)
	for _, from := range []string{"1", "2"} {
		if _, err := sender.Send(t.Context(), from, greeting); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := server.requests[0].URL.Path, server.requests[1].URL.Path; a != "/v1/1/messages" || b != "/v1/2/messages" {
		t.Errorf("requests to %s and %s", a, b)
	}
	if got := sender.(outbox.KeyHonourer).KeyLifetime(); got != 24*time.Hour {
		t.Errorf("its keys are honoured for %v", got)
	}
	if _, looksUp := sender.(outbox.Getter); !looksUp {
		t.Error("it looks up no messages")
	}
}

func TestAFunctionIsASenderWhoseServerHonoursNoKeys(t *testing.T) {
	t.Parallel()
	var sender outbox.Sender = outbox.SenderFunc(func(_ context.Context, from string, m kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
		return &kirim.AcceptedMessage{ID: from + m.To}, nil
	})
	accepted, err := sender.Send(t.Context(), number, greeting)
	if err != nil || accepted.ID != number+greeting.To {
		t.Errorf("got %+v, %v", accepted, err)
	}
	if _, honours := sender.(outbox.KeyHonourer); honours {
		t.Error("it honours keys")
	}
}
