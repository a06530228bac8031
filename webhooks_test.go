package kirim_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kirim-go/kirim"
)

const (
	testSecret  = "whsec_TESTtestTESTtest"
	otherSecret = "whsec_OTHERotherOTHER"
)

var testTime = time.Unix(1780000000, 0)

// rewinding is a body that can be read many times.
type rewinding struct {
	data []byte
	pos  int
}

func (r *rewinding) Read(p []byte) (int, error) {
	n := copy(p, r.data[r.pos:])
	if r.pos += n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *rewinding) Close() error { return nil }

// verifier is one whose clock stands still.
func verifier(t testing.TB, secrets ...string) *kirim.WebhookVerifier {
	t.Helper()
	v, err := kirim.NewWebhookVerifier(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return v.WithClock(func() time.Time { return testTime })
}

func signed(secret string, at time.Time, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks", bytes.NewReader(body))
	r.Header.Set("X-Kirim-Signature", kirim.SignWebhook(secret, at, body))
	return r
}

func TestSignatureOfTheTestVector(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_01HXYZABCDEFGHJKMNPQRSTVWX","type":"contact.created"}`
	at := time.Unix(1716480000, 0)
	for secret, mac := range map[string]string{
		"whsec_primary_example":  "9eda22cb58b30a7f415b750185a13fc141d0fc1ff378c9e6062c7cb0f642a103",
		"whsec_rotating_example": "1cc8461513e7ce9ded4f2b50a9c2c3fff476c332a1c74d735d626eb32c4a594b",
	} {
		if got, want := kirim.SignWebhook(secret, at, []byte(body)), "t=1716480000,v1="+mac; got != want {
			t.Errorf("%s signs %s, want %s", secret, got, want)
		}
		v := verifier(t, secret).WithClock(func() time.Time { return at })
		if err := v.Verify(http.Header{"X-Kirim-Signature": {"t=1716480000,v1=" + mac}}, []byte(body)); err != nil {
			t.Errorf("%s: %v", secret, err)
		}
	}
}

func TestVerifySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"evt_1"}`)
	good := kirim.SignWebhook(testSecret, testTime, body)
	stamp, mac, _ := strings.Cut(good, ",v1=")
	stamp = strings.TrimPrefix(stamp, "t=")
	other := strings.TrimPrefix(kirim.SignWebhook("whsec_nobody", testTime, body), "t="+stamp+",")
	at := func(seconds int) []string {
		return []string{kirim.SignWebhook(testSecret, testTime.Add(time.Duration(seconds)*time.Second), body)}
	}
	one := func(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }
	flipped := func(i int) []byte {
		b := bytes.Clone(body)
		b[i] ^= 1
		return b
	}
	for _, tt := range []struct {
		name   string
		header []string
		body   []byte
		want   error
	}{
		{"a good signature", one("%s", good), body, nil},
		{"no header", nil, body, kirim.ErrWebhookSignatureMissing},
		{"an empty header", one(""), body, kirim.ErrWebhookSignatureMissing},
		{"the first byte of the body flipped", one("%s", good), flipped(0), kirim.ErrWebhookSignatureMismatch},
		{"the last byte of the body flipped", one("%s", good), flipped(len(body) - 1), kirim.ErrWebhookSignatureMismatch},
		{"a byte added to the body", one("%s", good), append(bytes.Clone(body), ' '), kirim.ErrWebhookSignatureMismatch},
		{"an empty body under the signature of another", one("%s", good), nil, kirim.ErrWebhookSignatureMismatch},
		{"an empty body, signed", one("%s", kirim.SignWebhook(testSecret, testTime, nil)), nil, nil},
		{"the time changed", one("t=1780000001,v1=%s", mac), body, kirim.ErrWebhookSignatureMismatch},
		{"the time written otherwise", one("t=01780000000,v1=%s", mac), body, kirim.ErrWebhookSignatureMismatch},
		{"the secret of somebody else", one("t=%s,%s", stamp, other), body, kirim.ErrWebhookSignatureMismatch},
		{"a second, foreign signature before the good one", one("t=%s,%s,v1=%s", stamp, other, mac), body, nil},
		{"a second, foreign signature after the good one", one("%s,%s", good, other), body, nil},
		{"the signature of the second secret", one("%s", kirim.SignWebhook(otherSecret, testTime, body)), body, nil},
		{"the signature cut", one("%s", good[:len(good)-1]), body, kirim.ErrWebhookSignatureMalformed},
		{"the signature cut by a byte", one("%s", good[:len(good)-2]), body, kirim.ErrWebhookSignatureMalformed},
		{"the signature a byte longer", one("%s00", good), body, kirim.ErrWebhookSignatureMalformed},
		{"one that is not hex beside the good one", one("%s,v1=%s", good, strings.Repeat("zz", 32)), body, nil},
		{"one of odd length beside the good one", one("%s,v1=abc", good), body, nil},
		{"only one that is not hex", one("t=%s,v1=%s", stamp, strings.Repeat("zz", 32)), body, kirim.ErrWebhookSignatureMalformed},
		{"upper-case hex", one("t=%s,v1=%s", stamp, strings.ToUpper(mac)), body, nil},
		{"the parts in the other order", one("v1=%s,t=%s", mac, stamp), body, nil},
		{"white space around the parts", one("  t = %s ,\tv1= %s  ", stamp, mac), body, nil},
		{"white space inside the signature", one("t=%s,v1=%s %s", stamp, mac[:10], mac[10:]), body, kirim.ErrWebhookSignatureMalformed},
		{"unknown parts", one("v0=beef,%s,v2=a=b==,x,,=", good), body, nil},
		{"an upper-case name of a part", one("T=%s,v1=%s", stamp, mac), body, kirim.ErrWebhookSignatureMalformed},
		{"no time", one("v1=%s", mac), body, kirim.ErrWebhookSignatureMalformed},
		{"no signature", one("t=%s", stamp), body, kirim.ErrWebhookSignatureMalformed},
		{"two times that differ", one("%s,t=1780000001", good), body, kirim.ErrWebhookSignatureMalformed},
		{"the same time twice", one("%s,t=%s", good, stamp), body, nil},
		{"a signed time", one("t=+%s,v1=%s", stamp, mac), body, kirim.ErrWebhookSignatureMalformed},
		{"a negative time", one("t=-1,v1=%s", mac), body, kirim.ErrWebhookSignatureMalformed},
		{"a time with a fraction", one("t=%s.5,v1=%s", stamp, mac), body, kirim.ErrWebhookSignatureMalformed},
		{"a time too long for a number", one("t=99999999999999999999,v1=%s", mac), body, kirim.ErrWebhookSignatureMalformed},
		{"the header repeated", []string{good, good}, body, nil},
		{"the header repeated with a foreign one", []string{"t=" + stamp + "," + other, good}, body, nil},
		{"the header repeated with another time", append(at(1), good), body, kirim.ErrWebhookSignatureMalformed},
		{"ten thousand signatures", one("%s%s", good, strings.Repeat(","+other, 10_000)), body, kirim.ErrWebhookSignatureMalformed},
		{"ten thousand empty parts", one("%s%s", good, strings.Repeat(",", 10_000)), body, kirim.ErrWebhookSignatureMalformed},
		{"thirty-two signatures", one("t=%s%s,v1=%s", stamp, strings.Repeat(","+other, 31), mac), body, nil},
		{"thirty-three signatures", one("t=%s%s,v1=%s", stamp, strings.Repeat(","+other, 32), mac), body, kirim.ErrWebhookSignatureMalformed},
		{"forty short parts", one("%s%s", good, strings.Repeat(",", 38)), body, nil},
		{"4,096 bytes", one("%s%s", good, strings.Repeat(" ", 4096-len(good))), body, nil},
		{"4,097 bytes", one("%s%s", good, strings.Repeat(" ", 4097-len(good))), body, kirim.ErrWebhookSignatureMalformed},
		{"forty-one short parts", one("%s%s", good, strings.Repeat(",", 39)), body, kirim.ErrWebhookSignatureMalformed},
		{"ten thousand headers", bytesOf(10_000, good), body, kirim.ErrWebhookSignatureMalformed},
		{"300 seconds old", at(-300), body, nil},
		{"301 seconds old", at(-301), body, kirim.ErrWebhookTooOld},
		{"300 seconds ahead", at(300), body, nil},
		{"301 seconds ahead", at(301), body, kirim.ErrWebhookTooNew},
		{"ten years ahead", at(315_360_000), body, kirim.ErrWebhookTooNew},
		{"of 1970", one("%s", kirim.SignWebhook(testSecret, time.Unix(0, 0), body)), body, kirim.ErrWebhookTooOld},
		{"of the year 292 billion", one("%s", kirim.SignWebhook(testSecret, time.Unix(1<<63-1, 0), body)), body, kirim.ErrWebhookTooNew},
		{"old and by somebody else", one("%s", kirim.SignWebhook("whsec_nobody", testTime.Add(-time.Hour), body)), body, kirim.ErrWebhookSignatureMismatch},
		{"4 MiB", one("%s", good), make([]byte, 4<<20), kirim.ErrWebhookBodyTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := verifier(t, testSecret, otherSecret)
			header := http.Header{}
			if tt.header != nil {
				header["X-Kirim-Signature"] = tt.header
			}
			err := v.Verify(header, tt.body)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			checkNoMAC(t, fmt.Sprintf("%v %+v %#v", err, err, err), tt.body)
		})
	}
}

func bytesOf(n int, s string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = s
	}
	return lines
}

// checkNoMAC fails when a text shows a secret or a signature over the body.
func checkNoMAC(t *testing.T, text string, body []byte) {
	t.Helper()
	for _, secret := range []string{testSecret, otherSecret} {
		_, mac, _ := strings.Cut(kirim.SignWebhook(secret, testTime, body), "v1=")
		raw, _ := hex.DecodeString(mac)
		for _, hidden := range []string{secret, secret[len("whsec_"):], mac, string(raw), fmt.Sprintf("%d", raw), hex.EncodeToString([]byte(secret))} {
			if strings.Contains(text, hidden) {
				t.Errorf("%q shows %q", text, hidden)
			}
		}
	}
}

func TestFallbackHeaderIsReadWithoutTheFirst(t *testing.T) {
	t.Parallel()
	body := []byte(`{}`)
	good := kirim.SignWebhook(testSecret, testTime, body)
	v := verifier(t, testSecret)
	if err := v.Verify(http.Header{"X-Kirim-Signature-256": {good}}, body); err != nil {
		t.Error(err)
	}
	if err := v.Verify(http.Header{"X-Kirim-Signature": {""}, "X-Kirim-Signature-256": {good}}, body); err != nil {
		t.Error(err)
	}
	err := v.Verify(http.Header{"X-Kirim-Signature": {"t=1,v1="}, "X-Kirim-Signature-256": {good}}, body)
	if !errors.Is(err, kirim.ErrWebhookSignatureMalformed) {
		t.Errorf("the first header does not count: %v", err)
	}
}

func TestHeadersAreFoundInAnyCase(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"evt_1","type":"a.b","data":{}}`)
	good := kirim.SignWebhook(testSecret, testTime, body)
	v := verifier(t, testSecret)
	for _, name := range []string{"x-kirim-signature", "X-KIRIM-SIGNATURE", "x-Kirim-signature", "x-kirim-signature-256"} {
		if err := v.Verify(http.Header{name: {good}}, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.Verify(http.Header{"x-kirim-signature": {good}, "X-Kirim-Signature": {""}}, body); err != nil {
		t.Errorf("an empty one beside it: %v", err)
	}
	r := signed(testSecret, testTime, []byte(`{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"1"}]}}]}]}`))
	for name, value := range map[string]string{"x-kirim-event-id": "e", "X-KIRIM-DELIVERY-ID": "wbd_1", "x-kirim-attempt": "3"} {
		r.Header[name] = []string{value}
	}
	if e, err := v.Event(r); err != nil || e.ID != "e" || e.DeliveryID != "wbd_1" || e.Attempt != 3 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestToleranceIsCountedInWholeSecondsBothWays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tolerance, age time.Duration
		want           error
	}{
		{10 * time.Second, 10 * time.Second, nil},
		{10 * time.Second, 11 * time.Second, kirim.ErrWebhookTooOld},
		{10 * time.Second, -11 * time.Second, kirim.ErrWebhookTooNew},
		{1999 * time.Millisecond, 2 * time.Second, kirim.ErrWebhookTooOld},
		{0, 0, nil},
		{0, time.Second, kirim.ErrWebhookTooOld},
		{-time.Hour, 0, nil},
		{-time.Hour, time.Second, kirim.ErrWebhookTooOld},
		{1<<63 - 1, 1000 * time.Hour, nil},
	} {
		v := verifier(t, testSecret).WithTolerance(tt.tolerance)
		r := signed(testSecret, testTime.Add(-tt.age), nil)
		if err := v.Verify(r.Header, nil); !errors.Is(err, tt.want) {
			t.Errorf("tolerance %v, age %v: %v, want %v", tt.tolerance, tt.age, err, tt.want)
		}
	}
	// A clock that was never set counts as 1970, and does not wrap around.
	for _, unset := range []time.Time{time.Unix(0, 0), {}} {
		v := verifier(t, testSecret).WithClock(func() time.Time { return unset })
		for stamp, want := range map[int64]error{0: nil, 300: nil, 301: kirim.ErrWebhookTooNew} {
			if err := v.Verify(signed(testSecret, time.Unix(stamp, 0), nil).Header, nil); !errors.Is(err, want) {
				t.Errorf("the clock says %v and the signature %d s: %v, want %v", unset, stamp, err, want)
			}
		}
	}
}

func TestVerifierRefusesSecretsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {testSecret, ""}, {testSecret + "\n"}, {" " + testSecret},
		{"\ufeff" + testSecret}, {testSecret + "\u200b"}, {"whsec_\u200dTESTtest"}, {"whsec_\u2060a"}, {"whsec_\u00ada"}, {"whsec_\u034fa"}, {"\u202a" + testSecret},
		{`"` + testSecret + `"`}, {"'" + testSecret + "'"}, {"“" + testSecret + "”"}, {"`" + testSecret}, {testSecret + `"`},
		{"whsec_a\nwhsec_b"}, {"whsec_\x00"}, {"whsec_\u00a0a"}, {"whsec_\xff"}, {otherSecret, "\ufeff" + testSecret}} {
		v, err := kirim.NewWebhookVerifier(secrets...)
		if err == nil || v != nil {
			t.Errorf("%q: %v", secrets, err)
			continue
		}
		checkNoMAC(t, err.Error(), nil)
		if which := fmt.Sprintf("secret %d ", len(secrets)); len(secrets) > 0 && !strings.Contains(err.Error(), which) {
			t.Errorf("%q: %v, want the last to be named", secrets, err)
		}
	}
	var none *kirim.WebhookVerifier
	for _, v := range []*kirim.WebhookVerifier{none, {}} {
		if err := v.Verify(nil, nil); !errors.Is(err, kirim.ErrWebhookNoSecret) {
			t.Error(err)
		}
	}
}

func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	v := verifier(t, testSecret, otherSecret)
	if err := v.Verify(signed(testSecret, testTime, nil).Header, nil); err != nil {
		t.Fatal(err)
	}
	h := kirim.NewWebhookHandler(v)
	holder := struct {
		v *kirim.WebhookVerifier
		V kirim.WebhookVerifier
		h *kirim.WebhookHandler
		H kirim.WebhookHandler
	}{v, *v, h, *h}
	for _, value := range []any{v, *v, h, *h, holder, &holder} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			checkNoMAC(t, fmt.Sprintf(verb, value), nil)
		}
		encoded, _ := json.Marshal(value)
		checkNoMAC(t, string(encoded), nil)
	}
}

func TestBodyOneByteOverTheLimitIsTooLargeAndNotBadlySigned(t *testing.T) {
	t.Parallel()
	const limit = 100
	for _, announced := range []bool{true, false} {
		for size, want := range map[int]error{limit: nil, limit + 1: kirim.ErrWebhookBodyTooLarge, 10 * limit: kirim.ErrWebhookBodyTooLarge} {
			body := []byte(`{"a":"` + strings.Repeat("x", size-8) + `"}`)
			r := signed(testSecret, testTime, body)
			if !announced {
				r.ContentLength = -1
			}
			if _, err := verifier(t, testSecret).WithMaxBody(limit).Event(r); !errors.Is(err, want) {
				t.Errorf("%d bytes, announced %v: %v, want %v", size, announced, err, want)
			}
		}
	}
	if _, err := verifier(t, testSecret).WithMaxBody(1).Event(signed(testSecret, testTime, []byte("{}"))); !errors.Is(err, kirim.ErrWebhookBodyTooLarge) {
		t.Errorf("2 bytes over a limit of 1: %v", err)
	}
	exact := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), 3<<20-8)...), `"}`...)
	if _, err := verifier(t, testSecret).WithMaxBody(0).Event(signed(testSecret, testTime, exact)); err != nil {
		t.Errorf("3 MiB: %v", err)
	}
	r := signed(testSecret, testTime, append(exact, ' '))
	r.ContentLength = -1
	if _, err := verifier(t, testSecret).Event(r); !errors.Is(err, kirim.ErrWebhookBodyTooLarge) {
		t.Errorf("3 MiB and a byte: %v", err)
	}
}

func TestBodyThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	body := []byte(`{"a":1}`)
	v := verifier(t, testSecret)
	broken := signed(testSecret, testTime, body)
	broken.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"a"`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	_, err := v.Event(broken)
	if !errors.Is(err, io.ErrUnexpectedEOF) || kirim.WebhookStatusCode(err) != 503 {
		t.Errorf("body that breaks off: %v", err)
	}
	limited := signed(testSecret, testTime, body)
	limited.Body = http.MaxBytesReader(httptest.NewRecorder(), limited.Body, 3)
	if _, err = v.Event(limited); !errors.Is(err, kirim.ErrWebhookBodyTooLarge) {
		t.Errorf("body over the limit of a middleware: %v", err)
	}
	consumed := signed(testSecret, testTime, body)
	io.Copy(io.Discard, consumed.Body)
	if _, err = v.Event(consumed); !errors.Is(err, kirim.ErrWebhookBodyConsumed) {
		t.Errorf("body that was read before: %v", err)
	}
	slow := signed(testSecret, testTime, body)
	slow.Body = io.NopCloser(iotest.OneByteReader(bytes.NewReader(body)))
	if _, err = v.Event(slow); err != nil {
		t.Errorf("body byte by byte: %v", err)
	}
}

func TestEveryErrorNamesItsAnswer(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]int{
		nil:                                   200,
		kirim.ErrWebhookNoSecret:              503,
		kirim.ErrWebhookSignatureMissing:      401,
		kirim.ErrWebhookSignatureMalformed:    401,
		kirim.ErrWebhookSignatureMismatch:     401,
		kirim.ErrWebhookTooOld:                503,
		kirim.ErrWebhookTooNew:                503,
		kirim.ErrWebhookBodyTooLarge:          413,
		kirim.ErrWebhookBodyConsumed:          500,
		kirim.ErrWebhookMalformed:             400,
		errors.New("some other"):              503,
		fmt.Errorf("x: %w", io.ErrNoProgress): 503,
	} {
		if got := kirim.WebhookStatusCode(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func FuzzSignatureHeader(f *testing.F) {
	body := []byte(`{"id":"evt_1"}`)
	good := kirim.SignWebhook(testSecret, testTime, body)
	for _, seed := range []string{good, "", "t=1", "v1=", "t=,v1=,", good + ",v1=zz", " " + good + " ,v0=1", "t=9223372036854775807,v1=00", strings.Repeat(",", 50)} {
		f.Add(seed)
	}
	_, mac, _ := strings.Cut(good, "v1=")
	f.Fuzz(func(t *testing.T, header string) {
		err := verifier(t, testSecret).Verify(http.Header{"X-Kirim-Signature": {header}}, body)
		if err == nil && !strings.Contains(strings.ToLower(header), mac) {
			t.Errorf("%q verifies", header)
		}
		if err != nil && kirim.WebhookStatusCode(err) == 200 {
			t.Errorf("%v has no answer", err)
		}
	})
}
