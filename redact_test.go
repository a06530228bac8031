package kirim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// What a server may put the key, or what a customer wrote, into.
func TestNoTextHoldsWhatTheServerSaidOnTheWire(t *testing.T) {
	t.Parallel()
	const words = "Budi-is-late"
	for name, said := range map[string]string{
		"a bad Content-Length":     "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"two Content-Lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: %s\r\n\r\n",
		"a malformed header line":  "HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"a malformed status line":  "%s\r\n\r\n",
		"a malformed status":       "HTTP/1.1 %s OK\r\n\r\n",
		"an unknown encoding":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"a request id":             "HTTP/1.1 200 OK\r\nX-Request-Id: %s\r\nContent-Length: 0\r\n\r\n",
		"a request id of an error": "HTTP/1.1 422 No\r\nX-Request-Id: a %s b\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 64<<10))
					_, _ = fmt.Fprintf(conn, said, testKey+" "+words)
					_ = conn.Close()
				}
			}()
			var logged bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://"+listener.Addr().String()+"/v1"), kirim.WithLogger(logger))
			if err != nil {
				t.Fatal(err)
			}
			var r kirim.Response
			err = post(t.Context(), c, kirim.WithoutRetry(), kirim.WithResponse(&r))
			logger.Info("failed", "error", err)
			texts := fmt.Sprintf("%v %+v %s %v", err, err, logged.String(), errors.Unwrap(err))
			var te *kirim.TransportError
			if errors.As(err, &te) {
				texts += fmt.Sprintf(" %v %+v", te.Err, te.Err)
			}
			if strings.Contains(texts, words) || strings.Contains(texts+r.RequestID+fmt.Sprint(r.Header), testKey) {
				t.Errorf("the server's text is in %s, %+v", texts, r)
			}
		})
	}
}

func TestNoTextOfATransportHoldsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{
		fmt.Errorf("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=%q", "Budi \" said "+testKey),
		textproto.ProtocolError("malformed MIME header line: Budi " + testKey),
		fmt.Errorf("transport connection broken: %w", textproto.ProtocolError("malformed MIME header: missing colon: \"Budi\"")),
		errors.New("cannot fetch token\nResponse: Budi " + testKey),
		errors.New("refused " + testKey),
	} {
		err := post(t.Context(), newWire(answer{err: cause}).client(t), kirim.WithoutRetry())
		var te *kirim.TransportError
		if !errors.As(err, &te) {
			t.Fatal(err)
		}
		for _, text := range []string{err.Error(), te.Err.Error(), fmt.Sprintf("%+v", te.Err), te.LogValue().String()} {
			if strings.Contains(text, "Budi") || strings.Contains(text, testKey) {
				t.Errorf("the server's text is in %q", text)
			}
		}
		if !errors.Is(err, cause) {
			t.Errorf("%v does not match its cause", err)
		}
	}
	if err := post(t.Context(), newWire(answer{err: io.EOF}).client(t), kirim.WithoutRetry()); !strings.Contains(err.Error(), "EOF") {
		t.Errorf("%v does not say what happened", err)
	}
}

func TestTheKeyIsTakenOutBeforeTheBodyIsCut(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	for _, status := range []int{200, 422} {
		for before := limit - len(testKey) - 1; before <= limit+1; before++ {
			for _, prefix := range []string{strings.Repeat(" ", before), strings.Repeat(testKey, before/len(testKey)) + strings.Repeat(" ", before%len(testKey))} {
				e := answerOf(t, post2xx(t, newWire(answer{status: status, body: prefix + testKey + strings.Repeat("x", 100)})))
				if len(e.Body) > limit || bytes.Contains(e.Body, []byte(testKey[:4])) {
					t.Fatalf("%d, %d bytes before: the body of %d bytes ends with %q", status, before, len(e.Body), e.Body[max(0, len(e.Body)-60):])
				}
			}
		}
	}
	e := answerOf(t, post2xx(t, newWire(answer{status: 422, body: `{"error":"` + testKey[:20], cut: io.ErrUnexpectedEOF})))
	if bytes.Contains(e.Body, []byte(testKey[:4])) {
		t.Errorf("a body that breaks off within the key is %q", e.Body)
	}
}

// post2xx expects JSON, so that a 2xx response without it is an error.
func post2xx(t *testing.T, w *wire) error {
	t.Helper()
	var out struct{ Data any }
	return w.client(t).Do(t.Context(), http.MethodPost, "/1/messages", nil, nil, &out, kirim.WithoutRetry())
}

func TestTheKeyIsTakenOutOfWhatIsDecoded(t *testing.T) {
	t.Parallel()
	escaped := strings.ReplaceAll(testKey, "_", `\u005f`)
	body := `{"error":{"type":"invalid_request_error","code":"` + escaped + `","message":"` + escaped + `","param":"` + escaped + `","request_id":"` + escaped + `"}}`
	e := answerOf(t, post(t.Context(), newWire(answer{status: 422, body: body}).client(t)))
	if text := fmt.Sprint(e.Message, e.Code, e.Param, e.RequestID, e); strings.Contains(text, testKey) {
		t.Errorf("the key is in %s", text)
	}
}

func TestTheKeyIsTakenOutOfTheNamesOfHeaders(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 422} {
		var r kirim.Response
		w := newWire(answer{status: status, header: map[string]string{"X-" + testKey + "-Echo": "v " + testKey, "X-Kept": "yes"}})
		_ = post(t.Context(), w.client(t), kirim.WithResponse(&r), kirim.WithoutRetry())
		if text := strings.ToLower(fmt.Sprint(r.Header)); strings.Contains(text, strings.ToLower(testKey)) {
			t.Errorf("%d: the key is in %s", status, text)
		}
		if got := r.Header["X-[redacted]-Echo"]; len(got) != 1 || got[0] != "v [redacted]" || r.Header.Get("X-Kept") != "yes" {
			t.Errorf("%d: %v", status, r.Header)
		}
	}
}

func TestOnlyWhatLooksLikeAnIDIsPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"req_01HZX-7.a:b[0]/#c":  "req_01HZX-7.a:b[0]/#c",
		strings.Repeat("a", 100): strings.Repeat("a", 100),
		strings.Repeat("a", 101): "(101 bytes)",
		"123456":                 "123456",
		"1234567":                "(7 bytes)",
		"628-110-0000001":        "(15 bytes)",
		"+123456":                "(7 bytes)", // of a plus, not of the digits
		"two words":              "(9 bytes)",
		"línea":                  "(6 bytes)",
		"a\nb":                   "(3 bytes)",
	} {
		got := (&kirim.Error{StatusCode: 422, Kind: kirim.KindInvalidRequest, RequestID: text}).Error()
		if !strings.Contains(got, want) || want != text && strings.Contains(got, text) {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
}
