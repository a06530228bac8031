// Failover sends through one system and, when that one cannot, through
// another: but only where the message cannot be out already, and is not
// itself at fault. It runs against a sandbox and a stand-in for MichoW:
//
//	go run ./examples/failover
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/kirimtest"
)

// route is a way out. All systems have the same Send.
type route struct {
	name   string
	sender interface {
		Send(context.Context, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
	}
	honoursKeys bool
}

// send tries the routes in turn. It returns which took the message, and what those before it said.
func send(ctx context.Context, routes []route, message kirim.OutboundMessage, key string) (outcome string, failures []error) {
	for _, r := range routes {
		var opts []kirim.RequestOption
		if r.honoursKeys {
			opts = append(opts, kirim.WithIdempotencyKey(key))
		}
		_, err := r.sender.Send(ctx, message, opts...)
		if err == nil {
			return "sent by " + r.name, failures
		}
		failures = append(failures, err)
		if !mayGoElsewhere(err) {
			break
		}
	}
	return "not sent", failures
}

// mayGoElsewhere decides. Another system knows nothing of this one's
// idempotency keys, so whatever may be out must not go out there again.
func mayGoElsewhere(err error) bool {
	switch {
	case kirim.MaybeSent(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case kirim.IsAuthentication(err), kirim.IsPermission(err), kirim.IsTemporary(err), errors.Is(err, errors.ErrUnsupported),
		errors.Is(err, kirim.KindNotConnected), errors.Is(err, kirim.KindUpstreamAuth),
		errors.Is(err, kirim.KindBilling), errors.Is(err, kirim.KindQuotaExceeded):
		return true
	}
	return false // the message is at fault, and would be everywhere
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	standIn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":{"message_id":"3EB0C4","status":"sent"}}`)
	}))
	defer standIn.Close()
	first, err := sandbox.Client(kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 1, MinDelay: time.Millisecond}))
	second, wrong := michow.NewClient("mw_example_example_example", kirim.WithBaseURL(standIn.URL))
	if err := errors.Join(err, wrong); err != nil {
		return err
	}
	routes := []route{{"Kirim", first.PhoneNumber(sandbox.PhoneNumberID).Messages, true}, {"MichoW", second, false}}
	text := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Your order has left the house."}}
	sandbox.Receive(kirimtest.Inbound{From: text.To, Text: "Is my order ready?"})
	template := kirim.OutboundMessage{To: text.To, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}
	fmt.Fprintf(out, "%-30s  %-29s  %s\n", "SITUATION", "OUTCOME", "WHAT WENT WRONG")
	for i, scene := range []struct {
		situation string
		message   kirim.OutboundMessage
		fault     kirimtest.Fault // of Kirim
	}{
		{"all is well", text, kirimtest.Fault{}},
		{"the number is not connected", text, kirimtest.Fault{Status: 422, Code: "whatsapp_number_not_verified"}},
		{"an hour to wait", text, kirimtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}},
		{"a template, and no connection", template, kirimtest.Fault{Status: 422, Code: "whatsapp_number_not_verified"}},
		{"the message is at fault", text, kirimtest.Fault{Status: 400, Code: "invalid_field_value"}},
		{"the answer is lost", text, kirimtest.Fault{Processed: true, Status: 502, Times: 2}},
	} {
		sandbox.AddFault(scene.fault)
		outcome, failures := send(ctx, routes, scene.message, fmt.Sprintf("order-%d:shipped", 1042+i))
		why := ""
		if kirim.MaybeSent(errors.Join(failures...)) {
			outcome = "perhaps sent; not tried again"
		}
		for i, err := range failures {
			text := "cannot send such a message"
			if e := (*kirim.Error)(nil); errors.As(err, &e) {
				text = fmt.Sprintf("%d %s", e.StatusCode, e.Code)
			}
			why += routes[i].name + ": " + text + "  "
		}
		fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%-30s  %-29s  %s", scene.situation, outcome, why)))
	}
	return nil
}
