package bench

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

const acceptedBody = `{"data":{"id":"msg_01JD6Q3V8Y5N2M4K7P9R1S3T5V","object":"message","status":"pending",` +
	`"message_id":"wamid.HBgNNjI4MTEwMDAwMDAwMRUCABEYEkE3RkI0RjY5MjQ2QzA5RTcwNwA="},"request_id":"req_01JD6Q3V8Y5N2M4K7P9R1S3T5V"}`

var errNoID = errors.New("the answer has no id")

// contender is a client that makes one comparable call.
type contender struct {
	name   string
	answer canned
	// client returns the call over the wire. It fails unless the answer's id
	// was decoded.
	client func(testing.TB, http.RoundTripper) func(context.Context) error
}

var contenders = []contender{
	{"nethttp", canned{http.StatusAccepted, acceptedBody}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) error {
		b := newBare(wire)
		return func(ctx context.Context) error {
			accepted, err := b.send(ctx, newBareMessage())
			if err == nil && accepted.ID == "" {
				return errNoID
			}
			return err
		}
	}},
	{"kirim", canned{http.StatusAccepted, acceptedBody}, func(tb testing.TB, wire http.RoundTripper) func(context.Context) error {
		messages := newKirim(tb, wire).PhoneNumber(numberID).Messages
		return func(ctx context.Context) error {
			accepted, err := messages.Send(ctx, kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: text}})
			if err == nil && accepted.ID == "" {
				return errNoID
			}
			return err
		}
	}},
}

// newKirim returns a client with everything that is on unless turned off.
func newKirim(tb testing.TB, wire http.RoundTripper) *kirim.Client {
	c, err := kirim.NewClient(apiKey, kirim.WithHTTPClient(&http.Client{Transport: wire}))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// BenchmarkSend makes one create call.
func BenchmarkSend(b *testing.B) {
	for _, w := range wires {
		for _, c := range contenders {
			b.Run("wire="+w.name+"/client="+c.name, func(b *testing.B) {
				send, ctx := c.client(b, w.to(b, c.answer)), context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if err := send(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// What is measured must be the call, not an error or a cache.
func TestEachClientSendsItsTextAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		for _, c := range contenders {
			t.Run(w.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				seen := &recorded{next: w.to(t, c.answer)}
				if err := c.client(t, seen)(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := seen.calls.Load(); n != 1 || seen.method != http.MethodPost {
					t.Errorf("%d requests, the last a %s", n, seen.method)
				}
				sent, err := url.QueryUnescape(seen.body)
				if err != nil || !strings.Contains(sent, text) {
					t.Errorf("the text is not in %q", seen.body)
				}
				if seen.header.Get("Authorization") == "" {
					t.Errorf("no key in %v", seen.header)
				}
				if n := len(c.answer.body); n < 200 || n > 600 {
					t.Errorf("the answer has %d bytes", n)
				}
				broken := canned{c.answer.status, "{}"}
				if err := c.client(t, w.to(t, broken))(t.Context()); err == nil {
					t.Error("an empty answer goes unnoticed")
				}
			})
		}
	}
}

// The baseline leaves nothing out that the SDK puts on the wire.
func TestTheBareRequestIsTheSDKs(t *testing.T) {
	t.Parallel()
	sent := map[string]*recorded{}
	for _, c := range contenders[:2] {
		seen := &recorded{next: c.answer}
		if err := c.client(t, seen)(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent[c.name] = seen
	}
	ours, theirs := sent["kirim"], sent["nethttp"]
	if ours.body != theirs.body {
		t.Errorf("bodies differ:\n%s\n%s", ours.body, theirs.body)
	}
	names := func(r *recorded) []string { return slices.Sorted(maps.Keys(r.header)) }
	if !slices.Equal(names(ours), names(theirs)) {
		t.Errorf("headers differ: %v and %v", names(ours), names(theirs))
	}
}
