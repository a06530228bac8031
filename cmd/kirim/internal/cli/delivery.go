package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// largestDelivery limits the body of a delivery, in bytes. Meta documents
// payloads of up to 3 MB.
const largestDelivery = 3 << 20

// delivery is a webhook delivery to make.
type delivery struct {
	body               []byte
	source             string // meta or kirim: the form of the body
	event, eventID, id string
}

// newDelivery takes the type and the ID of the event from the body.
func newDelivery(body []byte) (*delivery, error) {
	e, err := kirim.DecodeEvent(nil, body)
	if err != nil {
		return nil, app.Usagef("the body is not a JSON object")
	}
	d := &delivery{body: body, source: e.Source, event: string(e.Type), eventID: e.ID, id: "wbd_" + rand.Text()}
	if len(e.Data) > 0 && d.eventID == "" {
		switch data := e.Data[0].(type) {
		case *kirim.InboundMessage:
			d.eventID = data.ID
		case *kirim.StatusUpdate:
			d.eventID = data.ID
		}
	}
	return d, nil
}

// headers returns the headers of the delivery, signed.
//
// Docs: https://developers.kirim.chat/webhooks/payloads/
func (d *delivery) headers(s signer, at time.Time) http.Header {
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "kirim-cli/"+kirim.Version)
	if s.system == app.Kirim {
		h.Set("X-Kirim-Source", d.source)
		h.Set("X-Kirim-Event", d.event)
		h.Set("X-Kirim-Event-Id", d.eventID)
		h.Set("X-Kirim-Delivery-Id", d.id)
		h.Set("X-Kirim-Attempt", "1")
	}
	h.Set(s.header(), s.sign(d.body, at))
	return h
}

// signer signs deliveries as Kirim or as Meta does.
type signer struct {
	system string
	secret string
}

func (s signer) header() string {
	if s.system == app.CloudAPI {
		return "X-Hub-Signature-256"
	}
	return "X-Kirim-Signature"
}

func (s signer) sign(body []byte, at time.Time) string {
	if s.system == app.CloudAPI {
		return cloudapi.SignWebhook(s.secret, body)
	}
	return kirim.SignWebhook(s.secret, at, body)
}

// response is what a receiver made of a delivery.
type response struct {
	status int
	body   string // its beginning
	took   time.Duration
}

// shownBody limits what is shown of a response, in bytes.
const shownBody = 2 << 10

// deliveryTimeout is how long the vendor waits for a receiver.
//
// Docs: https://developers.kirim.chat/webhooks/retry/
const deliveryTimeout = 10 * time.Second

// post makes the delivery, once, and follows no redirect.
func (d *delivery) post(ctx context.Context, target string, s signer, at time.Time) (*response, error) {
	ctx, stop := context.WithTimeout(ctx, deliveryTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(d.body))
	if err != nil {
		return nil, err
	}
	req.Header = d.headers(s, at)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	began := time.Now()
	res, err := client.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("it took longer than %s", deliveryTimeout)
	case err != nil:
		return nil, withoutURL(err)
	}
	defer res.Body.Close()
	head, _ := io.ReadAll(io.LimitReader(res.Body, shownBody))
	return &response{res.StatusCode, string(head), time.Since(began)}, nil
}

// withoutURL drops the URL that net/http writes into its errors: it is known,
// and may have a secret in it.
func withoutURL(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // net/http returns it as it is
		return e.Err
	}
	return err
}

// verdict says what the vendor does after a response.
//
// Docs: https://developers.kirim.chat/webhooks/retry/
func (r *response) verdict() string {
	switch {
	case r.status >= 200 && r.status < 300:
		return "accepted"
	case r.status == http.StatusRequestTimeout, r.status == http.StatusTooManyRequests, r.status >= 500, r.status >= 300 && r.status < 400:
		return "Kirim would deliver it again"
	}
	return "Kirim would give it up at once: a 4xx other than 408 and 429 is final"
}

// checkTarget refuses addresses that a delivery must not go to.
func checkTarget(flag, target string) error {
	u, err := url.Parse(target)
	switch {
	case target == "":
		return app.Usagef("%s is missing", flag)
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return app.WithHint(app.Usagef("%s is not an http or https URL", flag), "such as http://127.0.0.1:8080/webhooks/kirim")
	case app.IsPlainToOthers(u):
		return app.WithHint(app.Usagef("%s is plain http to another host: what customers wrote would be readable on the way", flag), "use https")
	}
	return nil
}

// secretsFlags are where the secrets of deliveries come from.
type secretsFlags struct{ files []string }

// variable is the environment variable with the secret of a system's deliveries.
func secretVariable(system string) string {
	if system == app.CloudAPI {
		return "META_APP_SECRET"
	}
	return "KIRIM_WEBHOOK_SECRET"
}

// read returns the secrets of the files, or of the environment.
func (f *secretsFlags) read(a *app.App, system string) ([]string, error) {
	var secrets []string
	for _, file := range f.files {
		secret, err := app.ReadSecretFile(file)
		if err != nil {
			return nil, &app.Failure{Code: app.ExitAuth, Err: fmt.Errorf("--secret-file: %w", err)}
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) > 0 {
		return secrets, nil
	}
	name := secretVariable(system)
	for secret := range strings.FieldsSeq(strings.ReplaceAll(a.Getenv(name), ",", " ")) {
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, &app.Failure{Code: app.ExitAuth, Err: fmt.Errorf("there is no signing secret"), Hint: fmt.Sprintf("set %s, or name a file with --secret-file", name)}
	}
	return secrets, nil
}
