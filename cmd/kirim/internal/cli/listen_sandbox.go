package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// sandboxBodies reads the bodies of deliveries from the control API of a sandbox
// on this machine. The API of an account has none.
type sandboxBodies struct {
	address string // of the deliveries; empty when there is no such sandbox
}

// sandboxAt asks whether there is a sandbox with a control API behind a base URL.
// Only this machine is asked, without a key.
func sandboxAt(ctx context.Context, baseURL string) sandboxBodies {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return sandboxBodies{}
	}
	b := sandboxBodies{u.Scheme + "://" + u.Host + "/_kirim/api/deliveries"}
	var list struct {
		Deliveries []json.RawMessage `json:"deliveries"`
	}
	if err := b.get(ctx, b.address, &list); err != nil || list.Deliveries == nil {
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
	if err := b.get(ctx, b.address+"/"+url.PathEscape(id), &kept); err != nil {
		return nil
	}
	return &delivery{body: kept.Body, source: kept.Source, event: kept.Event, eventID: kept.EventID, id: id}
}

func (b sandboxBodies) get(ctx context.Context, address string, into any) error {
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
