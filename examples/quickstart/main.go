// Quickstart sends WhatsApp messages and shows what happens when something
// goes wrong. Without an account it runs against a sandbox in this program:
//
//	go run ./examples/quickstart
//
// With KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID set it talks to the real API
// and writes to KIRIM_TO, a number in E.164 that you may write to. The
// template is order_update, whose variable is the number of an order, or
// KIRIM_TEMPLATE, which has no variables, in the language id.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, opts ...kirimtest.Option) error {
	if id := os.Getenv("KIRIM_PHONE_NUMBER_ID"); id != "" && os.Getenv("KIRIM_API_KEY") != "" {
		customer := os.Getenv("KIRIM_TO")
		if customer == "" {
			return errors.New("KIRIM_TO is not set: it is the number to write to, in E.164, such as +6281100000001")
		}
		client, err := kirim.NewClientFromEnv()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Talking to the real API: %v. KIRIM_TO is %q.\n\n", client, customer)
		return demo{client.PhoneNumber(id).Messages, out}.basics(ctx, customer, customer)
	}
	sandbox := kirimtest.NewServer(opts...)
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID are not set: using a sandbox at %s\n\n", sandbox.URL)
	const customer, stranger = "+6281100000001", "+6281100000002"
	sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Is my order ready?"})
	d := demo{client.PhoneNumber(sandbox.PhoneNumberID).Messages, out}
	if err := d.basics(ctx, customer, stranger); err != nil {
		return err
	}
	return d.troubles(ctx, sandbox, kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "It arrives today."}})
}

const row = "%-32s  %-30s  %-30s  %-8v  %s\n"

// demo runs the steps and prints a row for each.
type demo struct {
	messages *kirim.MessagesService
	out      io.Writer
}

// basics sends a text in time, a template, and a text that is too late and rescued.
func (d demo) basics(ctx context.Context, customer, stranger string) error {
	fmt.Fprintf(d.out, row, "STEP", "MESSAGE", "REQUEST", "ATTEMPTS", "RATE LIMIT")
	text := kirim.Text{Body: "Your order has left the house."}
	template := kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}
	if name := os.Getenv("KIRIM_TEMPLATE"); name != "" {
		template = kirim.Template{Name: name, Language: "id"}
	}
	if err := d.send(ctx, "text", kirim.OutboundMessage{To: customer, Content: text}); err != nil && !kirim.IsOutside24hWindow(err) {
		return err
	}
	if err := d.send(ctx, "template", kirim.OutboundMessage{To: stranger, Content: template}); err != nil {
		return err
	}
	var r kirim.Response
	late := kirim.OutboundMessage{To: stranger, Content: text}
	if err := d.send(ctx, "text outside the 24-hour window", late); !kirim.IsOutside24hWindow(err) {
		return err
	}
	accepted, err := d.messages.SendOrTemplate(ctx, late, template, kirim.WithResponse(&r))
	return d.report("  rescued by a template", accepted, &r, err)
}

// troubles makes the sandbox fail in ways that the client deals with alone.
func (d demo) troubles(ctx context.Context, sandbox *kirimtest.Server, message kirim.OutboundMessage) error {
	for _, trouble := range []struct {
		step, key string
		fault     kirimtest.Fault
	}{
		{"429 with Retry-After: 1", "order-1041:arrival", kirimtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}}},
		{"502 twice, HTML from a proxy", "order-1042:arrival", kirimtest.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Times: 2}},
		{"502 after the message went out", "order-1043:arrival", kirimtest.Fault{Status: 502, Processed: true}},
	} {
		sandbox.AddFault(trouble.fault)
		if err := d.send(ctx, trouble.step, message, kirim.WithIdempotencyKey(trouble.key)); err != nil {
			return err
		}
		fmt.Fprintf(d.out, "  key %s: the customer got %d\n", trouble.key, sandbox.Processed(trouble.key))
	}
	fmt.Fprintf(d.out, "\nThe sandbox saw %d requests and sent %d messages.\n", len(sandbox.Requests()), sandbox.MessageCount())
	return nil
}

func (d demo) send(ctx context.Context, step string, message kirim.OutboundMessage, opts ...kirim.RequestOption) error {
	var r kirim.Response
	accepted, err := d.messages.Send(ctx, message, append(opts, kirim.WithResponse(&r))...)
	return d.report(step, accepted, &r, err)
}

// report prints the outcome of a step and returns its error.
func (d demo) report(step string, accepted *kirim.AcceptedMessage, r *kirim.Response, err error) error {
	outcome := "refused: the window is closed"
	if err == nil {
		outcome = accepted.ID
	} else if !kirim.IsOutside24hWindow(err) {
		return err
	}
	fmt.Fprintf(d.out, row, step, outcome, r.RequestID, r.Attempts, fmt.Sprintf("%d of %d left", r.RateLimit.Remaining, r.RateLimit.Limit))
	return err
}
