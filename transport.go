package kirim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	maxIdleConnections = 1024             // enough for a backend that sends many messages at once
	maxRedirects       = 10               // as in net/http
	dialTimeout        = 10 * time.Second // less than the timeout of an attempt, so that it counts as not sent
)

// newHTTPClient returns a client of our own over the caller's transport. The
// caller's client is read, never changed.
func newHTTPClient(theirs *http.Client, timeout time.Duration) *http.Client {
	ours := &http.Client{}
	var next http.RoundTripper
	var checkRedirect func(*http.Request, []*http.Request) error
	if theirs == nil {
		next = newTransport()
	} else {
		next, checkRedirect, ours.Jar = theirs.Transport, theirs.CheckRedirect, theirs.Jar
		if theirs.Timeout > 0 {
			timeout = min(timeout, theirs.Timeout)
		}
	}
	ours.Transport = &attemptTransport{next: next, timeout: timeout}
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
	return ours
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          maxIdleConnections,
		MaxIdleConnsPerHost:   maxIdleConnections,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// redirectRefusedError is an error of the caller's own CheckRedirect.
type redirectRefusedError struct{ error }

func (e *redirectRefusedError) Unwrap() error { return e.error }

// attemptTransport limits the time of each attempt. It is a type of its own
// also because it lacks CloseIdleConnections: go-retryablehttp calls that
// whenever one call fails, and would empty the pool that all calls share.
type attemptTransport struct {
	next    http.RoundTripper // nil means http.DefaultTransport, looked up when used
	timeout time.Duration
}

func (t *attemptTransport) transport() http.RoundTripper {
	if t.next == nil {
		return http.DefaultTransport
	}
	return t.next
}

func closeIdleConnections(client *http.Client) {
	t := client.Transport.(*attemptTransport)
	if c, ok := t.transport().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	parent := req.Context()
	if deadline, ok := parent.Deadline(); ok && time.Until(deadline) <= t.timeout {
		return t.answer(req)
	}
	ctx, cancel := context.WithTimeout(parent, t.timeout)
	a := &attempt{ctx: ctx, parent: parent, cancel: cancel, timeout: t.timeout}
	resp, err := t.answer(req.WithContext(ctx))
	if err != nil {
		err = a.explain(err)
		cancel()
		return nil, err
	}
	a.ReadCloser = resp.Body
	resp.Body = a
	return resp, nil
}

// answer drops a Location that is no URL: net/http would quote it in an error
// of its own and lose the answer that it came with.
func (t *attemptTransport) answer(req *http.Request) (*http.Response, error) {
	resp, err := t.transport().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := req.URL.Parse(location); err != nil {
			resp.Header.Del("Location")
		}
	}
	return resp, nil
}

// attempt is the body of one attempt's answer, still under its timeout.
type attempt struct {
	io.ReadCloser
	ctx, parent context.Context //nolint:containedctx // the value lives as long as the attempt
	cancel      context.CancelFunc
	timeout     time.Duration
}

func (a *attempt) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = a.explain(err)
	}
	return n, err
}

func (a *attempt) Close() error {
	defer a.cancel()
	return a.ReadCloser.Close()
}

// explain tells a timeout of the attempt from the end of the caller's
// context, which net/http reports in the same words.
func (a *attempt) explain(err error) error {
	if a.ctx.Err() != nil && a.parent.Err() == nil {
		return &attemptTimeoutError{a.timeout, err}
	}
	return err
}

// attemptTimeoutError matches os.ErrDeadlineExceeded, and on purpose not
// context.DeadlineExceeded: the caller's context has not ended.
type attemptTimeoutError struct {
	timeout time.Duration
	err     error
}

func (e *attemptTimeoutError) Error() string {
	return fmt.Sprintf("no complete answer within %v", e.timeout)
}
func (e *attemptTimeoutError) Timeout() bool { return true }
func (e *attemptTimeoutError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded
}
