package flow

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Statuses of Meta's own.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/error-codes
const (
	statusTokenInvalid = 427
	statusSignature    = 432
)

// patience is how long the endpoint may take. That WhatsApp waits as long is assumed.
const patience = 10 * time.Second

// mostResponse is the most bytes that are read of a response; Meta's limit for the data
// of a screen is 1 MB.
const mostResponse = 4 << 20

// Endpoint is the data endpoint of a flow, as WhatsApp asks it.
type Endpoint struct {
	// URL is where it is. Its host must be this machine, or one of Hosts.
	URL   string
	Hosts []string

	// Key returns the public key of the service in PEM. It is asked before each
	// request, as the key may have been changed.
	Key func() string

	// AppSecret signs the requests.
	AppSecret string
}

// EndpointError is why a response of the endpoint is not used. Status is 0 when there
// was none.
type EndpointError struct {
	Status  int
	Message string
}

func (e *EndpointError) Error() string { return e.Message }

// Ping asks the endpoint whether it is up, as WhatsApp does every now and then.
func (e *Endpoint) Ping(ctx context.Context) error {
	got, err := e.ask(ctx, request{Version: "3.0", Action: actionPing})
	if err != nil {
		return err
	}
	if status := textOf(got.Data["status"]); status != "active" {
		return &EndpointError{http.StatusOK, fmt.Sprintf("the endpoint's status is %.80q, want active", status)}
	}
	return nil
}

// CheckURL says what is wrong with the URL of an endpoint.
func (e *Endpoint) CheckURL() error {
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("want an http or https URL")
	case !e.allows(u.Hostname()):
		return fmt.Errorf("the sandbox asks endpoints on this machine alone, and %.80q is another: allow its host first", u.Hostname())
	}
	return nil
}

func (e *Endpoint) allows(host string) bool {
	return slices.Contains(e.Hosts, host) || host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}

// ask makes a request. After 421 it is made once more, as the key may be another.
func (e *Endpoint) ask(ctx context.Context, r request) (response, error) {
	got, err := e.once(ctx, r)
	var refused *EndpointError
	if errors.As(err, &refused) && refused.Status == http.StatusMisdirectedRequest {
		got, err = e.once(ctx, r)
	}
	return got, err
}

func (e *Endpoint) once(ctx context.Context, r request) (got response, err error) {
	if err := e.CheckURL(); err != nil {
		return got, &EndpointError{0, "The endpoint is not asked: " + err.Error() + "."}
	}
	plain, err := json.Marshal(r)
	if err != nil {
		return got, &EndpointError{0, "The request cannot be encoded."}
	}
	public, err := parseKey(e.Key())
	if err != nil {
		return got, &EndpointError{0, "The request cannot be encrypted: " + err.Error() + "."}
	}
	sealed, body, err := seal(public, plain)
	if err != nil {
		return got, &EndpointError{0, "The request cannot be encrypted: " + err.Error() + "."}
	}
	status, text, err := e.post(ctx, body)
	if err != nil {
		return got, &EndpointError{0, "The endpoint did not respond: " + err.Error() + "."}
	}
	return read(sealed, r.Action, status, text)
}

// post sends the body, with its signature.
func (e *Endpoint) post(ctx context.Context, body []byte) (status int, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("the URL is wrong")
	}
	mac := hmac.New(sha256.New, []byte(e.AppSecret))
	mac.Write(body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	transport := &http.Transport{DisableKeepAlives: true, DialContext: e.dial(req.URL.Hostname())}
	resp, err := transport.RoundTrip(req) // follows no redirect
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return 0, nil, fmt.Errorf("it took longer than %s", patience)
		}
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err = io.ReadAll(io.LimitReader(resp.Body, mostResponse+1))
	if err == nil && len(text) > mostResponse {
		err = fmt.Errorf("its body has more than %d bytes", mostResponse)
	}
	return resp.StatusCode, text, err
}

// dial connects to this machine alone, whatever a name leads to, unless its host is
// allowed by name.
func (e *Endpoint) dial(host string) func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: patience}
	if !slices.Contains(e.Hosts, host) {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			ip, _, err := net.SplitHostPort(address)
			if err != nil || !net.ParseIP(ip).IsLoopback() {
				return errors.New("its address is not this machine's")
			}
			return nil
		}
	}
	return dialer.DialContext
}

// read decrypts a response, and says what became of the request.
func read(sealed *sealed, action string, status int, text []byte) (got response, err error) {
	plain, unreadable := sealed.open(text)
	switch status {
	case http.StatusOK:
	case http.StatusMisdirectedRequest:
		return got, &EndpointError{status, "The endpoint cannot decrypt the request (421), also after the sandbox took its public key again: it has another private key."}
	case statusTokenInvalid:
		var said struct {
			Message string `json:"error_msg"`
		}
		if unreadable != nil {
			plain = text // Meta's reference shows it in plain
		}
		_ = json.Unmarshal(plain, &said) // without it the general message is shown
		if said.Message == "" {
			said.Message = "The endpoint says that the flow is no longer valid (427)."
		}
		return got, &EndpointError{status, said.Message}
	case statusSignature:
		return got, &EndpointError{status, "The endpoint refuses the signature (432): it has another app secret."}
	default:
		return got, &EndpointError{status, fmt.Sprintf("The endpoint responded %d. WhatsApp shows a general error.", status)}
	}
	if unreadable != nil {
		return got, &EndpointError{status, "The endpoint's response cannot be used: " + unreadable.Error() + "."}
	}
	object, err := decodeObject(plain)
	if err != nil {
		return got, &EndpointError{status, "The endpoint's response cannot be used: it is not a JSON object."}
	}
	got.Screen, got.Data = object.text("screen"), object.object("data")
	if got.Screen == "" && action != actionPing && action != actionExchange {
		return got, &EndpointError{status, "The endpoint's response cannot be used: it has no screen."}
	}
	return got, nil
}

func parseKey(text string) (*rsa.PublicKey, error) {
	if text == "" {
		return nil, errors.New("there is no public key: give the flow one, or register it for the phone number")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the public key is not PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, isRSA := parsed.(*rsa.PublicKey)
	if err != nil || !isRSA || key.N.BitLen() != 2048 {
		return nil, errors.New("the public key is not an RSA key of 2048 bits")
	}
	return key, nil
}

// CheckKey says what is wrong with a public key in PEM.
func CheckKey(text string) error {
	_, err := parseKey(text)
	return err
}

// sealed is what a request was encrypted with.
type sealed struct {
	aead cipher.AEAD
	iv   []byte
}

// seal encrypts a request as WhatsApp does: AES-128-GCM with a vector of 16 bytes, and
// the key with RSA-OAEP and SHA-256.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#request-decryption-and-encryption
func seal(public *rsa.PublicKey, plain []byte) (*sealed, []byte, error) {
	secret, iv := make([]byte, 16), make([]byte, 16)
	_, _ = rand.Read(secret) // never fails
	_, _ = rand.Read(iv)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, secret, nil)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(iv))
	if err != nil {
		return nil, nil, err
	}
	body, err := json.Marshal(map[string]string{
		"encrypted_flow_data": base64.StdEncoding.EncodeToString(aead.Seal(nil, iv, plain, nil)),
		"encrypted_aes_key":   base64.StdEncoding.EncodeToString(wrapped),
		"initial_vector":      base64.StdEncoding.EncodeToString(iv),
	})
	return &sealed{aead, iv}, body, err
}

// open decrypts a response: its vector is that of the request with all bits inverted.
func (s *sealed) open(text []byte) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	inverted := make([]byte, len(s.iv))
	for i, b := range s.iv {
		inverted[i] = ^b
	}
	plain, err := s.aead.Open(nil, inverted, data, nil)
	if err != nil {
		return nil, errors.New("it cannot be decrypted with the key of the request")
	}
	return plain, nil
}
