package flows_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

const appSecret = "app-secret-of-the-tests"

// vector is what testdata/client.mjs made of one of its inputs: an implementation on
// node's crypto, which shares no code with this package.
type vector struct {
	Name           string              `json:"name"`
	Body           string              `json:"body"`
	Signature      string              `json:"signature"`
	AESKey         string              `json:"aes_key"`
	IV             string              `json:"iv"`
	Response       string              `json:"response"`
	SealedResponse string              `json:"sealed_response"`
	File           string              `json:"file"`
	SealedFile     []byte              `json:"sealed_file"`
	Metadata       flows.MediaMetadata `json:"metadata"`
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func vectors(t testing.TB, text []byte) (all []vector) {
	t.Helper()
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// vectorHandler gives the responses that testdata/inputs.json expects.
func vectorHandler(t testing.TB) *flows.Handler {
	t.Helper()
	key, err := flows.ParsePrivateKey(readTestdata(t, "test_key_pkcs8.pem"))
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		switch {
		case r.FlowToken == "token-used" && r.FlowTokenSignature == "e30.e30.c2ln" && r.Version == "4.0":
			return nil, flows.TokenInvalid("This order was placed before.")
		case r.Action == flows.ActionInit:
			return flows.Next("APPOINTMENT", map[string][]string{"dates": {"2026-12-01"}}), nil
		case r.Action == flows.ActionBack:
			return flows.Next(r.Screen, nil).WithErrorMessage("Choose another date."), nil
		}
		var in struct {
			Date string `json:"date"`
			Note string `json:"note"`
		}
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		if in.Note != "Käffchen ☕ <3" || r.Screen != "APPOINTMENT" {
			t.Errorf("screen %q with %+v", r.Screen, in)
		}
		return flows.Close(map[string]string{"date": in.Date}), nil
	}
	h, err := flows.NewHandler([]*rsa.PrivateKey{key}, exchange, flows.WithAppSecrets("another-secret", appSecret))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The response is a function of the request's key and initial vector: it must be the
// bytes that the other implementation has.
func TestAnotherImplementationMadeTheseRequestsResponsesAndFiles(t *testing.T) {
	t.Parallel()
	requests, files := 0, 0
	h := vectorHandler(t)
	for _, v := range vectors(t, readTestdata(t, "vectors.json")) {
		if v.Body == "" {
			files++
			plain, err := flows.DecryptMedia(bytes.NewReader(v.SealedFile), v.Metadata)
			if err != nil || string(plain) != v.File {
				t.Errorf("%s: %q, %v", v.Name, plain, err)
			}
			continue
		}
		requests++
		status := http.StatusOK
		if strings.Contains(v.Response, "error_msg") {
			status = 427
		}
		response := post(t, h, v.Body, v.Signature)
		if response.Code != status || response.Body.String() != v.SealedResponse {
			t.Errorf("%s: status %d, body %q, want %d, %q", v.Name, response.Code, response.Body, status, v.SealedResponse)
		}
		if got := response.Header().Get("Content-Type"); got != "text/plain" {
			t.Errorf("%s: Content-Type %q", v.Name, got)
		}
	}
	if requests < 6 || files < 3 {
		t.Errorf("only %d requests and %d files", requests, files)
	}
}

// node runs the other implementation.
func node(t *testing.T, inputs any) []byte {
	t.Helper()
	text, err := json.Marshal(inputs)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), "node", "testdata/client.mjs")
	command.Stdin, command.Stderr = bytes.NewReader(text), &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	return out
}

func TestNodeTalksToTheHandler(t *testing.T) {
	t.Parallel()
	switch _, err := exec.LookPath("node"); {
	case err == nil:
	case os.Getenv("KIRIM_REQUIRE_NODE") == "1":
		t.Fatal("node is not installed, and KIRIM_REQUIRE_NODE=1 asks for it")
	default:
		t.Skip("node is not installed: only the requests that it made earlier, in testdata/vectors.json, are tested")
	}
	var inputs []map[string]string
	if err := json.Unmarshal(readTestdata(t, "inputs.json"), &inputs); err != nil {
		t.Fatal(err)
	}
	made := vectors(t, node(t, inputs))
	h := vectorHandler(t)
	var sealed []map[string]string
	var want []string
	for _, v := range made {
		if v.Body == "" {
			plain, err := flows.DecryptMedia(bytes.NewReader(v.SealedFile), v.Metadata)
			if err != nil || string(plain) != v.File {
				t.Errorf("%s: %q, %v", v.Name, plain, err)
			}
			continue
		}
		response := post(t, h, v.Body, v.Signature)
		sealed = append(sealed, map[string]string{"aes_key": v.AESKey, "iv": v.IV, "body": response.Body.String()})
		want = append(want, v.Response)
	}
	var opened []struct{ Plain string }
	if err := json.Unmarshal(node(t, sealed), &opened); err != nil {
		t.Fatal(err)
	}
	if len(opened) != len(want) || len(want) < 6 {
		t.Fatalf("node decrypted %d of %d responses", len(opened), len(want))
	}
	for i, o := range opened {
		if o.Plain != want[i] {
			t.Errorf("%s: node decrypted %s, want %s", made[i].Name, o.Plain, want[i])
		}
	}
}
