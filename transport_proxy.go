package kirim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// proxyRefusedError says that a proxy will not connect to the server for this
// client, which is a matter of configuration: a retry would be refused again.
type proxyRefusedError struct {
	proxy  *url.URL
	reason string
}

func (e *proxyRefusedError) Error() string {
	// Without what the URL may have of credentials.
	return fmt.Sprintf("the proxy %s://%s refuses to connect: %s", e.proxy.Scheme, e.proxy.Host, e.reason)
}

// refusedByProxy is the OnProxyConnectResponse of the transport. Other responses
// to a CONNECT are left to net/http: the proxy may be up again soon.
func refusedByProxy(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if status := answer.StatusCode; isProxyRefusal(status) {
		return &proxyRefusedError{proxy, fmt.Sprintf("%d %s", status, http.StatusText(status))}
	}
	return nil
}

func isProxyRefusal(status int) bool {
	return status == http.StatusForbidden || status == http.StatusProxyAuthRequired
}

// socksRefusals are the texts of net/http for what a SOCKS5 proxy refuses.
var socksRefusals = []string{
	"no acceptable authentication methods",
	"username/password authentication failed",
	"invalid username/password",
	"connection not allowed by ruleset",
}

// explainProxy finds the refusals of a proxy that net/http reports as a text
// only: those of a SOCKS5 proxy, and, where the transport is the caller's, those
// of a CONNECT, whose whole text is the reason phrase.
func (c *call) explainProxy(err error) error {
	if !c.attempt.neverConnected() {
		return err
	}
	cause := err
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		cause = outer.Err
	}
	reason := ""
	if socks := (*net.OpError)(nil); errors.As(err, &socks) && strings.HasPrefix(socks.Op, "socks ") {
		for _, text := range socksRefusals {
			if strings.Contains(socks.Err.Error(), text) {
				reason = text
			}
		}
	}
	for _, status := range []int{http.StatusForbidden, http.StatusProxyAuthRequired} {
		if cause.Error() == http.StatusText(status) {
			reason = fmt.Sprintf("%d %s", status, http.StatusText(status))
		}
	}
	if proxy := c.proxy(); reason != "" && proxy != nil {
		return &proxyRefusedError{proxy, reason}
	}
	return err
}

// proxy returns the proxy of the call, nil when there is none or none is known.
func (c *call) proxy() *url.URL {
	transport, ok := c.client.http.Transport.(*sharedTransport).transport().(*http.Transport)
	if !ok || transport.Proxy == nil {
		return nil
	}
	proxy, _ := transport.Proxy(c.attempt.request)
	return proxy
}
