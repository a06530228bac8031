package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-github/v89/github"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/kirim-go/kirim"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/resend/resend-go/v3"
	"github.com/slack-go/slack"
	"github.com/stripe/stripe-go/v85"
	"github.com/twilio/twilio-go"
	twilioclient "github.com/twilio/twilio-go/client"
	twilioapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// contender is a client that makes one comparable call: it creates something,
// with a text of 88 bytes in it.
type contender struct {
	name   string
	answer canned
	// client returns the call, which in turn returns the id in the answer.
	// Each contender is set up as its documentation shows, with nothing
	// turned off or on, but for the HTTP client.
	client func(testing.TB, http.RoundTripper) func(context.Context) (id string, err error)
}

var contenders = []contender{
	{"nethttp", accepted, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		b := newBare(wire)
		return func(ctx context.Context) (string, error) {
			accepted, err := b.send(ctx, newBareMessage())
			if err != nil {
				return "", err
			}
			return accepted.ID, nil
		}
	}},
	{"nethttp-timeout", accepted, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		b := newBare(wire)
		b.http.Timeout = kirim.DefaultRetryPolicy().AttemptTimeout
		return func(ctx context.Context) (string, error) {
			accepted, err := b.send(ctx, newBareMessage())
			if err != nil {
				return "", err
			}
			return accepted.ID, nil
		}
	}},
	{"retryablehttp", accepted, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client := retryablehttp.NewClient()
		client.Logger = nil
		client.HTTPClient = &http.Client{Transport: wire}
		return func(ctx context.Context) (string, error) {
			body, err := json.Marshal(newBareMessage())
			if err != nil {
				return "", err
			}
			req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, kirim.DefaultBaseURL+sendPath, body)
			if err != nil {
				return "", err
			}
			setSendHeader(req.Header)
			resp, err := client.Do(req)
			if err != nil {
				return "", err
			}
			accepted, err := decodeAccepted(resp)
			if err != nil {
				return "", err
			}
			return accepted.ID, nil
		}
	}},
	{"kirim", accepted, func(tb testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		messages := newKirim(tb, wire).PhoneNumber(numberID).Messages
		return func(ctx context.Context) (string, error) {
			accepted, err := messages.Send(ctx, newMessage())
			if err != nil {
				return "", err
			}
			return accepted.ID, nil
		}
	}},
	{"kirim-response", accepted, func(tb testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		messages := newKirim(tb, wire).PhoneNumber(numberID).Messages
		return func(ctx context.Context) (string, error) {
			var response kirim.Response
			accepted, err := messages.Send(ctx, newMessage(), kirim.WithResponse(&response))
			if err != nil || response.RateLimit.Limit == 0 || response.RequestID == "" {
				return "", err
			}
			return accepted.ID, nil
		}
	}},
	{"stripe-go", canned{http.StatusOK, `{"id":"cus_NffrFeUfNV2Hib","object":"customer","balance":0,"created":1795240800,"currency":null,` +
		`"delinquent":false,"description":"Halo Sari","discount":null,"email":"sari@example.com","invoice_prefix":"0759376C",` +
		`"livemode":false,"metadata":{},"name":"Sari","next_invoice_sequence":1,"phone":null,"preferred_locales":[],"shipping":null}`,
	}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client := stripe.NewClient("sk_test_TESTtestTESTtestTESTtest", stripe.WithBackends(
			stripe.NewBackendsWithConfig(&stripe.BackendConfig{HTTPClient: &http.Client{Transport: wire}})))
		return func(ctx context.Context) (string, error) {
			customer, err := client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{
				Description: stripe.String(text), Phone: stripe.String(recipient),
			})
			if err != nil {
				return "", err
			}
			return customer.ID, nil
		}
	}},
	{"twilio-go", canned{http.StatusCreated, `{"account_sid":"ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","api_version":"2010-04-01",` +
		`"body":"Halo Sari","date_created":"Sat, 21 Nov 2026 06:00:00 +0000","date_sent":null,"direction":"outbound-api",` +
		`"error_code":null,"error_message":null,"from":"+15557122661","num_media":"0","num_segments":"1","price":null,` +
		`"sid":"SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","status":"queued","to":"+6281100000001"}`,
	}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		base := &twilioclient.Client{
			Credentials: twilioclient.NewCredentials("ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "TESTtestTESTtest"),
			HTTPClient:  &http.Client{Transport: wire},
		}
		base.SetAccountSid(base.Username)
		client := twilio.NewRestClientWithParams(twilio.ClientParams{Client: base})
		return func(context.Context) (string, error) { // it takes no context
			params := &twilioapi.CreateMessageParams{}
			params.SetFrom("+15557122661").SetTo(recipient).SetBody(text)
			message, err := client.Api.CreateMessage(params)
			if err != nil || message.Sid == nil {
				return "", err
			}
			return *message.Sid, nil
		}
	}},
	{"slack-go", canned{http.StatusOK, `{"ok":true,"channel":"C123456","ts":"1795240800.000100","message":{"bot_id":"B123456",` +
		`"type":"message","text":"Halo Sari","user":"U123456","ts":"1795240800.000100","app_id":"A123456","team":"T123456"}}`,
	}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client := slack.New("xoxb-TESTtestTESTtest", slack.OptionHTTPClient(&http.Client{Transport: wire}))
		return func(ctx context.Context) (string, error) {
			_, timestamp, err := client.PostMessageContext(ctx, "C123456", slack.MsgOptionText(text, false))
			return timestamp, err
		}
	}},
	{"resend-go", canned{http.StatusOK, `{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}`}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client := resend.NewCustomClient(&http.Client{Transport: wire}, "re_TESTtestTESTtest")
		return func(ctx context.Context) (string, error) {
			sent, err := client.Emails.SendWithContext(ctx, &resend.SendEmailRequest{
				From: "shop@example.com", To: []string{"sari@example.com"}, Subject: "Order 1042", Text: text,
			})
			if err != nil {
				return "", err
			}
			return sent.Id, nil
		}
	}},
	{"go-github", canned{http.StatusCreated, `{"id":1,"node_id":"MDEyOklzc3VlQ29tbWVudDE=",` +
		`"url":"https://api.github.com/repos/octocat/Hello-World/issues/comments/1",` +
		`"html_url":"https://github.com/octocat/Hello-World/issues/1347#issuecomment-1","body":"Halo Sari",` +
		`"user":{"login":"octocat","id":1,"type":"User"},"created_at":"2026-11-21T06:00:00Z","updated_at":"2026-11-21T06:00:00Z"}`,
	}, func(tb testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client, err := github.NewClient(github.WithHTTPClient(&http.Client{Transport: wire}), github.WithAuthToken("ghp_TESTtestTESTtest"))
		if err != nil {
			tb.Fatal(err)
		}
		return func(ctx context.Context) (string, error) {
			comment, _, err := client.Issues.CreateComment(ctx, "octocat", "Hello-World", 1347, &github.IssueComment{Body: new(text)})
			return comment.GetNodeID(), err
		}
	}},
	{"openai-go", canned{http.StatusOK, `{"id":"vs_abc123","object":"vector_store","created_at":1795240800,"name":"Halo Sari",` +
		`"description":"Halo Sari","bytes":0,"file_counts":{"in_progress":0,"completed":0,"failed":0,"cancelled":0,"total":0},` +
		`"status":"completed","usage_bytes":0,"last_active_at":1795240800,"metadata":{}}`,
	}, func(_ testing.TB, wire http.RoundTripper) func(context.Context) (string, error) {
		client := openai.NewClient(option.WithAPIKey("sk-TESTtestTESTtest"), option.WithHTTPClient(&http.Client{Transport: wire}))
		return func(ctx context.Context) (string, error) {
			store, err := client.VectorStores.New(ctx, openai.VectorStoreNewParams{Name: openai.String(text)})
			if err != nil {
				return "", err
			}
			return store.ID, nil
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

func newMessage() kirim.OutboundMessage {
	return kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: text}}
}
