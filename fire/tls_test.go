package fire

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// authority signs certificates for the servers of tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Virtual time begins in 2000, real time is now: both lie within.
var validFrom, validTo = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "an authority of a test"}, NotBefore: validFrom, NotAfter: validTo,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// issue signs a certificate, with its own key while there is no other.
func (a *authority) issue(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(1)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// server is the configuration of a server with such a name and lifetime.
func (a *authority) server(t *testing.T, name string, from, to time.Time) *tls.Config {
	t.Helper()
	template := &x509.Certificate{
		DNSNames: []string{name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if name == "localhost" {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	cert, key := a.issue(t, template)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// client is the configuration of a client that trusts the authority.
func (a *authority) client() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// overTLS answers well once the handshake is done.
func overTLS(config *tls.Config) func(*rawConn) { return overTLSThen(config, (*rawConn).answerWell) }

// overTLSThen reads on when a handshake fails, so that the client hears why.
func overTLSThen(config *tls.Config, serve func(*rawConn)) func(*rawConn) {
	return func(c *rawConn) {
		secured := tls.Server(&bufferedConn{c.Conn, c.r}, config)
		if secured.Handshake() != nil {
			return
		}
		c.Conn, c.r = secured, bufio.NewReader(secured)
		serve(c)
	}
}

// bufferedConn is a connection of which a part may have been read already.
type bufferedConn struct {
	net.Conn
	r io.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// trusting is a client that trusts the authority.
func (a *authority) trusting(transport *http.Transport) kirim.Option {
	transport.TLSClientConfig = a.client()
	return kirim.WithHTTPClient(&http.Client{Transport: transport})
}

// A TLS connection that does not come about proves that nothing was sent. It
// is tried again when that may help: not when a certificate or a setting is
// wrong.
func TestFireAHandshakeThatFailsSendsNothing(t *testing.T) {
	noGoroutineLeaks(t)
	quietly(t)
	known, unknown := newAuthority(t), newAuthority(t)
	good := known.server(t, "localhost", validFrom, validTo)
	alert := func(description byte) func(*rawConn) {
		return func(c *rawConn) {
			c.r.Peek(5)
			c.Write([]byte{21, 3, 3, 0, 2, 2, description})
			c.Close()
		}
	}
	withTLS := func(change func(*tls.Config)) *tls.Config {
		config := good.Clone()
		change(config)
		return config
	}
	faults := []fault{
		{name: "the authority is unknown", serve: overTLS(unknown.server(t, "localhost", validFrom, validTo)), attempts: never},
		{name: "the name is another", serve: overTLS(known.server(t, "kirim.example", validFrom, validTo)), attempts: never},
		{name: "the certificate has expired", serve: overTLS(known.server(t, "localhost", validFrom, validFrom.AddDate(0, 0, 1))), attempts: never},
		{name: "the certificate is not valid yet", serve: overTLS(known.server(t, "localhost", validTo.AddDate(0, 0, -1), validTo)), attempts: never},
		{name: "the server knows only old versions", serve: overTLS(withTLS(func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		})), attempts: never},
		{name: "the server answers plain HTTP at once", serve: func(c *rawConn) {
			c.r.Peek(5)
			c.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		}, attempts: never},
		{name: "the server speaks another protocol", serve: func(c *rawConn) { c.write("220 mail.example ESMTP\r\n") }, attempts: never},
		{name: "an alert: handshake failure", serve: alert(40), attempts: never},
		{name: "an alert: unrecognized name", serve: alert(112), attempts: never},
		{name: "an alert: internal error", serve: alert(80), attempts: never},
		{name: "it is reset in the handshake", serve: func(c *rawConn) { c.r.Peek(5); c.reset() }, attempts: always},
		{name: "it ends in the handshake", serve: func(c *rawConn) { c.r.Peek(5); c.Close() }, attempts: always},
		{name: "it ends in the middle of a record", serve: func(c *rawConn) {
			c.r.Peek(5)
			c.Write([]byte{22, 3, 3, 1, 0, 2})
			c.Close()
		}, attempts: always},
	}
	for i := range faults {
		faults[i].unread, faults[i].well = true, overTLS(good)
	}
	eachFault(t, faults, func(t *testing.T, run func(*testing.T, net.Listener, ...kirim.Option)) {
		l := listenTCP(t)
		run(t, l, kirim.WithBaseURL("https://"+l.Addr().String()), known.trusting(&http.Transport{}))
	})
}

func TestFireAHandshakeThatNeverEndsIsLeftAndTriedAgain(t *testing.T) {
	noGoroutineLeaks(t)
	known := newAuthority(t)
	good := known.server(t, "localhost", validFrom, validTo)
	for limit, transport := range map[time.Duration]func() *http.Transport{
		10 * time.Second: func() *http.Transport { return &http.Transport{TLSHandshakeTimeout: 10 * time.Second} },
		35 * time.Second: func() *http.Transport { return &http.Transport{} }, // that of the attempt
	} {
		eachFault(t, []fault{
			{name: "a silent server, " + limit.String(), serve: func(*rawConn) {}, unread: true, well: overTLS(good), attempts: always, takes: limit},
		}, func(t *testing.T, run func(*testing.T, net.Listener, ...kirim.Option)) {
			synctest.Test(t, func(t *testing.T) {
				l, transport := listenPipe(), transport()
				transport.DialContext = l.dial
				run(t, l, kirim.WithBaseURL("https://localhost"), known.trusting(transport))
			})
		})
	}
}

// With TLS 1.3 the client believes that the handshake is over before the
// server has looked at its certificate, and may be sending the request by then:
// how it hears of the refusal is a matter of chance.
func TestFireAServerThatWantsACertificateReadsNothing(t *testing.T) {
	noGoroutineLeaks(t)
	known := newAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := known.server(t, "localhost", validFrom, validTo)
		config.MaxVersion, config.ClientAuth = version, tls.RequireAnyClientCert
		for _, op := range operations {
			t.Run(tls.VersionName(version)+"/"+op.name, func(t *testing.T) {
				l := listenTCP(t)
				server := startRaw(t, l, overTLS(config))
				client := fireClient(t, append(op.opts, kirim.WithBaseURL("https://"+l.Addr().String()), known.trusting(&http.Transport{}))...)
				err := op.call(t.Context(), client, hello)
				var lost *kirim.TransportError
				if !errors.As(err, &lost) || len(server.seen()) != 0 {
					t.Errorf("%v; %d requests were read", err, len(server.seen()))
				}
				if version == tls.VersionTLS12 && (lost.Attempts != 1 || kirim.IsTemporary(err) || kirim.MaybeSent(err)) {
					t.Errorf("MaybeSent is %v: %v", kirim.MaybeSent(err), err)
				}
			})
		}
	}
}

func TestFirePlainHTTPToATLSPortIsALostRequest(t *testing.T) {
	noGoroutineLeaks(t)
	config := newAuthority(t).server(t, "localhost", validFrom, validTo)
	overTCP(t, []fault{{name: "TLS", serve: func(c *rawConn) { overTLS(config)(c); c.Close() }, unread: true, attempts: unlessUnsafe, doubt: inDoubt}})
}

func TestFireARedirectFromHTTPSToHTTPIsNotFollowed(t *testing.T) {
	noGoroutineLeaks(t)
	known := newAuthority(t)
	config := known.server(t, "localhost", validFrom, validTo)
	for column, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			other := listenTCP(t)
			stranger := startRaw(t, other, (*rawConn).answerWell)
			l := listenTCP(t)
			f := fault{status: 302, kind: kirim.KindUnknown, attempts: never, doubt: inDoubt}
			f.run(t, column, overTLSThen(config, afterReading(answerOf("302 Found", "Location: http://"+other.Addr().String()+"/\r\n", ""))), l,
				[]kirim.Option{kirim.WithBaseURL("https://" + l.Addr().String()), known.trusting(&http.Transport{})})
			if stranger.connections() != 0 {
				t.Errorf("the other host got %d connections", stranger.connections())
			}
		})
	}
}
