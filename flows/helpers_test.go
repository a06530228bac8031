package flows_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

// A key takes a while to make: there are three for all tests.
var testKeys = sync.OnceValue(func() (keys []*rsa.PrivateKey) {
	for range 3 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

// phone encrypts as WhatsApp does. That it does so rightly is for vectors_test.go to
// say: it is on the same library as the package.
type phone struct {
	aead    cipher.AEAD
	iv      []byte
	wrapped []byte
}

func newPhone(public *rsa.PublicKey) *phone {
	secret, iv := make([]byte, 16), make([]byte, 16)
	_, _ = rand.Read(secret)
	_, _ = rand.Read(iv)
	return newPhoneWith(public, secret, iv)
}

func newPhoneWith(public *rsa.PublicKey, secret, iv []byte) *phone {
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, secret, nil)
	if err != nil {
		panic(err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(iv))
	if err != nil {
		panic(err)
	}
	return &phone{aead, iv, wrapped}
}

// envelope is the body of a request, whose parts a test may spoil.
type envelope struct {
	Data string `json:"encrypted_flow_data"`
	Key  string `json:"encrypted_aes_key"`
	IV   string `json:"initial_vector"`
}

func (p *phone) seal(payload string) envelope {
	in64 := base64.StdEncoding.EncodeToString
	return envelope{in64(p.aead.Seal(nil, p.iv, []byte(payload), nil)), in64(p.wrapped), in64(p.iv)}
}

func (e envelope) String() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// open returns what a response says.
func (p *phone) open(body string) string {
	sealed, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		panic(fmt.Sprintf("%q is not base64: %v", body, err))
	}
	iv := make([]byte, len(p.iv))
	for i, b := range p.iv {
		iv[i] = b ^ 0xff
	}
	plain, err := p.aead.Open(nil, iv, sealed, nil)
	if err != nil {
		panic(fmt.Sprintf("%q cannot be decrypted: %v", body, err))
	}
	return string(plain)
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func post(t testing.TB, h http.Handler, body, signature string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/flows", strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// newHandler has the first of the test keys, and checks no signature.
func newHandler(t testing.TB, exchange flows.Exchange, opts ...flows.Option) *flows.Handler {
	t.Helper()
	h, err := flows.NewHandler(testKeys()[:1], exchange, append([]flows.Option{flows.WithoutSignatureCheck()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// call sends a payload and returns the status and the decrypted body.
func call(t testing.TB, h http.Handler, payload string) (status int, body string) {
	t.Helper()
	p := newPhone(&testKeys()[0].PublicKey)
	w := post(t, h, p.seal(payload).String(), "")
	if w.Body.Len() == 0 {
		return w.Code, ""
	}
	return w.Code, p.open(w.Body.String())
}

// forbidden is the callback of a handler that must not call it.
func forbidden(t testing.TB) flows.Exchange {
	return func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		t.Errorf("the callback got a request with action %q", r.Action)
		return nil, fmt.Errorf("not expected")
	}
}
