package kirimtest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
)

// WithWebhookTransport sends webhooks through rt, which must give up when the
// context of a request ends. The default is a transport of the server's own.
// For a receiver with a test certificate, give the Transport of its Client.
func WithWebhookTransport(rt http.RoundTripper) Option {
	return func(cfg *config) { cfg.webhookTransport = rt }
}

// WithWebhookHandler hands every webhook to h, whatever its URL, without a
// network. Use it inside a testing/synctest bubble. As with net/http, h runs in
// a goroutine of its own, and the context of its request ends when the attempt
// has timed out or the server is closed.
func WithWebhookHandler(h http.Handler) Option {
	return func(cfg *config) { cfg.webhookHandler = h }
}

// WithHTTPWebhooks lets the API accept http URLs of loopback hosts for
// subscriptions, as [Server.Subscribe] always does.
func WithHTTPWebhooks() Option {
	return func(cfg *config) { cfg.httpWebhooks = true }
}

// WithoutWebhookJitter makes webhooks go out exactly on schedule. By default each
// wait is up to 20 % shorter or longer.
func WithoutWebhookJitter() Option {
	return func(cfg *config) { cfg.noJitter = true }
}

// webhookClient is what webhooks are sent with. own reports whether its
// connections are the server's to close.
func (s *Server) webhookClient() (c *http.Client, own bool) {
	c = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	switch {
	case s.cfg.webhookHandler != nil:
		c.Transport = &handlerTransport{s.cfg.webhookHandler, &s.state.agenda.group}
	case s.cfg.webhookTransport != nil:
		c.Transport = s.cfg.webhookTransport
	default:
		c.Transport = &http.Transport{MaxIdleConnsPerHost: 16}
		own = true
	}
	return c, own
}

// handlerTransport responds to requests with a handler.
type handlerTransport struct {
	handler http.Handler
	group   *sync.WaitGroup
}

func (t *handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if req.URL.Host == "" { // which httptest would not take
		return nil, errors.New("the URL of the receiver has no host")
	}
	in := httptest.NewRequestWithContext(ctx, req.Method, req.URL.String(), req.Body)
	in.Header = req.Header.Clone()
	in.ContentLength = req.ContentLength
	rec := httptest.NewRecorder()
	answered := make(chan bool, 1)
	t.group.Go(func() { answered <- serve(t.handler, rec, in) })
	select {
	case ok := <-answered:
		if !ok {
			return nil, errors.New("the receiver panicked")
		}
		resp := rec.Result()
		resp.Request = req
		return resp, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve reports false when the handler panicked, as a server would by closing
// the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (ok bool) {
	defer func() { ok = recover() == nil }()
	h.ServeHTTP(w, r)
	return true
}
