// Failover sends through Kirim and, when that cannot, through Meta's Cloud API, if
// the message cannot have been sent already. One sandbox is both of them:
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
	"os"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
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
	quickly := kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 1, MinDelay: time.Millisecond})
	first, err := sandbox.Client(quickly)
	second, wrong := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions(quickly)...)
	if err != nil || wrong != nil {
		return errors.Join(err, wrong)
	}
	from := sandbox.PhoneNumberID
	routes := []route{{"Kirim", first.PhoneNumber(from).Messages, true}, {"Cloud API", second.PhoneNumber(from), false}}
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Is my order ready?"})
	text := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Your order is on its way."}}
	template := kirim.OutboundMessage{To: text.To, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}
	fmt.Fprintf(out, "%-30s  %-29s  %s\n", "SITUATION", "OUTCOME", "WHAT WENT WRONG")
	none, notConnected := kirimtest.Fault{}, kirimtest.Fault{Status: 422, Code: "whatsapp_number_not_verified"}
	for i, scene := range []struct {
		situation   string
		message     kirim.OutboundMessage
		kirim, meta kirimtest.Fault // of each system
	}{
		{"all is well", text, none, none},
		{"the number is not connected", text, notConnected, none},
		{"an hour to wait", text, kirimtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}, none},
		{"a template, and no connection", template, notConnected, none},
		{"the message is at fault", text, kirimtest.Fault{Status: 400, Code: "invalid_field_value"}, none},
		{"the response is lost", text, kirimtest.Fault{Processed: true, Status: 502, Times: 2}, none},
		{"Meta's response is lost", text, notConnected, kirimtest.Fault{Processed: true, Status: 500}},
		{"the token has expired, too", text, notConnected, kirimtest.Fault{Status: 401, Code: "190"}},
	} {
		sandbox.ClearFaults()
		scene.kirim.Path, scene.meta.Path = "/v1/**", "/v25.0/**"
		sandbox.AddFault(scene.kirim)
		sandbox.AddFault(scene.meta)
		outcome, failures := send(ctx, routes, scene.message, fmt.Sprintf("order-%d:shipped", 1042+i))
		why := ""
		if kirim.MaybeSent(errors.Join(failures...)) {
			outcome = "perhaps sent; not tried again"
		}
		for i, err := range failures {
			if e := (*kirim.Error)(nil); errors.As(err, &e) {
				why += fmt.Sprintf("%s: %d %s  ", routes[i].name, e.StatusCode, e.Code)
			}
		}
		fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%-30s  %-29s  %s", scene.situation, outcome, why)))
	}
	fmt.Fprintln(out, sandbox.MessageCount(), "messages were accepted: what was sent, and what perhaps was")
	return nil
}
