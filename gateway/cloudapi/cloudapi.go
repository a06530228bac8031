// Package cloudapi speaks to WhatsApp's Cloud API itself, at graph.facebook.com:
// no gateway between the program and Meta. See package gateway for what all
// gateways have in common.
//
//	client, err := cloudapi.NewClient(os.Getenv("META_ACCESS_TOKEN"))
//	if err != nil {
//		return err
//	}
//	client = client.WithAppSecret(os.Getenv("META_APP_SECRET"))
//	sent, err := client.PhoneNumber("200000000000001").Send(ctx, kirim.OutboundMessage{
//		To:      "+6281100000001",
//		Content: kirim.Text{Body: "Your order has left the warehouse."},
//	})
//
// # Authentication
//
// The access token is that of a system user, or of a business integration, with
// the permission whatsapp_business_messaging; reading and changing accounts,
// numbers and templates needs whatsapp_business_management. With
// [Client.WithAppSecret] each call carries an appsecret_proof, without which a
// token that leaked is of no use, if the app is set to require it.
//
// # Errors
//
// Code of a [*kirim.Error] is the Meta error code as text, "131047", and MetaCode
// the same as a number. Details is Meta's explanation, and RequestID the fbtrace_id that
// Meta's support asks for. Kind is the same for all systems:
// [kirim.IsOutside24hWindow] is true for 131047. A token that is refused is
// [kirim.KindAuthExpired], [kirim.KindAuthRevoked] or [kirim.KindAuthInvalid].
// [GraphErrorOf] has the rest of the response.
//
// # Retries
//
// Meta has no idempotency keys. A send is retried only when it was proven not
// sent or refused for its rate (429, or one of 4, 80007, 130429, 131048 and 131056
// under any status, each after its wait), and on a 503 that says how long to wait.
// For anything else that is in doubt [kirim.MaybeSent] is true.
//
// # Rate limits
//
// X-App-Usage and X-Business-Use-Case-Usage are in [kirim.Response] as its
// RateLimit, in percent. A response that refuses for its rate, without a
// Retry-After, asks to wait for the longest estimated_time_to_regain_access.
//
// # Management
//
// [Client.Account] has the templates, flows and numbers of an account, its webhooks
// and analytics; [PhoneNumber] the registration, the profile, the settings, QR codes
// and more of one number. Creations and other calls that must not happen twice are
// not retried in doubt, and those that set absolute values are. Lists are iterators
// over the cursors of the Graph API, with one page in memory.
//
// # Webhooks
//
// [WebhookVerifier] is a [kirim.EventVerifier]: give it to
// [kirim.NewWebhookHandler].
//
// # Testing
//
// The sandbox of package kirimtest speaks this API, too, with its errors, limits and
// webhooks; what Kirim's client sees there, this one sees as well:
//
//	sandbox := kirimtest.Start(t)
//	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
//
// # Assumptions
//
// Whether the subcodes of 190 that the Graph API documents come from the Cloud API
// as well is not documented, and neither is which of its endpoints have the headers
// of the rate limits.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
package cloudapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
	"github.com/kirim-go/kirim/internal/system"
)

var vendor = adapter.System{System: system.CloudAPI}

const (
	host = "https://graph.facebook.com"

	// DefaultVersion is the version of the API that is used unless [WithVersion]
	// says otherwise.
	//
	// Docs: https://developers.facebook.com/docs/graph-api/changelog
	DefaultVersion = "v25.0"

	// DefaultBaseURL is where requests go unless [WithVersion] or
	// [kirim.WithBaseURL] is given.
	DefaultBaseURL = host + "/" + DefaultVersion
)

// Client speaks to the Cloud API. It is safe for concurrent use.
type Client struct {
	api  *adapter.Client
	auth func() credentials // of a function fmt shows no more than its address
}

type credentials struct {
	token string
	query url.Values // of every call; nil for none
}

func (c credentials) get() credentials { return c }

// credentials are empty for a zero Client, whose calls are all refused.
func (c *Client) credentials() credentials {
	if c.auth == nil {
		return credentials{}
	}
	return c.auth()
}

// NewClient returns a client for the access token. It takes the options of
// [kirim.NewClient], among them [kirim.WithBaseURL] for a server of your own in
// tests, with or without a version in its path.
func NewClient(accessToken string, opts ...kirim.Option) (*Client, error) {
	api, err := vendor.NewClient(accessToken, DefaultBaseURL, opts)
	if err != nil {
		return nil, err
	}
	return &Client{api, credentials{token: accessToken}.get}, nil
}

// WithVersion is [kirim.WithBaseURL] for another version of the API, such as
// "v26.0"; of both options the last one counts. The default is [DefaultVersion].
// Anything else than a v and two numbers is an error of [NewClient].
//
// Docs: https://developers.facebook.com/docs/graph-api/changelog/versions
func WithVersion(version string) kirim.Option {
	at := kirim.WithBaseURL(host + "/" + version)
	if !isVersion.MatchString(version) {
		return refused(at, fmt.Errorf("kirim: cloudapi: WithVersion: %.20q is no version such as %q", version, DefaultVersion))
	}
	return at
}

var isVersion = regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]{1,3}$`)

// refused is an option that fails. The type of what options are applied to has no
// name outside package kirim.
func refused[S any](_ func(S) error, err error) func(S) error {
	return func(S) error { return err }
}

// WithAppSecret returns a client whose calls carry an appsecret_proof: the
// HMAC-SHA256 of the access token under the app secret, in hex. It proves that the
// caller has the secret of the app, too, and an app can be set to require it. It
// shares connections and limits with c. An empty secret leaves the proof out.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/secure-requests
func (c *Client) WithAppSecret(appSecret string) *Client {
	auth := credentials{token: c.credentials().token}
	if appSecret != "" {
		auth.query = url.Values{"appsecret_proof": {sign(appSecret, []byte(auth.token))}}
	}
	return &Client{c.api, auth.get}
}

// sign is the HMAC-SHA256 of data under a secret, in hex.
func sign(secret string, data []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil))
}

// do makes one call, as every method of this package does. query may be nil, and
// is not changed; out is as for [adapter.Client.Do].
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body any, out adapter.Out, opts []kirim.RequestOption) error {
	if own := c.credentials().query; own != nil {
		query = maps.Clone(query)
		if query == nil {
			query = own
		} else {
			maps.Copy(query, own)
		}
	}
	return c.api.Do(ctx, method, path, query, body, out, opts)
}

// DecodeError reads an error response of the Cloud API.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func DecodeError(statusCode int, header http.Header, body []byte) *kirim.Error {
	return vendor.DecodeError(statusCode, header, body)
}
