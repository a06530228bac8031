package flows_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim/flows"
)

func TestARequestThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t, forbidden(t), flows.WithMaxBody(4096))
	public := &testKeys()[0].PublicKey
	good := newPhone(public).seal(begin)
	with := func(change func(*envelope)) string {
		e := good
		change(&e)
		return e.String()
	}
	spoil := func(text string, at int) string {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		raw[(len(raw)+at)%len(raw)] ^= 1
		return base64.StdEncoding.EncodeToString(raw)
	}
	for name, test := range map[string]struct {
		body string
		want int
	}{
		"nothing":                         {"", 400},
		"no JSON":                         {"encrypted_flow_data=x", 400},
		"an array":                        {"[]", 400},
		"null":                            {"null", 400},
		"there is no key":                 {`{"encrypted_flow_data":"","initial_vector":""}`, 400},
		"there is no vector":              {`{"encrypted_flow_data":"","encrypted_aes_key":""}`, 400},
		"there is no data":                {`{"initial_vector":"","encrypted_aes_key":""}`, 400},
		"a field is a number":             {`{"encrypted_flow_data":1,"encrypted_aes_key":"","initial_vector":""}`, 400},
		"JSON and more":                   {good.String() + "{}", 400},
		"all fields are empty":            {envelope{}.String(), 421},
		"the data is not base64":          {with(func(e *envelope) { e.Data = "!" + e.Data }), 421},
		"something comes after the data":  {with(func(e *envelope) { e.Data += "!" }), 421},
		"the base64 of the data is cut":   {with(func(e *envelope) { e.Data = e.Data[:len(e.Data)-1] }), 421},
		"the base64 of the key is cut":    {with(func(e *envelope) { e.Key = e.Key[:len(e.Key)-1] }), 421},
		"the base64 of the vector is cut": {with(func(e *envelope) { e.IV = e.IV[:len(e.IV)-1] }), 421},
		"the data is shorter than a tag":  {with(func(e *envelope) { e.Data = "AAAA" }), 421},
		"the tag was tampered with":       {with(func(e *envelope) { e.Data = spoil(e.Data, -1) }), 421},
		"the data was tampered with":      {with(func(e *envelope) { e.Data = spoil(e.Data, 0) }), 421},
		"the vector was tampered with":    {with(func(e *envelope) { e.IV = spoil(e.IV, 0) }), 421},
		"the key was tampered with":       {with(func(e *envelope) { e.Key = spoil(e.Key, 0) }), 421},
		"for another key":                 {newPhone(&testKeys()[1].PublicKey).seal(begin).String(), 421},
		"an AES key of 256 bits":          {newPhoneWith(public, make([]byte, 32), make([]byte, 16)).seal(begin).String(), 421},
		"a vector of 12 bytes":            {newPhoneWith(public, make([]byte, 16), make([]byte, 12)).seal(begin).String(), 421},
		"the payload is no JSON":          {newPhone(public).seal("INIT").String(), 400},
		"the payload is null":             {newPhone(public).seal("null").String(), 400},
		"the payload has no action":       {newPhone(public).seal(`{"version":"3.0"}`).String(), 400},
		"the action is a number":          {newPhone(public).seal(`{"action":1}`).String(), 400},
		"the body is over the limit":      {good.String() + strings.Repeat(" ", 4096), 413},
		"a huge body":                     {strings.Repeat("a", 8<<20), 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w := post(t, h, test.body, ""); w.Code != test.want || w.Body.Len() > 0 {
				t.Errorf("status %d, body %q; want %d and no body", w.Code, w.Body, test.want)
			}
		})
	}
}

func TestABodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	p := newPhone(&testKeys()[0].PublicKey)
	body := p.seal(ping).String()
	for size, want := range map[int]int{1 << 20: 200, 1<<20 + 1: 413} {
		if w := post(t, newHandler(t, forbidden(t)), body+strings.Repeat(" ", size-len(body)), ""); w.Code != want {
			t.Errorf("%d bytes with the default: status %d, want %d", size, w.Code, want)
		}
	}
	for limit, want := range map[int]int{len(body): 200, len(body) - 1: 413} {
		if w := post(t, newHandler(t, forbidden(t), flows.WithMaxBody(int64(limit))), body, ""); w.Code != want {
			t.Errorf("%d bytes with a limit of %d: status %d, want %d", len(body), limit, w.Code, want)
		}
	}
}

func TestOnlyPOSTIsHandled(t *testing.T) {
	t.Parallel()
	h := newHandler(t, forbidden(t))
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody))
		if w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: status %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestARequestMustBeSignedWithOneOfTheAppSecrets(t *testing.T) {
	t.Parallel()
	h, err := flows.NewHandler(testKeys()[:1], forbidden(t), flows.WithAppSecrets("new-secret", "old-secret"))
	if err != nil {
		t.Fatal(err)
	}
	body := newPhone(&testKeys()[0].PublicKey).seal(ping).String()
	for name, test := range map[string]struct {
		body, signature string
		want            int
	}{
		"signed with the first secret":           {body, sign("new-secret", body), 200},
		"signed with the second secret":          {body, sign("old-secret", body), 200},
		"in capitals":                            {body, "sha256=" + strings.ToUpper(sign("new-secret", body)[7:]), 200},
		"no signature":                           {body, "", 432},
		"signed with another secret":             {body, sign("third-secret", body), 432},
		"a signature over another body":          {body, sign("new-secret", body+" "), 432},
		"without the name of the hash":           {body, sign("new-secret", body)[7:], 432},
		"with the name of another hash":          {body, "sha1=" + sign("new-secret", body)[7:], 432},
		"cut short":                              {body, sign("new-secret", body)[:40], 432},
		"not hex":                                {body, "sha256=" + strings.Repeat("z", 64), 432},
		"only the name of the hash":              {body, "sha256=", 432},
		"a body that is no request, not signed":  {"{}", "", 432},
		"a body that is no request, but signed":  {"{}", sign("new-secret", "{}"), 400},
		"a body that is not decrypted, signed":   {envelope{}.String(), sign("new-secret", envelope{}.String()), 421},
		"a body that is not decrypted, unsigned": {envelope{}.String(), sign("", envelope{}.String()), 432},
	} {
		if w := post(t, h, test.body, test.signature); w.Code != test.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, test.want)
		}
	}
}

func TestOldKeysDecryptWhileTheyAreRotated(t *testing.T) {
	t.Parallel()
	keys := testKeys()
	for name, test := range map[string]struct {
		has    []*rsa.PrivateKey
		status int
		index  int
	}{
		"the key is the only one": {slices.Clone(keys[:1]), 200, 0},
		"the key is the last":     {[]*rsa.PrivateKey{keys[2], keys[1], keys[0]}, 200, 2},
		"the key was taken out":   {slices.Clone(keys[1:]), 421, -1},
	} {
		index := -1
		h, err := flows.NewHandler(test.has, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
			index = r.KeyIndex
			return flows.Next("A", nil), nil
		}, flows.WithoutSignatureCheck())
		if err != nil {
			t.Fatal(err)
		}
		clear(test.has) // the handler has a slice of its own
		status, _ := call(t, h, begin)
		if status != test.status || index != test.index {
			t.Errorf("%s: status %d with key %d, want %d with %d", name, status, index, test.status, test.index)
		}
	}
}

func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t, forbidden(t))
	body := newPhone(&testKeys()[0].PublicKey).seal(begin).String()
	broken := io.MultiReader(strings.NewReader(body[:100]), iotest.ErrReader(io.ErrUnexpectedEOF))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/", broken))
	if w.Code != 400 || w.Body.Len() > 0 {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

func TestAHandlerThatWasNotMadeRespondsWith503(t *testing.T) {
	t.Parallel()
	for _, h := range []*flows.Handler{nil, {}} {
		if w := post(t, h, "{}", ""); w.Code != 503 {
			t.Errorf("status %d", w.Code)
		}
	}
}

// trickle is a connection that sends nothing more until a read deadline ends it.
type trickle struct {
	*httptest.ResponseRecorder
	ended chan struct{}
}

func (c *trickle) SetReadDeadline(time.Time) error { close(c.ended); return nil }

func (c *trickle) Read([]byte) (int, error) {
	<-c.ended
	return 0, os.ErrDeadlineExceeded
}

func TestABodyThatTricklesInEndsWithTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := &trickle{httptest.NewRecorder(), make(chan struct{})}
		newHandler(t, forbidden(t)).ServeHTTP(c, httptest.NewRequestWithContext(t.Context(), "POST", "/", c))
		if took := time.Since(began); c.Code != 400 || took != 8*time.Second {
			t.Errorf("status %d after %v", c.Code, took)
		}
	})
}
