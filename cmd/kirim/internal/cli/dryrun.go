package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
)

// request is what a send puts on the wire, without its headers: they have the key.
type request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body"`
}

// recorder is a transport that keeps the request and sends nothing, so that a
// dry run takes the same path as a send, for every system.
type recorder struct {
	baseURL string
	request *request
}

var errDryRun = errors.New("dry run")

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	// Without the query: a proof of the app secret is in it.
	path, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Redacted(), r.baseURL), "?")
	r.request = &request{Method: req.Method, Path: path, Body: bytes.TrimSpace(body)}
	return nil, errDryRun
}

// dryRun returns the request that a message would be sent with. A message that
// is not valid, or that the system cannot carry, is the error that a send has.
func dryRun(ctx context.Context, conn *app.Connection, message kirim.OutboundMessage) (*request, error) {
	r := &recorder{baseURL: conn.BaseURL.Text}
	sender, err := conn.Messages(kirim.WithHTTPClient(&http.Client{Transport: r}))
	if err != nil {
		return nil, err
	}
	_, err = sender.Send(ctx, message, kirim.WithoutRetry())
	if r.request == nil {
		return nil, err
	}
	return r.request, nil
}
