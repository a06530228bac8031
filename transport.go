package kirim

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

const (
	maxIdleConnections = 1024    // enough for a backend that sends many messages at once
	maxHeader          = 1 << 20 // of a response; Kirim's are below 2 KB
	maxRedirects       = 10      // as in net/http
)

// newHTTPClient returns a client of our own over the caller's transport, or
// else over one with the dialer. The caller's client is read, never changed.
func newHTTPClient(theirs *http.Client, dialer *sparingDialer, observers *callObservers) (*http.Client, error) {
	ours := &http.Client{}
	var next http.RoundTripper
	var checkRedirect func(*http.Request, []*http.Request) error
	if theirs == nil {
		next = newTransport(dialer)
	} else {
		next, checkRedirect, ours.Jar = theirs.Transport, theirs.CheckRedirect, theirs.Jar
	}
	shared := &sharedTransport{next: next}
	var err error
	if shared.observed, err = observed(unobserved{shared}, observers); err != nil {
		return nil, err
	}
	ours.Transport = shared
	ours.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		first := via[0]
		safe := operationOf(first.Method, "") == read && sameOrigin(first.URL, req.URL) && len(via) < maxRedirects
		if !safe {
			return http.ErrUseLastResponse
		}
		if checkRedirect == nil {
			return nil
		}
		err := checkRedirect(req, via)
		if err == nil || errors.Is(err, http.ErrUseLastResponse) {
			return err
		}
		return &redirectRefusedError{err}
	}
	return ours, nil
}

// observed returns a transport within those of the observers.
func observed(next http.RoundTripper, observers *callObservers) (http.RoundTripper, error) {
	if observers == nil {
		return next, nil
	}
	for _, observer := range slices.Backward(observers.list) {
		if observer.Transport == nil {
			continue
		}
		if next = observer.Transport(next); isNil(next) {
			return nil, errors.New("kirim: WithCallObserver: Transport returned nil")
		}
	}
	return next, nil
}

func newTransport(dialer *sparingDialer) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: refusedByProxy,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           maxIdleConnections,
		MaxIdleConnsPerHost:    maxIdleConnections,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
	}
}

// redirectRefusedError is an error of the caller's own CheckRedirect.
type redirectRefusedError struct{ error }

func (e *redirectRefusedError) Unwrap() error { return e.error }

// sharedTransport lacks CloseIdleConnections: go-retryablehttp calls that
// whenever one call fails, and would empty the pool that all calls share.
type sharedTransport struct {
	next     http.RoundTripper // nil means http.DefaultTransport, looked up when used
	observed http.RoundTripper // next within the transports of the observers
}

// unobserved is what the transports of the observers send by.
type unobserved struct{ *sharedTransport }

func (t unobserved) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.transport().RoundTrip(req)
	if err != nil {
		err = explainEnd(req.Context(), err)
	}
	return resp, err
}

func (t *sharedTransport) transport() http.RoundTripper {
	if t.next == nil {
		return http.DefaultTransport
	}
	return t.next
}

func closeIdleConnections(client *http.Client) {
	t := client.Transport.(*sharedTransport)
	if c, ok := t.transport().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip drops a Location that is no URL: net/http would quote it in an
// error of its own and lose the response that it came with.
func (t *sharedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.observed.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if a, ok := req.Context().Value(attemptKey{}).(*attempt); ok {
		a.answered.Store(true)
	}
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := req.URL.Parse(location); err != nil {
			resp.Header.Del("Location")
		}
	}
	return resp, nil
}
