package flows_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

// FuzzHandler sends a body as it is, and the same as the payload of a request that is
// encrypted right.
func FuzzHandler(f *testing.F) {
	key, err := flows.ParsePrivateKey(readTestdata(f, "test_key_pkcs8.pem"))
	if err != nil {
		f.Fatal(err)
	}
	p := newPhoneWith(&key.PublicKey, make([]byte, 16), make([]byte, 16))
	var known envelope // the one body that can be decrypted
	opened := vectors(f, readTestdata(f, "vectors.json"))[1].Body
	if err := json.Unmarshal([]byte(opened), &known); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "{}", "null", ping, begin, opened, envelope{"AAAA", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA=="}.String(),
		`{"action":"data_exchange","screen":"A","data":{"error":"k","error_message":"m"}}`,
		`{"action":"INIT","data":{"age":1e999}}`, `{"action":"BACK","flow_token":"` + "\xff" + `"}`,
	} {
		f.Add(seed)
	}
	h, err := flows.NewHandler([]*rsa.PrivateKey{key}, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		var in struct {
			Age int `json:"age"`
		}
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		return flows.Close(r.Data), nil
	}, flows.WithoutSignatureCheck())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := post(t, h, body, "")
		switch w.Code {
		case 400, 413, 421:
			if w.Body.Len() > 0 {
				t.Errorf("status %d with a body of %d bytes", w.Code, w.Body.Len())
			}
		default:
			if !sameRequest(body, known) {
				t.Errorf("status %d for %q", w.Code, body)
			}
		}

		w = post(t, h, p.seal(body).String(), "")
		switch w.Code {
		case 200:
			if plain := p.open(w.Body.String()); !json.Valid([]byte(plain)) {
				t.Errorf("the response is %q", plain)
			}
		case 400, 413, 500:
			if w.Body.Len() > 0 {
				t.Errorf("status %d with a body of %d bytes", w.Code, w.Body.Len())
			}
		default:
			t.Errorf("status %d for the payload %q", w.Code, body)
		}
	})
}

// sameRequest reports whether a body is that of the request, in base64 that may be
// spelt in another way.
func sameRequest(body string, want envelope) bool {
	var e envelope
	if json.Unmarshal([]byte(body), &e) != nil {
		return false
	}
	for a, b := range map[string]string{e.Data: want.Data, e.Key: want.Key, e.IV: want.IV} {
		x, err := base64.StdEncoding.DecodeString(a)
		y, _ := base64.StdEncoding.DecodeString(b)
		if err != nil || !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}
