package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

const (
	testToken  = "EAAGtesttoken"
	testSecret = "0123456789abcdef0123456789abcdef"
	testNumber = "200000000000001"
	accepted   = `{"messaging_product":"whatsapp","contacts":[{"input":"+6281100000001","wa_id":"6281100000001"}],"messages":[{"id":"wamid.EXAMPLE"}]}`
)

var hello = kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}

func newClient(t *testing.T, wire *testwire.Wire, opts ...kirim.Option) *cloudapi.Client {
	t.Helper()
	c, err := cloudapi.NewClient(testToken, wire.Options(opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func number(t *testing.T, wire *testwire.Wire, opts ...kirim.Option) *cloudapi.PhoneNumber {
	t.Helper()
	return newClient(t, wire, opts...).PhoneNumber(testNumber)
}

func TestRequestsGoToTheVersionThatIsChosen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []kirim.Option
		want string
		err  string
	}{
		{"the default", nil, "https://graph.facebook.com/v25.0/200000000000001/messages", ""},
		{"a newer version", []kirim.Option{cloudapi.WithVersion("v26.0")}, "https://graph.facebook.com/v26.0/200000000000001/messages", ""},
		{"a server of one's own", []kirim.Option{kirim.WithBaseURL("https://meta.example/v1.0/")}, "https://meta.example/v1.0/200000000000001/messages", ""},
		{"a version without its v", []kirim.Option{cloudapi.WithVersion("26.0")}, "", `WithVersion: "26.0" is no version such as "v25.0"`},
		{"a path as a version", []kirim.Option{cloudapi.WithVersion("v26.0/me")}, "", "WithVersion"},
		{"no version", []kirim.Option{cloudapi.WithVersion("")}, "", "WithVersion"},
	} {
		wire := testwire.Answering(200, accepted)
		opts := append([]kirim.Option{kirim.WithHTTPClient(&http.Client{Transport: wire})}, tt.opts...)
		c, err := cloudapi.NewClient(testToken, opts...)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err == nil {
			_, err = c.PhoneNumber(testNumber).Send(t.Context(), hello)
		}
		if err != nil || wire.Requests()[0].URL != tt.want {
			t.Errorf("%s: %v, %v", tt.name, wire.Requests(), err)
		}
	}
}

func TestAnAppSecretProvesEachCall(t *testing.T) {
	t.Parallel()
	// HMAC-SHA256 of the token under the secret, as openssl computes it.
	const proof = "?appsecret_proof=f9ae00f4011a02925cb5f622250f4c68c4b491cdc3771bfdc80d61809a151862"
	wire := testwire.Answering(200, `{"success":true,"messages":[{"id":"wamid.EXAMPLE"}]}`)
	plain := newClient(t, wire)
	proven := plain.WithAppSecret(testSecret)
	for _, tt := range []struct {
		name   string
		client *cloudapi.Client
		want   string
	}{
		{"none", plain, ""},
		{"one", proven, proof},
		{"one in place of another", plain.WithAppSecret("another").WithAppSecret(testSecret), proof},
		{"none any more", proven.WithAppSecret(""), ""},
	} {
		wire.Forget()
		number := tt.client.PhoneNumber(testNumber)
		_, err := number.Send(t.Context(), hello)
		if err := errors.Join(err, number.MarkRead(t.Context(), "wamid.EXAMPLE")); err != nil {
			t.Fatal(err)
		}
		for _, r := range wire.Requests() {
			if got := strings.TrimPrefix(r.URL, testwire.BaseURL+"/"+testNumber+"/messages"); got != tt.want {
				t.Errorf("%s: %s", tt.name, r.URL)
			}
			if r.Header.Get("Authorization") != "Bearer "+testToken {
				t.Errorf("%s: %v", tt.name, r.Header)
			}
		}
	}
}

func TestNothingShowsTheTokenOrTheProof(t *testing.T) {
	t.Parallel()
	wire := testwire.New(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":{"message":"bad %s","type":"OAuthException","code":190,"fbtrace_id":"A"}}`, r.Header.Get("Authorization"))
	})
	client := newClient(t, wire).WithAppSecret(testSecret)
	number := client.PhoneNumber(testNumber)
	_, refused := number.Send(t.Context(), hello)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, failed := number.Send(gone, hello)
	proof := wire.Requests()[0].URL[len(testwire.BaseURL):]
	proof = proof[strings.Index(proof, "=")+1:]
	for _, v := range []any{client, number, *client, *number, refused, failed} {
		text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v)
		if strings.Contains(text, testToken) || strings.Contains(text, testSecret) || strings.Contains(text, proof) {
			t.Errorf("%T shows a credential: %s", v, text)
		}
	}
}
