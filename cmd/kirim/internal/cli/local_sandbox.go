package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
)

// localRoot returns the address of the server of a base URL, such as
// http://127.0.0.1:4010; empty unless it is on this machine.
func localRoot(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// withWindowHint says of a send outside the 24-hour window how the customer can write
// in a sandbox on this machine.
func withWindowHint(ctx context.Context, conn *app.Connection, to string, err error) error {
	root := localRoot(conn.BaseURL.Text)
	var health struct {
		Status string `json:"status"`
	}
	if root == "" || getJSON(ctx, root+"/_kirim/health", &health) != nil || health.Status == "" {
		return err
	}
	return app.WithHint(err, "write as %s on the page of this sandbox, %s/, which opens the window; or send an approved template (--template)", to, root)
}

// sandboxBodies reads the bodies of deliveries from the control API of a sandbox
// on this machine. The API of an account has none.
type sandboxBodies struct {
	address string // of the deliveries; empty when there is no such sandbox
}

// sandboxAt asks whether there is a sandbox with a control API behind a base URL.
// Only this machine is asked, without a key.
func sandboxAt(ctx context.Context, baseURL string) sandboxBodies {
	root := localRoot(baseURL)
	if root == "" {
		return sandboxBodies{}
	}
	b := sandboxBodies{root + "/_kirim/api/deliveries"}
	var list struct {
		Deliveries []json.RawMessage `json:"deliveries"`
	}
	if err := getJSON(ctx, b.address, &list); err != nil || list.Deliveries == nil {
		return sandboxBodies{}
	}
	return b
}

// delivery returns the delivery as the sandbox made it, nil when it is not kept.
func (b sandboxBodies) delivery(ctx context.Context, id string) *delivery {
	if b.address == "" {
		return nil
	}
	var kept struct {
		Event   string          `json:"event"`
		EventID string          `json:"event_id"`
		Source  string          `json:"source"`
		Body    json.RawMessage `json:"body"`
	}
	if err := getJSON(ctx, b.address+"/"+url.PathEscape(id), &kept); err != nil {
		return nil
	}
	return &delivery{body: kept.Body, source: kept.Source, event: kept.Event, eventID: kept.EventID, id: id}
}

// getJSON reads from a sandbox on this machine, without a key.
func getJSON(ctx context.Context, address string, into any) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return json.NewDecoder(http.MaxBytesReader(nil, res.Body, 2*largestDelivery)).Decode(into)
}
