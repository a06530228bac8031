package kirim_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
)

var (
	windowClosed = answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow)}
	accepted     = answer{status: 200, body: `{"data":{"id":"msg_1","object":"message","status":"pending"},"request_id":"req_1"}`}
	reminder     = kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}
)

func TestSend(t *testing.T) {
	t.Parallel()
	w := newWire(accepted)
	m, err := w.client(t).PhoneNumber("106540352242922").Messages.Send(t.Context(), hello)
	if err != nil || m.ID != "msg_1" || m.Status != "pending" || m.WAMID != "" || m.UsedTemplate {
		t.Fatalf("%+v, %v", m, err)
	}
	sent := w.seen()[0]
	if sent.method != "POST" || sent.url != testBase+"/106540352242922/messages" {
		t.Errorf("%s %s", sent.method, sent.url)
	}
	if want := `{"messaging_product":"whatsapp","to":"+6281100000001","type":"text","text":{"body":"Halo"}}`; sent.body != want {
		t.Errorf("sent %s, want %s", sent.body, want)
	}
}

func TestAWrongMessageIsRefusedBeforeItIsSentUnlessTheCheckIsOff(t *testing.T) {
	t.Parallel()
	wrong := kirim.OutboundMessage{To: "0811", Content: kirim.Text{}}
	w := newWire(accepted)
	_, err := w.client(t).PhoneNumber("1").Messages.Send(t.Context(), wrong)
	var v *kirim.ValidationError
	if !errors.As(err, &v) || len(v.Violations) != 2 || len(w.seen()) != 0 {
		t.Fatalf("%v after %d requests", err, len(w.seen()))
	}
	if !kirim.IsInvalidRecipient(err) || !errors.Is(err, kirim.KindInvalidRequest) || kirim.MaybeSent(err) || kirim.IsTemporary(err) {
		t.Errorf("the local refusal does not look like a remote one: %v", err)
	}
	if _, err := w.client(t).PhoneNumber("1").Messages.Send(t.Context(), wrong, kirim.WithoutRequestValidation()); err != nil {
		t.Error(err)
	}
	if _, err := w.client(t, kirim.WithoutValidation()).PhoneNumber("1").Messages.Send(t.Context(), wrong); err != nil {
		t.Error(err)
	}
	if _, err := w.client(t, kirim.WithoutValidation()).PhoneNumber("1").Messages.Send(t.Context(), kirim.OutboundMessage{}); err == nil || len(w.seen()) != 2 {
		t.Errorf("a message without content: %v after %d requests", err, len(w.seen()))
	}
}

func TestSendOrTemplate(t *testing.T) {
	t.Parallel()
	meta := answer{status: 500, body: `{"error":{"type":"api_error","code":"internal_error","message":"(#131047) Re-engagement message","request_id":"r"}}`}
	paused := answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeTemplatePaused)}
	long := strings.Repeat("k", 250)
	hashed := sha256.Sum256([]byte(long))
	tests := []struct {
		name    string
		answers []answer
		key     string
		keys    []string // of the requests; "" for any
		used    bool
		err     error
	}{
		{"the message goes out", []answer{accepted}, "order-1", []string{"order-1"}, false, nil},
		{"the window is closed", []answer{windowClosed, accepted}, "order-1", []string{"order-1", "order-1:template"}, true, nil},
		{"Meta says so, in a 500", []answer{meta, accepted}, "order-1", []string{"order-1", "order-1:template"}, true, nil},
		{"without a key of the caller's", []answer{windowClosed, accepted}, "", []string{"", ""}, true, nil},
		{"a key too long for a suffix", []answer{windowClosed, accepted}, long, []string{long, hex.EncodeToString(hashed[:]) + ":hashed:template"}, true, nil},
		{"a reset before the refusal, so that the message may be out", []answer{{err: errReset}, windowClosed}, "order-1", []string{"order-1", "order-1"}, false, kirim.CodeOutside24hWindow},
		{"another refusal", []answer{paused}, "order-1", []string{"order-1"}, false, kirim.CodeTemplatePaused},
		{"the template fails too", []answer{windowClosed, paused}, "order-1", []string{"order-1", "order-1:template"}, false, kirim.CodeTemplatePaused},
		{"doubt whether the message is out", []answer{{status: 504, body: "{}"}}, "order-1", []string{"order-1", "order-1", "order-1", "order-1"}, false, kirim.KindUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(tt.answers...)
				var opts []kirim.RequestOption
				if tt.key != "" {
					opts = append(opts, kirim.WithIdempotencyKey(tt.key))
				}
				m, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder, opts...)
				if !errors.Is(err, tt.err) {
					t.Fatalf("error is %v, want %v", err, tt.err)
				}
				if (m != nil) != (tt.err == nil) || m != nil && m.UsedTemplate != tt.used {
					t.Errorf("%+v", m)
				}
				sent := w.seen()
				if len(sent) != len(tt.keys) {
					t.Fatalf("%d requests, want %d", len(sent), len(tt.keys))
				}
				for i, want := range tt.keys {
					got := sent[i].header.Get("Idempotency-Key")
					if tt.key == "" {
						want = sent[0].header.Get("Idempotency-Key") + strings.Repeat(":template", i)
					}
					if got != want {
						t.Errorf("request %d has the key %q, want %q", i+1, got, want)
					}
				}
				if isTemplate := strings.Contains(sent[len(sent)-1].body, `"template":{"name":"order_update"`); tt.used && !isTemplate {
					t.Errorf("the last request was %s", sent[len(sent)-1].body)
				}
			})
		})
	}
}

// A queue repeats a call with the key of its error. Where that is the template's,
// the call must not send either of the two again.
func TestACallUnderTheKeyOfItsTemplateSendsNothingTwice(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 246, 247, 255} {
		for name, send := range map[string]func(context.Context, *kirim.MessagesService, string) error{
			"SendOrTemplate": func(ctx context.Context, s *kirim.MessagesService, key string) error {
				_, err := s.SendOrTemplate(ctx, hello, reminder, kirim.WithIdempotencyKey(key), kirim.WithoutRetry())
				return err
			},
			"SendAndWait": func(ctx context.Context, s *kirim.MessagesService, key string) error {
				template := reminder
				_, err := s.SendAndWait(ctx, hello, &template, kirim.WithIdempotencyKey(key), kirim.WithoutRetry())
				return err
			},
		} {
			t.Run(fmt.Sprintf("%s, %d characters", name, n), func(t *testing.T) {
				t.Parallel()
				w := newWire(windowClosed, answer{status: 502}, windowClosed, answer{status: 502})
				messages := w.client(t).PhoneNumber("1").Messages
				key := strings.Repeat("k", n)
				failed := answerOf(t, send(t.Context(), messages, key))
				err := send(t.Context(), messages, failed.IdempotencyKey)
				if n > 246 {
					wantRefusal(t, err, "WithIdempotencyKey")
					if action, _ := kirim.Disposition(err); action != kirim.ActionDoNotRetry || len(w.seen()) != 2 {
						t.Errorf("%s after %d requests", action, len(w.seen()))
					}
					err = send(t.Context(), messages, key)
				}
				if again := answerOf(t, err); again.IdempotencyKey != failed.IdempotencyKey {
					t.Errorf("the template has the keys %q and %q", failed.IdempotencyKey, again.IdempotencyKey)
				}
				sent := w.seen()
				if len(sent) != 4 || sent[2].header.Get("Idempotency-Key") != key || sent[2].body != sent[0].body || sent[3].body != sent[1].body {
					t.Errorf("sent %+v", sent)
				}
			})
		}
	}
}

func TestAKeyThatOnlyLooksLikeThatOfATemplateIsSent(t *testing.T) {
	t.Parallel()
	for _, key := range []string{":template", "order:hashed:template", strings.Repeat("x", 64) + ":hashed:template", strings.Repeat("a", 64) + ":template"} {
		w := newWire(accepted)
		_, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder, kirim.WithIdempotencyKey(key))
		if err != nil || len(w.seen()) != 1 {
			t.Errorf("%q: %v after %d requests", key, err, len(w.seen()))
		}
	}
}

func TestSendOrTemplateChecksBothBeforeItSendsEither(t *testing.T) {
	t.Parallel()
	w := newWire(accepted)
	_, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, kirim.Template{Name: "No Such Name"})
	var v *kirim.ValidationError
	if !errors.As(err, &v) || len(w.seen()) != 0 {
		t.Errorf("%v after %d requests", err, len(w.seen()))
	}
}

func TestSendOrTemplateWithoutKeys(t *testing.T) {
	t.Parallel()
	w := newWire(windowClosed, accepted)
	m, err := w.client(t, kirim.WithoutIdempotencyKeys()).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder)
	if err != nil || !m.UsedTemplate {
		t.Errorf("%+v, %v", m, err)
	}
	checkKeys(t, w.seen(), false)
}

func TestMarkRead(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: `{"data":{"id":"msg_1","object":"message","status":"read","message_id":"wamid.1"},"request_id":"req_1"}`})
	messages := w.client(t).PhoneNumber("1").Messages
	receipt, err := messages.MarkRead(t.Context(), "wamid.1")
	if err != nil || receipt.ID != "msg_1" || receipt.Status != "read" || receipt.WAMID != "wamid.1" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if _, err := messages.ShowTyping(t.Context(), "wamid.1"); err != nil {
		t.Fatal(err)
	}
	sent := w.seen()
	if want := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`; sent[0].body != want {
		t.Errorf("sent %s", sent[0].body)
	}
	if want := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","typing_indicator":{"type":"text"}}`; sent[1].body != want {
		t.Errorf("sent %s", sent[1].body)
	}
	var shown, typing map[string]any // what Meta shows for it
	data, err := os.ReadFile("testdata/send_meta/send_typing_indicator_and_read_receipt.json")
	if err != nil || json.Unmarshal(data, &shown) != nil || json.Unmarshal([]byte(sent[1].body), &typing) != nil {
		t.Fatal(err)
	}
	shown["message_id"] = "wamid.1"
	if !reflect.DeepEqual(typing, shown) {
		t.Errorf("sent %v, Meta shows %v", typing, shown)
	}
	for _, wrong := range []string{"", "msg_01HXYZABCDEFGHJKMNPQRSTVWX"} {
		_, err := messages.MarkRead(t.Context(), wrong)
		wantText(t, err, "message_id: want the wamid of a received message")
	}
	if len(w.seen()) != 2 {
		t.Errorf("%d requests", len(w.seen()))
	}
}
